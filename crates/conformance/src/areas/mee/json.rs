//! Reading the recorded JSON.

use std::str::FromStr;

use alloy_primitives::U256;
use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value};

/// The value with `{"$bigint": "1"}` as `"1"`.
pub(super) fn without_bigints(value: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$bigint") {
            Some(number) => number.clone(),
            None => Value::Object(members.iter().map(|(name, value)| (name.clone(), without_bigints(value))).collect()),
        },
        Value::Array(list) => Value::Array(list.iter().map(without_bigints).collect()),
        other => other.clone(),
    }
}

/// A member that a scenario always has.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    value.get(name).with_context(|| format!("no member {name}"))
}

/// A text, read as something.
pub(super) fn parse<T: FromStr>(value: &Value, name: &str) -> anyhow::Result<T>
where
    T::Err: std::fmt::Display,
{
    let text = member(value, name)?.as_str().with_context(|| format!("{name} is not text"))?;
    text.parse().map_err(|error: T::Err| anyhow::anyhow!("{name}: {error}"))
}

/// The same, for a member that may be missing.
pub(super) fn optional<T: FromStr>(value: &Value, name: &str) -> anyhow::Result<Option<T>>
where
    T::Err: std::fmt::Display,
{
    if value.get(name).is_some_and(|member| !member.is_null()) { parse(value, name).map(Some) } else { Ok(None) }
}

/// A whole number, as a number or as text.
pub(super) fn number(value: &Value) -> anyhow::Result<U256> {
    match value {
        Value::Number(number) => Ok(U256::from(number.as_u64().context("no whole number")?)),
        Value::String(text) => Ok(text.parse()?),
        other => bail!("no number: {other}"),
    }
}

pub(super) fn amount(value: &Value, name: &str) -> anyhow::Result<Option<U256>> {
    value.get(name).filter(|member| !member.is_null()).map(number).transpose()
}

pub(super) fn small(value: &Value, name: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(number(member(value, name)?)?)?)
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    member(value, name)?.as_array().with_context(|| format!("{name} is not a list"))
}

pub(super) fn object(value: &Value) -> anyhow::Result<&Map<String, Value>> {
    value.as_object().context("not an object")
}

/// A half-open range of indexes.
pub(super) fn range(step: &Value, name: &str) -> anyhow::Result<(usize, usize)> {
    let bounds = list(step, name)?;
    ensure!(bounds.len() == 2, "{name} is no range");
    let at = |index: usize| bounds[index].as_u64().and_then(|bound| usize::try_from(bound).ok()).context("no index");
    Ok((at(0)?, at(1)?))
}

/// Whether two JSON values are the same, hex without case. The error is the path to the first difference.
pub(super) fn same(seen: &Value, expected: &Value) -> Result<(), String> {
    let differ = || Err(format!(": expected {}, saw {}", short(expected), short(seen)));
    match (seen, expected) {
        (Value::String(a), Value::String(b)) => {
            let hex = a.starts_with("0x") && a.eq_ignore_ascii_case(b);
            if a == b || hex { Ok(()) } else { differ() }
        }
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return Err(format!(".length: expected {}, saw {}", b.len(), a.len()));
            }
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.try_for_each(|(index, (a, b))| same(a, b).map_err(|error| format!("[{index}]{error}")))
        }
        (Value::Object(a), Value::Object(b)) => {
            if let Some(name) = b.keys().find(|name| !a.contains_key(*name)) {
                return Err(format!(".{name}: missing, expected {}", short(&b[name])));
            }
            if let Some(name) = a.keys().find(|name| !b.contains_key(*name)) {
                return Err(format!(".{name}: {} is too much", short(&a[name])));
            }
            a.iter().try_for_each(|(name, a)| same(a, &b[name]).map_err(|error| format!(".{name}{error}")))
        }
        (a, b) if a == b => Ok(()),
        _ => differ(),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
