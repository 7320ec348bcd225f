//! What can go wrong between an operation and its receipt.

mod aa;
mod kind;
mod response;
mod retry;
mod revert;
mod transport;

use std::borrow::Cow;
use std::time::Duration;

use alloy_primitives::{Address, B256};
use alloy_transport::TransportError;

pub use aa::AaCode;
pub use kind::ErrorKind;
pub use response::ErrorResponse;
pub use retry::Retry;
pub use revert::RevertData;
use transport::Parts;
pub use transport::TransportFailure;
pub(crate) use transport::beginning;

/// A failed call of a bundler, paymaster or node.
///
/// No text in it holds a URL, key or signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundlerError {
    /// The server answered with an error.
    #[error(transparent)]
    Response(Box<ErrorResponse>),
    /// No usable answer came.
    #[error("{method}: {failure}")]
    Transport {
        /// The method that was called.
        method: Cow<'static, str>,
        /// What happened.
        failure: TransportFailure,
    },
    /// The answer is not what the method answers with.
    #[error("{method}: malformed answer, {reason}: {body}")]
    Malformed {
        /// The method that was called.
        method: Cow<'static, str>,
        /// What the parser expected.
        reason: String,
        /// The beginning of the answer.
        body: String,
    },
    /// The request could not be made.
    #[error("{method}: {reason}")]
    Request {
        /// The method that was to be called.
        method: Cow<'static, str>,
        /// What stands in the way.
        reason: String,
    },
    /// The bundler names another hash than the one computed here, which was signed.
    #[error("the bundler answered with operation hash {seen}, expected {expected}")]
    HashMismatch {
        /// The hash computed from the operation.
        expected: B256,
        /// The hash the bundler answered with.
        seen: B256,
    },
    /// The bundler does not serve the entry point of the operation.
    #[error("entry point {expected} is not served, expected one of {supported:?}")]
    UnsupportedEntryPoint {
        /// The entry point of the operation.
        expected: Address,
        /// What the bundler serves.
        supported: Vec<Address>,
    },
    /// Bundler and node are on different chains.
    #[error("the endpoint is on chain {seen}, expected {expected}")]
    ChainMismatch {
        /// The chain the operation is for.
        expected: u64,
        /// The endpoint's chain.
        seen: u64,
    },
    /// The deadline has passed. What was sent before may still be mined: look it up by its hash.
    #[error("the deadline passed after {waited:?}, {during}")]
    DeadlinePassed {
        /// How long was waited.
        waited: Duration,
        /// What was waited for.
        during: &'static str,
        /// The last failure seen on the way, if any.
        #[source]
        last: Option<Box<Self>>,
    },
    /// The bundler has given the operation up before it was mined. Whoever else holds it may still have it mined until
    /// its nonce is used.
    #[error("operation {hash} was dropped by the bundler: {reason}")]
    Dropped {
        /// The operation.
        hash: B256,
        /// The bundler's words.
        reason: String,
    },
    /// The operation was mined and its calls reverted.
    #[error(transparent)]
    Reverted(Box<crate::OperationReverted>),
    /// The paymaster service's answer breaks ERC-7677.
    #[error(transparent)]
    Paymaster(#[from] crate::paymaster::PaymasterError),
    /// The nonce of the operation is used, but not by this operation.
    #[error("the nonce of operation {hash} is used by another operation")]
    NonceUsed {
        /// The operation that can no longer be mined.
        hash: B256,
    },
    /// The signer failed.
    #[error("signing: {reason}")]
    Signer {
        /// The signer's words.
        reason: String,
    },
    /// The operation would cost more than it may: nothing was signed.
    #[error(transparent)]
    TooExpensive(#[from] crate::LimitExceeded),
    /// The operation was sent, or may have been, and its end is not known.
    #[error("{error}; operation {hash} may still be mined")]
    Unsettled {
        /// The operation: look it up by this.
        hash: B256,
        /// What went wrong.
        #[source]
        error: Box<Self>,
    },
}

impl BundlerError {
    pub(crate) fn new(method: impl Into<Cow<'static, str>>, error: TransportError) -> Self {
        let method = method.into();
        match Parts::from(error) {
            Parts::Response { code, message, data } => {
                Self::Response(Box::new(ErrorResponse::new(method, code, message, data)))
            }
            Parts::Transport(failure) => Self::Transport { method, failure },
            Parts::Malformed { reason, body } => Self::Malformed { method, reason, body },
            Parts::Local(reason) => Self::Request { method, reason },
        }
    }

    /// The server's error, when there is one.
    #[must_use]
    pub fn response(&self) -> Option<&ErrorResponse> {
        match self {
            Self::Response(response) => Some(response),
            Self::DeadlinePassed { last, .. } => last.as_deref()?.response(),
            Self::Unsettled { error, .. } => error.response(),
            _ => None,
        }
    }

    /// What the server's error means.
    #[must_use]
    pub fn kind(&self) -> Option<&ErrorKind> {
        self.response().map(|response| &response.kind)
    }

    /// The JSON-RPC error code.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.response().map(|response| response.code)
    }

    /// The entry point's code.
    #[must_use]
    pub fn aa_code(&self) -> Option<AaCode> {
        self.response()?.aa_code
    }

    /// The revert bytes of account, module, paymaster or calls: their first four name the Solidity error.
    #[must_use]
    pub fn revert_data(&self) -> Option<&RevertData> {
        match self {
            Self::Reverted(reverted) => reverted.revert.as_ref(),
            other => other.response()?.revert.as_ref(),
        }
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Response(response) => response.retry(),
            Self::Transport { failure, .. } if failure.is_retryable() => Retry::Same,
            Self::Malformed { .. } => Retry::Same,
            // Another operation could be a second one.
            Self::DeadlinePassed { .. } | Self::Dropped { .. } | Self::Unsettled { .. } => Retry::Later,
            Self::NonceUsed { .. } | Self::Reverted(_) | Self::TooExpensive(_) => Retry::Changed,
            _ => Retry::Never,
        }
    }

    /// Whether the same request, unchanged, may pass in a moment.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retry() == Retry::Same
    }

    /// Whether a send that ended with this error may nevertheless have been accepted: then only a look-up by the
    /// operation's hash, or sending the same bytes again, tells.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Transport { failure, .. } => !matches!(failure, TransportFailure::Connect { .. }),
            Self::Malformed { .. } | Self::DeadlinePassed { .. } | Self::Unsettled { .. } => true,
            Self::Response(response) => matches!(response.kind, ErrorKind::Internal | ErrorKind::Other),
            _ => false,
        }
    }

    /// The operation that may still be mined in spite of this error. Any other error of a send says that the operation
    /// never was sent, that every bundler refused it, or that it has come to its end.
    #[must_use]
    pub const fn unsettled(&self) -> Option<B256> {
        match self {
            Self::Unsettled { hash, .. } | Self::Dropped { hash, .. } => Some(*hash),
            _ => None,
        }
    }

    /// This error, of an operation whose end is not known.
    pub(crate) fn of_unsettled(self, hash: B256) -> Self {
        match self {
            // Known: the nonce is used, or whose end it is is said already.
            Self::NonceUsed { .. } | Self::Reverted(_) | Self::Dropped { .. } | Self::Unsettled { .. } => self,
            error => Self::Unsettled { hash, error: Box::new(error) },
        }
    }

    /// How long the server asked to wait before the next request.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transport { failure, .. } => failure.retry_after(),
            Self::Unsettled { error, .. } => error.retry_after(),
            _ => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Response(response) => response.remedy(),
            Self::Transport { failure: TransportFailure::Connect { .. }, .. } => {
                "check that the server runs and its address is right"
            }
            Self::Transport { .. } | Self::Malformed { .. } => {
                "try again; after a send, look the operation up by its hash"
            }
            Self::Request { .. } => "correct the request",
            Self::HashMismatch { .. } => {
                "do not trust the answer: wait for the local hash, and check chain id and entry point"
            }
            Self::UnsupportedEntryPoint { .. } => "use a bundler that serves the account's entry point",
            Self::ChainMismatch { .. } => "use endpoints of one chain",
            Self::DeadlinePassed { .. } => "look the operation up by its hash before anything else is sent",
            Self::Dropped { .. } => "send the same operation again, or replace it with higher fees",
            Self::Reverted(_) => "decode the revert data: the calls failed on chain and the nonce is used",
            Self::Paymaster(_) => "use another paymaster, or allow the difference explicitly",
            Self::NonceUsed { .. } => "prepare a new operation with a fresh nonce if its calls are still wanted",
            Self::Signer { .. } => "see the signer's message",
            Self::TooExpensive(exceeded) => exceeded.remedy(),
            Self::Unsettled { .. } => "look the operation up by its hash before anything else is sent",
        }
    }
}
