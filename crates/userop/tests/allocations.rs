//! Hashing an operation allocates nothing.

use alloy_primitives::{Address, U256};
use userop::{Authorization, EntryPointVersion, Factory, OperationHasher, Paymaster, UserOperation};

// Allocations are counted for the whole process: this file has one test only.
#[test]
fn hashing_allocates_nothing() {
    let (bytes, counted) = measure::count(|| vec![1_u8; 10]);
    assert_eq!((bytes.len(), counted.count), (10, 1));

    let address = Address::repeat_byte(1);
    let full = UserOperation::new(address, U256::from(2), vec![3; 452])
        .with_factory(Factory::new(address, vec![4; 500]))
        .with_paymaster(Paymaster::new(address, vec![5; 129]).with_gas(6, 7))
        .with_signature(vec![8; 65]);
    let marked = full.clone().with_factory(Factory::eip7702(vec![9; 40])).with_authorization(Authorization::unsigned(
        U256::from(1),
        address,
        0,
    ));
    let signed = full.clone().with_paymaster(Paymaster::new(address, vec![5; 129]).with_signature(vec![6; 65]));
    for version in EntryPointVersion::ALL {
        let mut operations = vec![&full];
        if version.knows_eip7702() {
            operations.push(&marked);
        }
        if version == EntryPointVersion::V0_9 {
            operations.push(&signed);
        }
        for operation in operations {
            let (hash, counted) = measure::count(|| OperationHasher::new(version.entry_point(), 1).hash(operation));
            assert!(hash.is_ok());
            assert_eq!(counted.count, 0, "{version}");
        }
    }
}
