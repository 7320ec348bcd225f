//! Our hashes are those of the real entry points, whose code comes from their npm packages.

use std::cell::RefCell;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use session_contracts::evm::{Evm, Outcome};
use testkit::npm::Packages;
use userop::abi::{v06, v07};
use userop::{Authorization, EntryPoint, EntryPointVersion, Factory, OperationHasher, Paymaster, UserOperation};

const CHAIN_ID: u64 = 8453;

fn deployed(packages: &Packages, version: testkit::EntryPoint) -> (RefCell<Evm>, Address) {
    let mut evm = Evm::new();
    evm.set_chain_id(CHAIN_ID);
    evm.set_code_size_limit(usize::MAX);
    let code = packages.entry_point_creation_code(version).unwrap();
    let address = evm.deploy(code).unwrap();
    (RefCell::new(evm), address)
}

fn bytes(longest: usize) -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..longest).prop_map(Bytes::from)
}

fn factory() -> impl Strategy<Value = Factory> {
    (any::<[u8; 20]>(), bytes(100)).prop_map(|(address, data)| Factory::new(address.into(), data))
}

fn marker() -> impl Strategy<Value = Factory> {
    prop_oneof![bytes(100).prop_map(Factory::eip7702), Just(Factory::eip7702_short())]
}

fn paymaster() -> impl Strategy<Value = Paymaster> {
    (any::<[u8; 20]>(), any::<u128>(), any::<u128>(), bytes(200)).prop_map(|(address, verification, post, data)| {
        Paymaster::new(address.into(), data).with_gas(verification, post)
    })
}

fn operation(factory: impl Strategy<Value = Factory>) -> impl Strategy<Value = UserOperation> {
    let numbers = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u128; 4]>());
    let parts = (proptest::option::of(factory), proptest::option::of(paymaster()));
    (any::<[u8; 20]>(), numbers, bytes(400), parts, bytes(100)).prop_map(
        |(sender, (nonce, pre, gas), call_data, (factory, paymaster), signature)| {
            UserOperation::new(sender.into(), U256::from_be_bytes(nonce), call_data)
                .with_gas(gas[0], gas[1], U256::from_be_bytes(pre))
                .with_fees(gas[2], gas[3])
                .with_factory(factory)
                .with_paymaster(paymaster)
                .with_signature(signature)
        },
    )
}

fn ask(evm: &RefCell<Evm>, entry_point: Address, version: EntryPointVersion, operation: &UserOperation) -> Outcome {
    let call = if version.is_packed() {
        v07::getUserOpHashCall { userOp: operation.pack(version).unwrap() }.abi_encode()
    } else {
        v06::getUserOpHashCall { userOp: operation.to_v06().unwrap() }.abi_encode()
    };
    evm.borrow_mut().static_call(Address::ZERO, entry_point, call)
}

fn compare(version: EntryPointVersion, contract: testkit::EntryPoint) {
    let packages = Packages::installed().unwrap();
    let (evm, address) = deployed(&packages, contract);
    let hasher = OperationHasher::new(EntryPoint::new(address, version), CHAIN_ID);
    TestRunner::new(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })
        .run(&operation(factory()), |operation| {
            let hash = hasher.hash(&operation).unwrap();
            let seen = ask(&evm, address, version, &operation);
            prop_assert_eq!(seen, Outcome::Returned(hash.into()));
            Ok(())
        })
        .unwrap();
}

#[test]
fn v0_6() {
    compare(EntryPointVersion::V0_6, testkit::EntryPoint::V06);
}

#[test]
fn v0_7() {
    compare(EntryPointVersion::V0_7, testkit::EntryPoint::V07);
}

#[test]
fn v0_8() {
    compare(EntryPointVersion::V0_8, testkit::EntryPoint::V08);
}

/// 0.8 reads the delegate from the sender's code; 0.7 takes the marker for any other factory.
#[test]
fn eip7702_senders() {
    let packages = Packages::installed().unwrap();
    let (new, new_address) = deployed(&packages, testkit::EntryPoint::V08);
    let (old, old_address) = deployed(&packages, testkit::EntryPoint::V07);
    let new_hasher = OperationHasher::new(EntryPoint::new(new_address, EntryPointVersion::V0_8), CHAIN_ID);
    let old_hasher = OperationHasher::new(EntryPoint::new(old_address, EntryPointVersion::V0_7), CHAIN_ID);
    let cases = (operation(factory()), marker(), any::<[u8; 20]>());
    TestRunner::new(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })
        .run(&cases, |(operation, marker, delegate)| {
            let delegate = Address::from(delegate);
            let authorization = Authorization::unsigned(U256::from(CHAIN_ID), delegate, 1);
            let operation = operation.with_factory(marker).with_authorization(authorization);
            new.borrow_mut().set_code(operation.sender, &[&[0xef, 0x01, 0x00], delegate.as_slice()].concat());

            let hash = new_hasher.hash(&operation).unwrap();
            prop_assert_eq!(new_hasher.hash_delegated(&operation, delegate).unwrap(), hash);
            let seen = ask(&new, new_address, EntryPointVersion::V0_8, &operation);
            prop_assert_eq!(seen, Outcome::Returned(hash.into()));

            let hash = old_hasher.hash(&operation).unwrap();
            let seen = ask(&old, old_address, EntryPointVersion::V0_7, &operation);
            prop_assert_eq!(seen, Outcome::Returned(hash.into()));
            Ok(())
        })
        .unwrap();
}

/// A marker for a sender without delegation: the contract has no hash for it either.
#[test]
fn sender_without_a_delegate_has_no_hash() {
    let packages = Packages::installed().unwrap();
    let (evm, address) = deployed(&packages, testkit::EntryPoint::V08);
    let operation = UserOperation::new(Address::repeat_byte(1), U256::ZERO, Bytes::new())
        .with_factory(Factory::eip7702(Bytes::new()));
    let hasher = OperationHasher::new(EntryPoint::new(address, EntryPointVersion::V0_8), CHAIN_ID);
    assert!(hasher.hash(&operation).is_err());
    assert!(!ask(&evm, address, EntryPointVersion::V0_8, &operation).is_success());
}
