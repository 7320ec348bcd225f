//! Text: JSON of many kinds, and sentences with revert bytes in them.

use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};
use smart_sessions::bundler::PartialOperation;
use smart_sessions::session::abi::ModuleEvent;
use smart_sessions::session::text::Value as StoredValue;
use smart_sessions::userop::abi::v07::PackedUserOperation;
use smart_sessions::userop::{EntryPointEvent, EntryPointVersion};

use super::{Reader, errors};
use crate::Failure;
use crate::found::Findings;

impl Reader {
    pub(super) fn text(&self, text: &str) -> Result<Vec<Value>, Failure> {
        if let Ok(json) = serde_json::from_str::<Value>(text)
            && let Some(reading) = self.json(&json)
        {
            return Ok(vec![reading]);
        }
        if text.starts_with(['{', '[']) {
            return self.stored(text).map(|reading| vec![reading]);
        }
        Ok(errors::answer(0, text, None).into_iter().collect())
    }

    /// JSON that is no stored session.
    fn json(&self, json: &Value) -> Option<Value> {
        if let Some(text) = json.as_str() {
            return errors::answer(0, text, None);
        }
        // A request or an answer of JSON-RPC around it.
        if let Some(inner) = json.get("params").and_then(|params| params.get(0)).or_else(|| json.get("error")) {
            return self.json(inner);
        }
        if let Some(message) = json.get("message").and_then(Value::as_str) {
            let code = json.get("code").and_then(Value::as_i64).unwrap_or(0);
            return errors::answer(code, message, json.get("data").cloned());
        }
        if json.get("topics").is_some() {
            return log(json);
        }
        if json.get("accountGasLimits").is_some() {
            return packed(json).map(|operation| self.packed(&operation));
        }
        if json.get("sender").is_some() && json.get("callData").is_some() {
            let operation = serde_json::from_value::<PartialOperation>(json.clone()).ok()?;
            let old = json.get("initCode").is_some() || json.get("paymasterAndData").is_some();
            let version = if old { EntryPointVersion::V0_6 } else { EntryPointVersion::V0_7 };
            return Some(self.operation(&operation.into_operation(), &[version]));
        }
        None
    }

    fn stored(&self, text: &str) -> Result<Value, Failure> {
        let remedy = "give an operation, a log or an error of JSON-RPC, or a stored session, whole";
        let value =
            StoredValue::parse(text).map_err(|error| Failure::input(format!("malformed JSON: {error}"), remedy))?;
        let findings = Findings::of_value(&value).map_err(|error| {
            Failure::input(format!("JSON that is not known here, not even a stored session: {error}"), remedy)
        })?;
        let sessions = findings.sessions.iter().map(|found| {
            json!({ "chainIds": found.chains, "account": found.account, "session": self.session(&found.session) })
        });
        Ok(json!({
            "kind": findings.source,
            "permissionIds": findings.named,
            "sessions": sessions.collect::<Value>(),
        }))
    }
}

/// A packed operation as JSON.
fn packed(json: &Value) -> Option<PackedUserOperation> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).map_or(Some(Bytes::new()), |text| text.parse().ok());
    let number = |name: &str| match json.get(name)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    Some(PackedUserOperation {
        sender: text("sender")?.parse().ok()?,
        nonce: number("nonce")?,
        initCode: bytes("initCode")?,
        callData: bytes("callData")?,
        accountGasLimits: text("accountGasLimits")?.parse().ok()?,
        preVerificationGas: number("preVerificationGas")?,
        gasFees: text("gasFees")?.parse().ok()?,
        paymasterAndData: bytes("paymasterAndData")?,
        signature: bytes("signature")?,
    })
}

/// A log of the session module, of a policy or of an entry point.
fn log(json: &Value) -> Option<Value> {
    let topics: Vec<B256> =
        json["topics"].as_array()?.iter().map(|topic| topic.as_str()?.parse().ok()).collect::<Option<_>>()?;
    let data: Bytes = json.get("data").and_then(Value::as_str).map_or(Some(Bytes::new()), |data| data.parse().ok())?;
    if ModuleEvent::decode(&topics, &data).is_ok() {
        let (_, signature) = ModuleEvent::EVENTS.iter().find(|(topic, _)| topics.first() == Some(topic))?;
        let words = [&[0; 4], &data[..]].concat();
        return Some(json!({
            "kind": "event of the session module",
            "event": signature,
            "arguments": errors::arguments(signature, &words),
        }));
    }
    let event = EntryPointEvent::decode(&topics, &data)?;
    Some(json!({ "kind": "event of the entry point", "userOpHash": event.hash(), "event": format!("{event:?}") }))
}
