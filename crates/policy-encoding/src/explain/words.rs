use alloc::{
    format,
    string::{String, ToString},
};

use alloy_primitives::{Address, B256, U256};
use session_types::ActionTarget;

use super::{
    Glossary, Token, format as write,
    format::{grouped, is_boundless, utc},
};
use crate::{CallShape, Condition, ParamKind, Rule, check::Window, range_bounds};

/// Which sides of a call a policy limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// The arguments, or at least some of them.
    pub arguments: bool,
    /// The native value that is sent along.
    pub value: bool,
    /// How often.
    pub uses: bool,
    /// When.
    pub time: bool,
    /// Which contracts, where the session leaves that open.
    pub target: bool,
}

impl Limits {
    /// What one of the two limits.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            arguments: self.arguments || other.arguments,
            value: self.value || other.value,
            uses: self.uses || other.uses,
            time: self.time || other.time,
            target: self.target || other.target,
        }
    }
}

/// What a policy needs to know to say what it does: the action that it guards, and names.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    glossary: &'a Glossary,
    target: Option<ActionTarget>,
    shape: Option<CallShape>,
}

impl<'a> Words<'a> {
    /// For a policy of whole operations or of messages.
    #[must_use]
    pub const fn new(glossary: &'a Glossary) -> Self {
        Self { glossary, target: None, shape: None }
    }

    /// For a policy of an action.
    #[must_use]
    pub fn of_action(glossary: &'a Glossary, target: ActionTarget) -> Self {
        let shape = match target {
            ActionTarget::Exact { target, selector } => glossary.function_at(target, selector),
            _ => None,
        };
        Self { glossary, target: Some(target), shape }
    }

    /// The action; `None` for a policy of whole operations or of messages.
    #[must_use]
    pub const fn target(&self) -> Option<ActionTarget> {
        self.target
    }

    /// The function's parameters, when they are known.
    #[must_use]
    pub const fn shape(&self) -> Option<&CallShape> {
        self.shape.as_ref()
    }

    /// An address, behind its name when it has one.
    #[must_use]
    pub fn address(&self, address: Address) -> String {
        match self.glossary.name_of(address) {
            Some(name) => format!("{name} ({address})"),
            None => address.to_string(),
        }
    }

    /// An amount of a token by its address.
    #[must_use]
    pub fn token_amount(&self, token: Address, units: U256) -> String {
        match self.glossary.token_at(token) {
            Some(known) => Self::units(known, units),
            None => format!("{} units of token {token}", Self::number(units)),
        }
    }

    /// An amount of native currency, in wei.
    #[must_use]
    pub fn native_amount(&self, wei: U256) -> String {
        Self::units(&self.glossary.native_token(), wei)
    }

    /// What the native currency is called.
    #[must_use]
    pub fn native_symbol(&self) -> String {
        self.glossary.native_token().symbol
    }

    fn units(token: &Token, units: U256) -> String {
        if is_boundless(units) {
            return format!("an UNLIMITED amount of {}", token.symbol);
        }
        format!("{} {}", write::amount(units, token.decimals), token.symbol)
    }

    /// A number; one that limits nothing is called so.
    fn number(number: U256) -> String {
        if is_boundless(number) { "an UNLIMITED number of".to_string() } else { grouped(number) }
    }

    /// A window of time.
    #[must_use]
    pub fn window(&self, window: Window) -> String {
        let (after, until) = (window.valid_after, window.valid_until);
        match (after, until) {
            (0, 0 | Window::LAST_MOMENT) => "at any time".to_string(),
            (0, until) => format!("until {}", utc(until)),
            (after, 0 | Window::LAST_MOMENT) => format!("from {}, without end", utc(after)),
            (after, until) => format!("from {} until {}", utc(after), utc(until)),
        }
    }

    /// The parameter that stands at `offset`.
    #[must_use]
    pub fn parameter(&self, offset: u64) -> String {
        match self.shape.as_ref().and_then(|shape| shape.at(offset)) {
            Some(location) if location.kind().is_dynamic() => format!("the place of \"{}\"", location.path()),
            Some(location) => format!("\"{}\"", location.path()),
            None if offset % 32 == 0 => format!("argument {}", offset / 32 + 1),
            None => format!("the 32 bytes at {offset}"),
        }
    }

    /// A word that is compared with the parameter at `offset`.
    #[must_use]
    pub fn value(&self, offset: u64, word: B256) -> String {
        let number = U256::from_be_bytes(word.0);
        if let Some(ActionTarget::Exact { target, selector }) = self.target {
            if let Some(token) = self.glossary.amount_at(target, selector, offset) {
                return Self::units(token, number);
            }
        }
        let location = self.shape.as_ref().and_then(|shape| shape.at(offset));
        match location.map(|location| location.kind) {
            Some(ParamKind::Address) if word[..12].iter().all(|byte| *byte == 0) => {
                self.address(Address::from_word(word))
            }
            Some(ParamKind::Bool) if number <= U256::from(1) => (!number.is_zero()).to_string(),
            Some(ParamKind::FixedBytes(length)) if word[usize::from(length)..].iter().all(|byte| *byte == 0) => {
                alloy_primitives::hex::encode_prefixed(&word[..usize::from(length)])
            }
            Some(ParamKind::Uint(_) | ParamKind::Bytes | ParamKind::String | ParamKind::Array(..)) => grouped(number),
            Some(ParamKind::Int(_)) if word[0] & 0x80 == 0 => grouped(number),
            Some(ParamKind::Int(_)) => format!("-{}", grouped(number.wrapping_neg())),
            // Of an unknown type a small number is most likely one; anything else is shown as it is.
            None if number < U256::from(u64::MAX) => grouped(number),
            _ => word.to_string(),
        }
    }

    /// A rule in words: the parameter, the comparison, and the limit of the sum.
    #[must_use]
    pub fn rule(&self, rule: &Rule) -> String {
        let value = |word| self.value(rule.offset(), word);
        let reference = rule.reference();
        let comparison = match rule.condition() {
            Condition::Equal => format!("must be {}", value(reference)),
            Condition::NotEqual => format!("anything but {}", value(reference)),
            Condition::GreaterThan => format!("more than {}", value(reference)),
            Condition::LessThan => format!("less than {}", value(reference)),
            Condition::AtLeast if reference.is_zero() => "ANY".to_string(),
            Condition::AtLeast => format!("at least {}", value(reference)),
            Condition::AtMost if reference == B256::repeat_byte(0xff) => "ANY".to_string(),
            Condition::AtMost => format!("at most {}", value(reference)),
            Condition::InRange => {
                let (low, high) = range_bounds(reference);
                let value = |bound: u128| value(B256::from(U256::from(bound)));
                format!("from {} to {}", value(low), value(high))
            }
        };
        let mut text = format!("{}: {comparison}", self.parameter(rule.offset()));
        if rule.is_limited() {
            let limit = |units: U256| value(B256::from(units));
            text.push_str(&format!("; all calls together at most {}", limit(rule.limit())));
            if !rule.used().is_zero() {
                text.push_str(&format!(", of which {} count as used", limit(rule.used())));
            }
        }
        text
    }

    /// Whether a rule restricts nothing.
    #[must_use]
    pub fn is_empty_rule(rule: &Rule) -> bool {
        let any = match rule.condition() {
            Condition::AtLeast => rule.reference().is_zero(),
            Condition::AtMost => rule.reference() == B256::repeat_byte(0xff),
            _ => false,
        };
        any && (!rule.is_limited() || is_boundless(rule.limit()))
    }
}
