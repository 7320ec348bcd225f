//! The `debug_bundler_` methods of ERC-7769, which bundlers serve for tests.

use alloy_primitives::{Address, TxHash, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use userop::EntryPoint;

use crate::endpoint::NO_PARAMS;
use crate::wire::{lenient, quantity};
use crate::{BundlerClient, BundlerError, PartialOperation};

/// The `debug_bundler_` methods of a bundler: [`BundlerClient::debug`].
#[derive(Clone, Copy)]
pub struct Debug<'a> {
    client: &'a BundlerClient,
}

impl std::fmt::Debug for Debug<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Debug").finish_non_exhaustive()
    }
}

impl BundlerClient {
    /// The `debug_bundler_` methods.
    #[must_use]
    pub const fn debug(&self) -> Debug<'_> {
        Debug { client: self }
    }
}

/// When a bundler makes bundles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BundlingMode {
    /// Only at [`Debug::send_bundle_now`].
    Manual,
    /// By itself.
    Auto,
}

/// What a bundler has seen of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reputation {
    /// The account, factory, paymaster or aggregator.
    pub address: Address,
    /// Operations seen.
    #[serde(with = "quantity")]
    pub ops_seen: U256,
    /// Operations that were mined.
    #[serde(with = "quantity")]
    pub ops_included: U256,
    /// What follows from that; only in answers.
    #[serde(default, skip_serializing)]
    pub status: Option<ReputationStatus>,
}

impl Reputation {
    /// A record to set.
    #[must_use]
    pub fn new(address: Address, ops_seen: u64, ops_included: u64) -> Self {
        Self { address, ops_seen: U256::from(ops_seen), ops_included: U256::from(ops_included), status: None }
    }
}

/// What follows from an entity's record: words in the standard's text, numbers in bundlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReputationStatus {
    /// `ok` or 0.
    Ok,
    /// `throttled` or 1.
    Throttled,
    /// `banned` or 2.
    Banned,
    /// Anything else.
    Other,
}

impl<'de> Deserialize<'de> for ReputationStatus {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let number = quantity::from_value(&value).and_then(|number| u8::try_from(number).ok());
        Ok(match (value.as_str(), number) {
            (Some("ok"), _) | (_, Some(0)) => Self::Ok,
            (Some("throttled"), _) | (_, Some(1)) => Self::Throttled,
            (Some("banned"), _) | (_, Some(2)) => Self::Banned,
            _ => Self::Other,
        })
    }
}

/// An entity's stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StakeStatus {
    /// Whether it counts as staked.
    #[serde(deserialize_with = "lenient::flag")]
    pub is_staked: bool,
    /// The numbers.
    pub stake_info: StakeInfo,
}

/// The numbers of an entity's stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StakeInfo {
    /// The entity.
    pub addr: Address,
    /// The stake in wei.
    #[serde(with = "quantity")]
    pub stake: U256,
    /// How long taking it back takes, in seconds.
    #[serde(with = "quantity")]
    pub unstake_delay_sec: U256,
}

impl Debug<'_> {
    /// `debug_bundler_clearState`: forgets mempool and reputations.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn clear_state(&self) -> Result<(), BundlerError> {
        self.acknowledged("debug_bundler_clearState", NO_PARAMS).await
    }

    /// `debug_bundler_clearMempool`: forgets the mempool. One bundler wants the entry point.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn clear_mempool(&self, entry_point: Option<EntryPoint>) -> Result<(), BundlerError> {
        let addresses: Vec<_> = entry_point.map(|entry_point| entry_point.address).into_iter().collect();
        self.acknowledged("debug_bundler_clearMempool", addresses).await
    }

    /// `debug_bundler_dumpMempool`: the pending operations.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn dump_mempool(&self, entry_point: EntryPoint) -> Result<Vec<PartialOperation>, BundlerError> {
        self.client.endpoint().read("debug_bundler_dumpMempool", &[entry_point.address]).await
    }

    /// `debug_bundler_sendBundleNow`: makes a bundle; the transaction's hash where the bundler tells it.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn send_bundle_now(&self) -> Result<Option<TxHash>, BundlerError> {
        let answer: Value = self.client.endpoint().call("debug_bundler_sendBundleNow", NO_PARAMS).await?;
        Ok(answer.as_str().and_then(|text| text.parse().ok()))
    }

    /// `debug_bundler_setBundlingMode`.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn set_bundling_mode(&self, mode: BundlingMode) -> Result<(), BundlerError> {
        let word = match mode {
            BundlingMode::Manual => "manual",
            BundlingMode::Auto => "auto",
        };
        self.acknowledged("debug_bundler_setBundlingMode", [word]).await
    }

    /// `debug_bundler_setReputation`.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn set_reputation(&self, records: &[Reputation], entry_point: EntryPoint) -> Result<(), BundlerError> {
        self.acknowledged("debug_bundler_setReputation", (records, entry_point.address)).await
    }

    /// `debug_bundler_dumpReputation`.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn dump_reputation(&self, entry_point: EntryPoint) -> Result<Vec<Reputation>, BundlerError> {
        self.client.endpoint().read("debug_bundler_dumpReputation", &[entry_point.address]).await
    }

    /// `debug_bundler_getStakeStatus`.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn stake_status(&self, entity: Address, entry_point: EntryPoint) -> Result<StakeStatus, BundlerError> {
        self.client.endpoint().read("debug_bundler_getStakeStatus", &(entity, entry_point.address)).await
    }

    /// `debug_bundler_addUserOps`: puts operations into the mempool unchecked; many bundlers lack it.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    pub async fn add_operations(
        &self,
        operations: &[PartialOperation],
        entry_point: EntryPoint,
    ) -> Result<(), BundlerError> {
        let operations: Vec<_> = operations.iter().map(|operation| operation.wire(entry_point.version)).collect();
        self.acknowledged("debug_bundler_addUserOps", [operations]).await
    }

    /// Bundlers acknowledge with "ok", with null or with true.
    async fn acknowledged<P: alloy_json_rpc::RpcSend>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<(), BundlerError> {
        let _: Option<Value> = self.client.endpoint().call(method, params).await?;
        Ok(())
    }
}
