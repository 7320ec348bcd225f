//! Stored grants, with the contracts and chains that they are for.

use alloy_primitives::Address;
use smart_sessions::Grant;
use smart_sessions::session::Deployment;

use crate::Failure;
use crate::arguments::Generation;
use crate::found::Findings;
use crate::input::Input;

/// A grant and the contracts that it is for.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) grant: Grant,
    pub(crate) deployment: Deployment,
}

/// Reads grants. Those that name no chain are for all of `chains`, those that name no account for `account`.
pub(crate) fn read(
    files: &[String],
    account: Option<Address>,
    generation: Option<Generation>,
    chains: &[u64],
) -> Result<Vec<Stored>, Failure> {
    let mut stored = Vec::new();
    for file in files {
        let input = Input::read(file)?;
        let findings = Findings::of(&input)?;
        for found in &findings.sessions {
            let account = account.filter(|_| found.account.is_none()).or(found.account);
            let account = account.ok_or_else(|| {
                Failure::input(format!("the {} does not name the account", findings.source), "give it by --account")
            })?;
            let of = if found.chains.is_empty() { chains } else { &found.chains };
            if of.is_empty() {
                let problem = format!("the {} does not name the chain", findings.source);
                return Err(Failure::input(problem, "give the chain's node by --rpc-url"));
            }
            for &chain_id in of {
                let permission_id = found.session.permission_id();
                // The text of a grant also has the owner's signature.
                let whole = match &input {
                    Input::Text(text) => Grant::from_text(text, chain_id).ok(),
                    Input::Bytes(_) => None,
                };
                let whole = whole.filter(|grant| (grant.permission_id, grant.account) == (permission_id, account));
                let bare = || Grant {
                    account,
                    chain_id,
                    permission_id,
                    session: Some(found.session.clone()),
                    enable: None,
                    description: None,
                };
                stored.push(Stored { grant: whole.unwrap_or_else(bare), deployment: found.deployment(generation) });
            }
        }
    }
    Ok(stored)
}
