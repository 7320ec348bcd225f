use std::fmt;

use alloy_primitives::{Address, B256, Bytes, TxHash, U256};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::{SolCall, SolEvent, sol};
use serde::{Deserialize, Serialize};
use serde_json::json;
use userop::{EntryPoint, NonceKey};

use crate::endpoint::{Answer, Endpoint, NO_PARAMS, Request};
use crate::wire::{Fees, Quantity, ReceiptLog, UserOperationEvent, lenient, quantity};
use crate::{Backoff, BundlerError, ConnectError};

sol! {
    function getNonce(address sender, uint192 key) external view returns (uint256 nonce);
    function balanceOf(address account) external view returns (uint256);
}

/// The few reads of a node that operations need.
///
/// Reads are repeated a few times while the server cannot answer. Cloning is cheap and shares the connection.
#[derive(Clone)]
pub struct NodeClient {
    endpoint: Endpoint,
}

impl fmt::Debug for NodeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The transport would show the URL, which may hold a key.
        f.debug_struct("NodeClient").finish_non_exhaustive()
    }
}

/// A call without a transaction (`eth_call`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallRequest {
    /// The caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Address>,
    /// The contract.
    pub to: Address,
    /// What it is called with.
    pub data: Bytes,
}

impl CallRequest {
    /// A call of `to` with `data`.
    #[must_use]
    pub fn new(to: Address, data: impl Into<Bytes>) -> Self {
        Self { from: None, to, data: data.into() }
    }

    /// With a caller.
    #[must_use]
    pub const fn with_from(mut self, from: Address) -> Self {
        self.from = Some(from);
        self
    }
}

/// Which logs to read (`eth_getLogs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // what the method takes
pub struct LogFilter {
    /// The contracts; all when empty.
    pub addresses: Vec<Address>,
    /// The first topics, any of which a log must have; all when empty.
    pub topics: Vec<B256>,
    /// The first block.
    pub from_block: u64,
    /// The last block.
    pub to_block: u64,
}

/// What is read of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BlockHead {
    /// Its number.
    #[serde(default, with = "quantity::optional")]
    pub number: Option<u64>,
    /// Its time, Unix seconds.
    #[serde(default, with = "quantity::optional")]
    pub timestamp: Option<u64>,
    /// What a unit of gas costs at least, in wei; `None` before EIP-1559.
    #[serde(default, with = "quantity::optional")]
    pub base_fee_per_gas: Option<u128>,
    /// How much gas all of its transactions may use together.
    #[serde(default, with = "quantity::optional")]
    pub gas_limit: Option<U256>,
    /// Its hash.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub hash: Option<B256>,
}

impl NodeClient {
    /// A client over any transport.
    #[must_use]
    pub fn new(rpc: RpcClient) -> Self {
        Self { endpoint: Endpoint::new(rpc) }
    }

    /// A client of an `http` or (feature `tls`) `https` address.
    ///
    /// # Errors
    /// As [`connect`](crate::connect).
    pub fn http(url: &str) -> Result<Self, ConnectError> {
        crate::connect(url).map(Self::new)
    }

    /// With other pauses between repeated reads.
    #[must_use]
    pub const fn with_backoff(mut self, reads: Backoff) -> Self {
        self.endpoint.set_reads(reads);
        self
    }

    /// The client underneath, for other methods.
    #[must_use]
    pub const fn rpc(&self) -> &RpcClient {
        self.endpoint.rpc()
    }

    /// The chain's id.
    ///
    /// # Errors
    /// When the node does not answer, or answers with something else.
    pub async fn chain_id(&self) -> Result<u64, BundlerError> {
        let Quantity(id) = self.endpoint.read("eth_chainId", &NO_PARAMS).await?;
        Ok(id)
    }

    /// The code at an address; empty when there is none.
    ///
    /// # Errors
    /// When the node does not answer, or answers with something else.
    pub async fn code(&self, address: Address) -> Result<Bytes, BundlerError> {
        self.endpoint.read("eth_getCode", &(address, "latest")).await
    }

    /// The balance of an address in wei.
    ///
    /// # Errors
    /// When the node does not answer, or answers with something else.
    pub async fn balance(&self, address: Address) -> Result<U256, BundlerError> {
        let Quantity(balance) = self.endpoint.read("eth_getBalance", &(address, "latest")).await?;
        Ok(balance)
    }

    /// The balance of an address in an ERC-20 token's smallest unit.
    ///
    /// # Errors
    /// When the node does not answer, or the contract is no token.
    pub async fn token_balance(&self, token: Address, account: Address) -> Result<U256, BundlerError> {
        self.call_sol(token, &balanceOfCall { account }).await
    }

