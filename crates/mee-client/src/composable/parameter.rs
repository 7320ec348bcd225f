use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use crate::abi::token;

/// Where the bytes of a parameter come from when the call runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fetcher {
    /// Given now. On the wire: the bytes.
    Raw(Bytes),
    /// What a view function answers. On the wire: `abi.encode(address, bytes)`.
    StaticCall {
        /// The contract to ask.
        target: Address,
        /// The call data to ask with.
        data: Bytes,
    },
    /// A balance. On the wire: `token ++ account`, 40 bytes; a zero token is the chain's native token.
    Balance {
        /// The token; zero for the chain's native token.
        token: Address,
        /// Whose balance.
        account: Address,
    },
}

impl Fetcher {
    pub(super) const fn kind(&self) -> u8 {
        match self {
            Self::Raw(_) => 0,
            Self::StaticCall { .. } => 1,
            Self::Balance { .. } => 2,
        }
    }

    pub(super) fn data(&self) -> Bytes {
        match self {
            Self::Raw(bytes) => bytes.clone(),
            Self::StaticCall { target, data } => (*target, data.clone()).abi_encode_params().into(),
            Self::Balance { token, account } => [token.as_slice(), account.as_slice()].concat().into(),
        }
    }
}

/// A condition on a fetched word. A condition that does not hold makes the operation wait, not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constraint {
    /// Equal to this word.
    Equal(B256),
    /// At least this number.
    AtLeast(U256),
    /// At most this number.
    AtMost(U256),
    /// From the first to the second number, both included.
    Between(U256, U256),
}

impl Constraint {
    /// The kind's number and its reference: one word, or two as `abi.encode(lower, upper)`.
    pub(super) fn parts(&self) -> (u8, Bytes) {
        match self {
            Self::Equal(word) => (0, word.to_vec().into()),
            Self::AtLeast(number) => (1, number.abi_encode().into()),
            Self::AtMost(number) => (2, number.abi_encode().into()),
            Self::Between(lower, upper) => (3, (*lower, *upper).abi_encode_params().into()),
        }
    }
}

/// A piece of call data, or, as a condition, a word that is only looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputParam {
    /// Where it comes from.
    pub fetcher: Fetcher,
    /// What must hold for its words, in order.
    pub constraints: Vec<Constraint>,
}

impl InputParam {
    /// A parameter without conditions.
    #[must_use]
    pub const fn new(fetcher: Fetcher) -> Self {
        Self { fetcher, constraints: Vec::new() }
    }

    /// Bytes that are known now.
    #[must_use]
    pub const fn raw(bytes: Bytes) -> Self {
        Self::new(Fetcher::Raw(bytes))
    }

    /// A word that must hold `constraint`.
    #[must_use]
    pub fn constrained(fetcher: Fetcher, constraint: Constraint) -> Self {
        Self { fetcher, constraints: vec![constraint] }
    }

    /// The balance that an account has when the call runs.
    #[doc(alias = "runtimeERC20BalanceOf")]
    #[doc(alias = "runtimeNativeBalanceOf")]
    #[must_use]
    pub const fn balance(token: Address, account: Address) -> Self {
        Self::new(Fetcher::Balance { token, account })
    }

    /// What `owner` lets `spender` take when the call runs.
    #[doc(alias = "runtimeERC20AllowanceOf")]
    #[must_use]
    pub fn allowance(token: Address, owner: Address, spender: Address) -> Self {
        let data = token::allowanceCall { owner, spender }.abi_encode().into();
        Self::new(Fetcher::StaticCall { target: token, data })
    }
}

/// What to keep of a call's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputParam {
    /// The kind's number in the composability module.
    pub kind: u8,
    /// The kind's own data.
    pub data: Bytes,
}

impl OutputParam {
    /// An answer to keep.
    #[must_use]
    pub const fn new(kind: u8, data: Bytes) -> Self {
        Self { kind, data }
    }
}
