//! Rules joined by and, or, not.

mod expr;
mod node;

use alloc::{vec, vec::Vec};

use alloy_primitives::U256;

pub use expr::Expr;
pub use node::Node;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    Condition, DecodeError, Policy, Rule, TreeError,
    check::{ActionCheck, Refusal, Revert, Usage, Verdict, Window},
    explain::{self, Limits, Line, Words},
    word,
};

/// Permits calls whose parameters satisfy a boolean expression of rules, and a native value for each call.
///
/// Init data: `abi((uint256 valueLimitPerUse, (uint8 root, Rule[] rules, uint256[] nodes)))`, a [`Rule`] in six words
/// and a [`Node`] in one. Exists in the second revision only.
///
/// The contract walks the tree from left to right and stops where the outcome is settled: limits of rules that it
/// does not reach are not consumed.
///
/// ```
/// use alloy_primitives::address;
/// use policy_encoding::{ArgPolicy, Condition, Expr, Rule};
///
/// let [alice, bob] = [
///     address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
///     address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
/// ];
/// let to = |who| Expr::from(Rule::argument(0, Condition::Equal, who));
/// let small = Rule::argument(1, Condition::AtMost, 100_u64);
/// let policy = ArgPolicy::new(to(alice).or(to(bob).and(small)))?;
/// assert_eq!(policy.rules().len(), 3);
/// # Ok::<(), policy_encoding::TreeError>(())
/// ```
#[doc(alias = "getArgPolicy")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArgPolicy {
    value_limit_per_use: U256,
    root: u8,
    rules: Vec<Rule>,
    nodes: Vec<Node>,
}

/// How many nodes a check visits before it is taken for endless: far more than a block's gas allows.
const MAX_VISITS: u32 = 100_000;

impl ArgPolicy {
    /// How many rules a policy holds at most.
    pub const MAX_RULES: usize = 128;
    /// How many nodes a tree has at most: the contract allows 256, but its counter then overflows.
    pub const MAX_NODES: usize = 255;
    /// The state before initialisation: reverts every check.
    pub const UNSET: Self = Self { value_limit_per_use: U256::ZERO, root: 0, rules: Vec::new(), nodes: Vec::new() };

    /// Permits calls for which `expression` is true and that send no native value.
    ///
    /// # Errors
    /// When the expression has more than 128 rules or 255 nodes.
    pub fn new(expression: impl Into<Expr>) -> Result<Self, TreeError> {
        let (rules, nodes) = expression.into().compile()?;
        // The compiler writes children before their parent, so the root comes last.
        let root = u8::try_from(nodes.len() - 1).map_err(|_| TreeError::TooManyNodes { nodes: nodes.len() })?;
        Self::from_nodes(U256::ZERO, root, rules, nodes)
    }

    /// A tree given by its nodes.
    ///
    /// # Errors
    /// The first check of the contract that fails.
    pub fn from_nodes(
        value_limit_per_use: U256,
        root: u8,
        rules: Vec<Rule>,
        nodes: Vec<Node>,
    ) -> Result<Self, TreeError> {
        if nodes.is_empty() {
            return Err(TreeError::Empty);
        }
        if usize::from(root) >= nodes.len() {
            return Err(TreeError::Root { root, nodes: nodes.len() });
        }
        if rules.len() > Self::MAX_RULES {
            return Err(TreeError::TooManyRules { rules: rules.len() });
        }
        if nodes.len() > Self::MAX_NODES + 1 {
            return Err(TreeError::TooManyNodes { nodes: nodes.len() });
        }
        for (index, node) in nodes.iter().enumerate() {
            node.check(index, rules.len(), nodes.len())?;
        }
        if nodes.len() > Self::MAX_NODES {
            return Err(TreeError::TooManyNodes { nodes: nodes.len() });
        }
        Ok(Self { value_limit_per_use, root, rules, nodes })
    }

    /// Lets each call send up to `limit` wei (the default is none).
    #[must_use]
    pub const fn with_value_limit(mut self, limit: U256) -> Self {
        self.value_limit_per_use = limit;
        self
    }

    /// How much native value each call may send, in wei.
    #[must_use]
    pub const fn value_limit_per_use(&self) -> U256 {
        self.value_limit_per_use
    }

    /// The place of the root among the nodes.
    #[must_use]
    pub const fn root(&self) -> u8 {
        self.root
    }

    /// The rules, in the order in which nodes refer to them.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The nodes of the tree.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The expression that the nodes stand for; `None` when they contain themselves or share so much that the
    /// expression would exceed `most` nodes.
    #[must_use]
    pub fn expression(&self, most: usize) -> Option<Expr> {
        let mut left = most;
        self.expand(self.root, self.nodes.len(), &mut left)
    }

    /// Whether no call passes unless the word at `offset` has one of some given values.
    #[must_use]
    pub fn requires(&self, offset: u64) -> bool {
        fn requires(expression: &Expr, offset: u64) -> bool {
            match expression {
                Expr::Rule(rule) => rule.offset() == offset && rule.condition() == Condition::Equal,
                Expr::Not(_) => false,
                Expr::And(left, right) => requires(left, offset) || requires(right, offset),
                Expr::Or(left, right) => requires(left, offset) && requires(right, offset),
            }
        }
        self.expression(Self::MAX_NODES).is_some_and(|expression| requires(&expression, offset))
    }

