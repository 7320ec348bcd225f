use alloy_primitives::{Address, U256};

/// An answer of a paymaster service that must not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaymasterError {
    /// The final data names another paymaster than the stub that gas was estimated with.
    #[error("the paymaster changed from {stub} in the stub to {data} in the final data")]
    Changed {
        /// The stub's paymaster.
        stub: Address,
        /// The final data's paymaster.
        data: Address,
    },
    /// The final data is longer than the stub that gas was estimated with.
    #[error("final paymaster data of {data} bytes after a stub of {stub}: the estimated gas does not cover it")]
    Longer {
        /// The stub's length in bytes.
        stub: usize,
        /// The final data's length in bytes.
        data: usize,
    },
    /// The answer lacks a member.
    #[error("the paymaster's answer lacks {member}")]
    Missing {
        /// The member.
        member: &'static str,
    },
    /// The token fee is above what the caller allows.
    #[error("the paymaster asks for up to {asked} units of the fee token, allowed are {allowed}")]
    TooExpensive {
        /// What it asks for, in the token's smallest unit.
        asked: U256,
        /// What the caller allows, in the token's smallest unit.
        allowed: U256,
    },
    /// The service does not take the token.
    #[error("the paymaster does not take the token {token}")]
    UnsupportedToken {
        /// The token.
        token: Address,
    },
}
