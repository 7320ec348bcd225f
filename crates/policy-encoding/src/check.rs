//! What a policy is asked, and what it answers.

use alloc::vec::Vec;
use core::fmt;

use alloy_primitives::{Address, B256, FixedBytes, Selector, U256, uint};

use session_types::{
    PolicyRevision,
    abi::{self, ContractError as _},
};

use crate::{Condition, range_bounds};

/// Whose state a policy consults: policies keep it by configuration, caller and account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// `keccak(account ++ id)` of the slot that the policy sits in.
    pub config_id: B256,
    /// The contract that asks: the session module.
    #[doc(alias = "multiplexer")]
    pub caller: Address,
    /// The account that the session belongs to.
    pub account: Address,
    /// Which revision of the policy's contract is asked.
    pub revision: PolicyRevision,
}

/// The question about one call of the account.
#[doc(alias = "checkAction")]
#[derive(Clone, Copy, Debug)]
pub struct ActionCheck<'a> {
    /// Whose state is consulted.
    pub context: Context,
    /// The contract that is called.
    pub target: Address,
    /// Native value sent along, in wei.
    pub value: U256,
    /// The call data, selector included.
    pub data: &'a [u8],
}

/// The question about a whole user operation, in its packed form (ERC-4337, EntryPoint 0.7 and later).
#[doc(alias = "checkUserOpPolicy")]
#[derive(Clone, Copy, Debug)]
pub struct UserOpCheck<'a> {
    /// Whose state is consulted.
    pub context: Context,
    /// The operation's call data.
    pub call_data: &'a [u8],
    /// Verification gas (high half) and call gas.
    pub account_gas_limits: B256,
    /// Pre-verification gas.
    pub pre_verification_gas: U256,
    /// Priority fee (high half) and maximum fee, in wei per gas.
    pub gas_fees: B256,
    /// Paymaster, its two gas limits and its data; empty without a paymaster.
    pub paymaster_and_data: &'a [u8],
    /// The block's base fee, in wei per gas.
    pub base_fee: U256,
}

/// The question about a signed message (ERC-1271).
#[doc(alias = "check1271SignedAction")]
#[derive(Clone, Copy, Debug)]
pub struct MessageCheck {
    /// Whose state is consulted.
    pub context: Context,
    /// The contract that wants the signature checked.
    pub requester: Address,
    /// The hash that was signed.
    pub hash: B256,
    /// The block's time, in seconds since 1970.
    pub timestamp: u64,
}

/// When a permitted operation is valid, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Not before this moment; 0 sets no bound.
    pub valid_after: u64,
    /// Not after this moment; 0 sets no bound.
    pub valid_until: u64,
}

impl Window {
    /// No bound on either side, as a policy without times answers.
    pub const UNBOUNDED: Self = Self { valid_after: 0, valid_until: 0 };
    /// The greatest moment that 48 bits hold, which the session module answers for "no end".
    pub const LAST_MOMENT: u64 = 0xffff_ffff_ffff;

    /// ERC-4337's packed form: `valid_until << 160 | valid_after << 208`.
    #[must_use]
    pub fn validation_data(self) -> U256 {
        (U256::from(self.valid_until) << 160) | (U256::from(self.valid_after) << 208)
    }

    /// The moments that lie in both windows, as the session module computes it: an end of 0 becomes
    /// [`LAST_MOMENT`](Self::LAST_MOMENT). The result may be empty: its start then lies behind its end.
    #[doc(alias = "ValidationDataLib")]
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        let end = |until| if until == 0 { Self::LAST_MOMENT } else { until };
        Self {
            valid_after: self.valid_after.max(other.valid_after),
            valid_until: end(self.valid_until).min(end(other.valid_until)),
        }
    }

    /// Whether `time` lies inside, bounds included (EntryPoint 0.8 and later leave the first moment out).
    #[must_use]
    pub const fn contains(self, time: u64) -> bool {
        time >= self.valid_after && (self.valid_until == 0 || time <= self.valid_until)
    }

    /// Whether no moment lies inside.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.valid_until != 0 && self.valid_after > self.valid_until
    }
}

