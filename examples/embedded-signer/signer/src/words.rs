//! What the screen shows.

use core::fmt;

use alloy_primitives::B256;
use policy_encoding::check::Window;
use policy_encoding::{Explainer, Glossary};
use session_types::{Deployment, Session};
use userop::{Execution, UserOperation};

use crate::message::GrantHeader;

/// A grant.
pub(crate) struct Grant<'a> {
    pub(crate) header: &'a GrantHeader,
    pub(crate) session: &'a Session,
    pub(crate) digest: B256,
    pub(crate) deployment: &'a Deployment,
}

impl fmt::Display for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GrantHeader { chain_id, account, .. } = *self.header;
        writeln!(f, "Grant a session of account {account} on chain {chain_id}")?;
        // No names of tokens and contracts: the device has no source for them that it could trust.
        let glossary = Glossary::new();
        let explainer = Explainer::new(self.deployment, &glossary).of_account(account).on_chains([chain_id]);
        explainer.bound_to(self.digest).explain(self.session).fmt(f)
    }
}

/// An operation that the policies permit.
pub(crate) struct Permitted<'a> {
    pub(crate) chain_id: u64,
    pub(crate) operation: &'a UserOperation,
    pub(crate) window: Window,
    pub(crate) hash: B256,
}

impl fmt::Display for Permitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Operation of {} on chain {}", self.operation.sender, self.chain_id)?;
        match Execution::decode(&self.operation.call_data) {
            Ok((_, execution)) => {
                for call in execution.calls() {
                    write!(f, "- call {}", call.to)?;
                    if !call.value.is_zero() {
                        write!(f, " with {} wei", call.value)?;
                    }
                    match call.data.split_first_chunk::<4>() {
                        Some((selector, rest)) => {
                            writeln!(
                                f,
                                ", function 0x{} and {} bytes",
                                alloy_primitives::hex::encode(selector),
                                rest.len()
                            )?;
                        }
                        None => writeln!(f)?,
                    }
                }
            }
            // A function of the account itself, which an action of the session names.
            Err(_) => writeln!(f, "- the account's own function, {} bytes", self.operation.call_data.len())?,
        }
        match self.window {
            Window { valid_until: 0 | Window::LAST_MOMENT, valid_after: 0 } => {}
            Window { valid_after, valid_until } => writeln!(f, "Valid from {valid_after} to {valid_until}")?,
        }
        writeln!(f, "The policies permit it. Hash {}", self.hash)
    }
}
