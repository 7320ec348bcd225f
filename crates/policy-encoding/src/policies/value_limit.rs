use alloc::{vec, vec::Vec};

use alloy_primitives::U256;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy, PolicyError,
    check::{ActionCheck, Refusal, Revert, Usage, UserOpCheck, Verdict, Window},
    execution::{self, Execution},
    explain::{self, Limits, Line, Words},
    word,
};

/// Permits native value up to a sum over all calls.
///
/// Init data: `uint256` limit in wei, one word; the contract ignores what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueLimit {
    limit: U256,
}

impl ValueLimit {
    /// The state before initialisation: permits calls without value only.
    pub const UNSET: Self = Self { limit: U256::ZERO };

    /// Permits `limit` wei over all calls.
    ///
    /// # Errors
    /// [`PolicyError::ZeroLimit`] for 0.
    pub fn new(limit: U256) -> Result<Self, PolicyError> {
        if limit.is_zero() { Err(PolicyError::ZeroLimit) } else { Ok(Self { limit }) }
    }

    /// The permitted sum in wei.
    #[must_use]
    pub const fn limit(self) -> U256 {
        self.limit
    }

    fn count(self, usage: &mut Usage, amount: U256) -> Verdict {
        let used = usage.counter(0);
        let sum = used.checked_add(amount).ok_or(Revert::OVERFLOW)?;
        if sum > self.limit {
            return Err(Refusal::ValueLimit { limit: self.limit, used: *used, amount });
        }
        *used = sum;
        Ok(Window::UNBOUNDED)
    }
}

impl Policy for ValueLimit {
    fn name(&self) -> &'static str {
        "value limit"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::ValueLimit.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        self.limit.to_be_bytes_vec()
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let limit = word::uint(init_data, 0).map_err(DecodeError::malformed(init_data))?;
        Self::new(limit).map_err(|_| DecodeError::ZeroLimit)
    }

    /// One counter: the wei sent so far.
    fn usage(&self) -> Usage {
        Usage(vec![U256::ZERO])
    }

    fn check_action(&self, usage: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        self.count(usage, call.value)
    }

    /// Counts what an ERC-7579 `execute` sends; other functions of the account pass without being counted.
    fn check_user_op(&self, usage: &mut Usage, op: &UserOpCheck<'_>) -> Verdict {
        let Some(selector) = op.call_data.first_chunk::<4>() else { return Err(Revert::NoData.into()) };
        if *selector != execution::EXECUTE {
            return Ok(Window::UNBOUNDED);
        }
        let (mode, data) = execution::arguments(op.call_data).map_err(|_| Revert::NoData)?;
        match execution::decode(mode, data) {
            Ok(Execution::Single(call)) => self.count(usage, call.value),
            Ok(Execution::Batch(calls)) => {
                let mut sum = U256::ZERO;
                for call in calls {
                    sum = sum.checked_add(call.map_err(|_| Revert::NoData)?.value).ok_or(Revert::OVERFLOW)?;
                }
                self.count(usage, sum)
            }
            Ok(Execution::Other(kind)) => Err(Revert::UnsupportedCallType(kind).into()),
            Err(_) => Err(Revert::NoData.into()),
        }
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::value_limit(*self, words)
    }

    fn limits(&self) -> Limits {
        Limits { value: true, ..Limits::default() }
    }
}
