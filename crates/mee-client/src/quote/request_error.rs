use crate::MeeVersion;
use crate::composable::ComposeError;

/// Why a quote request cannot be put together. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// There is no instruction.
    #[error("no instruction")]
    NoInstruction,
    /// An instruction without calls.
    #[error("the instruction for chain {chain_id} has no call")]
    NoCall {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// Chains that the node does not execute on.
    #[error("the node does not execute on {chain_ids:?}")]
    UnsupportedChains {
        /// The EIP-155 chain ids.
        chain_ids: Vec<u64>,
    },
    /// The node takes no fees there.
    #[error("the node takes no fees on chain {chain_id}")]
    UnsupportedFeeChain {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// Plain and composable calls cannot share an operation.
    #[error("chain {chain_id}: plain and composable calls cannot share an operation")]
    MixedCalls {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// A time window that ends before it begins.
    #[error("time window from {lower} to {upper} is empty")]
    EmptyWindow {
        /// Its beginning, in seconds since the Unix epoch.
        lower: u64,
        /// Its end, in seconds since the Unix epoch.
        upper: u64,
    },
    /// Some accounts sign personal messages and some typed data: one signature cannot be both.
    #[error("suites {older} and {newer} sign differently, they cannot share a supertransaction")]
    MixedSigning {
        /// A suite below 2.2.1.
        older: MeeVersion,
        /// A suite from 2.2.1 on.
        newer: MeeVersion,
    },
    /// The account is not there yet, and it is not the signer's to create.
    #[error("there is no account at its address on chain {chain_id}, and it is not the signer's to create")]
    NoAccount {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// Composable calls that cannot be encoded.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// Only composable operations can be tried again.
    #[error("chain {chain_id}: only composable calls can be tried again")]
    RetryOfPlainCalls {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// A clean-up names an operation that does not exist.
    #[error("a clean-up depends on operation {index}, there are {count}")]
    UnknownDependency {
        /// The operation, counted from 0.
        index: usize,
        /// How many operations there are.
        count: usize,
    },
    /// A clean-up on a chain on which nothing happens.
    #[error("a clean-up on chain {chain_id}, where there is no operation")]
    CleanUpWithoutOperation {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// No session is given for a chain that an operation or the payment runs on.
    #[error("no session for chain {chain_id}")]
    NoSession {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// Several sessions are given for a chain and none was chosen.
    #[error("{count} sessions for chain {chain_id}, choose one by its permission id")]
    AmbiguousSession {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// How many.
        count: usize,
    },
    /// The session of a chain was enabled by a call: there is no owner's signature to enable it with.
    #[error("the session for chain {chain_id} comes without the owner's signature, it can only be used")]
    CannotEnable {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// Own authorizations were given, but none for this chain.
    #[error("no authorization for chains {chain_ids:?}")]
    NoAuthorization {
        /// The EIP-155 chain ids.
        chain_ids: Vec<u64>,
    },
    /// An own authorization for every chain was expected.
    #[error("an authorization over all chains has chain id 0, got {chain_id}")]
    NotAllChains {
        /// The EIP-155 chain id that was given.
        chain_id: u64,
    },
    /// The numbers of the request are beyond any chain.
    #[error("{what} is too large")]
    TooLarge {
        /// What.
        what: &'static str,
    },
}
