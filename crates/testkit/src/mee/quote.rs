//! Quotes: the operations with gas prices, the payment, the hashes.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer::SignerSync as _;
use alloy_sol_types::{SolCall as _, sol};
use serde_json::{Value, json};
use userop::abi::v07::PackedUserOperation;
use userop::{Call, EntryPoint, EntryPointVersion, OperationHasher, UserOperation, execution};

use super::{MeeFault, Shared, node_address, number, tank_address, tree};
use crate::Key;

sol! {
    function transfer(address to, uint256 amount) returns (bool);
}

/// What one unit of gas costs in the fee token's smallest unit, in millionths.
const TOKEN_PER_GAS: u64 = 2_000;
const MAX_FEE_PER_GAS: u64 = 3_000_000_000;
const PRIORITY_FEE_PER_GAS: u64 = 1_000_000_000;
const PRE_VERIFICATION_GAS: u64 = 100_000;
/// Gas for validating an operation, which may create the account.
const VERIFICATION_GAS: u64 = 2_000_000;

pub(super) fn quote(shared: &Shared, request: &Value) -> Result<Value, String> {
    if request["quoteType"] != "simple" {
        return Err("only simple quotes are known here".to_owned());
    }
    let asked = request["userOps"].as_array().ok_or("no userOps")?;
    let payment = &request["paymentInfo"];
    let chains: Vec<u64> = shared.lock().chains.keys().copied().collect();
    let mut gas = U256::ZERO;
    for op in asked.iter().chain([payment]) {
        let chain_id = chain_of(op)?;
        if !chains.contains(&chain_id) {
            return Err(format!("chain {chain_id} is not known here"));
        }
        gas = gas.saturating_add(number(&op["callGasLimit"]).unwrap_or_default());
    }
    let overcharge = shared.lock().faults.iter().find_map(|fault| match fault {
        MeeFault::Overcharge(times) => Some(*times),
        _ => None,
    });
    let fee = gas * U256::from(TOKEN_PER_GAS) / U256::from(1_000_000) * U256::from(overcharge.unwrap_or(1));
    let fee = fee.max(U256::ONE);
    let window = |name: &str| asked.iter().filter_map(|op| number(&op[name])).max();
    let (lower, upper) = (window("lowerBoundTimestamp"), window("upperBoundTimestamp"));
    let lower = asked.iter().filter_map(|op| number(&op["lowerBoundTimestamp"])).min().or(lower).unwrap_or_default();
    let mut user_ops = vec![payment_op(payment, fee, lower, upper.unwrap_or(U256::from(u64::from(u32::MAX))))?];
    for op in asked {
        user_ops.push(developer_op(op)?);
    }
    if shared.has(&MeeFault::TamperedCallData) {
        let Some(op) = user_ops.last_mut() else { return Err("no operation".to_owned()) };
        let call = Call::new(Address::repeat_byte(0xbd), Bytes::from_static(&[0xba, 0xd0, 0xba, 0xd0]));
        op["userOp"]["callData"] = json!(execution::execute(vec![call]));
    }
    let mut leaves = Vec::new();
    for op in &mut user_ops {
        leaves.push(hash(op)?);
    }
    let hash = tree::root(&leaves);
    let commitment = Key::Executor.signer().sign_hash_sync(&hash).map_err(|error| error.to_string())?;
    let mut payment_info = payment.clone();
    payment_info["tokenWeiAmount"] = fee.to_string().into();
    payment_info["tokenAmount"] = fee.to_string().into();
    payment_info["tokenValue"] = "0".into();
    let quote = json!({
        "hash": hash,
        "node": node_address(),
        "commitment": Bytes::copy_from_slice(&commitment.as_bytes()),
        "quoteType": "simple",
        "paymentInfo": payment_info,
        "userOps": user_ops,
    });
    shared.lock().quotes.insert(hash, quote.clone());
    Ok(quote)
}

fn chain_of(op: &Value) -> Result<u64, String> {
    number(&op["chainId"]).and_then(|id| u64::try_from(id).ok()).ok_or_else(|| "no chain id".to_owned())
}