/// What a policy answers: the times in which it permits, or why it does not.
pub type Verdict = Result<Window, Refusal>;

/// Why a policy does not permit something.
///
/// The texts show 128-bit numbers as 256-bit ones: one way to write digits takes less code on a device than two.
///
/// Every variant but [`Reverted`](Self::Reverted) is the answer "no" (1 on chain).
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A parameter does not satisfy its rule.
    #[error("{} must be {}, saw {}", Argument(*offset), Bound(*condition, *expected), Shown(*seen))]
    Rule {
        /// The rule's place in the policy.
        rule: u8,
        /// Where the word begins, in bytes after the selector.
        offset: u64,
        /// The comparison that does not hold.
        condition: Condition,
        /// The reference value.
        expected: B256,
        /// The word of the call.
        seen: B256,
    },
    /// The sum of a parameter over all calls would pass the rule's limit.
    #[error("{} may reach {limit} over all calls, {used} of it used, saw {amount}", Argument(*offset))]
    Total {
        /// The rule's place in the policy.
        rule: u8,
        /// Where the word begins, in bytes after the selector.
        offset: u64,
        /// The limit of the sum.
        limit: U256,
        /// How much of it is used.
        used: U256,
        /// What the call would add.
        amount: U256,
    },
    /// The rules of an argument policy, joined by its tree, do not hold together.
    #[error("the conditions on the arguments do not hold together")]
    Expression,
    /// The policy permits calls without native value only.
    #[error("no native value may be sent, saw {value} wei")]
    Value {
        /// The call's value in wei.
        value: U256,
    },
    /// The native value over all calls would pass the limit.
    #[error("{amount} wei more pass the limit of {limit} wei, {used} of it used")]
    ValueLimit {
        /// The limit in wei.
        limit: U256,
        /// How much of it is used.
        used: U256,
        /// What would be added.
        amount: U256,
    },
    /// The policy knows only the functions of ERC-20 that move or approve tokens.
    #[error("function {selector} is not a token transfer or approval")]
    Function {
        /// The call's selector.
        selector: Selector,
    },
    /// The token amount over all calls would pass the limit of the token.
    #[error("{amount} more of token {token} pass the limit {limit}, {used} of it used")]
    Spending {
        /// The token.
        token: Address,
        /// Its limit; 0 for a token that is not listed.
        limit: U256,
        /// How much of it is used.
        used: U256,
        /// What the call would add.
        amount: U256,
    },
    /// All uses are spent.
    #[error("all {} uses are spent", U256::from(*limit))]
    Uses {
        /// How often the permission may be used.
        limit: u128,
    },
    /// The target is not on the list.
    #[error("contract {target} is not on the list")]
    Target {
        /// The contract that is called.
        target: Address,
    },
    /// The gas of all operations would pass the limit.
    #[error("{amount} more gas passes the limit {}, {used} of it used", U256::from(*limit))]
    Gas {
        /// The limit.
        limit: u128,
        /// How much of it is used.
        used: U256,
        /// What the operation would add.
        amount: U256,
    },
    /// The gas cost of all operations would pass the limit.
    #[error("gas for {amount} wei more passes the limit of {} wei, {used} of it used", U256::from(*limit))]
    Cost {
        /// The limit in wei.
        limit: u128,
        /// How much of it is used.
        used: U256,
        /// What the operation would add.
        amount: U256,
    },
    /// The moment lies outside the times of the permission (signed messages only).
    #[error("valid from {} to {}, asked at {now}", window.valid_after, window.valid_until)]
    Time {
        /// The permitted times.
        window: Window,
        /// The moment asked about.
        now: u64,
    },
    /// The policy's contract does not answer this kind of question: the session module refuses to enable it there.
    #[error("the policy does not work in this place")]
    Slot,
    /// The policy's contract reverts.
    #[error("the policy reverts: {0}")]
    Reverted(Revert),
}

