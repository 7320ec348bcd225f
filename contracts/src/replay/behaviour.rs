//! What a step of a behaviour recording expects.

use alloy_primitives::{Bytes, FixedBytes, U256};
use serde::Deserialize;

use super::text::Number;
use super::{expect, word};
use crate::evm::Outcome;

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "result", rename_all = "lowercase")]
pub(super) enum Expected {
    Ok { validation_data: Option<Number>, valid_after: Option<u64>, valid_until: Option<u64> },
    Fail,
    Revert { selector: Option<FixedBytes<4>>, data: Option<Bytes> },
}

/// What a call answers when it has nothing to object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing, or something that is not about success.
    Anything,
    /// A word whose low 160 bits are 0, with a window above them; 1 for "no".
    ValidationData,
    /// True; false for "no".
    Truth,
}

impl Answer {
    /// Whether the outcome is a "yes".
    pub(super) fn is_yes(self, outcome: &Outcome) -> bool {
        match self {
            Self::Anything => outcome.is_success(),
            Self::ValidationData => word(outcome).is_some_and(|word| word << 96 == U256::ZERO),
            Self::Truth => word(outcome) == Some(U256::from(1)),
        }
    }

    /// Whether the outcome is a "no" that is not a revert.
    fn is_no(self, outcome: &Outcome) -> bool {
        match self {
            Self::Anything => false,
            Self::ValidationData => word(outcome) == Some(U256::from(1)),
            Self::Truth => word(outcome) == Some(U256::ZERO),
        }
    }
}

impl Expected {
    /// Compares result, window, selector and, where it is recorded, all of the revert data.
    pub(super) fn compare(&self, answer: Answer, outcome: &Outcome) -> Result<(), String> {
        let held = match self {
            Self::Ok { validation_data, valid_after, valid_until } => {
                let window = word(outcome).map(|word| (word >> 208, (word >> 160) & U256::from((1_u64 << 48) - 1)));
                answer.is_yes(outcome)
                    && validation_data.is_none_or(|expected| word(outcome) == Some(expected.0))
                    && valid_after.is_none_or(|after| window.is_some_and(|window| window.0 == U256::from(after)))
                    && valid_until.is_none_or(|until| window.is_some_and(|window| window.1 == U256::from(until)))
            }
            Self::Fail => answer.is_no(outcome),
            Self::Revert { selector, data } => outcome.reverted().is_some_and(|seen| {
                seen.get(..4) == selector.as_ref().map(|selector| &selector[..])
                    && data.as_ref().is_none_or(|data| data == seen)
            }),
        };
        expect(held, || format!("{self:?}"), outcome)
    }
}
