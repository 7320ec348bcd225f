use alloy_json_rpc::{RpcRecv, RpcSend};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use session_types::abi::ModuleFunction;

use crate::MeeError;

/// A chain: its id and an RPC server.
#[derive(Clone, Debug)]
pub struct Chain {
    id: u64,
    rpc: RpcClient,
}

impl Chain {
    /// The chain with this EIP-155 id behind `rpc`. Nothing is sent yet.
    #[must_use]
    pub const fn new(id: u64, rpc: RpcClient) -> Self {
        Self { id, rpc }
    }

    /// The EIP-155 chain id.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The RPC server.
    #[must_use]
    pub const fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    pub(crate) async fn request<P: RpcSend, R: RpcRecv>(&self, method: &'static str, params: P) -> Result<R, MeeError> {
        self.rpc.request(method, params).await.map_err(|source| MeeError::Rpc { chain_id: self.id, method, source })
    }

    /// Calls a contract at the latest block.
    pub(crate) async fn call(&self, to: Address, data: Bytes) -> Result<Bytes, MeeError> {
        self.request("eth_call", json!([{ "to": to.to_checksum(None), "data": data }, "latest"])).await
    }

    /// Calls a contract and reads its answer.
    pub(crate) async fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, MeeError> {
        let answer = self.call(to, call.abi_encode().into()).await?;
        C::abi_decode_returns(&answer).map_err(|_| MeeError::ContractAnswer {
            chain_id: self.id,
            contract: to,
            function: C::SIGNATURE,
        })
    }

    /// Asks the session module.
    pub(crate) async fn ask_module<F: ModuleFunction>(&self, module: Address, call: &F) -> Result<F::Return, MeeError> {
        let answer = self.call(module, call.calldata()).await?;
        F::decode_return(&answer).map_err(|_| MeeError::ContractAnswer {
            chain_id: self.id,
            contract: module,
            function: F::SIGNATURE,
        })
    }

    /// Whether there is code at an address.
    pub(crate) async fn has_code(&self, address: Address) -> Result<bool, MeeError> {
        Ok(!self.code(address).await?.is_empty())
    }

    pub(crate) async fn code(&self, address: Address) -> Result<Bytes, MeeError> {
        self.request("eth_getCode", (address.to_checksum(None), "latest")).await
    }

    /// The number of transactions that an address has sent, or has under way.
    pub(crate) async fn transaction_count(&self, address: Address, block: &'static str) -> Result<u64, MeeError> {
        let count: U64 = self.request("eth_getTransactionCount", (address.to_checksum(None), block)).await?;
        Ok(count.to())
    }

    /// Wei of an address.
    pub(crate) async fn balance(&self, address: Address) -> Result<U256, MeeError> {
        self.request("eth_getBalance", (address.to_checksum(None), "latest")).await
    }

    pub(crate) async fn gas_price(&self) -> Result<U256, MeeError> {
        self.request("eth_gasPrice", json!([])).await
    }

    /// The receipt of a transaction, as JSON; `None` while it is not mined.
    pub(crate) async fn receipt(&self, hash: B256) -> Result<Option<Value>, MeeError> {
        self.request("eth_getTransactionReceipt", [hash]).await
    }
}
