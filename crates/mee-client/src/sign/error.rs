use alloy_primitives::{B256, U256};

use super::{PermitUnavailable, SignerFailure};
use crate::wire::QuoteType;

/// Why a quote could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerFailure),
    /// The key gave something that is no signature.
    #[error("signature has {length} bytes, expected r, s and v")]
    SignatureLength {
        /// How many bytes it has.
        length: usize,
    },
    /// The quote starts in another way.
    #[error("a {seen} quote cannot be signed as {expected}")]
    WrongKind {
        /// How it was to be signed.
        expected: QuoteType,
        /// How it starts.
        seen: QuoteType,
    },
    /// The quote has no operation to sign for.
    #[error("the quote has no operation")]
    NoOperation,
    /// The token's permits cannot be used.
    #[error("no permit: {0}")]
    Permit(#[from] PermitUnavailable),
    /// The approval would not cover what is taken.
    #[error("approval of {approval} does not cover {amount}")]
    ApprovalTooSmall {
        /// What would be approved, in the token's smallest unit.
        approval: U256,
        /// What is taken, fee included, in the token's smallest unit.
        amount: U256,
    },
    /// The trigger transaction was mined and failed.
    #[error("trigger transaction {hash} failed")]
    TriggerFailed {
        /// The transaction.
        hash: B256,
    },
    /// The trigger transaction was not mined in time. It may still be: do not send another.
    #[error("trigger transaction {hash} not mined in {seconds} s")]
    TriggerPending {
        /// The transaction.
        hash: B256,
        /// How long was waited.
        seconds: u64,
    },
    /// The trigger transaction cannot be put together.
    #[error("trigger transaction: {reason}")]
    Trigger {
        /// Why.
        reason: String,
    },
}
