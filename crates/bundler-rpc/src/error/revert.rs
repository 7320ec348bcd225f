//! Revert bytes, wherever a bundler hides them: in `data`, in a member of `data`, or in the message's text.

use std::fmt;

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::{Panic, Revert, SolError, sol};
use serde_json::Value;

use super::AaCode;

sol! {
    /// The entry point's error for a rejected operation.
    error FailedOp(uint256 opIndex, string reason);
    /// The same with what the account or paymaster reverted with.
    error FailedOpWithRevert(uint256 opIndex, string reason, bytes inner);
}

/// The bytes an account, module, paymaster or call reverted with.
///
/// The entry point's own wrapping (`FailedOp`, `FailedOpWithRevert`) is taken off. Errors of session modules and policies
/// are told apart by [`selector`](Self::selector) and decoded by whoever knows their interface:
/// [`decode_with`](Self::decode_with) hands the bytes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RevertData {
    bytes: Bytes,
    aa_code: Option<AaCode>,
}

impl RevertData {
    /// Takes the entry point's wrapping off `bytes`.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        if let Ok(failed) = FailedOpWithRevert::abi_decode(&bytes) {
            return Self { aa_code: AaCode::find(&failed.reason), bytes: failed.inner };
        }
        if let Ok(failed) = FailedOp::abi_decode(&bytes) {
            return Self { aa_code: AaCode::find(&failed.reason), bytes: Bytes::new() };
        }
        Self { bytes, aa_code: None }
    }

    /// Looks through the `data` member of a JSON-RPC error: hex text, or an object that has it in one of the members
    /// that bundlers use.
    #[must_use]
    pub fn in_data(data: &Value) -> Option<Self> {
        let text = match data {
            Value::String(text) => text.as_str(),
            Value::Object(members) => {
                const NAMES: [&str; 6] = ["revertData", "revert", "inner", "returnData", "data", "result"];
                return NAMES.iter().find_map(|name| Self::in_data(members.get(*name)?));
            }
            _ => return None,
        };
        parse_hex(text.trim()).map(Self::new)
    }

    /// Looks for `0x…` behind the words that announce a revert, as bundlers without a `data` member write it:
    /// `AA23 reverted 0x1c792c05…`.
    #[must_use]
    pub fn in_message(message: &str) -> Option<Self> {
        let lower = message.to_ascii_lowercase();
        let after = lower.find("revert")?;
        lower.match_indices("0x").filter(|(at, _)| *at > after).find_map(|(at, _)| {
            let digits = &message.as_bytes()[at + 2..];
            let length = digits.iter().take_while(|digit| digit.is_ascii_hexdigit()).count();
            // An odd count or fewer than four bytes is a number in a sentence, not a revert.
            (length >= 8).then(|| parse_hex(&message[at..at + 2 + length])).flatten().map(Self::new)
        })
    }

    /// The revert bytes: selector and arguments, or whatever the contract returned.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The code of the entry point's own error around these bytes.
    #[must_use]
    pub const fn aa_code(&self) -> Option<AaCode> {
        self.aa_code
    }

    /// The first four bytes, which name the Solidity error.
    #[must_use]
    pub fn selector(&self) -> Option<[u8; 4]> {
        self.bytes.first_chunk().copied()
    }

    /// The text of a Solidity `Error(string)`.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        Revert::abi_decode(&self.bytes).ok().map(|revert| revert.reason)
    }

    /// The code of a Solidity `Panic(uint256)`, e.g. 0x11 for an overflow.
    #[must_use]
    pub fn panic_code(&self) -> Option<U256> {
        Panic::abi_decode(&self.bytes).ok().map(|panic| panic.code)
    }

    /// Hands the bytes to a decoder of a contract's errors.
    pub fn decode_with<T>(&self, decode: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        decode(&self.bytes)
    }
}

impl fmt::Display for RevertData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = self.message() {
            return write!(f, "{message:?}");
        }
        match self.panic_code() {
            Some(code) => write!(f, "panic 0x{code:x}"),
            None => write!(f, "{}", self.bytes),
        }
    }
}

fn parse_hex(text: &str) -> Option<Bytes> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_bytes_in_every_shape_of_data() {
        let bytes = hex!("1c792c05").to_vec();
        for data in [
            json!("0x1c792c05"),
            json!({"revertData": "0x1c792c05"}),
            json!({"reason": "AA23 reverted", "innerReason": null, "revertData": "0x1c792c05"}),
            json!({"revert": {"data": "0x1c792c05"}}),
        ] {
            assert_eq!(RevertData::in_data(&data).unwrap().bytes(), &bytes, "{data}");
        }
        for data in [json!(null), json!(7), json!("no hex"), json!({"why": "policyId"}), json!({"data": "0x1"})] {
            assert_eq!(RevertData::in_data(&data), None, "{data}");
        }
    }

    #[test]
    fn finds_bytes_in_messages() {
        let said = "UserOperation reverted with reason: AA23 reverted 0x3ca8ef0c000102";
        assert_eq!(RevertData::in_message(said).unwrap().bytes(), &hex!("3ca8ef0c000102").to_vec());
        assert_eq!(RevertData::in_message(said).unwrap().selector(), Some(hex!("3ca8ef0c")));
        for said in ["AA23 reverted", "reverted at 0x12", "sender 0x1c792c05 unknown", "reverted 0x1c792c0", ""] {
            assert_eq!(RevertData::in_message(said), None, "{said}");
        }
    }

    #[test]
    fn takes_the_entry_points_wrapping_off() {
        let inner = Bytes::from(hex!("526d0da5"));
        let failed = FailedOpWithRevert { opIndex: U256::ZERO, reason: "AA23 reverted".into(), inner: inner.clone() };
        let found = RevertData::new(failed.abi_encode().into());
        assert_eq!((found.bytes(), found.aa_code()), (&inner, Some(AaCode::ValidationReverted)));
        let failed = FailedOp { opIndex: U256::ZERO, reason: "AA25 invalid account nonce".into() };
        let found = RevertData::new(failed.abi_encode().into());
        assert_eq!((found.bytes().len(), found.aa_code()), (0, Some(AaCode::InvalidNonce)));
    }

    #[test]
    fn reads_solidity_errors() {
        let text = RevertData::new(Revert::from("not allowed").abi_encode().into());
        assert_eq!((text.message().as_deref(), text.to_string().as_str()), (Some("not allowed"), "\"not allowed\""));
        let panic = RevertData::new(Panic::from(0x11).abi_encode().into());
        assert_eq!((panic.panic_code(), panic.to_string().as_str()), (Some(U256::from(0x11)), "panic 0x11"));
    }
}
