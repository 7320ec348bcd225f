use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use bundler_rpc::{BundlerError, ConnectError};
use policy_encoding::{PermissionError, SessionRefusal};
use session_types::abi::DecodeError;
use session_types::stored::StoredError;
use session_types::validator::OwnersError;
use session_types::{Generation, GrantError, PermissionId, SessionError};
use userop::OperationError;
use userop::account::AccountError;

use super::{ChainRefusal, MeeFailure, PlanError, StoreError};

/// Why a session could not be granted, used or revoked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node or bundler did not do what it was asked.
    #[error("{0} (remedy: {remedy})", remedy = .0.remedy())]
    Network(Box<BundlerError>),
    /// An endpoint's address cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The chain has no session module where the deployment says.
    #[error(
        "chain {chain_id} has no {generation:?} session module at {module} (remedy: choose the other generation, a chain that \
         has it, or give the deployment's own addresses)"
    )]
    NoSessionModule {
        /// The chain.
        chain_id: u64,
        /// Where the module was expected.
        module: Address,
        /// The generation that was asked for.
        generation: Generation,
    },
    /// The session module answered with something else than the function returns.
    #[error("the session module's answer to {function} cannot be read: {error}")]
    ModuleAnswer {
        /// The function's signature.
        function: &'static str,
        /// What is wrong with the answer.
        error: DecodeError,
    },
    /// The session cannot be enabled, or could never be used.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The sessions cannot be granted by one signature.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The account cannot do what was asked.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The operation cannot be encoded.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// Our own evaluation says that the session does not permit the calls: nothing was signed or sent.
    #[error("not permitted, nothing was sent: {0}")]
    NotPermitted(Box<SessionRefusal>),
    /// The chain refused the operation: nothing was executed.
    #[error("refused by the chain: {0}")]
    Refused(Box<ChainRefusal>),
    /// The session is not enabled on the chain, and the grant holds no owner signature to enable it.
    #[error("permission {permission} is not enabled for {account}, and the grant cannot enable it")]
    NotEnabled {
        /// The session.
        permission: PermissionId,
        /// The account.
        account: Address,
    },
    /// The session module is not installed on the account.
    #[error("the session module is not installed on {account} (remedy: install it first)")]
    NotInstalled {
        /// The account.
        account: Address,
    },
    /// The grant is for another chain.
    #[error("the grant is for chain {granted}, the connection is to chain {connected}")]
    OtherChain {
        /// The grant's chain.
        granted: u64,
        /// The connection's chain.
        connected: u64,
    },
    /// The grant is for another account.
    #[error("the grant is for account {granted}, given was {given}")]
    OtherAccount {
        /// The grant's account.
        granted: Address,
        /// The account that was given.
        given: Address,
    },
    /// The session's validator is none of the deployment's: what it wants signed is not known.
    #[error("session validator {validator} is not known (remedy: say what it wants signed, by with_signing_form)")]
    UnknownSessionValidator {
        /// The session's validator.
        validator: Address,
    },
    /// The signer is none of the session's keys.
    #[error("the signer {seen} is none of the session's keys {expected:?}")]
    OtherKey {
        /// The keys that the session names.
        expected: Vec<Address>,
        /// The signer's address.
        seen: Address,
    },
    /// The keys are not enough for the session.
    #[error("the session needs {threshold} signatures, {given} can be given")]
    MoreKeysNeeded {
        /// How many keys have to sign.
        threshold: U256,
        /// How many there are.
        given: usize,
    },
    /// The chain computes another digest of the session than we do: nothing was signed.
    #[error("the session module computes digest {seen}, expected {expected}: nothing was signed")]
    DigestMismatch {
        /// Ours.
        expected: B256,
        /// The module's.
        seen: B256,
    },
    /// After the operation the chain does not show what it should have done.
    #[error("{expected}, but the chain does not show it after operation {operation}")]
    NotDone {
        /// What should be seen.
        expected: &'static str,
        /// The operation that was mined.
        operation: B256,
    },
    /// The signer failed.
    #[error("signer: {0}")]
    Signer(String),
    /// Stored text cannot be used as a grant.
    #[error("stored session: {0}")]
    Stored(#[from] StoredError),
    /// The account wraps the owner's signature in a form that stored text has no name for.
    #[error("the account's form of owner signatures cannot be stored")]
    OwnerSignatureForm,
    /// So many lanes cannot be used.
    #[error("{asked} lanes were asked for, expected at least one and fewer than {total}")]
    Lanes {
        /// How many were asked for.
        asked: u32,
        /// How many the account can tell apart.
        total: u32,
    },
    /// The lanes were closed.
    #[error("the session's lanes were closed: nothing was sent")]
    LanesClosed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys cannot be owners of a session.
    #[error(transparent)]
    Owners(#[from] OwnersError),
    /// Sessions cannot be granted as planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is nothing to do on some chain, or on none.
    #[error("a chain without calls was given, or no chain")]
    NoCalls,
    /// There is no grant at all.
    #[error("no grant was given")]
    NoGrants,
    /// There is no grant for the chain.
    #[error("there is no grant for chain {chain_id}: nothing was sent")]
    NoGrant {
        /// The chain.
        chain_id: u64,
    },
    /// A chain was given twice.
    #[error("chain {chain_id} was given twice")]
    ChainTwice {
        /// The chain.
        chain_id: u64,
    },
    /// The grant holds the session's id alone, and the session itself is needed.
    #[error("the grant of permission {permission} does not hold the session itself")]
    SessionNotKnown {
        /// The session.
        permission: PermissionId,
    },
    /// The session is for a validator that does not read what would be signed.
    #[error("the session's keys are checked by {seen}, expected {expected}")]
    OtherSessionValidator {
        /// The validator that reads it.
        expected: Address,
        /// The session's validator.
        seen: Address,
    },
    /// A MEE node, or the client of one, could not do what it was asked.
    #[error("{0}")]
    Mee(#[source] MeeFailure),
    /// A supertransaction's operation on one chain was not executed.
    #[error("supertransaction {supertransaction} was not executed on chain {chain_id}: {reason}")]
    NotExecuted {
        /// The supertransaction.
        supertransaction: B256,
        /// The chain.
        chain_id: u64,
        /// The transaction that carried it, when its calls reverted.
        transaction: Option<B256>,
        /// The node's words.
        reason: String,
    },
    /// What became of a supertransaction on one chain is not known.
    #[error(
        "supertransaction {supertransaction} may still be executed on chain {chain_id} ({reason}) (remedy: look it up by its \
         hash before anything else is sent)"
    )]
    Unsettled {
        /// The supertransaction.
        supertransaction: B256,
        /// The chain.
        chain_id: u64,
        /// How far it was, or why that is not known.
        reason: String,
    },
    /// There is no connection to the chain.
    #[error("no connection to chain {chain_id} was given")]
    NoChain {
        /// The chain.
        chain_id: u64,
    },
    /// No owner of the account on the chain was given.
    #[error("no owner of account {account} on chain {chain_id} was given")]
    NoOwner {
        /// The chain.
        chain_id: u64,
        /// The account.
        account: Address,
    },
    /// A permission cannot be built.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// A passkey cannot sign, or what its authenticator answered is not what was asked.
    #[cfg(feature = "passkey")]
    #[error(transparent)]
    Passkey(#[from] super::PasskeyError),
    /// Work can be done once only over lanes that are leased: where would it be written down?
    #[error("the lanes are not leased from a store: nothing was sent (remedy: lease_lanes)")]
    NotLeased,
    /// The operation that was written down for the work cannot be used any more.
    #[error("work {name:?}: {reason}")]
    Work {
        /// The work's name.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Error {
    /// The operation, or the supertransaction, that may still be executed in spite of this error: look it up by this hash
    /// before anything else is sent. Any other error says that nothing was sent, or that the end is known.
    #[must_use]
    pub fn unsettled(&self) -> Option<B256> {
        match self {
            Self::Network(error) => error.unsettled(),
            Self::Mee(failure) => failure.unsettled(),
            Self::Unsettled { supertransaction, .. } => Some(*supertransaction),
            _ => None,
        }
    }
}

impl From<BundlerError> for Error {
    fn from(error: BundlerError) -> Self {
        Self::Network(Box::new(error))
    }
}

impl From<SessionRefusal> for Error {
    fn from(refusal: SessionRefusal) -> Self {
        Self::NotPermitted(Box::new(refusal))
    }
}

impl From<alloy_signer::Error> for Error {
    fn from(error: alloy_signer::Error) -> Self {
        Self::Signer(std::string::ToString::to_string(&error))
    }
}
