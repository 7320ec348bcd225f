//! Numbers in a node's JSON: decimal text for whole amounts, plain numbers for small ones. Both are read everywhere.

use alloy_primitives::U256;
use serde::de::{self, Deserializer, MapAccess, Visitor};

pub(crate) struct Number;

impl<'de> Visitor<'de> for Number {
    type Value = U256;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a whole number, as a number, decimal text or 0x text")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<U256, E> {
        Ok(U256::from(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<U256, E> {
        let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
        let is_digit = |c: char| c.is_digit(radix);
        if digits.is_empty() || digits.len() > 78 || !digits.chars().all(is_digit) {
            return Err(E::invalid_value(de::Unexpected::Str(text), &self));
        }
        U256::from_str_radix(digits, u64::from(radix)).map_err(|_| E::custom("number above 2^256 - 1"))
    }

    /// `{"__type": "bigint", "value": "1"}`, as TypeScript libraries store big numbers.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<U256, A::Error> {
        let (mut tagged, mut value) = (false, None);
        while let Some((name, text)) = map.next_entry::<String, String>()? {
            match name.as_str() {
                "__type" => tagged = text == "bigint",
                "value" => value = Some(text),
                _ => return Err(de::Error::custom("an object that is no number")),
            }
        }
        match value {
            Some(text) if tagged => self.visit_str(&text),
            _ => Err(de::Error::custom("an object that is no number")),
        }
    }
}

/// [`U256`] as decimal text.
pub(crate) mod decimal {
    use serde::Serializer;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &U256, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
        deserializer.deserialize_any(Number)
    }

    /// The same, left out when absent.
    pub(crate) mod option {
        use serde::Deserialize;

        use super::*;

        pub(crate) fn serialize<S: Serializer>(value: &Option<U256>, serializer: S) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => super::serialize(value, serializer),
                None => serializer.serialize_none(),
            }
        }

        #[derive(Deserialize)]
        struct Decimal(#[serde(with = "super")] U256);

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<U256>, D::Error> {
            Ok(Option::<Decimal>::deserialize(deserializer)?.map(|Decimal(value)| value))
        }
    }
}

/// [`u64`] as decimal text.
pub(crate) mod decimal_u64 {
    use serde::Serializer;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let number = deserializer.deserialize_any(Number)?;
        u64::try_from(number).map_err(|_| de::Error::custom("number above 2^64 - 1"))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Both {
        #[serde(with = "decimal")]
        amount: U256,
        #[serde(with = "decimal_u64")]
        time: u64,
    }

    #[test]
    fn text_and_numbers_are_read_and_text_is_written() {
        let both = Both { amount: U256::from(7), time: 8 };
        let stored = r#"{"amount":{"__type":"bigint","value":"7"},"time":{"__type":"bigint","value":"8"}}"#;
        for text in
            [stored, r#"{"amount":7,"time":"8"}"#, r#"{"amount":"0x7","time":8}"#, r#"{"amount":"7","time":"0x8"}"#]
        {
            assert_eq!(serde_json::from_str::<Both>(text).unwrap(), both);
        }
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"{"amount":"7","time":"8"}"#);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["-1", "1.5", "\"\"", "\"0x\"", "\"1e3\"", "\" 1\"", "null", "[]", "{}", r#"{"value":"1"}"#] {
            assert!(serde_json::from_str::<Both>(&format!(r#"{{"amount":{bad},"time":0}}"#)).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Both>(r#"{"amount":0,"time":"18446744073709551616"}"#).is_err());
    }
}
