use alloy_primitives::{Address, B256};
use alloy_transport::TransportError;

use crate::account::AccountError;
use crate::fusion::FusionError;
use crate::http::TransportFailure;
use crate::quote::{Mismatch, RequestError};
use crate::session::SessionActionError;
use crate::sign::SignError;
use crate::status::StatusError;

/// Everything that can go wrong between an intention and a mined supertransaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeeError {
    /// The node, or a gas tank's server, answered with an error.
    #[error("{endpoint} answered {status}: {message}")]
    Node {
        /// What was asked, without the base address.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// The words for a person in the body, see [`error_text`](crate::error_text).
        message: String,
        /// The body as it came, at most 4 KiB of it.
        body: String,
    },
    /// There is no answer.
    #[error("{endpoint}: {source}")]
    Transport {
        /// What was asked, without the base address.
        endpoint: String,
        /// Why.
        source: TransportFailure,
    },
    /// The answer is not what the endpoint answers with.
    #[error("{endpoint}: unreadable answer: {reason}")]
    Answer {
        /// What was asked, without the base address.
        endpoint: String,
        /// What could not be read.
        reason: String,
    },
    /// A signed supertransaction was sent and the answer was lost: it may run. Ask for its status by this hash; do not
    /// send another.
    #[error("answer to exec lost, supertransaction {hash} may run: {source}")]
    ExecutionUnknown {
        /// The supertransaction.
        hash: B256,
        /// What happened to the answer.
        source: TransportFailure,
    },
    /// An address that cannot be put together.
    #[error("invalid node address: {reason}")]
    Url {
        /// Why.
        reason: String,
    },
    /// A chain's RPC server failed.
    #[error("chain {chain_id}: {method}: {source}")]
    Rpc {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// What was asked.
        method: &'static str,
        /// Why.
        source: TransportError,
    },
    /// A contract answered with something else than its interface says.
    #[error("chain {chain_id}: contract {contract} gave an unreadable answer to {function}")]
    ContractAnswer {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The contract.
        contract: Address,
        /// What was asked.
        function: &'static str,
    },
    /// The account's chains are not all executed on by the node.
    #[error("the node does not execute on {chain_ids:?}")]
    UnsupportedChains {
        /// The EIP-155 ids that are missing.
        chain_ids: Vec<u64>,
    },
    /// The node knows no fee token on this chain.
    #[error("the node takes no fees on chain {chain_id}")]
    NoGasToken {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// The account cannot be what was asked for.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The request cannot be put together.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The quote is not for what was asked: nothing was signed.
    #[error("quote refused: {0}")]
    Quote(#[from] Mismatch),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The funds that start a fusion supertransaction cannot be provided.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// A session action cannot be done.
    #[error(transparent)]
    Session(#[from] SessionActionError),
    /// A supertransaction failed, or did not end in time.
    #[error(transparent)]
    Status(#[from] StatusError),
}

impl MeeError {
    /// Whether the same call may succeed later: the server was busy or out of reach, and nothing was sent that could
    /// run twice.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Node { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Transport { source, .. } => matches!(
                source,
                TransportFailure::Connect { .. } | TransportFailure::Timeout | TransportFailure::Lost { .. }
            ),
            _ => false,
        }
    }
}
