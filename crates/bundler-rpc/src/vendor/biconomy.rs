//! The `biconomy_` methods.

use alloy_primitives::{B256, TxHash};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::GasPrices;
use crate::endpoint::NO_PARAMS;
use crate::status::hash_member;
use crate::wire::lenient;
use crate::{BundlerClient, BundlerError, Progress, StatusMethod, UserOperationReceipt};

/// `biconomy_getUserOperationStatus`, for [`Polling`](crate::Polling).
pub const STATUS: StatusMethod = StatusMethod::new("biconomy_getUserOperationStatus", progress);

fn progress(answer: &Value) -> Progress {
    let transaction_hash = hash_member(answer, "transactionHash");
    match answer.get("state").and_then(Value::as_str) {
        Some("PENDING" | "BUNDLER_MEMPOOL") => Progress::Pending,
        Some("SUBMITTED") => Progress::Submitted { transaction_hash },
        Some("CONFIRMED") => Progress::Mined { transaction_hash },
        Some(state) if state == "REJECTED" || state.starts_with("DROPPED") => {
            let message = answer.get("message").and_then(Value::as_str).filter(|message| !message.is_empty());
            Progress::Dropped { reason: message.unwrap_or(state).to_owned() }
        }
        _ => Progress::Unknown,
    }
}

/// The answer of `biconomy_getUserOperationStatus`. An unknown hash is an error of code -32094 instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationStatus {
    /// `PENDING`, `BUNDLER_MEMPOOL`, `SUBMITTED`, `CONFIRMED`, `REJECTED`, `DROPPED_FROM_BUNDLER_MEMPOOL`, or another.
    pub state: String,
    /// The bundler's words.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub message: String,
    /// The bundle's transaction.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub transaction_hash: Option<TxHash>,
    /// The receipt once it is confirmed.
    #[serde(default)]
    pub user_operation_receipt: Option<UserOperationReceipt>,
}

/// The `biconomy_` methods of a bundler: [`BundlerClient::biconomy`].
#[derive(Clone, Copy)]
pub struct Biconomy<'a> {
    client: &'a BundlerClient,
}

impl std::fmt::Debug for Biconomy<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Biconomy").finish_non_exhaustive()
    }
}

impl BundlerClient {
    /// The `biconomy_` methods.
    #[must_use]
    pub const fn biconomy(&self) -> Biconomy<'_> {
        Biconomy { client: self }
    }
}

impl Biconomy<'_> {
    /// `biconomy_getGasFeeValues`: the fees the bundler asks for.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "biconomy_getGasFeeValues")]
    #[doc(alias = "getGasFeeValues")]
    pub async fn gas_prices(&self) -> Result<GasPrices, BundlerError> {
        self.client.endpoint().read("biconomy_getGasFeeValues", &NO_PARAMS).await
    }

    /// `biconomy_getUserOperationStatus`: where an operation is on its way.
    ///
    /// # Errors
    /// When the hash is unknown ([`ErrorKind::UnknownHash`](crate::ErrorKind::UnknownHash)), the server does not
    /// answer, or lacks the method.
    #[doc(alias = "biconomy_getUserOperationStatus")]
    #[doc(alias = "getUserOperationStatus")]
    pub async fn status(&self, hash: B256) -> Result<OperationStatus, BundlerError> {
        // An unknown hash is an answer here, not a fault to repeat the question for.
        self.client.endpoint().call(STATUS.name(), [hash]).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_the_status_method() {
        let read = |state: &str, message: &str| STATUS.read(&json!({"state": state, "message": message}));
        assert_eq!(read("PENDING", ""), Progress::Pending);
        assert_eq!(read("SUBMITTED", ""), Progress::Submitted { transaction_hash: None });
        assert_eq!(read("REJECTED", "gas too low"), Progress::Dropped { reason: "gas too low".into() });
        let dropped = "DROPPED_FROM_BUNDLER_MEMPOOL";
        assert_eq!(read(dropped, ""), Progress::Dropped { reason: dropped.into() });
        assert_eq!(read("SOMETHING", ""), Progress::Unknown);
    }
}
