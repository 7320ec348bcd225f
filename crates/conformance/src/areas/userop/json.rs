//! Reading of what the vector files share: integers as text or numbers, bytes as text.

use alloy_primitives::{Address, Bytes, U256};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;

/// A member of an object.
pub(in crate::areas) fn member<'a>(value: &'a Value, name: &str) -> Result<&'a Value> {
    value.get(name).ok_or_else(|| anyhow!("no member {name}"))
}

/// A member that may be missing or null.
pub(in crate::areas) fn optional<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|value| !value.is_null())
}

/// A text member.
pub(in crate::areas) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    member(value, name)?.as_str().with_context(|| format!("{name} is no text"))
}

/// A number: a JSON number, decimal text or `0x` text.
pub(in crate::areas) fn number(value: &Value) -> Result<U256> {
    match value {
        Value::Number(number) => Ok(number.to_string().parse()?),
        Value::String(text) if text == "0x" => Ok(U256::ZERO),
        Value::String(text) => Ok(text.parse()?),
        other => Err(anyhow!("expected a number, saw {other}")),
    }
}

/// A number member; zero when it is missing.
pub(in crate::areas) fn number_or_zero(value: &Value, name: &str) -> Result<U256> {
    optional(value, name).map_or(Ok(U256::ZERO), |value| number(value).with_context(|| name.to_owned()))
}

/// A byte-string member; empty when it is missing.
pub(in crate::areas) fn bytes_or_empty(value: &Value, name: &str) -> Result<Bytes> {
    optional(value, name).map_or_else(|| Ok(Bytes::new()), |_| bytes(value, name))
}

/// A byte-string member.
pub(in crate::areas) fn bytes(value: &Value, name: &str) -> Result<Bytes> {
    text(value, name)?.parse().with_context(|| name.to_owned())
}

/// An address member.
pub(in crate::areas) fn address(value: &Value, name: &str) -> Result<Address> {
    text(value, name)?.parse().with_context(|| name.to_owned())
}
