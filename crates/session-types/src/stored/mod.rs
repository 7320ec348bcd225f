//! What applications stored with the TypeScript libraries: `SessionData`, `SessionDetails`, and the sessions in them.
//!
//! These are views of a [`Value`]: members that are not known here stay where they are, and text
//! that was read is written again byte for byte.

mod build;
mod data;
mod detail;
mod session;
mod write;

#[doc(alias("moduleData", "UsePermissionModuleData", "UsePermissionModuleParameters", "SessionData"))]
pub use build::NewSessionData;
pub use data::{SessionData, StoredAction};
#[doc(alias = "GrantPermissionResponseEntry")]
pub use detail::SessionDetail;
pub use detail::{EnableSessionData, session_details};
pub use session::{StoredSession, read_session};
pub use write::{MemberOrder, enable_session_data_value, session_value};

use alloy_primitives::{Address, B256, Bytes, ChainId, U256};

use crate::SmartSessionMode;
use crate::text::{TextError, Value};

/// Why stored data are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    /// The text cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A member is missing.
    #[error("member {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A member holds something else.
    #[error("member {name}: expected {expected}")]
    Unexpected {
        /// Its name.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
}

const fn unexpected(name: &'static str, expected: &'static str) -> StoredError {
    StoredError::Unexpected { name, expected }
}

/// A member that is there: `null` and `undefined` count as missing, as they do for the libraries.
fn present<'v, 'a>(value: &'v Value<'a>, name: &str) -> Option<&'v Value<'a>> {
    value.member(name).filter(|value| !matches!(value, Value::Null | Value::Undefined))
}

fn member<'v, 'a>(value: &'v Value<'a>, name: &'static str) -> Result<&'v Value<'a>, StoredError> {
    present(value, name).ok_or(StoredError::Missing { name })
}

fn text<'v>(value: &'v Value<'_>, name: &'static str) -> Result<&'v str, StoredError> {
    member(value, name)?.as_str().ok_or_else(|| unexpected(name, "text"))
}

fn address(value: &Value<'_>, name: &'static str) -> Result<Address, StoredError> {
    text(value, name)?.parse().map_err(|_| unexpected(name, "an address"))
}

fn bytes(value: &Value<'_>, name: &'static str) -> Result<Bytes, StoredError> {
    hex_bytes(text(value, name)?).ok_or_else(|| unexpected(name, "hex text"))
}

/// Bytes of `0x` text in one allocation.
fn hex_bytes(text: &str) -> Option<Bytes> {
    let digits = text.strip_prefix("0x")?;
    alloy_primitives::hex::decode(digits).ok().map(Bytes::from)
}

fn word(value: &Value<'_>, name: &'static str) -> Result<B256, StoredError> {
    text(value, name)?.parse().map_err(|_| unexpected(name, "a 32-byte word"))
}

fn list<'v, 'a>(value: &'v Value<'a>, name: &'static str) -> Result<&'v [Value<'a>], StoredError> {
    member(value, name)?.as_array().ok_or_else(|| unexpected(name, "a list"))
}

fn each<'v, 'a, T>(
    value: &'v Value<'a>,
    name: &'static str,
    read: impl Fn(&'v Value<'a>) -> Result<T, StoredError>,
) -> Result<alloc::vec::Vec<T>, StoredError> {
    list(value, name)?.iter().map(read).collect()
}

/// A number in any form that was ever stored: bigint, number, decimal or hex text.
fn number(value: &Value<'_>, name: &'static str) -> Result<U256, StoredError> {
    let error = || unexpected(name, "an unsigned integer");
    match member(value, name)? {
        Value::BigInt(number) => U256::try_from(number).map_err(|_| error()),
        Value::Number(number) => {
            crate::text::BigInt::from_f64(*number).and_then(|number| U256::try_from(&number).ok()).ok_or_else(error)
        }
        Value::String(text) => text.as_str().and_then(|text| text.parse().ok()).ok_or_else(error),
        _ => Err(error()),
    }
}

fn chain_id(value: &Value<'_>) -> Result<ChainId, StoredError> {
    ChainId::try_from(number(value, "chainId")?).map_err(|_| unexpected("chainId", "a chain id of at most 64 bits"))
}

fn mode(value: &Value<'_>) -> Result<SmartSessionMode, StoredError> {
    let error = || unexpected("mode", "0x00, 0x01 or 0x02");
    match &hex_bytes(text(value, "mode")?).ok_or_else(error)?[..] {
        [byte] => SmartSessionMode::from_byte(*byte).map_err(|_| error()),
        _ => Err(error()),
    }
}
