use core::fmt;

use alloy_primitives::{Address, U256};

/// A limit that runs out, and how much of it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)] // a limit and a count are all there is
pub struct Budget {
    /// What is counted.
    pub unit: Unit,
    /// The limit.
    pub limit: U256,
    /// How much of it is used. May be more than the limit when a session starts like that.
    #[doc(alias = "limitUsed")]
    pub used: U256,
}

impl Budget {
    /// What is left.
    #[must_use]
    pub const fn remaining(&self) -> U256 {
        self.limit.saturating_sub(self.used)
    }

    /// Whether nothing is left. What that stops is said by [`Unit`].
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.remaining().is_zero()
    }
}

/// What a [`Budget`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Uses: calls, for a policy of an action; operations, for one of user operations. None left stops every one.
    Uses,
    /// Native value, in wei. None left stops calls that send any.
    Wei,
    /// A token's smallest unit. None left stops transfers and approvals of any.
    Token(Address),
    /// The sum of one word of the call data, in whatever the argument stands for: an amount of the called token when it
    /// is a token's amount. None left stops calls whose word is not 0, as far as they need the rule.
    Argument {
        /// The rule's place in the policy, from 0.
        rule: u8,
        /// Where the word begins, in bytes after the selector.
        offset: u64,
    },
    /// Gas. None left stops every operation.
    Gas,
    /// What gas costs, in wei. None left stops every operation that pays for gas.
    GasCost,
}

impl Unit {
    /// A name for programs, which stays: `uses`, `wei`, `token`, `argument`, `gas`, `gas-cost`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Uses => "uses",
            Self::Wei => "wei",
            Self::Token(_) => "token",
            Self::Argument { .. } => "argument",
            Self::Gas => "gas",
            Self::GasCost => "gas-cost",
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (remaining, limit) = (self.remaining(), self.limit);
        match self.unit {
            Unit::Uses => write!(f, "{remaining} of {limit} uses left"),
            Unit::Wei => write!(f, "{remaining} of {limit} wei left"),
            Unit::Token(token) => write!(f, "{remaining} of {limit} units of token {token} left"),
            Unit::Argument { offset, .. } if offset % 32 == 0 => {
                write!(f, "{remaining} of {limit} left for argument {} over all calls", offset / 32 + 1)
            }
            Unit::Argument { offset, .. } => {
                write!(f, "{remaining} of {limit} left for the word at byte {offset} after the selector over all calls")
            }
            Unit::Gas => write!(f, "{remaining} of {limit} gas left"),
            Unit::GasCost => write!(f, "{remaining} of {limit} wei for gas left"),
        }
    }
}
