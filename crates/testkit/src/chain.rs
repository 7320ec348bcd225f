use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U64, U256, address, keccak256};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use crate::{Error, JsonRpc, Key};

/// The deployer of contracts at addresses that depend on their code alone, the same on all chains.
pub const DETERMINISTIC_DEPLOYER: Address = address!("0x4e59b44847b379578588920ca78fbf26c0b4956c");

/// How long a transaction may take to be mined, in polls of [`POLL`].
const POLLS: u32 = 3000;
const POLL: Duration = Duration::from_millis(5);

/// Gas for transactions of our own; all fit.
const GAS: u64 = 15_000_000;

/// The node of a local chain, with what only a local chain can do: give money, set code, move time.
#[derive(Clone, Debug)]
pub struct Chain {
    rpc: JsonRpc,
    // The node gives two transactions that arrive together the same nonce, and one of them is lost.
    sending: Arc<Mutex<()>>,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Receipt {
    /// The transaction's hash.
    pub transaction_hash: B256,
    /// The block that holds it.
    pub block_number: U64,
    /// Gas used.
    pub gas_used: U64,
    /// 1 when it succeeded, 0 when it reverted.
    pub status: U64,
    /// Where it created a contract.
    pub contract_address: Option<Address>,
    /// Events, as the node gives them.
    #[serde(default)]
    pub logs: Vec<Value>,
}

impl Chain {
    /// The node at this URL.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self { rpc: JsonRpc::new(url), sending: Arc::default() }
    }

    /// The node's JSON-RPC, for any other method.
    #[must_use]
    pub const fn rpc(&self) -> &JsonRpc {
        &self.rpc
    }

    /// The chain's id.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`], as for all methods here.
    pub async fn chain_id(&self) -> Result<u64, Error> {
        Ok(self.rpc.request::<U64>("eth_chainId", ()).await?.to())
    }

    /// The time of the latest block, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn timestamp(&self) -> Result<u64, Error> {
        let block: Value = self.rpc.request("eth_getBlockByNumber", ("latest", false)).await?;
        let timestamp: Option<U64> = serde_json::from_value(block["timestamp"].clone()).ok();
        timestamp.map(|timestamp| timestamp.to()).ok_or_else(|| self.unexpected("eth_getBlockByNumber", &block))
    }

    /// The number of the latest block.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn block_number(&self) -> Result<u64, Error> {
        Ok(self.rpc.request::<U64>("eth_blockNumber", ()).await?.to())
    }

    /// An account's balance in wei.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn balance(&self, account: Address) -> Result<U256, Error> {
        self.rpc.request("eth_getBalance", (account, "latest")).await
    }

    /// The code at an address, empty when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn code_at(&self, address: Address) -> Result<Bytes, Error> {
        self.rpc.request("eth_getCode", (address, "latest")).await
    }

    /// Calls a contract without a transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`], with what the contract reverted with as its data.
    pub async fn call(&self, to: Address, data: impl Into<Bytes> + Send) -> Result<Bytes, Error> {
        self.rpc.request("eth_call", (json!({ "to": to, "data": data.into() }), "latest")).await
    }

    /// Adds wei to an account's balance.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn fund(&self, account: Address, wei: U256) -> Result<(), Error> {
        let balance = self.balance(account).await?.saturating_add(wei);
        self.rpc.request::<Value>("anvil_setBalance", (account, balance)).await.map(drop)
    }

    /// Puts code at an address.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn set_code(&self, address: Address, code: impl Into<Bytes> + Send) -> Result<(), Error> {
        self.rpc.request::<Value>("anvil_setCode", (address, code.into())).await.map(drop)
    }

    /// Mines blocks.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn mine(&self, blocks: u64) -> Result<(), Error> {
        self.rpc.request::<Value>("anvil_mine", (U64::from(blocks),)).await.map(drop)
    }

    /// Gives the next block this time, in seconds since 1970; time goes on from there. It can only go forwards.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`] for a time before that of the latest block.
    pub async fn set_next_timestamp(&self, seconds: u64) -> Result<(), Error> {
        self.rpc.request::<Value>("evm_setNextBlockTimestamp", (seconds,)).await.map(drop)
    }

    /// Moves the chain's clock by seconds and mines a block, so that calls and the bundler see the new time.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn increase_time(&self, seconds: u64) -> Result<(), Error> {
        self.rpc.request::<Value>("evm_increaseTime", (seconds,)).await?;
        self.mine(1).await
    }

    /// Sends a transaction from any address, without its key, and waits until it is mined.
    ///
    /// # Errors
    ///
    /// [`Error::Reverted`] when it reverts, [`Error::Rpc`] when it is not taken or not mined in time.
    pub async fn send(
        &self,
        from: Address,
        to: Address,
        value: U256,
        data: impl Into<Bytes> + Send,
    ) -> Result<Receipt, Error> {
        let transaction = json!({ "from": from, "to": to, "value": value, "data": data.into(), "gas": U64::from(GAS) });
        let guard = self.sending.lock().await;
        let hash = self.rpc.request("eth_sendTransaction", (transaction,)).await?;
        drop(guard);
        self.receipt(hash).await
    }

    /// Waits for a transaction to be mined.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn receipt(&self, hash: B256) -> Result<Receipt, Error> {
        const METHOD: &str = "eth_getTransactionReceipt";
        for _ in 0..POLLS {
            if let Some(receipt) = self.rpc.request::<Option<Receipt>>(METHOD, (hash,)).await? {
                return if receipt.status.is_zero() { Err(Error::Reverted { hash }) } else { Ok(receipt) };
            }
            tokio::time::sleep(POLL).await;
        }
        Err(self.unexpected(METHOD, &Value::Null))
    }

    /// Deploys a contract with the [`DETERMINISTIC_DEPLOYER`], unless it is there, and gives its address.
    ///
    /// # Errors
    ///
    /// [`Error::NotDeployed`] when the constructor reverts, and as [`send`](Self::send).
    pub async fn deploy(&self, name: &'static str, salt: B256, creation_code: &[u8]) -> Result<Address, Error> {
        let address = DETERMINISTIC_DEPLOYER.create2(salt, keccak256(creation_code));
        if self.code_at(address).await?.is_empty() {
            let data = [salt.as_slice(), creation_code].concat();
            let sent = self.send(Key::Deployer.address(), DETERMINISTIC_DEPLOYER, U256::ZERO, data).await;
            let reverted = matches!(sent, Err(Error::Reverted { .. }));
            if reverted || self.code_at(address).await?.is_empty() {
                return Err(Error::NotDeployed { name, address });
            }
            sent?;
        }
        Ok(address)
    }

    fn unexpected(&self, method: &str, answer: &Value) -> Error {
        Error::Rpc {
            url: self.rpc.url().to_string(),
            method: method.to_owned(),
            code: None,
            message: format!("unexpected answer {answer}"),
            data: None,
        }
    }
}
