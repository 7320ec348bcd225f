use alloc::format;
use alloc::string::{String, ToString};

use alloy_primitives::U256;

use super::{BigInt, Text, Value};

/// Why a value is no reference value of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// A number is negative, has a fraction, or does not fit 256 bits.
    #[error("number is not an unsigned integer of at most 256 bits")]
    Number,
    /// The result is not `0x` and 64 hex digits.
    #[error("not a 32-byte word: expected an address, a number, a flag or 64 hex digits")]
    NotAWord,
}

/// The 32-byte word that the legacy libraries make of a rule's reference value, as `0x` text.
///
/// | value | word |
/// |---|---|
/// | hex text of 20 bytes | padded on the left, letter case kept |
/// | object with a member `raw` that is not falsy | `raw` |
/// | bigint, number, boolean | big-endian |
/// | other hex text | itself |
/// | other text | padded on the left as text, so empty text is zero |
///
/// # Errors
/// When the result is no word.
pub fn reference_value(value: &Value<'_>) -> Result<String, ReferenceError> {
    let word = match value {
        Value::String(Text::Utf8(text)) => match text.strip_prefix("0x") {
            Some(digits) if is_hex(digits) && digits.len() != 40 => text.to_string(),
            _ => pad(&text.replacen("0x", "", 1))?,
        },
        Value::Object(_) => match value.member("raw") {
            Some(raw) if is_truthy(raw) => raw.as_str().ok_or(ReferenceError::NotAWord)?.to_string(),
            // An object without it is taken for no bytes at all.
            _ => pad("")?,
        },
        Value::Array(items) if items.is_empty() => pad("")?,
        Value::Bool(flag) => number(&BigInt::from(u64::from(*flag)))?,
        Value::BigInt(value) => number(value)?,
        Value::Number(value) => number(&BigInt::from_f64(*value).ok_or(ReferenceError::Number)?)?,
        _ => return Err(ReferenceError::NotAWord),
    };
    match word.strip_prefix("0x") {
        Some(digits) if digits.len() == 64 && is_hex(digits) => Ok(word),
        _ => Err(ReferenceError::NotAWord),
    }
}

fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn number(number: &BigInt) -> Result<String, ReferenceError> {
    U256::try_from(number).map(|number| format!("0x{number:064x}")).map_err(|_| ReferenceError::Number)
}

fn pad(text: &str) -> Result<String, ReferenceError> {
    let missing = 64_usize.checked_sub(text.len()).ok_or(ReferenceError::NotAWord)?;
    Ok(format!("0x{}{text}", "0".repeat(missing)))
}

fn is_truthy(value: &Value<'_>) -> bool {
    match value {
        Value::Undefined | Value::Null | Value::Bool(false) => false,
        Value::Number(number) => *number != 0.0 && !number.is_nan(),
        Value::BigInt(number) => number.as_str() != "0",
        Value::String(Text::Utf8(text)) => !text.is_empty(),
        _ => true,
    }
}
