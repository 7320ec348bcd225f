//! Runs the core crates, as the facade re-exports them, over recorded vectors in a process without any standard library, not even C's.

#![no_std]
#![no_main]

extern crate alloc;
#[cfg(feature = "std-leak")]
extern crate once_cell as _;

mod cases;
mod runtime;

use alloy_primitives::{Address, B256, Bytes, U256};
use core::fmt::Write as _;
use smart_sessions::policy::{AnyPolicy, Condition, KnownPolicy as _, Registry, Rule, UniversalAction};
use smart_sessions::session::{ActionId, ActionSlot, Deployment, PermissionId, PolicyData};
use smart_sessions::userop::abi::v07::PackedUserOperation;
use smart_sessions::userop::{Authorization, EntryPoint, OperationHasher, UserOperation};

use crate::cases::{IDS, Ids, OPERATIONS, Packed};
use crate::runtime::Stderr;

/// Whether everything is as recorded.
fn run() -> bool {
    let mut good = !IDS.is_empty() && OPERATIONS.len() > 20;
    let mut check = |what: &str, index: usize, as_recorded: bool| {
        if !as_recorded {
            let _ = writeln!(Stderr, "{what}, case {index}: not as recorded");
            good = false;
        }
    };
    for (index, deployment) in [Deployment::legacy(), Deployment::current()].iter().enumerate() {
        check("policy", index, policy(deployment) == Some(true));
    }
    for (index, case) in IDS.iter().enumerate() {
        check("ids", index, ids(case));
    }
    for (index, case) in OPERATIONS.iter().enumerate() {
        check("operation hash", index, operation_hash(case) == Some(case.hash.into()));
    }
    good
}

fn ids(case: &Ids) -> bool {
    let permission = PermissionId::derive(case.validator.into(), case.init_data, case.salt.into());
    let policy = permission.action_policy_id(ActionId::derive(case.target.into(), case.selector.into()));
    permission.0 == case.permission_id
        && policy.0 == case.action_policy_id
        && policy.config_id(case.account.into()).0 == case.config_id
}

/// Whether a policy is read back as it was written.
fn policy(deployment: &Deployment) -> Option<bool> {
    let written = UniversalAction::of([Rule::argument(0, Condition::AtMost, 100_u64)]);
    let data: PolicyData<ActionSlot> = written.on(&deployment.policies).ok()?;
    let read = Registry::new(deployment.policies).decode(data.policy(), data.init_data())?;
    Some(matches!(read, Ok(AnyPolicy::UniversalAction(read)) if read == written))
}

fn operation_hash(case: &Packed) -> Option<B256> {
    let number = |text| U256::from_str_radix(text, 10).ok();
    let packed = PackedUserOperation {
        sender: Address::from(case.sender),
        nonce: number(case.nonce)?,
        initCode: Bytes::from_static(case.init_code),
        callData: Bytes::from_static(case.call_data),
        accountGasLimits: case.account_gas_limits.into(),
        preVerificationGas: number(case.pre_verification_gas)?,
        gasFees: case.gas_fees.into(),
        paymasterAndData: Bytes::from_static(case.paymaster_and_data),
        signature: Bytes::new(),
    };
    let entry_point = EntryPoint::new(case.entry_point.into(), case.version);
    let operation = UserOperation::unpack(case.version, &packed).ok()?;
    let hasher = OperationHasher::new(entry_point, case.chain_id);
    let chain = U256::from(case.chain_id);
    let authorization = case.delegate.map(|delegate| Authorization::unsigned(chain, delegate.into(), 0));
    // The recorded library's own reading of EIP-7702 markers; without a marker the two are the same.
    hasher.hash_as_viem(&operation.with_authorization(authorization)).ok()
}
