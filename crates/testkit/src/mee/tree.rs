//! The tree over a supertransaction's operations.

use alloy_primitives::{B256, U256, keccak256};

/// An operation's leaf: with its window, hashed twice, or the bare hash.
pub(super) fn leaf(hash: B256, lower: u64, upper: u64, short: bool) -> B256 {
    if short { hash } else { windowed(hash, lower, upper) }
}

pub(super) fn windowed(hash: B256, lower: u64, upper: u64) -> B256 {
    let words = [hash.0, U256::from(lower).to_be_bytes(), U256::from(upper).to_be_bytes()];
    keccak256(keccak256(words.as_flattened()))
}

/// The nodes of a complete binary tree whose last nodes are the sorted leaves, backwards.
fn nodes(leaves: &[B256]) -> Vec<B256> {
    let mut sorted = leaves.to_vec();
    sorted.sort_unstable();
    sorted.reverse();
    let mut nodes = vec![B256::ZERO; sorted.len().saturating_sub(1)];
    nodes.append(&mut sorted);
    for index in (0..leaves.len().saturating_sub(1)).rev() {
        nodes[index] = pair(nodes[2 * index + 1], nodes[2 * index + 2]);
    }
    nodes
}

pub(super) fn root(leaves: &[B256]) -> B256 {
    nodes(leaves).first().copied().unwrap_or_default()
}

/// The siblings from a leaf up.
pub(super) fn proof(leaves: &[B256], leaf: B256) -> Vec<B256> {
    let nodes = nodes(leaves);
    let first = leaves.len().saturating_sub(1);
    let Some(mut at) = nodes.iter().skip(first).position(|node| *node == leaf).map(|index| index + first) else {
        return Vec::new();
    };
    let mut proof = Vec::new();
    while at > 0 {
        proof.push(nodes[if at % 2 == 0 { at - 1 } else { at + 1 }]);
        at = (at - 1) / 2;
    }
    proof
}

fn pair(a: B256, b: B256) -> B256 {
    keccak256(if a < b { [a.0, b.0] } else { [b.0, a.0] }.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_lead_to_the_root() {
        for count in 1..8_u8 {
            let leaves: Vec<B256> = (0..count).map(|seed| keccak256([seed])).collect();
            for leaf in &leaves {
                let end = proof(&leaves, *leaf).into_iter().fold(*leaf, pair);
                assert_eq!(end, root(&leaves));
            }
        }
    }
}
