use alloc::{vec, vec::Vec};

use alloy_primitives::U256;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy, PolicyError,
    check::{ActionCheck, Refusal, Usage, UserOpCheck, Verdict, Window},
    explain::{self, Limits, Line, Words},
};

/// Permits a number of uses: of calls in an action's place, of operations in the user operation's.
///
/// Init data: `uint128` limit, 16 bytes; the contract ignores what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UsageLimit {
    limit: u128,
}

impl UsageLimit {
    /// The state before initialisation: refuses every use.
    pub const UNSET: Self = Self { limit: 0 };

    /// Permits `limit` uses.
    ///
    /// # Errors
    /// [`PolicyError::ZeroLimit`] for 0.
    pub const fn new(limit: u128) -> Result<Self, PolicyError> {
        if limit == 0 { Err(PolicyError::ZeroLimit) } else { Ok(Self { limit }) }
    }

    /// Permits a single use.
    #[must_use]
    pub const fn once() -> Self {
        Self { limit: 1 }
    }

    /// How many uses are permitted.
    #[must_use]
    pub const fn limit(self) -> u128 {
        self.limit
    }

    fn count(self, usage: &mut Usage) -> Verdict {
        let used = usage.counter(0);
        if *used >= U256::from(self.limit) {
            return Err(Refusal::Uses { limit: self.limit });
        }
        *used += U256::from(1);
        Ok(Window::UNBOUNDED)
    }
}

impl Policy for UsageLimit {
    fn name(&self) -> &'static str {
        "usage limit"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::UsageLimit.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        self.limit.to_be_bytes().to_vec()
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let (bytes, _) =
            init_data.split_first_chunk::<16>().ok_or(DecodeError::Malformed { length: init_data.len() })?;
        Self::new(u128::from_be_bytes(*bytes)).map_err(|_| DecodeError::ZeroLimit)
    }

    /// One counter: the uses so far.
    fn usage(&self) -> Usage {
        Usage(vec![U256::ZERO])
    }

    fn check_action(&self, usage: &mut Usage, _: &ActionCheck<'_>) -> Verdict {
        self.count(usage)
    }

    fn check_user_op(&self, usage: &mut Usage, _: &UserOpCheck<'_>) -> Verdict {
        self.count(usage)
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::usage_limit(*self, words)
    }

    fn limits(&self) -> Limits {
        Limits { uses: true, ..Limits::default() }
    }
}
