//! Random values, mostly near the edges that matter.

use alloy_primitives::{Address, B256, Selector, U256};
use policy_encoding::policies::arg::Node;
use policy_encoding::{
    AnyPolicy, ArgPolicy, Condition, ContractWhitelist, Expr, Padding, Rule, SimpleGas, SpendingLimits, Sudo,
    TimeFrame, TokenLimit, UniversalAction, UsageLimit, ValueLimit,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use session_types::PolicyKind;

pub(crate) struct Source(StdRng);

pub(crate) const TOKENS: [Address; 3] =
    [Address::repeat_byte(0xa1), Address::repeat_byte(0xa2), Address::repeat_byte(0xa3)];
pub(crate) const ACCOUNT: Address = Address::repeat_byte(0xcc);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len());
        &items[index]
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.0.random()).collect()
    }

    /// Small, huge, or anything.
    pub(crate) fn number(&mut self) -> U256 {
        match self.below(10) {
            0 => U256::ZERO,
            1 => U256::MAX,
            2 => U256::MAX - U256::from(self.below(4)),
            3 => U256::from(1) << self.below(256),
            4 => U256::from_be_slice(&self.bytes(32)),
            _ => U256::from(self.below(12)),
        }
    }

    pub(crate) fn word(&mut self) -> B256 {
        self.number().into()
    }

    pub(crate) fn small(&mut self) -> u128 {
        if self.chance(10) { u128::MAX - self.below(3) as u128 } else { self.below(20) as u128 }
    }

    fn rule(&mut self) -> Rule {
        let offset = match self.below(20) {
            0 => u64::MAX - self.below(70) as u64,
            1 => 1_000_000,
            2 => self.below(200) as u64,
            _ => self.below(4) as u64 * 32,
        };
        let condition = *self.pick(&Condition::ALL);
        let reference = if condition == Condition::InRange && self.chance(90) {
            let low = self.below(8);
            policy_encoding::RefValue::range(low as u128, (low + self.below(8)) as u128).word()
        } else {
            self.word()
        };
        let (limited, limit) = (self.chance(40), self.number());
        let used = if self.chance(10) { self.number() } else { U256::ZERO };
        Rule::from_parts(condition, offset, limited, reference, limit, used)
    }

    fn rules(&mut self, most: usize) -> Vec<Rule> {
        let count = if self.chance(80) { 1 + self.below(3) } else { 1 + self.below(most) };
        (0..count).map(|_| self.rule()).collect()
    }

    fn expression(&mut self, depth: usize) -> Expr {
        if depth == 0 || self.chance(30) {
            return self.rule().into();
        }
        let left = self.expression(depth - 1);
        match self.below(5) {
            0 => left.not(),
            1 | 2 => left.and(self.expression(depth - 1)),
            _ => left.or(self.expression(depth - 1)),
        }
    }

    fn arg(&mut self) -> ArgPolicy {
        let limit = self.number();
        if self.chance(80) {
            return ArgPolicy::new(self.expression(4)).expect("small enough").with_value_limit(limit);
        }
        // Shared nodes, in any order of children that comes to an end.
        let rules = self.rules(6);
        let mut nodes = Vec::new();
        for index in 0..1 + self.below(12) {
            let child = |source: &mut Self| source.below(index) as u8;
            nodes.push(match self.below(4) {
                1 if index > 0 => Node::not(child(self)),
                2 if index > 0 => Node::and(child(self), child(self)),
                3 if index > 0 => Node::or(child(self), child(self)),
                _ => Node::rule(self.below(rules.len()) as u8),
            });
        }
        let root = self.below(nodes.len()) as u8;
        ArgPolicy::from_nodes(limit, root, rules, nodes).expect("in bounds")
    }

    /// A policy that its contract accepts.
    pub(crate) fn policy(&mut self, kind: PolicyKind) -> AnyPolicy {
        let one = U256::from(1);
        match kind {
            PolicyKind::Sudo => Sudo.into(),
            PolicyKind::UniversalAction => {
                let padding = if self.chance(50) { Padding::Zero } else { Padding::GreaterThan };
                let policy = UniversalAction::new(self.rules(16)).expect("1 to 16");
                policy.with_value_limit(self.number()).with_padding(padding).into()
            }
            PolicyKind::SpendingLimits => {
                let count = self.below(4);
                let limits = (0..count).map(|_| TokenLimit::new(*self.pick(&TOKENS), self.number().max(one)));
                SpendingLimits::new(limits.collect::<Vec<_>>()).expect("no zeros").into()
            }
            PolicyKind::ValueLimit => ValueLimit::new(self.number().max(one)).expect("not zero").into(),
            PolicyKind::UsageLimit => UsageLimit::new(self.small().max(1)).expect("not zero").into(),
            PolicyKind::TimeFrame => {
                let after = self.below(1000) as u64;
                let until = if self.chance(20) { 0 } else { after + self.below(1000) as u64 };
                TimeFrame::new(after, until).map_or(TimeFrame::UNSET, |frame| frame).into()
            }
            PolicyKind::ArgPolicy => self.arg().into(),
            PolicyKind::ContractWhitelist => {
                let count = 1 + self.below(4);
                let targets: Vec<_> = (0..count).map(|_| *self.pick(&TOKENS)).collect();
                ContractWhitelist::new(targets).expect("no zeros").into()
            }
            _ => SimpleGas::new(self.small().max(1), self.small().max(1)).expect("not zero").into(),
        }
    }

    pub(crate) fn target(&mut self) -> Address {
        match self.below(20) {
            0 => Address::with_last_byte(9),
            1 => Address::with_last_byte(1),
            2 => ACCOUNT,
            3 => Address::from_slice(&self.bytes(20)),
            _ => *self.pick(&TOKENS),
        }
    }

    pub(crate) fn selector(&mut self) -> Selector {
        match self.below(8) {
            0 => Selector::from([0xe9, 0xae, 0x5c, 0x53]),
            1 => Selector::from([0xff; 4]),
            _ => *self.pick(&SpendingLimits::FUNCTIONS),
        }
    }

    /// Call data: a selector and words, now and then cut short.
    pub(crate) fn call_data(&mut self) -> Vec<u8> {
        let mut data = self.selector().to_vec();
        for _ in 0..self.below(5) {
            let word = match self.below(6) {
                0 => ACCOUNT.into_word(),
                1 | 2 => self.pick(&TOKENS).into_word(),
                _ => self.word(),
            };
            data.extend_from_slice(word.as_slice());
        }
        if self.chance(10) {
            let length = self.below(data.len() + 1);
            data.truncate(length);
        }
        data
    }

    pub(crate) fn value(&mut self) -> U256 {
        if self.chance(60) { U256::ZERO } else { self.number() }
    }

    /// Changes, cuts or extends bytes.
    pub(crate) fn damage(&mut self, data: &mut Vec<u8>) {
        match self.below(4) {
            0 => {
                let length = self.below(data.len() + 1);
                data.truncate(length);
            }
            1 => {
                let extra = self.below(64);
                data.extend(self.bytes(extra));
            }
            _ => {
                for _ in 0..1 + self.below(3) {
                    if !data.is_empty() {
                        let place = self.below(data.len());
                        data[place] = if self.chance(50) { self.below(20) as u8 } else { self.bytes(1)[0] };
                    }
                }
            }
        }
    }

    /// Two 16-byte halves.
    pub(crate) fn halves(&mut self) -> B256 {
        policy_encoding::RefValue::range(self.small(), self.small()).word()
    }
}
