//! No field of a recorded quote can be changed without the quote being refused.

use std::path::Path;
use std::sync::Arc;

use alloy_primitives::{B256, Bytes, U256};
use mee_client::quote::{Check, Checks, Mismatch, VerifiedQuote, verify};
use mee_client::wire::Quote;
use mee_client::{SuperTxTree, mee_user_op_hash};
use serde_json::Value;
use userop::abi::v07::PackedUserOperation;
use userop::{EntryPoint, EntryPointVersion, OperationHasher, UserOperation};

use super::replay::Replay;
use crate::Document;

/// Members that say nothing about what is signed: who the node is, what it promises, what it displays and what it
/// computes its price with.
const OPAQUE: [&str; 6] = ["node", "commitment", "tokenAmount", "tokenValue", "maxGasLimit", "maxFeePerGas"];

async fn recorded(name: &str) -> VerifiedQuote {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/mee")).join(name);
    let document = Document::load(&path).unwrap();
    let mut replay = Replay::new(document.value()).unwrap();
    replay.first_quote(document.value()).await.unwrap()
}

/// Every leaf of a quote, as a JSON pointer.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{at}/{index}"), found));
        }
        _ => found.push(at.to_owned()),
    }
}

fn changed(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => (!flag).into(),
        Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
        Value::String(text) if text == "0x" => "0x01".into(),
        Value::String(text) => {
            let last = if text.ends_with('1') { '2' } else { '1' };
            format!("{}{last}", &text[..text.len() - 1]).into()
        }
        other => panic!("{other} has no other value"),
    }
}

fn check(verified: &VerifiedQuote, quote: Value, checks: Checks, max_fee: Option<U256>) -> Result<(), Mismatch> {
    let quote: Quote = serde_json::from_value(quote).unwrap();
    verify(Arc::new(verified.request().clone()), quote, checks, max_fee).map(drop)
}

#[tokio::test]
async fn every_changed_field_is_refused() {
    for name in ["quote-simple-multichain-v2.1.0.json", "quote-options.json", "eip7702.json", "sponsorship-hosted.json"]
    {
        let verified = recorded(name).await;
        let quote = serde_json::to_value(verified.quote()).unwrap();
        check(&verified, quote.clone(), Checks::all(), None).unwrap();
        let mut paths = Vec::new();
        leaves(&quote, "", &mut paths);
        assert!(paths.len() > 40, "{name}: {} leaves", paths.len());
        let simulated = verified.request().simulation.is_some();
        for path in paths {
            let mut tampered = quote.clone();
            let value = tampered.pointer_mut(&path).unwrap();
            *value = changed(value);
            let member = path.rsplit('/').next().unwrap();
            // The price that an operation itself names is hashed; the same name beside it is not.
            let opaque = OPAQUE.contains(&member) && !path.ends_with("/userOp/maxFeePerGas");
            // A node that simulates finds its own limits; it repeats ours only for information.
            let echoed = simulated && path.starts_with("/paymentInfo") && member.ends_with("GasLimit");
            let outcome = serde_json::from_value::<Quote>(tampered.clone());
            let Ok(_) = outcome else { continue };
            let refused = check(&verified, tampered, Checks::all(), None);
            assert_eq!(refused.is_err(), !opaque && !echoed, "{name}{path}: {refused:?}");
            if let Err(mismatch) = refused {
                assert!(names(&mismatch.field, &path), "{name}{path} was refused as {}", mismatch.field);
            }
        }
    }
}

/// Whether a refusal names the field, or the hash or list that the field is part of.
fn names(field: &str, path: &str) -> bool {
    let field = format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"));
    let hashed = ["/userOpHash", "/meeUserOpHash", "/hash"].iter().any(|hash| field.ends_with(hash));
    // The fee is what the payment's call has to move.
    let fee = path.ends_with("/tokenWeiAmount") && field == "/userOps/0/userOp/callData";
    let operation = |path: &str| path.split('/').take(3).collect::<Vec<_>>().join("/");
    path.starts_with(&field) || fee || (hashed && (operation(&field) == operation(path) || field == "/hash"))
}

