use std::fmt;

use alloy_consensus::transaction::SignableTransaction;
use alloy_consensus::{TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U64, U256};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{AccountSigner, SignError, SigningRequest};
use crate::{Chain, MeeError};

/// A transaction that starts a supertransaction, before fees and nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TriggerTransaction {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// Who sends it.
    pub from: Address,
    /// Where to.
    pub to: Address,
    /// Wei to send.
    pub value: U256,
    /// Call data.
    pub data: Bytes,
}

/// What sends the owner's transactions: a wallet, a provider, or [`OwnTransactions`].
pub trait TransactionSender: fmt::Debug + Send + Sync {
    /// Sends a transaction and gives its hash. It is waited for by the caller.
    fn send<'a>(
        &'a self,
        chain: &'a Chain,
        transaction: &'a TriggerTransaction,
    ) -> BoxFuture<'a, Result<B256, MeeError>>;
}

/// Signs transactions with an account's own key and sends them through the chain's RPC server, as EIP-1559
/// transactions with 20 % above the base fee.
#[derive(Clone, Debug)]
pub struct OwnTransactions<S>(pub S);

impl<S: AccountSigner> TransactionSender for OwnTransactions<S> {
    fn send<'a>(
        &'a self,
        chain: &'a Chain,
        transaction: &'a TriggerTransaction,
    ) -> BoxFuture<'a, Result<B256, MeeError>> {
        send(&self.0, chain, transaction).boxed()
    }
}

pub(crate) async fn send(
    signer: &dyn AccountSigner,
    chain: &Chain,
    transaction: &TriggerTransaction,
) -> Result<B256, MeeError> {
    let nonce = chain.transaction_count(transaction.from, "pending").await?;
    let block: Value = chain.request("eth_getBlockByNumber", json!(["latest", false])).await?;
    let base_fee = quantity(block.get("baseFeePerGas").unwrap_or(&Value::Null))?;
    let tip: U256 = chain.request("eth_maxPriorityFeePerGas", json!([])).await?;
    let tip = small(tip)?;
    let max_fee = base_fee
        .checked_mul(12)
        .and_then(|fee| (fee / 10).checked_add(tip))
        .ok_or_else(|| trigger("base fee is too large"))?;
    let gas = estimate(chain, transaction).await?;
    let unsigned = TxEip1559 {
        chain_id: chain.id(),
        nonce,
        gas_limit: gas,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(transaction.to),
        value: transaction.value,
        access_list: Default::default(),
        input: transaction.data.clone(),
    };
    let signature =
        signer.sign(SigningRequest::Transaction(unsigned.signature_hash())).await.map_err(SignError::Signer)?;
    let signature =
        Signature::from_raw(&signature).map_err(|_| SignError::SignatureLength { length: signature.len() })?;
    let envelope = TxEnvelope::from(unsigned.into_signed(signature));
    let raw: Bytes = envelope.encoded_2718().into();
    let _: B256 = chain.request("eth_sendRawTransaction", [raw]).await?;
    Ok(*envelope.tx_hash())
}

pub(crate) async fn estimate(chain: &Chain, transaction: &TriggerTransaction) -> Result<u64, MeeError> {
    let call = json!({
        "data": transaction.data,
        "from": transaction.from.to_checksum(None),
        "to": transaction.to.to_checksum(None),
        "value": transaction.value,
    });
    let gas: U64 = chain.request("eth_estimateGas", [call]).await?;
    Ok(gas.to())
}

fn quantity(value: &Value) -> Result<u128, SignError> {
    let text = value.as_str().ok_or_else(|| trigger("the chain's blocks have no base fee"))?;
    small(text.parse().map_err(|_| trigger("unreadable base fee"))?)
}

fn small(value: U256) -> Result<u128, SignError> {
    u128::try_from(value).map_err(|_| trigger("a fee is too large"))
}

fn trigger(reason: &str) -> SignError {
    SignError::Trigger { reason: reason.to_owned() }
}
