//! What `validate` refuses is what the real entry points refuse, and their reverts are read back.

use alloy_primitives::{Address, Bytes, U256};
use session_contracts::evm::{Evm, Outcome};
use testkit::npm::Packages;
use userop::{EntryPointFailure, EntryPointVersion, GasField, HandleOps, OperationError, Paymaster, UserOperation};

const SENDER: Address = Address::repeat_byte(0x11);

/// What the entry point says to a bundle of one operation.
fn refusal(evm: &mut Evm, entry_point: Address, version: EntryPointVersion, operation: &UserOperation) -> String {
    let bundle = HandleOps { operations: vec![operation.clone()], beneficiary: Address::repeat_byte(0x22) };
    let outcome = evm.static_call(Address::repeat_byte(0x33), entry_point, bundle.encode(version).unwrap());
    let Outcome::Reverted(data) = outcome else { panic!("{outcome:?}") };
    if data.is_empty() {
        // Before 0.8 the check that a contract has code reverts without a word.
        assert!(version < EntryPointVersion::V0_8);
        return String::new();
    }
    let failure = EntryPointFailure::decode(&data).unwrap_or_else(|| panic!("{data}"));
    assert!(failure.aa_code().is_some(), "{failure:?}");
    match failure {
        EntryPointFailure::FailedOp { index, reason } | EntryPointFailure::FailedOpWithRevert { index, reason, .. } => {
            assert_eq!(index, U256::ZERO);
            reason
        }
        EntryPointFailure::Refused { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn set(operation: &mut UserOperation, field: GasField, value: u128) {
    let paymaster = operation.paymaster.get_or_insert_default();
    match field {
        GasField::PreVerification => operation.pre_verification_gas = U256::from(value),
        GasField::Verification => operation.verification_gas_limit = value,
        GasField::Call => operation.call_gas_limit = value,
        GasField::PaymasterVerification => paymaster.verification_gas_limit = value,
        GasField::PaymasterPostOp => paymaster.post_op_gas_limit = value,
        GasField::MaxFeePerGas => operation.max_fee_per_gas = value,
        GasField::MaxPriorityFeePerGas => operation.max_priority_fee_per_gas = value,
        _ => panic!("unknown field"),
    }
}

#[test]
fn gas_values_of_more_than_120_bits() {
    let packages = Packages::installed().unwrap();
    let contracts = [
        (EntryPointVersion::V0_6, testkit::EntryPoint::V06),
        (EntryPointVersion::V0_7, testkit::EntryPoint::V07),
        (EntryPointVersion::V0_8, testkit::EntryPoint::V08),
    ];
    let fields = [
        GasField::PreVerification,
        GasField::Verification,
        GasField::Call,
        GasField::MaxFeePerGas,
        GasField::MaxPriorityFeePerGas,
        GasField::PaymasterVerification,
        GasField::PaymasterPostOp,
    ];
    for (version, contract) in contracts {
        let mut evm = Evm::new();
        evm.set_code_size_limit(usize::MAX);
        let entry_point = evm.deploy(packages.entry_point_creation_code(contract).unwrap()).unwrap();
        // 0.6 has no fields for the paymaster's gas.
        let fields = if version.is_packed() { &fields[..] } else { &fields[..5] };
        for field in fields {
            let mut operation = UserOperation::new(SENDER, U256::ZERO, Bytes::new())
                .with_paymaster(Paymaster::new(Address::repeat_byte(0x44), Bytes::new()));
            set(&mut operation, *field, 1 << 120);
            let error = OperationError::GasOverflow { field: *field, value: U256::from(1_u128 << 120) };
            assert_eq!(operation.validate(version), Err(error), "{version} {field}");
            let reason = refusal(&mut evm, entry_point, version, &operation);
            assert!(reason.starts_with("AA94"), "{version} {field}: {reason}");

            set(&mut operation, *field, (1 << 120) - 1);
            assert_eq!(operation.validate(version), Ok(()), "{version} {field}");
            let reason = refusal(&mut evm, entry_point, version, &operation);
            assert!(!reason.starts_with("AA94"), "{version} {field}: {reason}");
        }
        let plain = UserOperation::new(SENDER, U256::ZERO, Bytes::new());
        let expected = if version.knows_eip7702() { "AA20" } else { "" };
        assert!(refusal(&mut evm, entry_point, version, &plain).starts_with(expected), "{version}");
    }
}
