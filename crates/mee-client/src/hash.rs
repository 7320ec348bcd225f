//! The hashes of a supertransaction: one leaf for each operation, one root over all.

use alloy_primitives::{B256, U256, keccak256};

/// The leaf of one operation: `keccak256(keccak256(user_op_hash ++ lower ++ upper))`, both bounds as 32-byte words.
///
/// Bounds are seconds since the Unix epoch. The double hash keeps a leaf from being read as an inner node.
#[must_use]
pub fn mee_user_op_hash(user_op_hash: B256, lower_bound: u64, upper_bound: u64) -> B256 {
    let words = [user_op_hash, U256::from(lower_bound).into(), U256::from(upper_bound).into()];
    keccak256(keccak256(words.as_flattened_bytes()))
}

/// The tree over a supertransaction's leaves.
///
/// Leaves are sorted by value and stored from the end of a complete binary tree backwards, so that
/// `node[i] = keccak256(sorted pair of node[2i + 1] and node[2i + 2])`; node 0 is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperTxTree {
    nodes: Vec<B256>,
    /// The tree place of each leaf in the order the leaves were given.
    places: Vec<usize>,
}

impl SuperTxTree {
    /// Builds the tree; `None` without any leaf.
    #[must_use]
    pub fn new(leaves: &[B256]) -> Option<Self> {
        let last = leaves.len().checked_mul(2)?.checked_sub(2)?;
        let mut order: Vec<usize> = (0..leaves.len()).collect();
        order.sort_by_key(|&index| leaves[index]);
        let mut nodes = vec![B256::ZERO; last + 1];
        let mut places = vec![0; leaves.len()];
        for (rank, &index) in order.iter().enumerate() {
            nodes[last - rank] = leaves[index];
            places[index] = last - rank;
        }
        for parent in (0..leaves.len() - 1).rev() {
            nodes[parent] = hash_pair(nodes[2 * parent + 1], nodes[2 * parent + 2]);
        }
        Some(Self { nodes, places })
    }

    /// The supertransaction's hash.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.nodes[0]
    }

    /// The siblings from the leaf given as number `index` up to the root; `None` when there is no such leaf.
    #[must_use]
    pub fn proof(&self, index: usize) -> Option<Vec<B256>> {
        let mut place = *self.places.get(index)?;
        let mut proof = Vec::new();
        while place > 0 {
            let sibling = if place % 2 == 1 { place + 1 } else { place - 1 };
            proof.push(self.nodes[sibling]);
            place = (place - 1) / 2;
        }
        Some(proof)
    }

    /// The root that `leaf` and `proof` lead to.
    #[must_use]
    pub fn root_of(leaf: B256, proof: &[B256]) -> B256 {
        proof.iter().fold(leaf, |node, &sibling| hash_pair(node, sibling))
    }
}

fn hash_pair(a: B256, b: B256) -> B256 {
    let pair = if a <= b { [a, b] } else { [b, a] };
    keccak256(pair.as_flattened_bytes())
}

trait Flattened {
    fn as_flattened_bytes(&self) -> Vec<u8>;
}

impl<const N: usize> Flattened for [B256; N] {
    fn as_flattened_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|word| word.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_leads_to_the_root() {
        for count in 1..=9_u8 {
            let leaves: Vec<B256> = (0..count).map(|seed| keccak256([seed])).collect();
            let tree = SuperTxTree::new(&leaves).unwrap();
            for (index, &leaf) in leaves.iter().enumerate() {
                assert_eq!(SuperTxTree::root_of(leaf, &tree.proof(index).unwrap()), tree.root(), "{count}/{index}");
            }
        }
    }

    #[test]
    fn equal_leaves_keep_their_own_places() {
        let leaf = keccak256([1]);
        let tree = SuperTxTree::new(&[leaf, leaf, leaf]).unwrap();
        for index in 0..3 {
            assert_eq!(SuperTxTree::root_of(leaf, &tree.proof(index).unwrap()), tree.root());
        }
    }

    #[test]
    fn no_leaf_no_tree() {
        assert_eq!(SuperTxTree::new(&[]), None);
    }
}
