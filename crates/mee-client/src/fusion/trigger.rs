use alloy_primitives::{Address, U256};

use crate::instruction::PlainCall;

/// What brings the funds in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// Tokens of the owner.
    Token(TokenTrigger),
    /// A call that the owner makes; what it brings in is the caller's business.
    Call {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The call.
        call: PlainCall,
    },
}

impl Trigger {
    /// The EIP-155 chain id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        match self {
            Self::Token(token) => token.chain_id,
            Self::Call { chain_id, .. } => *chain_id,
        }
    }
}

impl From<TokenTrigger> for Trigger {
    fn from(token: TokenTrigger) -> Self {
        Self::Token(token)
    }
}

/// How much a token trigger brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TriggerAmount {
    /// This much, in the token's smallest unit. The fee comes on top.
    Exactly(U256),
    /// All that the owner has; the fee comes out of it.
    #[doc(alias = "useMaxAvailableFunds")]
    MaxAvailable,
}

/// Tokens that an owner brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenTrigger {
    /// The token; zero for the chain's native token.
    #[doc(alias = "tokenAddress")]
    pub token: Address,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// How much.
    pub amount: TriggerAmount,
    /// How much to approve, when that is more; in the token's smallest unit.
    pub approval_amount: Option<U256>,
    /// Who receives the funds; the account when absent.
    pub recipient: Option<Address>,
    /// Gas for taking the funds in; 75000 when absent.
    pub gas_limit: Option<U256>,
}

impl TokenTrigger {
    /// Brings in this much of a token, in its smallest unit.
    #[must_use]
    pub const fn new(token: Address, chain_id: u64, amount: U256) -> Self {
        Self {
            token,
            chain_id,
            amount: TriggerAmount::Exactly(amount),
            approval_amount: None,
            recipient: None,
            gas_limit: None,
        }
    }

    /// Brings in all that the owner has.
    #[must_use]
    pub const fn max_available(token: Address, chain_id: u64) -> Self {
        Self { amount: TriggerAmount::MaxAvailable, ..Self::new(token, chain_id, U256::ZERO) }
    }

    /// Approves more than is taken now.
    #[must_use]
    pub const fn with_approval(mut self, amount: U256) -> Self {
        self.approval_amount = Some(amount);
        self
    }

    /// Sends the funds there instead of to the account.
    #[must_use]
    pub const fn with_recipient(mut self, recipient: Address) -> Self {
        self.recipient = Some(recipient);
        self
    }

    /// Limits the gas for taking the funds in.
    #[must_use]
    pub const fn with_gas_limit(mut self, gas_limit: U256) -> Self {
        self.gas_limit = Some(gas_limit);
        self
    }
}
