//! Members of a case, read with a word about what is missing.

use std::str::FromStr;

use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context as _, bail};
use policy_encoding::{Condition, Rule};
use serde_json::Value;

pub(super) fn member<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    value.get(name).with_context(|| format!("no member {name}"))
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    member(value, name)?.as_str().with_context(|| format!("{name} is not text"))
}

/// The elements of the list `name`.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a [Value]> {
    Ok(member(value, name)?.as_array().with_context(|| format!("{name} is not a list"))?)
}

pub(super) fn flag(value: &Value, name: &str) -> anyhow::Result<bool> {
    member(value, name)?.as_bool().with_context(|| format!("{name} is neither true nor false"))
}

/// A number: plain, decimal text, hexadecimal text or `{"bigint": text}`.
pub(super) fn number(value: &Value) -> anyhow::Result<U256> {
    match value {
        Value::Number(number) => Ok(U256::from(number.as_u64().context("not a whole number")?)),
        Value::String(text) => Ok(text.parse()?),
        Value::Object(object) => number(object.get("bigint").context("not a number")?),
        _ => bail!("not a number: {value}"),
    }
}

pub(super) fn uint(value: &Value, name: &str) -> anyhow::Result<U256> {
    number(member(value, name)?).with_context(|| name.to_owned())
}

pub(super) fn small<T: TryFrom<U256>>(value: &Value, name: &str) -> anyhow::Result<T> {
    T::try_from(uint(value, name)?).ok().with_context(|| format!("{name} is too large"))
}

/// Text that stands for an address, a word or bytes.
pub(super) fn hex<T: FromStr>(value: &Value, name: &str) -> anyhow::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text(value, name)?.parse().with_context(|| name.to_owned())
}

pub(super) fn bytes(value: &Value, name: &str) -> anyhow::Result<Bytes> {
    hex(value, name)
}

pub(super) fn address(value: &Value, name: &str) -> anyhow::Result<Address> {
    hex(value, name)
}

pub(super) fn word(value: &Value, name: &str) -> anyhow::Result<B256> {
    hex(value, name)
}

/// A rule with its reference already a word.
pub(super) fn rule(value: &Value) -> anyhow::Result<Rule> {
    let usage = member(value, "usage")?;
    Ok(Rule::from_parts(
        Condition::from_code(small(value, "condition")?).context("unknown condition")?,
        small(value, "offset")?,
        flag(value, "isLimited")?,
        word(value, "ref")?,
        uint(usage, "limit")?,
        uint(usage, "used")?,
    ))
}

/// Equal, or an error that shows both.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, expected: T) -> anyhow::Result<()> {
    anyhow::ensure!(seen == expected, "{what}: expected {expected:?}, saw {seen:?}");
    Ok(())
}
