//! The recorded vectors' JSON, as far as a device gets to see it.

use std::path::Path;

use alloy_primitives::{Bytes, U256};
use anyhow::Context as _;
use serde_json::Value;
use session_types::abi;

pub(crate) fn read(folder: &Path, name: &str) -> anyhow::Result<Vec<Value>> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let document: Value = serde_json::from_str(&text)?;
    Ok(document["cases"].as_array().context("no cases")?.clone())
}

/// A fixed or dynamic byte string in hex.
pub(crate) fn hex<T: std::str::FromStr>(value: &Value) -> anyhow::Result<T> {
    let text = value.as_str().with_context(|| format!("no text: {value}"))?;
    text.parse().ok().with_context(|| format!("not the right bytes: {text}"))
}

/// A number, as text or as a JSON number.
pub(crate) fn number(value: &Value) -> anyhow::Result<U256> {
    match value {
        Value::String(text) => Ok(text.parse()?),
        value => Ok(U256::from(value.as_u64().with_context(|| format!("no number: {value}"))?)),
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
    value.as_array().context("no list")?.iter().map(read).collect()
}

fn policy(value: &Value) -> anyhow::Result<abi::PolicyData> {
    Ok(abi::PolicyData { policy: hex(&value["policy"])?, init_data: hex::<Bytes>(&value["initData"])? })
}

pub(crate) fn session(value: &Value) -> anyhow::Result<abi::Session> {
    let contents = &value["erc7739Policies"];
    Ok(abi::Session {
        session_validator: hex(&value["sessionValidator"])?,
        session_validator_init_data: hex(&value["sessionValidatorInitData"])?,
        salt: hex(&value["salt"])?,
        user_op_policies: list(&value["userOpPolicies"], policy)?,
        erc7739_policies: abi::Erc7739Data {
            allowed_erc7739_content: list(&contents["allowedERC7739Content"], |context| {
                Ok(abi::Erc7739Context {
                    app_domain_separator: hex(&context["appDomainSeparator"])?,
                    content_names: list(&context["contentName"], |name| {
                        Ok(name.as_str().context("no text")?.to_owned())
                    })?,
                })
            })?,
            erc1271_policies: list(&contents["erc1271Policies"], policy)?,
        },
        actions: list(&value["actions"], |action| {
            Ok(abi::ActionData {
                action_target_selector: hex(&action["actionTargetSelector"])?,
                action_target: hex(&action["actionTarget"])?,
                action_policies: list(&action["actionPolicies"], policy)?,
            })
        })?,
        permit_erc4337_paymaster: value["permitERC4337Paymaster"].as_bool().unwrap_or(false),
    })
}
