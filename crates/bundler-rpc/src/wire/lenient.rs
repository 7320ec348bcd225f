//! Members that servers fill in several ways.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// An address that may be missing, null, empty or zero: all mean none.
pub(crate) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) if matches!(text.as_str(), "" | "0x") => Ok(None),
        value => Address::deserialize(value)
            .map(|address| (!address.is_zero()).then_some(address))
            .map_err(de::Error::custom),
    }
}

/// A hash that may be missing, null or empty: all mean none.
pub(crate) fn hash<'de, D: Deserializer<'de>>(from: D) -> Result<Option<B256>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) if matches!(text.as_str(), "" | "0x") => Ok(None),
        value => B256::deserialize(value).map(Some).map_err(de::Error::custom),
    }
}

/// A value or null, without an error for a missing member: `null` counts as the default.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// Yes or no, as a JSON boolean, as 0 and 1 or as a quantity.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(from)?;
    optional_flag_of(&value).ok_or_else(|| de::Error::custom(format_args!("expected yes or no, saw {value}")))
}

/// As [`flag`], where the member may be missing or say something else.
pub(crate) fn optional_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    Ok(optional_flag_of(&Value::deserialize(from)?))
}

fn optional_flag_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if matches!(text.as_str(), "true" | "success") => Some(true),
        Value::String(text) if matches!(text.as_str(), "false" | "reverted") => Some(false),
        value => super::quantity::from_value(value).map(|number| !number.is_zero()),
    }
}

/// Serializes a flag as the quantity 0 or 1.
pub(crate) fn flag_as_quantity<S: serde::Serializer>(flag: &Option<bool>, to: S) -> Result<S::Ok, S::Error> {
    flag.map(|flag| if flag { "0x1" } else { "0x0" }).serialize(to)
}
