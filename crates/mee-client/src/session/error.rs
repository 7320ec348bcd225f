use alloy_primitives::B256;
use policy_encoding::NotDeployed;
use session_types::{GrantError, SessionError};

use super::PaymentPolicyError;

/// Why a session action cannot be done. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionActionError {
    /// A session permits something.
    #[error("no actions")]
    NoActions,
    /// A group without actions.
    #[error("the actions for chain {chain_id} are empty")]
    EmptyActions {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// A session that the module would refuse.
    #[error("session for chain {chain_id}: {source}")]
    Session {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// Why.
        source: SessionError,
    },
    /// The fee cannot be paid by the session.
    #[error(transparent)]
    Payment(#[from] PaymentPolicyError),
    /// The deployment lacks a policy that is needed.
    #[error(transparent)]
    Policy(#[from] NotDeployed),
    /// The sessions cannot share a signature.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The module computes another digest than this client. Nothing was signed.
    #[error("chain {chain_id}: the module's digest of the session is {on_chain}, expected {computed}")]
    Digest {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// What this client computes.
        computed: B256,
        /// What the module answers.
        on_chain: B256,
    },
    /// The fee token has more decimals than any amount.
    #[error("fee token with {decimals} decimals")]
    Decimals {
        /// How many.
        decimals: u8,
    },
    /// None of the sessions was granted by signature: they can only be used.
    #[error("the sessions were enabled by calls, use them without enabling")]
    NothingToEnable,
    /// Sessions that are used by their own quotes must be enabled already.
    #[error("the session for chain {chain_id} is granted but not enabled, enable it by its first use")]
    NotEnabled {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
}