    /// The transaction count of a plain key account, its pending transactions included: EIP-7702 authorizations need it.
    ///
    /// # Errors
    /// When the node does not answer, or answers with something else.
    pub async fn transaction_count(&self, address: Address) -> Result<u64, BundlerError> {
        let Quantity(count) = self.endpoint.read("eth_getTransactionCount", &(address, "pending")).await?;
        Ok(count)
    }

    /// The next nonce of an account under a key, from the entry point.
    ///
    /// # Errors
    /// When the node does not answer, or there is no entry point at the address.
    pub async fn nonce(&self, entry_point: EntryPoint, sender: Address, key: NonceKey) -> Result<U256, BundlerError> {
        self.call_sol(entry_point.address, &getNonceCall { sender, key: key.to_u192() }).await
    }

    /// Runs a call without a transaction.
    ///
    /// # Errors
    /// When the node does not answer, or the call reverts: then [`BundlerError::revert_data`] has the bytes.
    pub async fn call(&self, request: &CallRequest) -> Result<Bytes, BundlerError> {
        self.endpoint.read("eth_call", &(request, "latest")).await
    }

    /// Runs a call of a contract function and decodes its answer.
    ///
    /// # Errors
    /// As [`call`](Self::call), and when the answer is not what the function returns.
    pub async fn call_sol<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, BundlerError> {
        let answer = self.call(&CallRequest::new(to, call.abi_encode())).await?;
        decode_return::<C>(&answer)
    }

    /// Several calls in one request: the answers in the same order, each with its own failure.
    ///
    /// # Errors
    /// When the node does not answer at all.
    pub async fn call_many(&self, requests: &[CallRequest]) -> Result<Vec<Result<Bytes, BundlerError>>, BundlerError> {
        let requests: Vec<_> =
            requests.iter().map(|request| Request::new("eth_call", &(request, "latest"))).collect::<Result<_, _>>()?;
        Ok(self.endpoint.read_batch(&requests).await?.into_iter().map(Answer::read).collect())
    }

    /// The newest block.
    ///
    /// # Errors
    /// When the node does not answer, or answers with something else.
    pub async fn latest_block(&self) -> Result<BlockHead, BundlerError> {
        self.endpoint.read("eth_getBlockByNumber", &("latest", false)).await
    }

    /// Fees that the next blocks will take (EIP-1559): twice the base fee, which it reaches after six full blocks at the
    /// earliest, and the node's priority fee on top of it.
    ///
    /// # Errors
    /// When the node does not answer, or its chain has no base fee.
    pub async fn fees(&self) -> Result<Fees, BundlerError> {
        let mut answers = self.endpoint.read_batch(&Self::fee_requests()?).await?.into_iter();
        let block = Self::block_of(&mut answers)?;
        Ok(Self::market_of(&block, &mut answers)?.fees())
    }

    pub(crate) fn fee_requests() -> Result<[Request; 2], BundlerError> {
        Ok([Self::block_request()?, Request::new("eth_maxPriorityFeePerGas", &NO_PARAMS)?])
    }

    pub(crate) fn block_request() -> Result<Request, BundlerError> {
        Request::new("eth_getBlockByNumber", &("latest", false))
    }

    pub(crate) fn block_of(answers: &mut impl Iterator<Item = Answer>) -> Result<BlockHead, BundlerError> {
        answers.next().ok_or_else(|| no_market("no answer"))?.read()
    }

    /// Prices by the newest block and the answer about the priority fee.
    pub(crate) fn market_of(
        block: &BlockHead,
        answers: &mut impl Iterator<Item = Answer>,
    ) -> Result<Market, BundlerError> {
        let Quantity(priority): Quantity<u128> = answers.next().ok_or_else(|| no_market("no answer"))?.read()?;
        let base = block.base_fee_per_gas.ok_or_else(|| no_market("the chain has no base fee: give the fees"))?;
        Ok(Market { base, priority })
    }

    pub(crate) fn nonce_request(
        entry_point: EntryPoint,
        sender: Address,
        key: NonceKey,
    ) -> Result<Request, BundlerError> {
        let call = CallRequest::new(entry_point.address, getNonceCall { sender, key: key.to_u192() }.abi_encode());
        Request::new("eth_call", &(call, "latest"))
    }

