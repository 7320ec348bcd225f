use alloc::{boxed::Box, vec, vec::Vec};

use super::{ArgPolicy, Node};
use crate::{Rule, TreeError};

/// A boolean expression over rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expr {
    /// The rule holds.
    Rule(Rule),
    /// The expression does not hold.
    Not(Box<Self>),
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// One of them holds.
    Or(Box<Self>, Box<Self>),
}

impl From<Rule> for Expr {
    fn from(rule: Rule) -> Self {
        Self::Rule(rule)
    }
}

impl Expr {
    /// Holds when this and `other` do; `other` is asked second.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        Self::And(Box::new(self), Box::new(other.into()))
    }

    /// Holds when this or `other` does; `other` is asked second.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        Self::Or(Box::new(self), Box::new(other.into()))
    }

    /// Holds when this does not.
    #[expect(clippy::should_implement_trait, reason = "reads like its siblings, and builds instead of computing")]
    #[must_use]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The rules, and the nodes in the order children first, without recursion.
    pub(super) fn compile(self) -> Result<(Vec<Rule>, Vec<Node>), TreeError> {
        enum Step {
            Visit(Expr),
            Not,
            And,
            Or,
        }
        let (mut rules, mut nodes, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut steps = vec![Step::Visit(self)];
        while let Some(step) = steps.pop() {
            let node = match step {
                Step::Visit(Self::Rule(rule)) => {
                    let too_many = TreeError::TooManyRules { rules: rules.len() + 1 };
                    if rules.len() == ArgPolicy::MAX_RULES {
                        return Err(too_many);
                    }
                    rules.push(rule);
                    Node::rule(u8::try_from(rules.len() - 1).map_err(|_| too_many)?)
                }
                Step::Visit(Self::Not(child)) => {
                    steps.extend([Step::Not, Step::Visit(*child)]);
                    continue;
                }
                Step::Visit(Self::And(left, right)) => {
                    steps.extend([Step::And, Step::Visit(*right), Step::Visit(*left)]);
                    continue;
                }
                Step::Visit(Self::Or(left, right)) => {
                    steps.extend([Step::Or, Step::Visit(*right), Step::Visit(*left)]);
                    continue;
                }
                Step::Not => Node::not(places.pop().unwrap_or_default()),
                Step::And => {
                    let right = places.pop().unwrap_or_default();
                    Node::and(places.pop().unwrap_or_default(), right)
                }
                Step::Or => {
                    let right = places.pop().unwrap_or_default();
                    Node::or(places.pop().unwrap_or_default(), right)
                }
            };
            let too_many = TreeError::TooManyNodes { nodes: nodes.len() + 1 };
            if nodes.len() == ArgPolicy::MAX_NODES {
                return Err(too_many);
            }
            nodes.push(node);
            places.push(u8::try_from(nodes.len() - 1).map_err(|_| too_many)?);
        }
        Ok((rules, nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;

    fn rule(value: u64) -> Expr {
        Rule::argument(0, Condition::Equal, value).into()
    }

    #[test]
    fn the_compiled_tree_is_the_expression() {
        let expression = rule(1).or(rule(2).and(rule(3).not())).not();
        let policy = ArgPolicy::new(expression.clone()).unwrap();
        assert_eq!(policy.expression(100), Some(expression));
        assert_eq!(policy.expression(3), None);
    }

    #[test]
    fn too_large_expressions_are_refused() {
        let wide = (1..129).fold(rule(0), |all, value| all.or(rule(value)));
        assert_eq!(ArgPolicy::new(wide), Err(TreeError::TooManyRules { rules: 129 }));
        let deep = (0..255).fold(rule(0), |inner, _| inner.not());
        assert_eq!(ArgPolicy::new(deep), Err(TreeError::TooManyNodes { nodes: 256 }));
    }
}
