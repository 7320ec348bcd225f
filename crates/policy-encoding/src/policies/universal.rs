use alloc::{vec, vec::Vec};

use alloy_primitives::U256;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    Condition, DecodeError, Policy, PolicyError, Rule,
    check::{ActionCheck, Revert, Usage, Verdict, Window},
    explain::{self, Limits, Line, Words},
    word,
};

/// What stands in the places of a universal action policy that no rule uses.
///
/// The contract never reads them, but they are part of the bytes that the owner signs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Padding {
    /// All zero, which reads as "equal to 0" (`createActionConfig`, `toActionConfig`).
    #[default]
    Zero,
    /// "Greater than 0" and zeros (`buildActionPolicy`).
    GreaterThan,
    /// Anything else, as it was found; missing places are zero.
    Kept(Vec<Rule>),
}

/// Lists whose length is known to lie within 1 to 16 when the program is compiled.
#[diagnostic::on_unimplemented(
    message = "a universal action policy has 1 to 16 rules",
    label = "not an array of 1 to 16 rules"
)]
pub trait RuleList: sealed::Sealed {
    /// The rules, in order.
    fn into_rules(self) -> Vec<Rule>;
}

mod sealed {
    /// Keeps [`super::RuleList`] to the lengths that fit.
    #[allow(unnameable_types)] // that is what seals it
    pub trait Sealed {}
}

macro_rules! rule_lists {
    ($($length:literal)*) => {$(
        impl sealed::Sealed for [Rule; $length] {}
        impl RuleList for [Rule; $length] {
            fn into_rules(self) -> Vec<Rule> {
                self.into()
            }
        }
    )*};
}

rule_lists!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);

/// Permits calls whose parameters satisfy every rule, and a native value for each call.
///
/// Init data: one static tuple without an offset, always 98 words (3,136 bytes): value limit per use, number of
/// rules, then sixteen [rules](Rule) of six words each, padded with rules that are not read.
///
/// ```
/// use alloy_primitives::{U256, address};
/// use policy_encoding::{Condition, Rule, UniversalAction};
///
/// // transfer(address to, uint256 amount): to one recipient, 1,000 in all.
/// let recipient = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// let policy = UniversalAction::of([
///     Rule::argument(0, Condition::Equal, recipient),
///     Rule::argument(1, Condition::AtMost, 250_u64).with_total(U256::from(1000)),
/// ]);
/// assert_eq!(policy.encode().len(), 3136);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UniversalAction {
    value_limit_per_use: U256,
    rules: Vec<Rule>,
    padding: Padding,
}

impl UniversalAction {
    /// How many rules fit.
    pub const MAX_RULES: usize = 16;
    /// Bytes of init data.
    pub const ENCODED_LEN: usize = 2 * 32 + Self::MAX_RULES * Rule::ENCODED_LEN;
    /// The state before initialisation: reverts every check. So does a policy that states no rules.
    pub const UNSET: Self = Self { value_limit_per_use: U256::ZERO, rules: Vec::new(), padding: Padding::Zero };

    /// Permits calls that satisfy all of `rules` and send no native value.
    #[doc(alias("paramRules", "RawParamRules", "ParamRules", "ParamRule16", "length"))]
    #[must_use]
    pub fn of(rules: impl RuleList) -> Self {
        Self { rules: rules.into_rules(), ..Self::UNSET }
    }

    /// Like [`of`](Self::of), for a number of rules that is known at run time only.
    ///
    /// # Errors
    /// [`PolicyError::RuleCount`] for none or more than 16.
    pub fn new(rules: Vec<Rule>) -> Result<Self, PolicyError> {
        if rules.is_empty() || rules.len() > Self::MAX_RULES {
            return Err(PolicyError::RuleCount { count: rules.len() });
        }
        Ok(Self { rules, ..Self::UNSET })
    }

