//! Signatures in the form that our MEE owner validators read in an operation.
//!
//! One signature of the owner stands for a whole supertransaction; each operation carries it together with its own
//! place there. All forms begin with the prefix of the simple mode, `0x177eee00`.

use alloy_primitives::{B256, Bytes, U256, aliases::U48, hex};
use alloy_sol_types::SolValue;

/// Prefix of the simple mode.
pub const SIMPLE: [u8; 4] = hex!("177eee00");

/// An operation of the account itself, suites 1.0.0 to 2.1.0
/// ([`Contract::MeeValidator`](crate::Contract::MeeValidator)).
///
/// Bytes: prefix (4), then `abi.encode(bytes32 root, uint48 lower, uint48 upper, bytes32[] proof, bytes signature)`.
/// `proof` is the siblings of the leaf `keccak256(keccak256(user_op_hash ++ word(lower) ++ word(upper)))` from the
/// bottom up, times are seconds since 1970, `signature` is the owner's 65 bytes over the root, bare or as a personal
/// message.
#[must_use]
pub fn operation_signature(root: B256, (lower, upper): (U48, U48), proof: &[B256], signature: &[u8]) -> Bytes {
    let lower = U256::from(lower);
    let upper = U256::from(upper);
    prefixed(&(root, lower, upper, proof.to_vec(), Bytes::copy_from_slice(signature)).abi_encode_params())
}

/// An operation that a session key signs, same suites: as [`operation_signature`] without the window, and the leaf is
/// the operation's hash.
///
/// Bytes: prefix (4), then `abi.encode(bytes32 root, bytes32[] proof, bytes signature)`.
#[must_use]
pub fn session_signature(root: B256, proof: &[B256], signature: &[u8]) -> Bytes {
    prefixed(&(root, proof.to_vec(), Bytes::copy_from_slice(signature)).abi_encode_params())
}

/// An operation of an account or of a session key, suites from 2.2.1 on
/// ([`Contract::MeeValidatorTyped`](crate::Contract::MeeValidatorTyped)).
///
/// Bytes: prefix (4), then `abi.encode(uint256 index, bytes32[] items, uint48 lower, uint48 upper, bytes signature)`.
/// `items` are the EIP-712 struct hashes of all `MeeUserOp`s, this operation's at `index`; `signature` is the 65 bytes
/// over the typed data `SuperTx`. The order of the parts is our own: what the deployed validators read is not recorded.
#[must_use]
pub fn typed_signature(index: usize, items: &[B256], (lower, upper): (U48, U48), signature: &[u8]) -> Bytes {
    let parts =
        (U256::from(index), items.to_vec(), U256::from(lower), U256::from(upper), Bytes::copy_from_slice(signature));
    prefixed(&parts.abi_encode_params())
}

fn prefixed(rest: &[u8]) -> Bytes {
    [&SIMPLE, rest].concat().into()
}