/// The operation that pays the fee. A tank pays by itself.
fn payment_op(payment: &Value, fee: U256, lower: U256, upper: U256) -> Result<Value, String> {
    let token: Address = payment["token"].as_str().and_then(|token| token.parse().ok()).ok_or("no fee token")?;
    let call = if token.is_zero() {
        Call::transfer(node_address(), fee)
    } else {
        Call::new(token, transferCall { to: node_address(), amount: fee }.abi_encode())
    };
    let mut op = priced(payment, json!(execution::execute(vec![call])));
    op["lowerBoundTimestamp"] = lower.to_string().into();
    op["upperBoundTimestamp"] = upper.to_string().into();
    op["shortEncoding"] = payment["shortEncoding"].as_bool().unwrap_or_default().into();
    if payment["sponsored"] == true && payment["sender"].as_str() != Some(&tank_address().to_checksum(None)) {
        return Err("this gas tank is not known here".to_owned());
    }
    Ok(op)
}

fn developer_op(asked: &Value) -> Result<Value, String> {
    let mut op = priced(asked, asked["callData"].clone());
    for name in ["lowerBoundTimestamp", "upperBoundTimestamp"] {
        op[name] = number(&asked[name]).ok_or("no time window")?.to_string().into();
    }
    for name in ["isCleanUpUserOp", "shortEncoding", "metadata", "eip7702Auth"] {
        if let Some(value) = asked.get(name) {
            op[name] = value.clone();
        }
    }
    if let Some(delay) = asked.get("executionSimulationRetryDelay") {
        op["executionSimulationRetryDelay"] = delay.to_string().into();
    }
    Ok(op)
}

fn priced(asked: &Value, call_data: Value) -> Value {
    let verification = number(&asked["verificationGasLimit"]);
    // The client's limit for a payment is too low for one that creates the account.
    let verification = match verification {
        Some(limit) if asked.get("initCode").is_none() => limit,
        _ => U256::from(VERIFICATION_GAS),
    };
    json!({
        "userOp": {
            "sender": asked["sender"],
            "nonce": asked["nonce"],
            "initCode": asked.get("initCode").cloned().unwrap_or_else(|| "0x".into()),
            "callData": call_data,
            "callGasLimit": asked["callGasLimit"],
            "verificationGasLimit": verification.to_string(),
            "maxFeePerGas": MAX_FEE_PER_GAS.to_string(),
            "maxPriorityFeePerGas": PRIORITY_FEE_PER_GAS.to_string(),
            "paymasterAndData": "0x",
            "preVerificationGas": PRE_VERIFICATION_GAS.to_string(),
        },
        "chainId": asked["chainId"],
        "maxGasLimit": asked["callGasLimit"],
        "maxFeePerGas": MAX_FEE_PER_GAS.to_string(),
    })
}

/// The operation as the entry point takes it, unsigned.
pub(super) fn packed(op: &Value) -> Option<PackedUserOperation> {
    let inner = &op["userOp"];
    let bytes = |name: &str| inner[name].as_str()?.parse::<Bytes>().ok();
    let half = |name: &str| u128::try_from(number(&inner[name])?).ok().map(u128::to_be_bytes);
    let pair = |high: [u8; 16], low: [u8; 16]| B256::from_slice([high, low].as_flattened());
    Some(PackedUserOperation {
        sender: inner["sender"].as_str()?.parse().ok()?,
        nonce: number(&inner["nonce"])?,
        initCode: bytes("initCode")?,
        callData: bytes("callData")?,
        accountGasLimits: pair(half("verificationGasLimit")?, half("callGasLimit")?),
        preVerificationGas: number(&inner["preVerificationGas"])?,
        gasFees: pair(half("maxPriorityFeePerGas")?, half("maxFeePerGas")?),
        paymasterAndData: bytes("paymasterAndData")?,
        signature: Bytes::new(),
    })
}

/// Writes an operation's hashes and gives its leaf.
fn hash(op: &mut Value) -> Result<B256, String> {
    let packed = packed(op).ok_or("unreadable operation")?;
    let operation = UserOperation::unpack(EntryPointVersion::V0_7, &packed).map_err(|error| error.to_string())?;
    let hasher = OperationHasher::new(EntryPoint::V0_7, chain_of(op)?);
    let hash = hasher.hash(&operation).map_err(|error| error.to_string())?;
    let bound = |name: &str| number(&op[name]).and_then(|bound| u64::try_from(bound).ok()).unwrap_or_default();
    let (lower, upper) = (bound("lowerBoundTimestamp"), bound("upperBoundTimestamp"));
    op["userOpHash"] = hash.to_string().into();
    op["meeUserOpHash"] = tree::windowed(hash, lower, upper).to_string().into();
    Ok(tree::leaf(hash, lower, upper, op["shortEncoding"] == true))
}
