//! The `rundler_` methods.

use alloy_primitives::{Address, B256, Bytes, TxHash, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use userop::{Authorization, EntryPoint};

use crate::endpoint::NO_PARAMS;
use crate::status::hash_member;
use crate::wire::{Quantity, WireAuthorization, lenient, quantity};
use crate::{
    BundlerClient, BundlerError, Fees, PartialOperation, Progress, SignedOperation, StatusMethod, UserOperationReceipt,
};

/// `rundler_getUserOperationStatus`, for [`Polling`](crate::Polling).
pub const STATUS: StatusMethod = StatusMethod::new("rundler_getUserOperationStatus", progress);

fn progress(answer: &Value) -> Progress {
    let bundle = answer.get("pendingBundle").and_then(|bundle| hash_member(bundle, "txHash"));
    let mined = answer.pointer("/receipt/receipt").and_then(|receipt| hash_member(receipt, "transactionHash"));
    match answer.get("status").and_then(Value::as_str) {
        Some("pending") => Progress::Pending,
        Some("pendingBundle") => Progress::Submitted { transaction_hash: bundle },
        Some("mined" | "preconfirmed") => Progress::Mined { transaction_hash: mined },
        _ => Progress::Unknown,
    }
}

/// The answer of `rundler_getUserOperationGasPrice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GasPrice {
    /// The priority fee asked for, in wei. The method's document calls it `currentPriorityFee`; both are read.
    #[serde(alias = "currentPriorityFee", with = "quantity")]
    pub priority_fee: u128,
    /// The base fee, in wei.
    #[serde(alias = "currentBaseFee", with = "quantity")]
    pub base_fee: u128,
    /// The block these hold for.
    #[serde(with = "quantity")]
    pub block_number: u64,
    /// Fees with some room for the next blocks.
    pub suggested: Fees,
}

/// The answer of `rundler_getUserOperationStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationStatus {
    /// `unknown`, `pending`, `pendingBundle`, `mined` or `preconfirmed`.
    pub status: String,
    /// The receipt once it is mined.
    #[serde(default)]
    pub receipt: Option<UserOperationReceipt>,
    /// The operation while it is pending.
    #[serde(default)]
    pub user_operation: Option<PartialOperation>,
    /// The block at which the mempool took it.
    #[serde(default, with = "quantity::optional")]
    pub added_at_block: Option<u64>,
    /// End of its time window, Unix seconds; zero for none.
    #[serde(default, with = "quantity::optional")]
    pub valid_until: Option<U256>,
    /// Start of its time window, Unix seconds.
    #[serde(default, with = "quantity::optional")]
    pub valid_after: Option<U256>,
    /// The bundle it was sent in.
    #[serde(default)]
    pub pending_bundle: Option<PendingBundle>,
}

/// A bundle that was sent to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingBundle {
    /// Its transaction.
    pub tx_hash: TxHash,
    /// The block at which it was sent.
    #[serde(default, with = "quantity::optional")]
    pub sent_at_block: Option<u64>,
    /// The bundler's account.
    #[serde(default, deserialize_with = "lenient::address")]
    pub bundler_address: Option<Address>,
}

/// The answer of `rundler_getMinedUserOperation`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MinedOperation {
    /// The operation.
    pub user_operation: PartialOperation,
    /// What became of it.
    pub receipt: UserOperationReceipt,
}

/// The answer of the delegation status method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DelegationStatus {
    /// The service's word.
    pub status: String,
    /// The transaction that carries the authorization.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub tx_hash: Option<TxHash>,
}

/// Which blocks a look-up goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockOption {
    /// From one block to another, both included.
    Range {
        /// The first block.
        from: u64,
        /// The last block.
        to: u64,
    },
    /// One block.
    Hash(B256),
    /// Preconfirmed blocks too.
    Pending,
}

impl Serialize for BlockOption {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        match self {
            Self::Range { from, to: last } => {
                let mut map = to.serialize_map(Some(2))?;
                map.serialize_entry("fromBlock", &format_args!("{from:#x}"))?;
                map.serialize_entry("toBlock", &format_args!("{last:#x}"))?;
                map.end()
            }
            Self::Hash(hash) => hash.serialize(to),
            Self::Pending => to.serialize_str("PENDING"),
        }
    }
}

/// The `rundler_` methods of a bundler: [`BundlerClient::rundler`].
#[derive(Clone, Copy)]
pub struct Rundler<'a> {
    client: &'a BundlerClient,
}

impl std::fmt::Debug for Rundler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rundler").finish_non_exhaustive()
    }
}

impl BundlerClient {
    /// The `rundler_` methods.
    #[must_use]
    pub const fn rundler(&self) -> Rundler<'_> {
        Rundler { client: self }
    }
}

