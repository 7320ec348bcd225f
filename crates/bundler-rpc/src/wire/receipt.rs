use std::fmt;

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256};
use alloy_sol_types::{SolEvent, sol};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{lenient, quantity};
use crate::{BundlerError, RevertData};

sol! {
    /// Emitted by every entry point version for each operation of a bundle.
    #[derive(Debug, PartialEq, Eq)]
    event UserOperationEvent(
        bytes32 indexed userOpHash,
        address indexed sender,
        address indexed paymaster,
        uint256 nonce,
        bool success,
        uint256 actualGasCost,
        uint256 actualGasUsed
    );
    /// Emitted when the calls of an operation revert and give a reason.
    #[derive(Debug, PartialEq, Eq)]
    event UserOperationRevertReason(
        bytes32 indexed userOpHash,
        address indexed sender,
        uint256 nonce,
        bytes revertReason
    );
    /// Emitted when a paymaster's settlement reverts (0.7 and later).
    #[derive(Debug, PartialEq, Eq)]
    event PostOpRevertReason(bytes32 indexed userOpHash, address indexed sender, uint256 nonce, bytes revertReason);
    /// Emitted when an operation deploys its account.
    #[derive(Debug, PartialEq, Eq)]
    event AccountDeployed(bytes32 indexed userOpHash, address indexed sender, address factory, address paymaster);
    /// Emitted when the prefund did not cover the cost (0.7 and later).
    #[derive(Debug, PartialEq, Eq)]
    event UserOperationPrefundTooLow(bytes32 indexed userOpHash, address indexed sender, uint256 nonce);
}

/// What became of a mined operation (`eth_getUserOperationReceipt`).
///
/// A mined operation has used its nonce and paid its gas, but its calls may have reverted: look at
/// [`outcome`](Self::outcome), or call [`require_success`](Self::require_success).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserOperationReceipt {
    /// The operation.
    pub user_op_hash: B256,
    /// The entry point that ran it; some bundlers leave it out.
    #[serde(default, deserialize_with = "lenient::address", skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<Address>,
    /// The account.
    pub sender: Address,
    /// The nonce it used.
    #[serde(with = "quantity")]
    pub nonce: U256,
    /// Who paid, when it was not the account.
    #[serde(default, deserialize_with = "lenient::address", skip_serializing_if = "Option::is_none")]
    pub paymaster: Option<Address>,
    /// What was paid, in wei.
    #[serde(with = "quantity")]
    pub actual_gas_cost: U256,
    /// The gas that was paid for.
    #[serde(with = "quantity")]
    pub actual_gas_used: U256,
    /// Whether the calls went through.
    #[serde(deserialize_with = "lenient::flag")]
    pub success: bool,
    /// Why they did not, as far as the bundler says.
    #[serde(default, skip_serializing_if = "RevertReason::is_empty")]
    pub reason: RevertReason,
    /// The logs of this operation alone.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub logs: Vec<ReceiptLog>,
    /// The receipt of the bundle's transaction.
    pub receipt: TransactionReceipt,
    /// `mined` or `preconfirmed`, from bundlers that tell them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// What the calls of a mined operation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They went through.
    Success,
    /// They reverted, with these bytes where anyone recorded them.
    Reverted(Option<RevertData>),
}

impl UserOperationReceipt {
    /// What the calls came to. The entry point's own event is taken before the bundler's words.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.success {
            return Outcome::Success;
        }
        let events = self.logs.iter().chain(&self.receipt.logs);
        let recorded = events.filter_map(|log| UserOperationRevertReason::decode_log(&log.to_log()).ok());
        let recorded = recorded.map(|event| event.data).find(|event| event.userOpHash == self.user_op_hash);
        let bytes = recorded.map(|event| event.revertReason).or_else(|| match &self.reason {
            RevertReason::Bytes(bytes) => Some(bytes.clone()),
            RevertReason::None | RevertReason::Text(_) => None,
        });
        Outcome::Reverted(bytes.filter(|bytes| !bytes.is_empty()).map(RevertData::new))
    }

    /// The receipt, if the calls went through.
    ///
    /// # Errors
    /// When they reverted: with the revert bytes.
    pub fn require_success(self) -> Result<Self, BundlerError> {
        match self.outcome() {
            Outcome::Success => Ok(self),
            Outcome::Reverted(revert) => Err(BundlerError::Reverted(Box::new(OperationReverted {
                hash: self.user_op_hash,
                transaction_hash: self.receipt.transaction_hash,
                reason: match self.reason {
                    RevertReason::Text(text) => Some(text),
                    RevertReason::None | RevertReason::Bytes(_) => None,
                },
                revert,
            }))),
        }
    }

    /// The transaction that carried the operation.
    #[must_use]
    pub const fn transaction_hash(&self) -> B256 {
        self.receipt.transaction_hash
    }

    /// Whether the block may still be undone for a known reason: the bundler only preconfirms.
    #[must_use]
    pub fn is_preconfirmed(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("preconfirmed"))
    }
}

