//! Vector members as values of the model.

use std::str::FromStr;

use alloy_primitives::{Address, B256, Bytes, Selector, U256};
use anyhow::{Context, Result};
use serde_json::Value;
use session_types::abi;

pub(super) fn member<'a>(value: &'a Value, name: &str) -> Result<&'a Value> {
    value.get(name).with_context(|| format!("no member {name}"))
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    member(value, name)?.as_str().with_context(|| format!("{name} is no text"))
}

pub(super) fn parsed<T: FromStr>(value: &Value, name: &str) -> Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text(value, name)?.parse().with_context(|| format!("member {name}"))
}

pub(super) fn address(value: &Value, name: &str) -> Result<Address> {
    parsed(value, name)
}

pub(super) fn hash(value: &Value, name: &str) -> Result<B256> {
    parsed(value, name)
}

pub(super) fn bytes(value: &Value, name: &str) -> Result<Bytes> {
    parsed(value, name)
}

/// An integer, as a JSON number, decimal text or `0x` text.
pub(super) fn number(value: &Value, name: &str) -> Result<U256> {
    match member(value, name)? {
        Value::Number(number) => number.to_string().parse().with_context(|| format!("member {name}")),
        _ => parsed(value, name),
    }
}

pub(super) fn small(value: &Value, name: &str) -> Result<u64> {
    u64::try_from(number(value, name)?).with_context(|| format!("member {name}"))
}

pub(super) fn flag(value: &Value, name: &str) -> Result<bool> {
    member(value, name)?.as_bool().with_context(|| format!("{name} is no flag"))
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value]> {
    member(value, name)?.as_array().map(Vec::as_slice).with_context(|| format!("{name} is no list"))
}

pub(super) fn each<T>(value: &Value, name: &str, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    list(value, name)?.iter().map(read).collect()
}

/// The items of a list of texts.
pub(super) fn texts<T: FromStr>(value: &Value, name: &str) -> Result<Vec<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    each(value, name, |item| item.as_str().context("item is no text")?.parse().map_err(anyhow::Error::from))
}

pub(super) fn policy(value: &Value) -> Result<abi::PolicyData> {
    Ok(abi::PolicyData { policy: address(value, "policy")?, init_data: bytes(value, "initData")? })
}

pub(super) fn action(value: &Value) -> Result<abi::ActionData> {
    Ok(abi::ActionData {
        action_target_selector: parsed::<Selector>(value, "actionTargetSelector")?,
        action_target: address(value, "actionTarget")?,
        action_policies: each(value, "actionPolicies", policy)?,
    })
}

pub(super) fn content(value: &Value) -> Result<abi::Erc7739Context> {
    let names = ["contentName", "contentNames"].into_iter().find(|name| value.get(name).is_some());
    Ok(abi::Erc7739Context {
        app_domain_separator: hash(value, "appDomainSeparator")?,
        content_names: texts(value, names.context("no contents")?)?,
    })
}

pub(super) fn erc7739(value: &Value) -> Result<abi::Erc7739Data> {
    Ok(abi::Erc7739Data {
        allowed_erc7739_content: each(value, "allowedERC7739Content", content)?,
        erc1271_policies: each(value, "erc1271Policies", policy)?,
    })
}

pub(super) fn session(value: &Value) -> Result<abi::Session> {
    Ok(abi::Session {
        session_validator: address(value, "sessionValidator")?,
        session_validator_init_data: bytes(value, "sessionValidatorInitData")?,
        salt: hash(value, "salt")?,
        user_op_policies: each(value, "userOpPolicies", policy)?,
        erc7739_policies: erc7739(member(value, "erc7739Policies")?)?,
        actions: each(value, "actions", action)?,
        permit_erc4337_paymaster: flag(value, "permitERC4337Paymaster")?,
    })
}

/// Fails unless both are equal.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, expected: T) -> Result<()> {
    anyhow::ensure!(seen == expected, "{what}: expected {expected:?}, saw {seen:?}");
    Ok(())
}

/// Counts every case of the document as passed or failed.
pub(super) fn cases(document: &crate::Document, tally: &mut crate::Tally, check: impl Fn(&Value) -> Result<()>) {
    for (label, case) in document.cases() {
        tally.record(&label, check(case).map_err(|error| format!("{error:#}")));
    }
}