#[tokio::test]
async fn hashes_that_fit_the_changed_operation_do_not_help() {
    let verified = recorded("quote-simple-multichain-v2.1.0.json").await;
    let mut quote = serde_json::to_value(verified.quote()).unwrap();
    let call_data = quote.pointer_mut("/userOps/1/userOp/callData").unwrap();
    *call_data = changed(call_data);
    rehash(&mut quote);
    let mismatch = check(&verified, quote.clone(), Checks::all(), None).unwrap_err();
    assert_eq!((mismatch.check, mismatch.field.as_str()), (Check::Operations, "userOps[1].userOp.callData"));
    check(&verified, quote, Checks::all().without(Check::Operations), None).unwrap();
}

#[tokio::test]
async fn another_operation_is_refused() {
    let verified = recorded("quote-simple-multichain-v2.1.0.json").await;
    let mut quote = serde_json::to_value(verified.quote()).unwrap();
    let ops = quote["userOps"].as_array_mut().unwrap();
    ops.push(ops[1].clone());
    rehash(&mut quote);
    let mismatch = check(&verified, quote, Checks::all(), None).unwrap_err();
    assert_eq!(mismatch.field, "userOps.length");
}

#[tokio::test]
async fn the_fee_stays_within_the_cap() {
    let verified = recorded("quote-simple-multichain-v2.1.0.json").await;
    let quote = serde_json::to_value(verified.quote()).unwrap();
    let fee = verified.quote().payment_info.token_wei_amount;
    check(&verified, quote.clone(), Checks::all(), Some(fee)).unwrap();
    let mismatch = check(&verified, quote.clone(), Checks::all(), Some(fee - U256::ONE)).unwrap_err();
    assert_eq!((mismatch.check, mismatch.field.as_str()), (Check::Fee, "paymentInfo.tokenWeiAmount"));
    check(&verified, quote, Checks::all().without(Check::Fee), Some(U256::ZERO)).unwrap();
}

/// Makes every hash of a quote fit its operations again.
fn rehash(quote: &mut Value) {
    let mut leaves = Vec::new();
    for op in quote["userOps"].as_array_mut().unwrap() {
        let number = |value: &Value| value.as_str().unwrap().parse::<U256>().unwrap();
        let half = |value: &Value| u128::try_from(number(value)).unwrap().to_be_bytes();
        let bytes = |value: &Value| value.as_str().unwrap().parse::<Bytes>().unwrap();
        let inner = &op["userOp"];
        let packed = PackedUserOperation {
            sender: inner["sender"].as_str().unwrap().parse().unwrap(),
            nonce: number(&inner["nonce"]),
            initCode: bytes(&inner["initCode"]),
            callData: bytes(&inner["callData"]),
            accountGasLimits: B256::from_slice(
                &[half(&inner["verificationGasLimit"]), half(&inner["callGasLimit"])].concat(),
            ),
            preVerificationGas: number(&inner["preVerificationGas"]),
            gasFees: B256::from_slice(&[half(&inner["maxPriorityFeePerGas"]), half(&inner["maxFeePerGas"])].concat()),
            paymasterAndData: bytes(&inner["paymasterAndData"]),
            signature: Bytes::new(),
        };
        let operation = UserOperation::unpack(EntryPointVersion::V0_7, &packed).unwrap();
        let chain_id = number(&op["chainId"]).to();
        let hash = OperationHasher::new(EntryPoint::V0_7, chain_id).hash(&operation).unwrap();
        let window = ["lowerBoundTimestamp", "upperBoundTimestamp"].map(|name| number(&op[name]).to::<u64>());
        let leaf = mee_user_op_hash(hash, window[0], window[1]);
        op["userOpHash"] = hash.to_string().into();
        op["meeUserOpHash"] = leaf.to_string().into();
        leaves.push(if op["shortEncoding"] == true { hash } else { leaf });
    }
    quote["hash"] = SuperTxTree::new(&leaves).unwrap().root().to_string().into();
}