/// The calls of a mined operation reverted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct OperationReverted {
    /// The operation.
    pub hash: B256,
    /// The transaction that carried it.
    pub transaction_hash: B256,
    /// The bundler's words, where it gives words.
    pub reason: Option<String>,
    /// The revert bytes.
    pub revert: Option<RevertData>,
}

impl fmt::Display for OperationReverted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {} was mined in {} and its calls reverted", self.hash, self.transaction_hash)?;
        match (&self.revert, &self.reason) {
            (Some(revert), _) => write!(f, " with {revert}"),
            (None, Some(reason)) => write!(f, ": {reason}"),
            (None, None) => Ok(()),
        }
    }
}

/// The `reason` of a receipt: bundlers write text, bytes, `0x` or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RevertReason {
    /// Missing, null, empty or `0x`.
    #[default]
    None,
    /// Words.
    Text(String),
    /// Revert bytes.
    Bytes(Bytes),
}

impl RevertReason {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl Serialize for RevertReason {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => to.serialize_str("0x"),
            Self::Text(text) => to.serialize_str(text),
            Self::Bytes(bytes) => bytes.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for RevertReason {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(from)? {
            Value::Null => Self::None,
            Value::String(text) if matches!(text.as_str(), "" | "0x") => Self::None,
            Value::String(text) => match text.strip_prefix("0x").and_then(|_| text.parse().ok()) {
                Some(bytes) => Self::Bytes(bytes),
                None => Self::Text(text),
            },
            other => Self::Text(other.to_string()),
        })
    }
}

/// A log, with its place in the chain as far as the server says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReceiptLog {
    /// The contract that emitted it.
    pub address: Address,
    /// Up to four topics, the event's signature hash first.
    pub topics: Vec<B256>,
    /// The unindexed part.
    pub data: Bytes,
    /// The block's number.
    #[serde(default, with = "quantity::optional")]
    pub block_number: Option<u64>,
    /// The block's hash.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub block_hash: Option<B256>,
    /// The transaction.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub transaction_hash: Option<B256>,
    /// The transaction's place in the block.
    #[serde(default, with = "quantity::optional")]
    pub transaction_index: Option<u64>,
    /// The log's place in the block.
    #[serde(default, with = "quantity::optional")]
    pub log_index: Option<u64>,
}

impl ReceiptLog {
    /// The log for event decoding (`SolEvent::decode_log`).
    #[must_use]
    pub fn to_log(&self) -> Log {
        Log { address: self.address, data: LogData::new_unchecked(self.topics.clone(), self.data.clone()) }
    }
}

/// The receipt of a bundle's transaction, as far as it concerns senders of operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TransactionReceipt {
    /// The transaction.
    pub transaction_hash: B256,
    /// Its place in the block.
    #[serde(default, with = "quantity::optional")]
    pub transaction_index: Option<u64>,
    /// The block's hash.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub block_hash: Option<B256>,
    /// The block's number.
    #[serde(default, with = "quantity::optional")]
    pub block_number: Option<u64>,
    /// The bundler's account.
    #[serde(default, deserialize_with = "lenient::address")]
    pub from: Option<Address>,
    /// The entry point.
    #[serde(default, deserialize_with = "lenient::address")]
    pub to: Option<Address>,
    /// The gas of the whole transaction.
    #[serde(default, with = "quantity::optional")]
    pub gas_used: Option<u64>,
    /// The gas of the block up to here.
    #[serde(default, with = "quantity::optional")]
    pub cumulative_gas_used: Option<u64>,
    /// The price paid for a unit of gas, in wei.
    #[serde(default, with = "quantity::optional")]
    pub effective_gas_price: Option<u128>,
    /// Whether the whole transaction went through.
    #[serde(default, deserialize_with = "lenient::optional_flag", serialize_with = "lenient::flag_as_quantity")]
    pub status: Option<bool>,
    /// The logs of the whole bundle.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub logs: Vec<ReceiptLog>,
}
