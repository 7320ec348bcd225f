//! The `pimlico_` methods, which alto serves too, and the paymaster methods of the same service.

use alloy_primitives::{Address, B256, I256, TxHash, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use userop::EntryPoint;

use super::GasPrices;
use crate::endpoint::{Endpoint, NO_PARAMS};
use crate::paymaster::PaymasterFields;
use crate::status::hash_member;
use crate::wire::{lenient, quantity};
use crate::{
    BundlerClient, BundlerError, PartialOperation, Progress, SignedOperation, StateOverride, StatusMethod,
    UserOperationReceipt,
};

/// `pimlico_getUserOperationStatus`, for [`Polling`](crate::Polling).
pub const STATUS: StatusMethod = StatusMethod::new("pimlico_getUserOperationStatus", progress);

fn progress(answer: &Value) -> Progress {
    let transaction_hash = hash_member(answer, "transactionHash");
    match answer.get("status").and_then(Value::as_str) {
        Some("not_submitted" | "queued") => Progress::Pending,
        Some("submitted") => Progress::Submitted { transaction_hash },
        Some("included" | "reverted") => Progress::Mined { transaction_hash },
        Some(words @ ("rejected" | "failed")) => Progress::Dropped { reason: words.to_owned() },
        _ => Progress::Unknown,
    }
}

/// The `pimlico_` methods of a bundler: [`BundlerClient::pimlico`].
#[derive(Clone, Copy)]
pub struct Pimlico<'a> {
    client: &'a BundlerClient,
}

impl std::fmt::Debug for Pimlico<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pimlico").finish_non_exhaustive()
    }
}

impl BundlerClient {
    /// The `pimlico_` methods.
    #[must_use]
    pub const fn pimlico(&self) -> Pimlico<'_> {
        Pimlico { client: self }
    }
}

/// The answer of `pimlico_getUserOperationStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationStatus {
    /// The service's word: `not_found`, `not_submitted`, `submitted`, `rejected`, `reverted`, `included`, `failed`.
    pub status: String,
    /// The bundle's transaction.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub transaction_hash: Option<TxHash>,
}

/// What an operation does to the balances of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetChange {
    /// Whose balance.
    pub address: Address,
    /// The token; the zero address or `0xeeee…` for the chain's coin.
    pub token: Address,
    /// Before the operation, in the smallest unit.
    #[serde(with = "quantity")]
    pub balance_before: U256,
    /// After the operation, in the smallest unit.
    #[serde(with = "quantity")]
    pub balance_after: U256,
}

impl AssetChange {
    /// What is gained, negative for a loss; `None` for amounts that no token has.
    #[must_use]
    pub fn difference(&self) -> Option<I256> {
        I256::try_from(self.balance_after).ok()?.checked_sub(I256::try_from(self.balance_before).ok()?)
    }
}

/// What a token paymaster takes for gas (`pimlico_getTokenQuotes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenQuote {
    /// The paymaster that takes the token.
    pub paymaster: Address,
    /// The token.
    pub token: Address,
    /// Gas that its settlement takes.
    #[serde(with = "quantity")]
    pub post_op_gas: U256,
    /// Token units for 10^18 wei.
    #[serde(with = "quantity")]
    pub exchange_rate: U256,
    /// Millionths of a dollar for one coin.
    #[serde(with = "quantity")]
    pub exchange_rate_native_to_usd: U256,
    /// The storage slot of the token's balances, for state overrides.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub balance_slot: Option<U256>,
    /// The storage slot of the token's allowances, for state overrides.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub allowance_slot: Option<U256>,
}

impl TokenQuote {
    /// The most that an operation can cost in the token's smallest unit, rounded up: what an approval must cover.
    ///
    /// `gas` is the sum of the operation's limits, without the paymaster's settlement. `None` when it does not fit.
    #[must_use]
    pub fn max_cost(&self, gas: U256, max_fee_per_gas: u128) -> Option<U256> {
        let wei = gas.checked_add(self.post_op_gas)?.checked_mul(U256::from(max_fee_per_gas))?;
        let unit = U256::from(10).pow(U256::from(18));
        Some(wei.checked_mul(self.exchange_rate)?.div_ceil(unit))
    }
}

#[derive(Debug, Deserialize)]
struct Quotes {
    quotes: Vec<TokenQuote>,
}