    fn expand(&self, node: u8, depth: usize, left: &mut usize) -> Option<Expr> {
        *left = left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        match *self.nodes.get(usize::from(node))? {
            Node::Rule { rule, .. } => self.rules.get(usize::from(rule)).map(|rule| Expr::Rule(*rule)),
            Node::Not { child, .. } => Some(self.expand(child, depth, left)?.not()),
            Node::And { left: a, right: b, .. } => Some(self.expand(a, depth, left)?.and(self.expand(b, depth, left)?)),
            Node::Or { left: a, right: b, .. } => Some(self.expand(a, depth, left)?.or(self.expand(b, depth, left)?)),
        }
    }

    /// `depth` bounds the recursion: a path longer than the number of nodes goes round in a circle.
    fn holds(
        &self,
        node: u8,
        depth: usize,
        visits: &mut u32,
        usage: &mut Usage,
        call: &ActionCheck<'_>,
    ) -> Result<bool, Revert> {
        *visits = visits.checked_sub(1).ok_or(Revert::OutOfGas)?;
        let depth = depth.checked_sub(1).ok_or(Revert::OutOfGas)?;
        match *self.nodes.get(usize::from(node)).ok_or(Revert::INDEX)? {
            Node::Rule { rule: index, .. } => {
                let place = usize::from(index);
                let rule = self.rules.get(place).ok_or(Revert::INDEX)?;
                match rule.check(index, usage.counter(place), call) {
                    Ok(()) => Ok(true),
                    Err(Refusal::Reverted(revert)) => Err(revert),
                    Err(_) => Ok(false),
                }
            }
            Node::Not { child, .. } => self.holds(child, depth, visits, usage, call).map(|holds| !holds),
            Node::And { left, right, .. } => {
                Ok(self.holds(left, depth, visits, usage, call)? && self.holds(right, depth, visits, usage, call)?)
            }
            Node::Or { left, right, .. } => {
                Ok(self.holds(left, depth, visits, usage, call)? || self.holds(right, depth, visits, usage, call)?)
            }
        }
    }
}

impl Policy for ArgPolicy {
    fn name(&self) -> &'static str {
        "argument conditions"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::ArgPolicy.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        let rules_len = 32 + self.rules.len() * Rule::ENCODED_LEN;
        let mut data = vec![0; 6 * 32 + rules_len + 32 + self.nodes.len() * 32];
        let mut word = |position: usize, bytes: &[u8]| {
            data[position + 32 - bytes.len()..position + 32].copy_from_slice(bytes);
        };
        word(0, &[0x20]);
        word(32, &self.value_limit_per_use.to_be_bytes::<32>());
        word(64, &[0x40]);
        word(96, &[self.root]);
        word(128, &[0x60]);
        word(160, &(96 + rules_len).to_be_bytes());
        word(192, &self.rules.len().to_be_bytes());
        word(192 + rules_len, &self.nodes.len().to_be_bytes());
        for (index, node) in self.nodes.iter().enumerate() {
            word(192 + rules_len + 32 * (index + 1), &node.packed().to_be_bytes::<32>());
        }
        for (rule, place) in self.rules.iter().zip(data[224..].chunks_exact_mut(Rule::ENCODED_LEN)) {
            rule.write(place);
        }
        data
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let read = || {
            let tuple = word::follow(init_data, 0, 0)?;
            let value_limit_per_use = word::uint(init_data, tuple)?;
            let after = |position: usize, bytes| position.checked_add(bytes).ok_or(word::Malformed);
            let tree = word::follow(init_data, tuple, after(tuple, 32)?)?;
            let root = word::uint8(init_data, tree)?;
            let (start, count) =
                word::array(init_data, word::follow(init_data, tree, after(tree, 32)?)?, Rule::ENCODED_LEN)?;
            let rules = (0..count)
                .map(|index| Rule::read(init_data, start + index * Rule::ENCODED_LEN))
                .collect::<Result<Vec<_>, _>>()?;
            let (start, count) = word::array(init_data, word::follow(init_data, tree, after(tree, 64)?)?, 32)?;
            let nodes = (0..count)
                .map(|index| word::uint(init_data, start + index * 32).map(Node::unpack))
                .collect::<Result<Vec<_>, _>>()?;
            Ok((value_limit_per_use, root, rules, nodes))
        };
        let (value_limit_per_use, root, rules, nodes) = read().map_err(DecodeError::malformed(init_data))?;
        Ok(Self::from_nodes(value_limit_per_use, root, rules, nodes)?)
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
        let mut visits = MAX_VISITS;
        if self.holds(self.root, self.nodes.len(), &mut visits, usage, call)? {
            return Ok(Window::UNBOUNDED);
        }
        Err(Refusal::Expression)
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::arg(self, words)
    }

    fn limits(&self) -> Limits {
        Limits { arguments: true, value: true, ..Limits::default() }
    }
}
