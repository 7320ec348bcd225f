use alloy_primitives::{U256, uint};

use crate::TreeError;

/// One node of the tree, packed into a word: bits 0–1 kind, 2–9 rule, 10–17 left child, 18–25 right child.
///
/// `unused` keeps the bits that the kind of node does not read, so that init data round-trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Node {
    /// True when the rule holds (kind 0).
    Rule {
        /// The rule's place.
        rule: u8,
        /// Bits that are not read.
        unused: U256,
    },
    /// True when the child is false (kind 1); the child stands in the left place.
    Not {
        /// The child's place.
        child: u8,
        /// Bits that are not read.
        unused: U256,
    },
    /// True when both children are (kind 2).
    And {
        /// The place of the child that is asked first.
        left: u8,
        /// The place of the child that is asked when the first is true.
        right: u8,
        /// Bits that are not read.
        unused: U256,
    },
    /// True when one of the children is (kind 3).
    Or {
        /// The place of the child that is asked first.
        left: u8,
        /// The place of the child that is asked when the first is false.
        right: u8,
        /// Bits that are not read.
        unused: U256,
    },
}

const RULE_BITS: U256 = uint!(0x3fc_U256);
const LEFT_BITS: U256 = uint!(0x3_fc00_U256);
const RIGHT_BITS: U256 = uint!(0x3fc_0000_U256);
const KIND_BITS: U256 = uint!(0x3_U256);

impl Node {
    /// A node that holds when the rule at `rule` does.
    #[must_use]
    pub const fn rule(rule: u8) -> Self {
        Self::Rule { rule, unused: U256::ZERO }
    }

    /// A node that holds when the node at `child` does not.
    #[must_use]
    pub const fn not(child: u8) -> Self {
        Self::Not { child, unused: U256::ZERO }
    }

    /// A node that holds when both nodes do.
    #[must_use]
    pub const fn and(left: u8, right: u8) -> Self {
        Self::And { left, right, unused: U256::ZERO }
    }

    /// A node that holds when one of the nodes does.
    #[must_use]
    pub const fn or(left: u8, right: u8) -> Self {
        Self::Or { left, right, unused: U256::ZERO }
    }

    /// The node's word.
    #[must_use]
    pub fn packed(self) -> U256 {
        let place = |value: u8, bit: usize| U256::from(value) << bit;
        match self {
            Self::Rule { rule, unused } => unused | place(rule, 2),
            Self::Not { child, unused } => unused | uint!(1_U256) | place(child, 10),
            Self::And { left, right, unused } => unused | uint!(2_U256) | place(left, 10) | place(right, 18),
            Self::Or { left, right, unused } => unused | uint!(3_U256) | place(left, 10) | place(right, 18),
        }
    }

    /// The node that a word stands for; every word stands for one.
    #[must_use]
    pub fn unpack(word: U256) -> Self {
        let kind = word.byte(0) & 3;
        let byte_at = |bit: usize| (word >> bit).byte(0);
        let (rule, left, right) = (byte_at(2), byte_at(10), byte_at(18));
        let unused = |read: U256| word & !(read | KIND_BITS);
        match kind {
            0 => Self::Rule { rule, unused: unused(RULE_BITS) },
            1 => Self::Not { child: left, unused: unused(LEFT_BITS) },
            2 => Self::And { left, right, unused: unused(LEFT_BITS | RIGHT_BITS) },
            _ => Self::Or { left, right, unused: unused(LEFT_BITS | RIGHT_BITS) },
        }
    }

    /// The contract's check of one node.
    pub(super) fn check(self, node: usize, rules: usize, nodes: usize) -> Result<(), TreeError> {
        let child = |child: u8| {
            if usize::from(child) < nodes { Ok(()) } else { Err(TreeError::Child { node, child, nodes }) }
        };
        match self {
            Self::Rule { rule, .. } if usize::from(rule) >= rules => Err(TreeError::RuleIndex { node, rule, rules }),
            Self::Rule { .. } => Ok(()),
            Self::Not { child: only, .. } => child(only),
            Self::And { left, right, .. } | Self::Or { left, right, .. } => child(left).and_then(|()| child(right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_round_trips() {
        for word in [U256::ZERO, U256::MAX, uint!(0x1234_5678_9abc_def1_U256), uint!(0x2ff_fc01_U256)] {
            for kind in 0..4 {
                let word = (word & !KIND_BITS) | U256::from(kind);
                assert_eq!(Node::unpack(word).packed(), word);
            }
        }
    }
}
