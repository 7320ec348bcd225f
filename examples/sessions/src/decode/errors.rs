//! Revert bytes, and errors of bundlers that hold them.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::Bytes;
use serde_json::{Value, json};
use smart_sessions::bundler::{AaCode, ErrorResponse};
use smart_sessions::session::abi::RevertReason;
use smart_sessions::userop::EntryPointFailure;

/// Revert bytes whose error is known.
pub(super) fn revert(bytes: &Bytes) -> Option<Value> {
    if let Some(failure) = EntryPointFailure::decode(bytes) {
        let code = failure.aa_code().map(AaCode::from_number);
        return Some(match failure {
            EntryPointFailure::FailedOp { index, reason } => {
                failed("FailedOp(uint256,string)", &index.to_string(), &reason, code)
            }
            EntryPointFailure::FailedOpWithRevert { index, reason, inner } => {
                let mut value = failed("FailedOpWithRevert(uint256,string,bytes)", &index.to_string(), &reason, code);
                value["inner"] = revert(&inner).unwrap_or_else(|| unknown(&inner));
                value
            }
            EntryPointFailure::SignatureValidationFailed { aggregator } => json!({
                "kind": "revert of the entry point",
                "error": "SignatureValidationFailed(address)",
                "aggregator": aggregator,
            }),
            EntryPointFailure::Refused { reason } => json!({
                "kind": "revert",
                "error": "Error(string)",
                "message": reason,
                "aaCode": code.map(AaCode::number),
                "remedy": code.map(AaCode::remedy),
            }),
            _ => return None,
        });
    }
    Some(match RevertReason::decode(bytes) {
        RevertReason::Module(error) => {
            let mut value = json!({
                "kind": "revert of the session module",
                "error": error.signature(),
                "arguments": arguments(error.signature(), bytes),
            });
            if let smart_sessions::session::abi::ModuleError::PolicyCheckReverted(reverted) = &error {
                value["policyError"] = json!(reverted.signature().unwrap_or("not known here"));
                value["policyErrorSelector"] = json!(reverted.selector());
            }
            value
        }
        RevertReason::Policy(error) => json!({
            "kind": "revert of a policy",
            "error": error.signature(),
            "arguments": arguments(error.signature(), bytes),
        }),
        RevertReason::Panic(code) => {
            json!({ "kind": "revert", "error": "Panic(uint256)", "code": format!("{code:#x}") })
        }
        RevertReason::Message(message) => json!({ "kind": "revert", "error": "Error(string)", "message": message }),
        _ => return None,
    })
}

fn failed(error: &str, index: &str, reason: &str, code: Option<AaCode>) -> Value {
    json!({
        "kind": "revert of the entry point",
        "error": error,
        "operation": index,
        "reason": reason,
        "aaCode": code.map(AaCode::number),
        "remedy": code.map(AaCode::remedy),
    })
}

fn unknown(bytes: &Bytes) -> Value {
    match bytes.first_chunk::<4>() {
        _ if bytes.is_empty() => json!({ "kind": "revert without data" }),
        selector => json!({
            "kind": "unknown revert",
            "selector": selector.map(alloy_primitives::hex::encode_prefixed),
            "data": bytes,
        }),
    }
}

/// The arguments behind the selector, by type: all errors here have arguments of one word each.
pub(super) fn arguments(signature: &str, data: &[u8]) -> Value {
    let types = signature.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
    let words = data.get(4..).unwrap_or_default().chunks(32);
    let each = types.split(',').filter(|name| !name.is_empty()).zip(words).map(|(name, word)| {
        let value = name.parse::<DynSolType>().ok().and_then(|kind| kind.abi_decode(word).ok());
        json!({ "type": name, "value": value.map(|value| text(&value)) })
    });
    each.collect()
}

fn text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Bool(bool) => bool.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, length) => alloy_primitives::hex::encode_prefixed(&word[..*length]),
        other => format!("{other:?}"),
    }
}

/// What a bundler answered. `None` when it says nothing about an operation.
pub(super) fn answer(code: i64, message: &str, data: Option<Value>) -> Option<Value> {
    let response = ErrorResponse::new("", code, message.to_owned(), data);
    if response.aa_code.is_none() && response.revert.is_none() && code == 0 {
        return None;
    }
    let inner = response.revert.as_ref().map(|found| revert(found.bytes()).unwrap_or_else(|| unknown(found.bytes())));
    let code = (code != 0).then_some(code);
    Some(json!({
        "kind": "error of a bundler",
        "code": code,
        "message": message,
        "meaning": format!("{:?}", response.kind),
        "aaCode": response.aa_code.map(AaCode::number),
        "revert": inner,
        "remedy": response.remedy(),
    }))
}