impl Refusal {
    /// A name for programs, which stays: `value-limit`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rule { .. } => "rule",
            Self::Total { .. } => "total",
            Self::Expression => "expression",
            Self::Value { .. } => "value",
            Self::ValueLimit { .. } => "value-limit",
            Self::Function { .. } => "function",
            Self::Spending { .. } => "spending",
            Self::Uses { .. } => "uses",
            Self::Target { .. } => "target",
            Self::Gas { .. } => "gas",
            Self::Cost { .. } => "cost",
            Self::Time { .. } => "time",
            Self::Slot => "slot",
            Self::Reverted(_) => "reverted",
        }
    }
}

/// A parameter by its place: the number of the argument where it begins at a whole word.
struct Argument(u64);

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 32, self.0 % 32) {
            (words, 0) => write!(f, "argument {}", words + 1),
            _ => write!(f, "the word at byte {} after the selector", self.0),
        }
    }
}

/// A word as what it most likely is: a number, an address, or bytes.
struct Shown(B256);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = U256::from_be_bytes(self.0.0);
        // Amounts of tokens with 18 decimals stay below 2^112; addresses begin with zeros only on purpose.
        if number.bit_len() <= 112 {
            write!(f, "{number}")
        } else if number.bit_len() <= 160 {
            write!(f, "{}", Address::from_word(self.0))
        } else {
            write!(f, "{}", self.0)
        }
    }
}

/// A condition with its reference value.
struct Bound(Condition, B256);

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = Shown(self.1);
        match self.0 {
            Condition::Equal => write!(f, "{value}"),
            Condition::NotEqual => write!(f, "anything but {value}"),
            Condition::GreaterThan => write!(f, "more than {value}"),
            Condition::LessThan => write!(f, "less than {value}"),
            Condition::AtLeast => write!(f, "at least {value}"),
            Condition::AtMost => write!(f, "at most {value}"),
            Condition::InRange => {
                let (low, high) = range_bounds(self.1);
                write!(f, "between {} and {}", U256::from(low), U256::from(high))
            }
        }
    }
}

impl Refusal {
    /// The contract's revert, unless it answers a plain "no".
    #[must_use]
    pub const fn revert(&self) -> Option<&Revert> {
        match self {
            Self::Reverted(revert) => Some(revert),
            _ => None,
        }
    }
}

impl From<Revert> for Refusal {
    fn from(revert: Revert) -> Self {
        Self::Reverted(revert)
    }
}

/// A revert of a policy's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Revert {
    /// Without data: malformed input, or call data that is too short for a rule.
    #[error("data that is too short or malformed")]
    NoData,
    /// `Panic(uint256)`: arithmetic (0x11), conversion to an enum (0x21), index (0x32).
    #[error("panic {0:#04x}")]
    Panic(u8),
    /// `PolicyNotInitialized(bytes32,address,address)`.
    #[error("the policy is not initialised")]
    NotInitialized(Context),
    /// `ValueLimitExceeded(bytes32,uint256,uint256)`.
    #[error("at most {limit} wei may be sent with a call, saw {value}")]
    ValueLimitExceeded {
        /// The configuration.
        config_id: B256,
        /// The call's value in wei.
        value: U256,
        /// The limit per call in wei.
        limit: U256,
    },
    /// `InvalidTokenAddress(address)`.
    #[error("{0} is not a token")]
    InvalidTokenAddress(Address),
    /// `InvalidLimit(uint256)`.
    #[error("{0} is not a limit")]
    InvalidLimit(U256),
    /// `UnsupportedCallType(bytes1)`.
    #[error("call type {0} is not supported")]
    UnsupportedCallType(FixedBytes<1>),
    /// An error without arguments, by its selector.
    #[error("error {0}")]
    Plain(Selector),
    /// The contract would not come to an end: a tree that contains itself, or one too large to walk.
    #[error("the tree of conditions does not come to an end")]
    OutOfGas,
}

/// Solidity's `Panic(uint256)`.
pub(crate) const PANIC: Selector = FixedBytes([0x4e, 0x48, 0x7b, 0x71]);

impl Revert {
    /// Checked arithmetic that overflowed.
    pub const OVERFLOW: Self = Self::Panic(0x11);
    /// An index outside an array.
    pub const INDEX: Self = Self::Panic(0x32);