impl Rundler<'_> {
    /// `rundler_maxPriorityFeePerGas`: the priority fee asked for, in wei.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "rundler_maxPriorityFeePerGas")]
    pub async fn max_priority_fee_per_gas(&self) -> Result<u128, BundlerError> {
        let Quantity(fee) = self.client.endpoint().read("rundler_maxPriorityFeePerGas", &NO_PARAMS).await?;
        Ok(fee)
    }

    /// `rundler_getUserOperationGasPrice`: the fees the bundler asks for and suggests.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "rundler_getUserOperationGasPrice")]
    pub async fn gas_price(&self) -> Result<GasPrice, BundlerError> {
        self.client.endpoint().read("rundler_getUserOperationGasPrice", &NO_PARAMS).await
    }

    /// `rundler_getUserOperationStatus`: where an operation is on its way.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "rundler_getUserOperationStatus")]
    pub async fn status(&self, hash: B256, blocks: Option<BlockOption>) -> Result<OperationStatus, BundlerError> {
        self.by_hash(STATUS.name(), hash, blocks).await
    }

    /// `eth_getUserOperationReceipt` with a choice of blocks, e.g. to see preconfirmed receipts.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn receipt(&self, hash: B256, blocks: BlockOption) -> Result<Option<UserOperationReceipt>, BundlerError> {
        self.by_hash("eth_getUserOperationReceipt", hash, Some(blocks)).await
    }

    async fn by_hash<R: alloy_json_rpc::RpcRecv>(
        &self,
        method: &'static str,
        hash: B256,
        blocks: Option<BlockOption>,
    ) -> Result<R, BundlerError> {
        match blocks {
            Some(blocks) => self.client.endpoint().read(method, &(hash, blocks)).await,
            None => self.client.endpoint().read(method, &[hash]).await,
        }
    }

    /// `rundler_getMinedUserOperation`: an operation within a known transaction.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "rundler_getMinedUserOperation")]
    pub async fn mined_operation(
        &self,
        hash: B256,
        transaction: TxHash,
        entry_point: EntryPoint,
    ) -> Result<Option<MinedOperation>, BundlerError> {
        let params = (hash, transaction, entry_point.address);
        self.client.endpoint().read("rundler_getMinedUserOperation", &params).await
    }

    /// `rundler_getPendingUserOperationBySenderNonce`: what waits in the mempool under a nonce.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "rundler_getPendingUserOperationBySenderNonce")]
    pub async fn pending_by_nonce(
        &self,
        sender: Address,
        nonce: U256,
    ) -> Result<Option<PartialOperation>, BundlerError> {
        let params = (sender, format!("{nonce:#x}"));
        self.client.endpoint().read("rundler_getPendingUserOperationBySenderNonce", &params).await
    }

    /// `rundler_dropLocalUserOperation`: takes an operation out of this bundler's mempool. Others may still have it.
    ///
    /// `cancel` has the sender and nonce of the operation, no call data, all gas and fees zero, and a valid signature:
    /// see [`cancellation`]. The answer is the hash of what was dropped.
    ///
    /// # Errors
    /// When the signature is refused, the server does not answer, or lacks the method.
    #[doc(alias = "rundler_dropLocalUserOperation")]
    pub async fn drop_local(&self, cancel: &SignedOperation) -> Result<Option<B256>, BundlerError> {
        self.client.endpoint().call("rundler_dropLocalUserOperation", cancel.params()).await
    }

    /// `rundler_sendSponsoredDelegation`: has an EIP-7702 authorization put on chain; answers with an id.
    ///
    /// # Errors
    /// When the service refuses, does not answer, or lacks the method.
    #[doc(alias = "rundler_sendSponsoredDelegation")]
    pub async fn send_sponsored_delegation(
        &self,
        authorization: &Authorization,
        valid_until: Option<u64>,
    ) -> Result<Value, BundlerError> {
        const METHOD: &str = "rundler_sendSponsoredDelegation";
        let authorization = WireAuthorization::from(authorization);
        match valid_until {
            Some(end) => self.client.endpoint().call(METHOD, (authorization, format!("{end:#x}"))).await,
            None => self.client.endpoint().call(METHOD, [authorization]).await,
        }
    }

    /// `rundler_delegationStatus`: what became of a delegation, by the id that sending it answered with.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "rundler_delegationStatus")]
    pub async fn delegation_status(&self, id: &Value) -> Result<DelegationStatus, BundlerError> {
        self.client.endpoint().read("rundler_delegationStatus", &[id]).await
    }
}

/// The operation that [`Rundler::drop_local`] takes, still to be signed.
#[must_use]
pub fn cancellation(sender: Address, nonce: U256) -> userop::UserOperation {
    userop::UserOperation::new(sender, nonce, Bytes::new())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_the_status_method() {
        let hash = B256::repeat_byte(7);
        let bundle = json!({"status": "pendingBundle", "pendingBundle": {"txHash": hash}});
        assert_eq!(STATUS.read(&bundle), Progress::Submitted { transaction_hash: Some(hash) });
        let mined = json!({"status": "mined", "receipt": {"receipt": {"transactionHash": hash}}});
        assert_eq!(STATUS.read(&mined), Progress::Mined { transaction_hash: Some(hash) });
        assert_eq!(STATUS.read(&json!({"status": "unknown"})), Progress::Unknown);
    }

    #[test]
    fn both_names_of_the_priority_fee_are_read() {
        let suggested = json!({"maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1"});
        for name in ["priorityFee", "currentPriorityFee"] {
            let answer = json!({name: "0x5", "baseFee": "0x6", "blockNumber": "0x7", "suggested": suggested});
            assert_eq!(serde_json::from_value::<GasPrice>(answer).unwrap().priority_fee, 5);
        }
    }

    #[test]
    fn block_options_as_the_bundler_takes_them() {
        let range = serde_json::to_value(BlockOption::Range { from: 1, to: 16 }).unwrap();
        assert_eq!(range, json!({"fromBlock": "0x1", "toBlock": "0x10"}));
        assert_eq!(serde_json::to_value(BlockOption::Pending).unwrap(), json!("PENDING"));
    }
}