impl Pimlico<'_> {
    const fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// `pimlico_getUserOperationGasPrice`: the fees the bundler asks for.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "pimlico_getUserOperationGasPrice")]
    pub async fn gas_prices(&self) -> Result<GasPrices, BundlerError> {
        self.endpoint().read("pimlico_getUserOperationGasPrice", &NO_PARAMS).await
    }

    /// `pimlico_getUserOperationStatus`: where an operation is on its way.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "pimlico_getUserOperationStatus")]
    pub async fn status(&self, hash: B256) -> Result<OperationStatus, BundlerError> {
        self.endpoint().read(STATUS.name(), &[hash]).await
    }

    /// `pimlico_sendUserOperationNow`: sends an operation past the mempool and answers with its receipt. One attempt.
    ///
    /// # Errors
    /// When the bundler refuses it, or the answer is lost: then look the operation up by its hash.
    #[doc(alias = "pimlico_sendUserOperationNow")]
    pub async fn send_now(&self, operation: &SignedOperation) -> Result<Option<UserOperationReceipt>, BundlerError> {
        self.endpoint().call("pimlico_sendUserOperationNow", operation.params()).await
    }

    /// `boost_sendUserOperation`: sends an operation whose fees may be zero. One attempt.
    ///
    /// # Errors
    /// As [`BundlerClient::send`].
    #[doc(alias = "boost_sendUserOperation")]
    pub async fn boost(&self, operation: &SignedOperation) -> Result<B256, BundlerError> {
        self.client.send_by("boost_sendUserOperation", operation).await
    }

    /// `pimlico_simulateAssetChange`: what an operation would do to balances.
    ///
    /// # Errors
    /// When the simulation fails, or the server does not answer.
    #[doc(alias = "pimlico_simulateAssetChange")]
    pub async fn simulate_asset_change(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        addresses: &[Address],
        tokens: &[Address],
        overrides: Option<&StateOverride>,
    ) -> Result<Vec<AssetChange>, BundlerError> {
        const METHOD: &str = "pimlico_simulateAssetChange";
        #[derive(Clone, Copy, Debug, Serialize)]
        struct Wanted<'a> {
            addresses: &'a [Address],
            tokens: &'a [Address],
        }
        let operation = operation.wire(entry_point.version);
        let wanted = Wanted { addresses, tokens };
        match overrides.filter(|overrides| !overrides.is_empty()) {
            Some(overrides) => self.endpoint().read(METHOD, &(operation, entry_point.address, wanted, overrides)).await,
            None => self.endpoint().read(METHOD, &(operation, entry_point.address, wanted)).await,
        }
    }

    /// `pimlico_getTokenQuotes`: what token paymasters take for gas.
    ///
    /// # Errors
    /// When the server does not answer, or lacks the method.
    #[doc(alias = "pimlico_getTokenQuotes")]
    pub async fn token_quotes(
        &self,
        tokens: &[Address],
        entry_point: EntryPoint,
        chain_id: u64,
    ) -> Result<Vec<TokenQuote>, BundlerError> {
        #[derive(Clone, Copy, Debug, Serialize)]
        struct Wanted<'a> {
            tokens: &'a [Address],
        }
        let params = (Wanted { tokens }, entry_point.address, format!("{chain_id:#x}"));
        let Quotes { quotes } = self.endpoint().read("pimlico_getTokenQuotes", &params).await?;
        Ok(quotes)
    }

    /// `pm_sponsorUserOperation`: paymaster and gas fields in one answer.
    ///
    /// # Errors
    /// When the service refuses, or does not answer.
    #[doc(alias = "pm_sponsorUserOperation")]
    pub async fn sponsor(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        context: Option<&Value>,
    ) -> Result<PaymasterFields, BundlerError> {
        const METHOD: &str = "pm_sponsorUserOperation";
        let operation = operation.wire(entry_point.version);
        match context {
            Some(context) => self.endpoint().read(METHOD, &(operation, entry_point.address, context)).await,
            None => self.endpoint().read(METHOD, &(operation, entry_point.address)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_the_status_method() {
        let hash = B256::repeat_byte(7);
        let read = |status: &str| STATUS.read(&json!({"status": status, "transactionHash": hash}));
        assert_eq!(read("submitted"), Progress::Submitted { transaction_hash: Some(hash) });
        assert_eq!(read("included"), Progress::Mined { transaction_hash: Some(hash) });
        assert_eq!(read("rejected"), Progress::Dropped { reason: "rejected".into() });
        assert_eq!(read("not_found"), Progress::Unknown);
        assert_eq!(STATUS.read(&Value::Null), Progress::Unknown);
    }

    #[test]
    fn quotes_bound_the_approval() {
        let quote = TokenQuote {
            paymaster: Address::ZERO,
            token: Address::ZERO,
            post_op_gas: U256::from(40_000),
            exchange_rate: U256::from(3_000_000_000_u64),
            exchange_rate_native_to_usd: U256::ZERO,
            balance_slot: None,
            allowance_slot: None,
        };
        // 240,000 gas at 1 gwei are 2.4e14 wei, at 3e9 units for 1e18 wei 720,000 units.
        assert_eq!(quote.max_cost(U256::from(200_000), 1_000_000_000), Some(U256::from(720_000)));
        assert_eq!(quote.max_cost(U256::from(200_000), 1), Some(U256::from(1)));
        assert_eq!(quote.max_cost(U256::MAX, 2), None);
    }
}
