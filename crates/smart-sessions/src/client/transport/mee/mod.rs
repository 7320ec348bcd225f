//! By a MEE node.

mod details;
mod end;
mod failure;

use std::boxed::Box;
use std::sync::Arc;
use std::time::Duration;
use std::vec::Vec;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall as _, sol};
use bundler_rpc::NodeClient;
use mee_client::quote::{Payment, UseMode};
use mee_client::session::{SessionActions, UsePermission, session_validator_init_data};
use mee_client::sign::AccountSigner;
use mee_client::status::Wait;
use mee_client::wire::SessionDetails;
use mee_client::{FeeToken, Instruction, MultichainAccount, PlainCall, Sponsor};
use session_types::SmartSessionMode;
use userop::Call;
use userop::execution::{ExecType, Execution};

pub use failure::MeeFailure;

use super::{ChainCalls, ChainUse, Transport, TransportFuture};
use crate::{ChainReader, Error, Grant};

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// A session key whose calls a MEE node carries out: for all chains by one quote, which is checked, and signed once.
///
/// The client's account is that of the grants' owner ([`ChainConfiguration::existing_at`](mee_client::ChainConfiguration::existing_at)),
/// and its signer is the session key. The sessions must be for the validator of the account's MEE suite, as those of
/// [`SessionActions::preview_grant`] are: a node wraps the one signature in a form that no other validator reads.
///
/// Who pays is said once. With a fee token a cap has to be named, and a quote above it is refused before it is signed;
/// the grant for the token's chain must permit the transfer.
#[derive(Clone, Debug)]
pub struct MeeTransport {
    actions: SessionActions,
    readers: Vec<ChainReader>,
    payment: Payment,
    verification_gas_limit: Option<U256>,
    wait: Wait,
}

impl MeeTransport {
    /// How long a supertransaction is waited for when nothing else is said.
    pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(180);

    /// The account pays with a token, for each use at most `max_fee` of the token's smallest unit, whatever cap the token
    /// came with.
    #[must_use]
    pub fn paying(actions: SessionActions, token: FeeToken, max_fee: U256) -> Self {
        Self::new(actions, token.with_max_fee(max_fee).into())
    }

    /// A gas tank pays.
    #[must_use]
    #[doc(alias = "sponsorship")]
    pub fn sponsored(actions: SessionActions, sponsor: Sponsor) -> Self {
        Self::new(actions, sponsor.into())
    }

    fn new(actions: SessionActions, payment: Payment) -> Self {
        let deployment = *actions.module().deployment();
        let readers = actions.client().account().deployments().iter().map(|on| {
            let chain = on.chain();
            ChainReader::new(NodeClient::new(chain.rpc().clone()), chain.id(), deployment)
        });
        let readers = readers.collect();
        let wait = Wait::default().without_receipts().for_at_most(Self::DEFAULT_PATIENCE);
        Self { actions, readers, payment, verification_gas_limit: None, wait }
    }

    /// Waits for a supertransaction at most so long.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.wait = self.wait.for_at_most(patience);
        self
    }

    /// Sets the gas for validating each operation; the client's when absent.
    #[must_use]
    pub const fn with_verification_gas_limit(mut self, gas: U256) -> Self {
        self.verification_gas_limit = Some(gas);
        self
    }

    /// The session actions underneath.
    #[must_use]
    pub const fn actions(&self) -> &SessionActions {
        &self.actions
    }

    fn account(&self) -> &MultichainAccount {
        self.actions.client().account()
    }

    fn usage(&self, uses: &[ChainUse<'_>]) -> Result<UsePermission, Error> {
        let details = uses.iter().map(|usage| {
            let details = usage.grant.to_mee()?;
            Ok::<SessionDetails, Error>(if usage.enabling { details } else { details.in_mode(SmartSessionMode::Use) })
        });
        let details = details.collect::<Result<Vec<_>, _>>()?;
        let instructions = uses.iter().filter(|usage| !usage.calls.is_empty()).map(|usage| {
            let calls =
                usage.calls.iter().map(|call| PlainCall::new(call.to, call.data.clone()).with_value(call.value));
            Instruction::new(usage.grant.chain_id, calls)
        });
        let mut usage = UsePermission::new(details, UseMode::AsDetailed, instructions, self.payment.clone());
        usage.verification_gas_limit = self.verification_gas_limit;
        Ok(usage)
    }
}

impl Transport for MeeTransport {
    type Account = MultichainAccount;
    type Key = Arc<dyn AccountSigner>;

    fn reader(&self, chain_id: u64) -> Option<&ChainReader> {
        self.readers.iter().find(|reader| reader.chain_id() == chain_id)
    }

    fn check(&self, grant: &Grant) -> Result<(), Error> {
        let given = self.account().on(grant.chain_id).map_err(mee_client::MeeError::from)?.address();
        if grant.account == given { Ok(()) } else { Err(Error::OtherAccount { granted: grant.account, given }) }
    }

    fn check_key(&self, grant: &Grant) -> Result<(), Error> {
        let Some(session) = &grant.session else {
            return Err(Error::SessionNotKnown { permission: grant.permission_id });
        };
        let suite = self.account().on(grant.chain_id).map_err(mee_client::MeeError::from)?.suite();
        if session.session_validator != suite.validator_address {
            let (expected, seen) = (suite.validator_address, session.session_validator);
            return Err(Error::OtherSessionValidator { expected, seen });
        }
        let key = self.account().owner();
        let expected = session_validator_init_data(suite, key).map_err(mee_client::MeeError::from)?;
        if session.session_validator_init_data == expected {
            return Ok(());
        }
        let owner = session_types::validator::MeeSessionKey::decode(&session.session_validator_init_data);
        Err(Error::OtherKey { expected: owner.iter().map(|key| key.owner()).collect(), seen: key })
    }

    fn call_data(&self, _: &Grant, calls: &[Call]) -> Bytes {
        Execution::of_calls(calls).encode(ExecType::Revert)
    }

    fn payment(&self) -> Option<ChainCalls> {
        let Payment::FeeToken(token) = &self.payment else { return None };
        // Whom and how much is the quote's to say: this is the least that a session has to permit.
        let call = transferCall { to: Address::ZERO, amount: U256::ONE };
        Some(ChainCalls::new(token.chain_id, [Call::new(token.address, call.abi_encode())]))
    }

    fn carry<'a>(&'a self, uses: &'a [ChainUse<'a>]) -> TransportFuture<'a> {
        Box::pin(async move {
            let usage = self.usage(uses)?;
            let hash = match self.actions.use_permission(usage).await {
                Ok(executed) => executed.hash,
                // It may run: what became of it is asked for by its hash, and nothing is sent again.
                Err(mee_client::MeeError::ExecutionUnknown { hash, .. }) => hash,
                Err(error) => return Err(error.into()),
            };
            Ok(self.used(hash, uses).await)
        })
    }
}