    pub(crate) fn nonce_of(answer: Answer) -> Result<U256, BundlerError> {
        decode_return::<getNonceCall>(&answer.read::<Bytes>()?)
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The logs of a range of blocks, in the order of the chain. Nodes limit the range, or the number of logs.
    ///
    /// # Errors
    /// When the node does not answer, or refuses the range.
    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<ReceiptLog>, BundlerError> {
        let mut question = json!({
            "fromBlock": format!("{:#x}", filter.from_block),
            "toBlock": format!("{:#x}", filter.to_block),
        });
        if !filter.addresses.is_empty() {
            question["address"] = json!(filter.addresses);
        }
        if !filter.topics.is_empty() {
            question["topics"] = json!([filter.topics]);
        }
        self.endpoint.read("eth_getLogs", &[question]).await
    }

    /// What the entry point logged about an operation, from its own event: the truth when no bundler knows it any more.
    ///
    /// `from_block` bounds the search; nodes limit how far back it may go.
    ///
    /// # Errors
    /// When the node does not answer, or refuses the range.
    pub async fn find_operation(
        &self,
        entry_point: EntryPoint,
        hash: B256,
        from_block: u64,
    ) -> Result<Option<MinedOperation>, BundlerError> {
        let logs = self.operation_events(entry_point, from_block, json!([UserOperationEvent::SIGNATURE_HASH, hash]));
        Ok(logs.await?.into_iter().next())
    }

    /// Which operation has used a nonce, from the entry point's own event: the proof that another one with this nonce was
    /// mined, or never will be.
    ///
    /// `None` is no proof of anything: the nonce may be free, used before `from_block`, or the node behind the chain.
    ///
    /// # Errors
    /// When the node does not answer, or refuses the range.
    pub async fn find_nonce(
        &self,
        entry_point: EntryPoint,
        sender: Address,
        nonce: U256,
        from_block: u64,
    ) -> Result<Option<MinedOperation>, BundlerError> {
        let topics = json!([UserOperationEvent::SIGNATURE_HASH, null, sender.into_word()]);
        let events = self.operation_events(entry_point, from_block, topics).await?;
        Ok(events.into_iter().find(|event| event.nonce == nonce))
    }

    async fn operation_events(
        &self,
        entry_point: EntryPoint,
        from_block: u64,
        topics: serde_json::Value,
    ) -> Result<Vec<MinedOperation>, BundlerError> {
        let filter = json!({
            "address": entry_point.address,
            "topics": topics,
            "fromBlock": format!("{from_block:#x}"),
            "toBlock": "latest",
        });
        let logs: Vec<ReceiptLog> = self.endpoint.read("eth_getLogs", &[filter]).await?;
        let events = logs.into_iter().filter_map(|log| {
            let event = UserOperationEvent::decode_log(&log.to_log()).ok()?.data;
            Some(MinedOperation {
                hash: event.userOpHash,
                transaction_hash: log.transaction_hash?,
                block_number: log.block_number,
                success: event.success,
                nonce: event.nonce,
                actual_gas_cost: event.actualGasCost,
            })
        });
        Ok(events.collect())
    }
}

fn no_market(reason: &str) -> BundlerError {
    BundlerError::Request { method: "eth_getBlockByNumber".into(), reason: reason.into() }
}

/// What a node says about prices, in wei per unit of gas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Market {
    base: u128,
    priority: u128,
}

impl Market {
    /// Twice the base fee and the priority fee.
    pub(crate) const fn fees(self) -> Fees {
        Fees {
            max_fee_per_gas: self.base.saturating_mul(2).saturating_add(self.priority),
            max_priority_fee_per_gas: self.priority,
        }
    }

    /// The reference library's: 1.2 times the base fee and the priority fee, and all of it doubled.
    pub(crate) const fn doubled_fees(self) -> Fees {
        let once = self.base.saturating_add(self.base / 5).saturating_add(self.priority);
        Fees { max_fee_per_gas: once.saturating_mul(2), max_priority_fee_per_gas: self.priority.saturating_mul(2) }
    }
}

/// What the entry point's event says of a mined operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MinedOperation {
    /// The operation.
    pub hash: B256,
    /// The transaction that carried it.
    pub transaction_hash: TxHash,
    /// The block that holds it.
    pub block_number: Option<u64>,
    /// Whether the calls went through.
    pub success: bool,
    /// The nonce it used.
    pub nonce: U256,
    /// What was paid, in wei.
    pub actual_gas_cost: U256,
}

impl MinedOperation {
    /// The operation, if its calls went through.
    ///
    /// # Errors
    /// When they reverted; the event does not say with what.
    pub fn require_success(self) -> Result<Self, BundlerError> {
        if self.success {
            return Ok(self);
        }
        let Self { hash, transaction_hash, .. } = self;
        let reverted = crate::OperationReverted { hash, transaction_hash, reason: None, revert: None };
        Err(BundlerError::Reverted(Box::new(reverted)))
    }
}

fn decode_return<C: SolCall>(answer: &Bytes) -> Result<C::Return, BundlerError> {
    C::abi_decode_returns(answer).map_err(|error| BundlerError::Malformed {
        method: "eth_call".into(),
        reason: format!("not what {} returns: {error}", C::SIGNATURE),
        body: crate::error::beginning(&answer.to_string()),
    })
}