    /// The first four bytes of the revert data; `None` when there is no data.
    #[must_use]
    pub const fn selector(&self) -> Option<Selector> {
        Some(match self {
            Self::NoData | Self::OutOfGas => return None,
            Self::Panic(_) => PANIC,
            Self::NotInitialized(_) => abi::PolicyNotInitialized::SELECTOR,
            Self::ValueLimitExceeded { .. } => abi::ValueLimitExceeded::SELECTOR,
            Self::InvalidTokenAddress(_) => abi::InvalidTokenAddress::SELECTOR,
            Self::InvalidLimit(_) => abi::InvalidLimit::SELECTOR,
            Self::UnsupportedCallType(_) => abi::UnsupportedCallType::SELECTOR,
            Self::Plain(selector) => *selector,
        })
    }

    /// The revert data, byte for byte.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        let Some(selector) = self.selector() else { return data };
        data.extend_from_slice(selector.as_slice());
        let mut word = |word: B256| data.extend_from_slice(word.as_slice());
        match self {
            Self::NoData | Self::OutOfGas | Self::Plain(_) => {}
            Self::Panic(code) => word(B256::with_last_byte(*code)),
            Self::NotInitialized(context) => {
                word(context.config_id);
                word(context.caller.into_word());
                word(context.account.into_word());
            }
            Self::ValueLimitExceeded { config_id, value, limit } => {
                word(*config_id);
                word((*value).into());
                word((*limit).into());
            }
            Self::InvalidTokenAddress(token) => word(token.into_word()),
            Self::InvalidLimit(limit) => word((*limit).into()),
            Self::UnsupportedCallType(kind) => {
                let mut left = B256::ZERO;
                left[0] = kind[0];
                word(left);
            }
        }
        data
    }

    /// The first word of the revert data, which the session module passes on; shorter data is filled with zeros.
    #[must_use]
    pub fn first_word(&self) -> B256 {
        let mut word = B256::ZERO;
        for (to, from) in word.iter_mut().zip(self.data()) {
            *to = from;
        }
        word
    }
}

/// The word a check returns for a plain "no".
pub const VALIDATION_FAILED: U256 = uint!(1_U256);

/// How much of a policy's limits is used: its counters, in an order that the policy defines.
///
/// A policy's counters begin as [`Policy::usage`](crate::Policy::usage) says and move with each permitted check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage(pub Vec<U256>);

impl Usage {
    /// No counters: a policy that keeps no state.
    pub const NONE: Self = Self(Vec::new());

    /// The counter at `index`, made when it is missing, so that a usage of other origin cannot make a check panic.
    pub fn counter(&mut self, index: usize) -> &mut U256 {
        if self.0.len() <= index {
            self.0.resize(index + 1, U256::ZERO);
        }
        &mut self.0[index]
    }

    /// The counter at `index`; zero when it is missing.
    #[must_use]
    pub fn at(&self, index: usize) -> U256 {
        self.0.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::RefValue;

    fn rule(offset: u64, condition: Condition, expected: impl Into<RefValue>, seen: impl Into<RefValue>) -> Refusal {
        Refusal::Rule { rule: 0, offset, condition, expected: expected.into().word(), seen: seen.into().word() }
    }

    #[test]
    fn refusals_read_like_sentences() {
        assert_eq!(rule(0, Condition::AtMost, 100_u8, 101_u8).to_string(), "argument 1 must be at most 100, saw 101");
        let who = Address::repeat_byte(0x11);
        let text = rule(32, Condition::Equal, who, 5_u8).to_string();
        assert_eq!(text, alloc::format!("argument 2 must be {who}, saw 5"));
        let range = rule(33, Condition::InRange, RefValue::range(3, 9), 10_u8).to_string();
        assert_eq!(range, "the word at byte 33 after the selector must be between 3 and 9, saw 10");
        let word = B256::repeat_byte(0xab);
        let bytes = rule(64, Condition::NotEqual, word, word).to_string();
        assert_eq!(bytes, alloc::format!("argument 3 must be anything but {word}, saw {word}"));
    }
}
