use alloy_primitives::{Address, U256};

/// Why a fusion supertransaction cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FusionError {
    /// A token trigger moves something.
    #[error("the trigger moves nothing")]
    NoAmount,
    /// The owner's native tokens do not even pay the trigger's gas.
    #[error("{balance} wei do not pay the trigger's gas of {reserve} wei")]
    NotEnoughNative {
        /// What the owner has, in wei.
        balance: U256,
        /// What is kept for gas, in wei.
        reserve: U256,
    },
    /// The fee is added to the trigger's amount, so both are of one token on one chain.
    #[error("fees in {fee_token} on chain {fee_chain} cannot be taken with the trigger's {token} on chain {chain_id}")]
    OtherFeeToken {
        /// The fee token.
        fee_token: Address,
        /// Its chain.
        fee_chain: u64,
        /// The trigger's token.
        token: Address,
        /// Its chain.
        chain_id: u64,
    },
    /// The start needs a token trigger.
    #[error("a {start} needs a token trigger")]
    CallTrigger {
        /// Which start.
        start: &'static str,
    },
    /// The quote's fee takes the amount over what a token can hold.
    #[error("amount and fee exceed 2^256 - 1")]
    Overflow,
}
