//! Supertransactions: one signature for several operations.

use alloy_primitives::aliases::U48;
use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use session_contracts::Generation::Current;
use session_contracts::address::owner;
use session_contracts::interface::{IModule, ISmartSession as M};
use session_contracts::mee::{operation_signature, session_signature, typed_signature};

use crate::scene::{ACCOUNT, Scene, address_of, key, operation, sign};

const OPERATIONS: [B256; 3] = [B256::repeat_byte(1), B256::repeat_byte(2), B256::repeat_byte(3)];

fn window() -> (U48, U48) {
    (U48::from(1_700_000_000_u64), U48::from(1_700_000_180_u64))
}

fn pair(a: B256, b: B256) -> B256 {
    keccak256(if a < b { [a, b] } else { [b, a] }.concat())
}

fn leaf(hash: B256, (lower, upper): (U48, U48)) -> B256 {
    keccak256(keccak256((hash, U256::from(lower), U256::from(upper)).abi_encode()))
}

/// The root of `(a, b), c` and the proofs of all three.
fn tree([a, b, c]: [B256; 3]) -> (B256, [Vec<B256>; 3]) {
    let ab = pair(a, b);
    (pair(ab, c), [vec![b, c], vec![a, c], vec![ab]])
}

fn validate(validator: Address, hash: B256, signature: Bytes) -> U256 {
    let mut scene = Scene::new(Current);
    let install = IModule::onInstallCall { data: address_of(&key(1)).to_vec().into() };
    assert!(scene.evm.call(ACCOUNT, validator, U256::ZERO, install.abi_encode()).is_success());
    let call = M::validateUserOpCall { op: operation(vec![], signature.to_vec()), userOpHash: hash };
    let outcome = scene.evm.static_call(ACCOUNT, validator, call.abi_encode());
    U256::from_be_slice(outcome.returned().unwrap())
}

fn stateless(validator: Address, hash: B256, signature: Bytes, data: Vec<u8>) -> bool {
    let mut scene = Scene::new(Current);
    let call = IModule::validateSignatureWithDataCall { hash, signature, data: data.into() };
    let outcome = scene.evm.static_call(scene.module, validator, call.abi_encode());
    IModule::validateSignatureWithDataCall::abi_decode_returns(outcome.returned().unwrap()).unwrap()
}

fn packed((lower, upper): (U48, U48)) -> U256 {
    U256::from(upper) << 160 | U256::from(lower) << 208
}

#[test]
fn the_owner_signs_a_tree_of_operations() {
    let (root, proofs) = tree(OPERATIONS.map(|hash| leaf(hash, window())));
    for signature in [sign(&key(1), root), sign(&key(1), eip191_hash_message(root))] {
        for (hash, proof) in OPERATIONS.into_iter().zip(&proofs) {
            let signature = operation_signature(root, window(), proof, &signature);
            assert_eq!(validate(owner::SUITE_1_0_0, hash, signature), packed(window()));
        }
    }

    let failed = U256::from(1);
    let signature = sign(&key(1), root);
    let refused = |hash, window, proof: &[B256], signature: &[u8]| {
        validate(owner::SUITE_2_1_0, hash, operation_signature(root, window, proof, signature)) & failed == failed
    };
    assert!(refused(OPERATIONS[1], window(), &proofs[0], &signature), "another operation's place");
    assert!(refused(B256::ZERO, window(), &proofs[0], &signature), "an operation that is not in it");
    let later = (window().0, window().1 + U48::from(1));
    assert!(refused(OPERATIONS[0], later, &proofs[0], &signature), "a longer window");
    assert!(refused(OPERATIONS[0], window(), &proofs[0], &sign(&key(2), root)), "another key");
}

#[test]
fn a_session_key_signs_a_tree_of_operations() {
    let (root, proofs) = tree(OPERATIONS);
    let signature = sign(&key(7), eip191_hash_message(root));
    let data = address_of(&key(7)).to_vec();
    for (hash, proof) in OPERATIONS.into_iter().zip(&proofs) {
        let signature = session_signature(root, proof, &signature);
        assert!(stateless(owner::SUITE_1_1_0, hash, signature.clone(), data.clone()));
        assert!(!stateless(owner::SUITE_1_1_0, B256::ZERO, signature.clone(), data.clone()));
        assert!(!stateless(owner::SUITE_1_1_0, hash, signature, address_of(&key(8)).to_vec()));
    }
}

#[test]
fn without_a_prefix_the_hash_itself_is_signed() {
    for suite in [owner::SUITE_2_1_0, owner::SUITE_3_0_0] {
        for signature in [sign(&key(1), OPERATIONS[0]), sign(&key(1), eip191_hash_message(OPERATIONS[0]))] {
            assert_eq!(validate(suite, OPERATIONS[0], signature.clone().into()), U256::ZERO);
            let prefixed = [&[0x17, 0x7e, 0xee, 0x05][..], &signature].concat().into();
            assert!(stateless(suite, OPERATIONS[0], prefixed, address_of(&key(1)).to_vec()));
        }
        assert_eq!(validate(suite, OPERATIONS[1], sign(&key(1), OPERATIONS[0]).into()), U256::from(1));
    }
}

alloy_sol_types::sol! {
    struct MeeUserOp {
        bytes32 userOpHash;
        uint256 lowerBoundTimestamp;
        uint256 upperBoundTimestamp;
    }

    struct SuperTx {
        MeeUserOp[] meeUserOps;
    }
}

#[test]
fn the_owner_signs_typed_data_of_newer_suites() {
    use alloy_sol_types::{SolStruct, eip712_domain};
    let operations = OPERATIONS.map(|hash| MeeUserOp {
        userOpHash: hash,
        lowerBoundTimestamp: U256::from(window().0),
        upperBoundTimestamp: U256::from(window().1),
    });
    let items: Vec<_> = operations.iter().map(SolStruct::eip712_hash_struct).collect();
    let hash = SuperTx { meeUserOps: operations.to_vec() }.eip712_signing_hash(&eip712_domain! { name: "Nexus", });
    let signature = sign(&key(1), hash);
    let prefixed_owner = [&[0xdd; 20][..], &[0], address_of(&key(1)).as_slice()].concat();
    for (index, operation) in OPERATIONS.into_iter().enumerate() {
        let signature = typed_signature(index, &items, window(), &signature);
        assert_eq!(validate(owner::SUITE_2_2_1, operation, signature.clone()), packed(window()));
        assert!(stateless(owner::SUITE_3_0_0, operation, signature, prefixed_owner.clone()));
        let elsewhere = typed_signature((index + 1) % 3, &items, window(), &sign(&key(1), hash));
        assert_eq!(validate(owner::SUITE_2_3_0, operation, elsewhere) & U256::from(1), U256::from(1));
    }
    let beyond = typed_signature(3, &items, window(), &signature);
    assert_eq!(validate(owner::SUITE_2_2_1, OPERATIONS[0], beyond) & U256::from(1), U256::from(1));
}
