//! Numbers as JSON-RPC writes them, and as servers really write them.
//!
//! Written: `0x` and hex digits without leading zeros. Read: that, with leading zeros, decimal text, or a JSON number.

use std::fmt::LowerHex;

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, Serializer, de};
use serde_json::Value;

pub(crate) fn from_value(value: &Value) -> Option<U256> {
    match value {
        Value::String(text) => from_text(text),
        Value::Number(number) => match number.as_u64() {
            Some(number) => Some(U256::from(number)),
            // serde_json holds larger whole numbers as floats; only those that are exact are taken.
            None => number.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0 && *n < 9e15).map(|n| U256::from(n)),
        },
        _ => None,
    }
}

fn from_text(text: &str) -> Option<U256> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some("") => None,
        Some(digits) => U256::from_str_radix(digits, 16).ok(),
        None if text.is_empty() => None,
        None => U256::from_str_radix(text, 10).ok(),
    }
}

/// A bare number as a method's whole answer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Quantity<T: TryFrom<U256>>(#[serde(deserialize_with = "deserialize")] pub(crate) T);

fn narrow<T: TryFrom<U256>, E: de::Error>(value: &Value) -> Result<T, E> {
    let number = from_value(value).ok_or_else(|| E::custom(format_args!("expected a quantity, saw {value}")))?;
    T::try_from(number).map_err(|_| E::custom(format_args!("quantity {number} is too large")))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<U256>>(from: D) -> Result<T, D::Error> {
    narrow(&Value::deserialize(from)?)
}

pub(crate) fn serialize<T: LowerHex, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{value:#x}"))
}

/// A quantity that may be missing, null or empty; to be used with `#[serde(default)]`.
pub(crate) mod optional {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<U256>>(from: D) -> Result<Option<T>, D::Error> {
        match Value::deserialize(from)? {
            Value::Null => Ok(None),
            Value::String(text) if matches!(text.as_str(), "" | "0x") => Ok(None),
            value => narrow(&value).map(Some),
        }
    }

    pub(crate) fn serialize<T: LowerHex, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, to),
            None => to.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_every_spelling() {
        for (value, expected) in [
            (json!("0x10"), Some(16)),
            (json!("0x0010"), Some(16)),
            (json!("0X1f"), Some(31)),
            (json!("16"), Some(16)),
            (json!(16), Some(16)),
            (json!(0), Some(0)),
            (json!(1e3), Some(1000)),
            (json!("0x"), None),
            (json!(""), None),
            (json!("0xzz"), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!(1e300), None),
            (json!(true), None),
            (json!(null), None),
        ] {
            assert_eq!(from_value(&value), expected.map(U256::from), "{value}");
        }
        assert_eq!(from_value(&json!(format!("0x{}", "f".repeat(64)))), Some(U256::MAX));
        assert_eq!(from_value(&json!(format!("0x1{}", "0".repeat(64)))), None);
    }
}
