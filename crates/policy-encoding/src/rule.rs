use alloy_primitives::{B256, U256};

use crate::{
    Condition, RefValue,
    check::{ActionCheck, Refusal, Revert},
    word::{self, Malformed},
};

/// A rule about one 32-byte word of a call's data, as the universal action and argument policies store it.
///
/// Layout, six words: condition (`uint8`), offset (`uint64`, counted from the byte after the selector), limited
/// (`bool`), reference (`bytes32`), limit and used (`uint256` each).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    condition: Condition,
    offset: u64,
    reference: B256,
    limited: bool,
    limit: U256,
    used: U256,
}

impl Rule {
    /// Bytes of an encoded rule.
    pub const ENCODED_LEN: usize = 6 * 32;

    /// Compares the word at `offset` bytes after the selector with `reference`.
    #[must_use]
    pub fn new(offset: u64, condition: Condition, reference: impl Into<RefValue>) -> Self {
        Self {
            condition,
            offset,
            reference: reference.into().word(),
            limited: false,
            limit: U256::ZERO,
            used: U256::ZERO,
        }
    }

    /// Compares the argument at place `index`, counted from zero in words: right for calls whose parameters before
    /// it are one word each.
    #[doc(alias = "calldataArgument")]
    #[doc(alias = "offsetIndex")]
    #[must_use]
    pub fn argument(index: u8, condition: Condition, reference: impl Into<RefValue>) -> Self {
        Self::new(u64::from(index) * 32, condition, reference)
    }

    /// Also lets the sum of the word over all permitted calls reach `limit` at most.
    #[doc(alias = "isLimited")]
    #[must_use]
    pub const fn with_total(self, limit: U256) -> Self {
        self.with_usage(limit, U256::ZERO)
    }

    /// Like [`with_total`](Self::with_total), with `used` of the limit already spent.
    #[doc(alias = "usage")]
    #[doc(alias = "LimitUsage")]
    #[must_use]
    pub const fn with_usage(mut self, limit: U256, used: U256) -> Self {
        self.limited = true;
        self.limit = limit;
        self.used = used;
        self
    }

    /// Every member as it is written: a rule can carry a limit that its flag switches off.
    #[must_use]
    pub const fn from_parts(
        condition: Condition,
        offset: u64,
        limited: bool,
        reference: B256,
        limit: U256,
        used: U256,
    ) -> Self {
        Self { condition, offset, reference, limited, limit, used }
    }

    /// How the word is compared.
    #[must_use]
    pub const fn condition(&self) -> Condition {
        self.condition
    }

    /// Where the word begins, in bytes after the selector.
    #[doc(alias = "calldataOffset")]
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// What the word is compared with.
    #[doc(alias = "ref")]
    #[doc(alias = "comparisonValue")]
    #[must_use]
    pub const fn reference(&self) -> B256 {
        self.reference
    }

    /// Whether the sum of the word over all calls is limited.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.limited
    }

    /// The limit of that sum; without meaning unless [limited](Self::is_limited).
    #[must_use]
    pub const fn limit(&self) -> U256 {
        self.limit
    }

    /// How much of the limit counts as used from the start.
    #[must_use]
    pub const fn used(&self) -> U256 {
        self.used
    }

    /// Whether the rule is of one of the two forms that fill the unused places of a universal action policy.
    pub(crate) fn is_filler(&self, condition: Condition) -> bool {
        *self == Self::filler(condition)
    }

    pub(crate) const fn filler(condition: Condition) -> Self {
        Self::from_parts(condition, 0, false, B256::ZERO, U256::ZERO, U256::ZERO)
    }

    /// Writes the six words over the first 192 bytes of `out`, which must be zero.
    pub(crate) fn write(&self, out: &mut [u8]) {
        // Each part is a fixed range of a buffer that its callers size from ENCODED_LEN.
        out[31] = self.condition.code();
        out[56..64].copy_from_slice(&self.offset.to_be_bytes());
        out[95] = u8::from(self.limited);
        out[96..128].copy_from_slice(self.reference.as_slice());
        out[128..160].copy_from_slice(&self.limit.to_be_bytes::<32>());
        out[160..192].copy_from_slice(&self.used.to_be_bytes::<32>());
    }

    /// Reads the rule at `position`.
    pub(crate) fn read(data: &[u8], position: usize) -> Result<Self, Malformed> {
        let at = |place: usize| position.checked_add(place * 32).ok_or(Malformed);
        Ok(Self {
            condition: Condition::from_code(word::uint8(data, at(0)?)?).ok_or(Malformed)?,
            offset: word::uint64(data, at(1)?)?,
            limited: word::boolean(data, at(2)?)?,
            reference: word::word(data, at(3)?)?,
            limit: word::uint(data, at(4)?)?,
            used: word::uint(data, at(5)?)?,
        })
    }

    /// Checks the rule against the call, counting on `used`; `index` names the rule in a refusal.
    ///
    /// # Errors
    /// The refusal: a condition that does not hold, a limit that is reached, or the contract's revert.
    #[inline]
    pub(crate) fn check(&self, index: u8, used: &mut U256, call: &ActionCheck<'_>) -> Result<(), Refusal> {
        let seen = self.parameter(call.data)?;
        if !self.condition.holds(seen, self.reference) {
            let (condition, expected) = (self.condition, self.reference);
            return Err(Refusal::Rule { rule: index, offset: self.offset, condition, expected, seen });
        }
        if self.limited {
            let amount = U256::from_be_bytes(seen.0);
            let total = used.checked_add(amount).ok_or(Refusal::Reverted(Revert::OVERFLOW))?;
            if total > self.limit {
                let (limit, used) = (self.limit, *used);
                return Err(Refusal::Total { rule: index, offset: self.offset, limit, used, amount });
            }
            *used = total;
        }
        Ok(())
    }

    /// The word of the call data that the rule is about.
    fn parameter(&self, data: &[u8]) -> Result<B256, Refusal> {
        // The contract adds in 64 bits: selector, offset, one word.
        let end = self.offset.checked_add(36).ok_or(Refusal::Reverted(Revert::OVERFLOW))?;
        let short = Refusal::Reverted(Revert::NoData);
        let end = usize::try_from(end).map_err(|_| short.clone())?;
        data.get(end - 32..end).map(B256::from_slice).ok_or(short)
    }
}
