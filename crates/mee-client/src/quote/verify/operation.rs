use alloy_primitives::B256;
use serde_json::Value;
use userop::abi::v07::PackedUserOperation;
use userop::{EntryPoint, EntryPointVersion, OperationHasher, UserOperation};

use super::{Check, Compare, Mismatch};
use crate::hash::mee_user_op_hash;
use crate::wire::{PricedUserOp, QuotedUserOp, UserOpRequest};

pub(super) fn check(
    compare: Compare,
    index: usize,
    asked: &UserOpRequest,
    offered: &QuotedUserOp,
    simulated: bool,
) -> Result<(), Mismatch> {
    let at = |field: &str| format!("userOps[{index}].{field}");
    let ours = Check::Operations;
    let op = &offered.user_op;
    compare.equal(ours, at("chainId"), &asked.chain_id, &offered.chain_id)?;
    compare.equal(ours, at("userOp.sender"), &asked.sender, &op.sender)?;
    compare.equal(ours, at("userOp.nonce"), &asked.nonce, &op.nonce)?;
    compare.equal(ours, at("userOp.callData"), &asked.call_data, &op.call_data)?;
    compare.equal(ours, at("userOp.initCode"), &asked.init_code.clone().unwrap_or_default(), &op.init_code)?;
    compare.equal(ours, at("shortEncoding"), &asked.short_encoding, &offered.short_encoding)?;
    let clean_up = offered.is_clean_up_user_op.unwrap_or_default();
    compare.equal(ours, at("isCleanUpUserOp"), &asked.is_clean_up_user_op, &clean_up)?;
    let text = |authorization: &crate::wire::DelegationAuthorization| format!("{authorization:?}");
    let (expected, seen) = (asked.eip7702_auth.as_ref().map(text), offered.eip7702_auth.as_ref().map(text));
    compare.equal_option(ours, at("eip7702Auth"), expected.as_ref(), seen.as_ref())?;
    let delay = asked.execution_simulation_retry_delay;
    let seen = offered.execution_simulation_retry_delay;
    compare.equal_option(ours, at("executionSimulationRetryDelay"), delay.as_ref(), seen.as_ref())?;
    if let Some(details) = &offered.session_details {
        let expected = serde_json::to_value(&asked.session_details).unwrap_or_default();
        compare.equal_json(ours, at("sessionDetails"), &expected, details)?;
    }
    let windows = Check::Windows;
    compare.equal(windows, at("lowerBoundTimestamp"), &asked.lower_bound_timestamp, &offered.lower_bound_timestamp)?;
    compare.equal(windows, at("upperBoundTimestamp"), &asked.upper_bound_timestamp, &offered.upper_bound_timestamp)?;
    if !simulated {
        let gas = Check::GasLimits;
        compare.at_least(gas, at("userOp.callGasLimit"), &asked.call_gas_limit, &op.call_gas_limit)?;
        if let Some(limit) = &asked.verification_gas_limit {
            compare.at_least(gas, at("userOp.verificationGasLimit"), limit, &op.verification_gas_limit)?;
        }
    }
    if let Some(metadata) = &offered.metadata {
        let expected = serde_json::to_value(&asked.metadata).unwrap_or_default();
        compare.equal_json(Check::Metadata, at("metadata"), &expected, metadata)?;
    }
    Ok(())
}

pub(super) fn check_hashes(compare: Compare, index: usize, offered: &QuotedUserOp) -> Result<(), Mismatch> {
    let at = |field: &str| format!("userOps[{index}].{field}");
    match hash(&offered.user_op, offered.chain_id) {
        Ok(hash) => compare.equal(Check::UserOpHashes, at("userOpHash"), &hash, &offered.user_op_hash)?,
        Err(reason) => compare.refuse(Check::UserOpHashes, at("userOp"), "an operation of entry point 0.7", reason)?,
    }
    let leaf = mee_user_op_hash(offered.user_op_hash, offered.lower_bound_timestamp, offered.upper_bound_timestamp);
    compare.equal(Check::MeeUserOpHashes, at("meeUserOpHash"), &leaf, &offered.mee_user_op_hash)
}

/// The hash that entry point 0.7 computes.
fn hash(op: &PricedUserOp, chain_id: u64) -> Result<B256, String> {
    let half = |name: &str, value: &alloy_primitives::U256| {
        u128::try_from(*value).map(u128::to_be_bytes).map_err(|_| format!("{name} {value}"))
    };
    let pair = |(a, b): ([u8; 16], [u8; 16])| B256::from_slice([a, b].as_flattened());
    let packed = PackedUserOperation {
        sender: op.sender,
        nonce: op.nonce,
        initCode: op.init_code.clone(),
        callData: op.call_data.clone(),
        accountGasLimits: pair((
            half("verificationGasLimit", &op.verification_gas_limit)?,
            half("callGasLimit", &op.call_gas_limit)?,
        )),
        preVerificationGas: op.pre_verification_gas,
        gasFees: pair((
            half("maxPriorityFeePerGas", &op.max_priority_fee_per_gas)?,
            half("maxFeePerGas", &op.max_fee_per_gas)?,
        )),
        paymasterAndData: op.paymaster_and_data.clone(),
        signature: alloy_primitives::Bytes::new(),
    };
    UserOperation::unpack(EntryPointVersion::V0_7, &packed)
        .and_then(|operation| OperationHasher::new(EntryPoint::V0_7, chain_id).hash(&operation))
        .map_err(|error| error.to_string())
}

impl Compare {
    /// Compares JSON where text is the same whatever its case: hex and addresses.
    pub(super) fn equal_json(
        self,
        check: Check,
        field: String,
        expected: &Value,
        seen: &Value,
    ) -> Result<(), Mismatch> {
        if same(expected, seen) {
            return Ok(());
        }
        self.refuse(check, field, expected.to_string(), seen.to_string())
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b || (a.starts_with("0x") && a.eq_ignore_ascii_case(b)),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
