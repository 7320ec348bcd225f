use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::kind::{self, ErrorKind};
use super::{AaCode, Retry, RevertData};

/// An error that a bundler, paymaster or node answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The method that was called.
    pub method: Cow<'static, str>,
    /// The JSON-RPC error code.
    pub code: i64,
    /// The server's text.
    pub message: String,
    /// The server's `data` member as it came.
    pub data: Option<Value>,
    /// What the error means.
    pub kind: ErrorKind,
    /// The entry point's code, from `data` or else from the text.
    pub aa_code: Option<AaCode>,
    /// What the account, module, paymaster or call reverted with.
    pub revert: Option<RevertData>,
}

impl ErrorResponse {
    /// Reads code, text and data of a JSON-RPC error.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, code: i64, message: String, data: Option<Value>) -> Self {
        let data = data.filter(|data| !data.is_null());
        let revert = data.as_ref().and_then(RevertData::in_data).or_else(|| RevertData::in_message(&message));
        let in_data = data.as_ref().and_then(|data| AaCode::find(data.get("reason")?.as_str()?));
        let aa_code = revert.as_ref().and_then(RevertData::aa_code).or(in_data).or_else(|| AaCode::find(&message));
        let kind = ErrorKind::classify(code, &message, data.as_ref());
        Self {
            method: method.into(),
            code,
            message,
            data,
            kind,
            aa_code,
            revert: revert.filter(|r| !r.bytes().is_empty()),
        }
    }

    /// Whether trying again can help.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match (&self.kind, self.aa_code) {
            // The text behind the code says more than the code itself.
            (
                ErrorKind::TooManyPending
                | ErrorKind::NonceInFlight
                | ErrorKind::AlreadyKnown
                | ErrorKind::ReplacementUnderpriced { .. }
                | ErrorKind::RateLimited,
                _,
            )
            | (_, None) => self.kind.retry(),
            (_, Some(aa_code)) => aa_code.retry(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match (&self.kind, self.aa_code) {
            (
                ErrorKind::TooManyPending
                | ErrorKind::NonceInFlight
                | ErrorKind::AlreadyKnown
                | ErrorKind::ReplacementUnderpriced { .. },
                _,
            )
            | (_, None) => self.kind.remedy(),
            (_, Some(aa_code)) => aa_code.remedy(),
        }
    }

    /// The name of the error class that viem would wrap this in.
    #[must_use]
    pub fn reference_name(&self) -> &'static str {
        self.aa_code.and_then(AaCode::reference_name).unwrap_or_else(|| kind::reference_name(self.code))
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {} ({}): {}", self.method, self.code, self.kind, self.message)?;
        match &self.revert {
            // The text may carry the bytes already.
            Some(revert) if !self.message.contains(&revert.bytes().to_string()) => {
                write!(f, ", reverted with {revert}")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ErrorResponse {}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, U256, address, hex};
    use serde_json::json;

    use super::*;

    fn error(code: i64, message: &str, data: Value) -> ErrorResponse {
        ErrorResponse::new("eth_sendUserOperation", code, message.to_owned(), Some(data))
    }

    #[test]
    fn one_code_with_many_meanings() {
        let underpriced =
            error(-32602, "replacement underpriced", json!({"currentMaxPriorityFee": "0x1", "currentMaxFee": "0x2"}));
        assert_eq!(
            underpriced.kind,
            ErrorKind::ReplacementUnderpriced {
                current_max_fee: Some(U256::from(2)),
                current_max_priority_fee: Some(U256::from(1)),
            }
        );
        for (message, kind, retry) in [
            ("already known", ErrorKind::AlreadyKnown, Retry::Never),
            ("Already known", ErrorKind::AlreadyKnown, Retry::Never),
            (
                "AA25 invalid account nonce: User operation already present in mempool, bump the gas price by minimum 10%",
                ErrorKind::ReplacementUnderpriced { current_max_fee: None, current_max_priority_fee: None },
                Retry::Changed,
            ),
            (
                "AA25 invalid account nonce: Another UserOperation with same sender and nonce is already being processed",
                ErrorKind::NonceInFlight,
                Retry::Later,
            ),
            ("maxFeePerGas must be at least 1000 (current maxFeePerGas: 10)", ErrorKind::FeeTooLow, Retry::Changed),
            ("Invalid user operation: missing field nonce", ErrorKind::InvalidFields, Retry::Changed),
        ] {
            let error = error(-32602, message, Value::Null);
            assert_eq!((error.kind.clone(), error.retry()), (kind, retry), "{message}");
            assert_eq!(error.data, None);
        }
    }

    #[test]
    fn session_reverts_are_found_in_text_without_data() {
        let said = "UserOperation reverted with reason: AA23 reverted 0x526d0da5aa";
        let error = error(-32500, said, Value::Null);
        assert_eq!(error.aa_code, Some(AaCode::ValidationReverted));
        assert_eq!(error.revert.as_ref().unwrap().bytes(), &Bytes::from(hex!("526d0da5aa")));
        assert_eq!(error.retry(), Retry::Changed);
        assert_eq!(
            error.to_string(),
            format!("eth_sendUserOperation answered -32500 (rejected by the entry point): {said}")
        );
    }

    #[test]
    fn entities_are_read() {
        let paymaster = address!("6f0B8da852D95ba3A28a3E7908a36986a7f79727");
        let data = json!({"paymaster": paymaster, "minimumStake": "0x5", "minimumUnstakeDelay": 86400});
        assert_eq!(
            error(-32505, "paymaster stake too low", data).kind,
            ErrorKind::StakeTooLow {
                entity: Some(paymaster),
                minimum_stake: Some(U256::from(5)),
                minimum_unstake_delay: Some(U256::from(86400)),
            }
        );
        assert_eq!(
            error(
                -32503,
                "operation is out of time range",
                json!({"validUntil": "0x6", "validAfter": "0x0", "paymaster": null})
            )
            .kind,
            ErrorKind::OutOfTimeRange {
                valid_until: Some(U256::from(6)),
                valid_after: Some(U256::ZERO),
                paymaster: None
            }
        );
    }
}
