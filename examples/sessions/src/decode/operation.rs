//! Operations: packed, in a bundle, or as JSON.

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_sol_types::SolValue as _;
use alloy_sol_types::abi::AbiDecoderConfig;
use serde_json::{Value, json};
use smart_sessions::userop::abi::v07::PackedUserOperation;
use smart_sessions::userop::{EntryPoint, EntryPointVersion, HandleOps, UserOperation};

use super::{Reader, calls, envelope};
use crate::arguments::Generation;

const VERSIONS: [EntryPointVersion; 2] = [EntryPointVersion::V0_7, EntryPointVersion::V0_6];

/// The operations in a bundle or in the ABI form of one.
pub(crate) fn operations(bytes: &[u8]) -> Vec<UserOperation> {
    let bundle = VERSIONS.iter().find_map(|version| HandleOps::decode(*version, bytes).ok());
    let one = || packed(bytes).and_then(|packed| UserOperation::unpack(EntryPointVersion::V0_7, &packed).ok());
    bundle.map_or_else(|| one().into_iter().collect(), |bundle| bundle.operations)
}

/// `abi.encode(PackedUserOperation)`, with memory bound by the input's length.
fn packed(bytes: &[u8]) -> Option<PackedUserOperation> {
    let config = AbiDecoderConfig::new().memory_limit(bytes.len().saturating_mul(4)).validate(true);
    let packed = PackedUserOperation::abi_decode_with_config(bytes, config).ok()?;
    (!packed.sender.is_zero()).then_some(packed)
}

impl Reader {
    pub(super) fn bundle(&self, bytes: &[u8]) -> Option<Value> {
        let (version, bundle) = VERSIONS
            .iter()
            .find_map(|version| HandleOps::decode(*version, bytes).ok().map(|bundle| (*version, bundle)))?;
        let operations = bundle.operations.iter().map(|operation| self.operation(operation, &[version]));
        Some(json!({
            "kind": "bundle",
            "function": "handleOps",
            "beneficiary": bundle.beneficiary,
            "operations": operations.collect::<Value>(),
        }))
    }

    pub(super) fn packed_operation(&self, bytes: &[u8]) -> Option<Value> {
        packed(bytes).map(|packed| self.packed(&packed))
    }

    /// A packed operation, also one whose members contradict each other.
    pub(super) fn packed(&self, packed: &PackedUserOperation) -> Value {
        match UserOperation::unpack(EntryPointVersion::V0_7, packed) {
            Ok(operation) => self.operation(&operation, &[EntryPointVersion::V0_7]),
            Err(error) => json!({
                "kind": "operation",
                "malformed": error.to_string(),
                "sender": packed.sender,
                "callData": self.call_data(&packed.callData),
                "signature": self.signature(&packed.signature),
            }),
        }
    }

    /// An operation of one of these versions.
    pub(super) fn operation(&self, operation: &UserOperation, versions: &[EntryPointVersion]) -> Value {
        let nonce = operation.nonce.to_be_bytes::<32>();
        let factory = operation.factory.as_ref().map(
            |factory| json!({ "address": factory.address(), "data": factory.data(), "eip7702": factory.is_eip7702() }),
        );
        let paymaster = operation.paymaster.as_ref().map(|paymaster| {
            json!({
                "address": paymaster.address,
                "verificationGasLimit": paymaster.verification_gas_limit.to_string(),
                "postOpGasLimit": paymaster.post_op_gas_limit.to_string(),
                "data": paymaster.data,
                "signature": paymaster.signature,
            })
        });
        json!({
            "kind": "operation",
            "sender": operation.sender,
            "nonce": {
                "value": format!("{:#x}", operation.nonce),
                "key": hex::encode_prefixed(&nonce[..24]),
                "sequence": U256::from_be_slice(&nonce[24..]).to_string(),
                "validator": validator_in(&nonce),
            },
            "factory": factory,
            "callData": self.call_data(&operation.call_data),
            "gas": {
                "call": operation.call_gas_limit.to_string(),
                "verification": operation.verification_gas_limit.to_string(),
                "preVerification": operation.pre_verification_gas.to_string(),
                "maxFeePerGasWei": operation.max_fee_per_gas.to_string(),
                "maxPriorityFeePerGasWei": operation.max_priority_fee_per_gas.to_string(),
            },
            "paymaster": paymaster,
            "delegatedTo": operation.authorization.as_ref().map(|authorization| authorization.address),
            "signature": self.signature(&operation.signature),
            "hashes": self.hashes(operation, versions),
        })
    }

    fn call_data(&self, data: &Bytes) -> Value {
        self.call(data, calls::DEPTH).unwrap_or_else(|| json!(data))
    }

    /// The signature as a session envelope, when it is one.
    fn signature(&self, signature: &Bytes) -> Value {
        self.enabling_envelope(signature).or_else(|| envelope::using(signature)).unwrap_or_else(|| json!(signature))
    }

    /// The hash under each entry point that takes the operation, when the chain is known.
    fn hashes(&self, operation: &UserOperation, versions: &[EntryPointVersion]) -> Value {
        let Some(chain) = self.chain else { return Value::Null };
        let points = [EntryPoint::V0_6, EntryPoint::V0_7, EntryPoint::V0_8, EntryPoint::V0_9];
        let same = |point: &EntryPoint| versions.iter().any(|version| version.is_packed() == point.version.is_packed());
        let hashes = points.into_iter().filter(same).filter_map(|point| {
            let hash = operation.hash(point, chain).ok()?;
            Some(json!({ "entryPoint": point.address, "version": point.version.to_string(), "hash": hash }))
        });
        hashes.collect()
    }
}

/// A session module in the nonce, where Nexus has the validator.
fn validator_in(nonce: &[u8; 32]) -> Option<Address> {
    let validator = Address::from_slice(&nonce[4..24]);
    let modules = Generation::ALL.map(|generation| generation.deployment().module);
    modules.contains(&validator).then_some(validator)
}