    /// Lets each call send up to `limit` wei (the default is none).
    #[doc(alias = "maxUint256")]
    #[doc(alias = "valueLimitPerUse")]
    #[must_use]
    pub const fn with_value_limit(mut self, limit: U256) -> Self {
        self.value_limit_per_use = limit;
        self
    }

    /// Fills the unused places in another way.
    #[must_use]
    pub fn with_padding(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// How much native value each call may send, in wei.
    #[must_use]
    pub const fn value_limit_per_use(&self) -> U256 {
        self.value_limit_per_use
    }

    /// The rules, in the order in which they are checked.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What fills the unused places.
    #[must_use]
    pub const fn padding(&self) -> &Padding {
        &self.padding
    }

    /// The init data, which is the same for both generations.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut data = vec![0; Self::ENCODED_LEN];
        self.write(&mut data);
        data
    }

    /// Writes the init data without allocating.
    pub fn encode_into(&self, out: &mut [u8; Self::ENCODED_LEN]) {
        out.fill(0);
        self.write(out);
    }

    /// Writes over zeros.
    fn write(&self, out: &mut [u8]) {
        out[..32].copy_from_slice(&self.value_limit_per_use.to_be_bytes::<32>());
        let (head, places) = out.split_at_mut(64);
        // At most sixteen, by construction.
        head[63] = u8::try_from(self.rules.len()).unwrap_or_default();
        let mut places = places.chunks_exact_mut(Rule::ENCODED_LEN);
        for (rule, place) in self.rules.iter().zip(places.by_ref()) {
            rule.write(place);
        }
        match &self.padding {
            Padding::Zero => {}
            Padding::GreaterThan => places.for_each(|place| place[31] = Condition::GreaterThan.code()),
            Padding::Kept(kept) => kept.iter().zip(places).for_each(|(rule, place)| rule.write(place)),
        }
    }
}

impl Policy for UniversalAction {
    fn name(&self) -> &'static str {
        "universal action"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::UniversalAction.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        self.encode()
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let malformed = DecodeError::malformed(init_data);
        if init_data.len() < Self::ENCODED_LEN {
            return Err(malformed(word::Malformed));
        }
        let value_limit_per_use = word::uint(init_data, 0).map_err(malformed)?;
        let count = word::uint(init_data, 32).map_err(malformed)?;
        let mut rules = (0..Self::MAX_RULES)
            .map(|index| Rule::read(init_data, 64 + index * Rule::ENCODED_LEN))
            .collect::<Result<Vec<_>, _>>()
            .map_err(malformed)?;
        let used = usize::try_from(count)
            .ok()
            .filter(|used| *used <= Self::MAX_RULES)
            .ok_or(DecodeError::RuleCount { count })?;
        let all = |condition: Condition| rules[used..].iter().all(|rule| rule.is_filler(condition));
        let padding = if all(Condition::Equal) {
            Padding::Zero
        } else if all(Condition::GreaterThan) {
            Padding::GreaterThan
        } else {
            Padding::Kept(rules[used..].to_vec())
        };
        rules.truncate(used);
        Ok(Self { value_limit_per_use, rules, padding })
    }

    /// One counter for each rule: how much of its limit is used.
    fn usage(&self) -> Usage {
        Usage(self.rules.iter().map(Rule::used).collect())
    }

    fn check_action(&self, usage: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        if self.rules.is_empty() {
            return Err(Revert::NotInitialized(call.context).into());
        }
        if call.value > self.value_limit_per_use {
            let (config_id, limit) = (call.context.config_id, self.value_limit_per_use);
            return Err(Revert::ValueLimitExceeded { config_id, value: call.value, limit }.into());
        }
        for ((index, rule), place) in (0_u8..).zip(&self.rules).zip(0..) {
            rule.check(index, usage.counter(place), call)?;
        }
        Ok(Window::UNBOUNDED)
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::universal(self, words)
    }

    fn limits(&self) -> Limits {
        Limits { arguments: true, value: true, ..Limits::default() }
    }
}
