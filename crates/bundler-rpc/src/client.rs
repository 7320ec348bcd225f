use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use alloy_json_rpc::{RpcRecv, RpcSend};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_client::RpcClient;
use tokio::sync::OnceCell;
use userop::{EntryPoint, EntryPointVersion};

use crate::endpoint::{Endpoint, NO_PARAMS};
use crate::poller::Poller;
use crate::wire::{GasEstimate, KnownOperation, PartialOperation, Quantity, StateOverride, UserOperationReceipt};
use crate::{Backoff, BundlerError, ConnectError, ErrorKind, Polling, SignedOperation};

/// A client of one ERC-4337 bundler (ERC-7769), over any transport.
///
/// Reads are repeated a few times while the server cannot answer; a send is never repeated by these methods:
/// [`submit`](Self::submit) does that, with a look-up in between. Cloning is cheap and shares connection and cache.
///
/// ```no_run
/// use bundler_rpc::BundlerClient;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let bundler = BundlerClient::http("http://127.0.0.1:4337")?;
/// println!("chain {}, entry points {:?}", bundler.chain_id().await?, bundler.supported_entry_points().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BundlerClient {
    endpoint: Endpoint,
    known: Arc<Known>,
    poller: Arc<Poller>,
}

/// What does not change while a server runs. Only answers are kept, never the lack of one.
#[derive(Default)]
struct Known {
    chain_id: OnceCell<u64>,
    entry_points: OnceCell<Vec<Address>>,
}

impl fmt::Debug for BundlerClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The transport would show the URL, which may hold a key.
        f.debug_struct("BundlerClient")
            .field("chain_id", &self.known.chain_id.get())
            .field("entry_points", &self.known.entry_points.get())
            .finish_non_exhaustive()
    }
}

impl BundlerClient {
    /// A client over any transport: HTTP, WebSocket, IPC or one of your own.
    ///
    /// Give it no transport that repeats or duplicates requests by itself (alloy's `FallbackLayer` sends a request to
    /// several servers, its `RetryBackoffLayer` repeats sends): use [`Bundlers`](crate::Bundlers) for several servers.
    #[must_use]
    pub fn new(rpc: RpcClient) -> Self {
        let endpoint = Endpoint::new(rpc);
        let poller = Poller::new(endpoint.clone(), Polling::DEFAULT);
        Self { endpoint, known: Arc::default(), poller }
    }

    /// A client of an `http` or (feature `tls`) `https` address.
    ///
    /// # Errors
    /// When the address is no URL, has another scheme, or is `https` without the feature `tls`.
    pub fn http(url: &str) -> Result<Self, ConnectError> {
        crate::connect(url).map(Self::new)
    }

    /// With other pauses between repeated reads.
    #[must_use]
    pub const fn with_backoff(mut self, reads: Backoff) -> Self {
        self.endpoint.set_reads(reads);
        self
    }

    /// With another way of asking for receipts.
    #[must_use]
    pub fn with_polling(mut self, polling: Polling) -> Self {
        self.poller = Poller::new(self.endpoint.clone(), polling);
        self
    }

    pub(crate) const fn poller(&self) -> &Arc<Poller> {
        &self.poller
    }

    /// The client underneath.
    #[must_use]
    pub const fn rpc(&self) -> &RpcClient {
        self.endpoint.rpc()
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Calls any method once.
    ///
    /// # Errors
    /// When the server does not answer, answers with an error, or with something else than `R`.
    pub async fn request<P: RpcSend, R: RpcRecv>(
        &self,
        method: impl Into<Cow<'static, str>>,
        params: P,
    ) -> Result<R, BundlerError> {
        self.endpoint.call(method, params).await
    }

    /// `eth_chainId`: the bundler's chain. Asked once, then remembered.
    ///
    /// # Errors
    /// When the bundler does not answer, or answers with something else.
    #[doc(alias = "eth_chainId")]
    pub async fn chain_id(&self) -> Result<u64, BundlerError> {
        let read = || async {
            let Quantity(id) = self.endpoint.read("eth_chainId", &NO_PARAMS).await?;
            Ok(id)
        };
        self.known.chain_id.get_or_try_init(read).await.copied()
    }

    /// `eth_supportedEntryPoints`: the entry points served, the preferred one first. Asked once, then remembered.
    ///
    /// # Errors
    /// When the bundler does not answer, or answers with something else.
    #[doc(alias = "eth_supportedEntryPoints")]
    pub async fn supported_entry_points(&self) -> Result<Vec<Address>, BundlerError> {
        let read = || self.endpoint.read("eth_supportedEntryPoints", &NO_PARAMS);
        self.known.entry_points.get_or_try_init(read).await.cloned()
    }

    /// Checks that the bundler serves an entry point.
    ///
    /// # Errors
    /// When it does not, naming what it serves; or when it does not answer.
    pub async fn require_entry_point(&self, entry_point: EntryPoint) -> Result<(), BundlerError> {
        let supported = self.supported_entry_points().await?;
        if supported.contains(&entry_point.address) {
            return Ok(());
        }
        Err(BundlerError::UnsupportedEntryPoint { expected: entry_point.address, supported })
    }

    /// `eth_estimateUserOperationGas`: the gas an operation will need.
    ///
    /// What the operation leaves open is left out of the request, which ERC-7769 allows; some bundlers want zeros
    /// there: see [`PartialOperation::with_zero_gas`]. The signature must have its final length and pass as far into
    /// validation as the final one.
    ///
    /// # Errors
    /// When validation or execution fails with these fields, or the bundler does not answer.
    #[doc(alias = "eth_estimateUserOperationGas")]
    pub async fn estimate_gas(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        overrides: Option<&StateOverride>,
    ) -> Result<GasEstimate, BundlerError> {
        const METHOD: &str = "eth_estimateUserOperationGas";
        let operation = operation.wire(entry_point.version);
        match overrides.filter(|overrides| !overrides.is_empty()) {
            Some(overrides) => self.endpoint.read(METHOD, &(operation, entry_point.address, overrides)).await,
            None => self.endpoint.read(METHOD, &(operation, entry_point.address)).await,
        }
    }

    /// `eth_sendUserOperation`, one attempt. That the bundler has the operation already is a success.
    ///
    /// # Errors
    /// When the bundler refuses it, or names another hash than the one computed here. When the answer was lost
    /// ([`BundlerError::is_ambiguous`]) the bundler may have it nevertheless: [`submit`](Self::submit) finds out.
    #[doc(alias = "eth_sendUserOperation")]
    pub async fn send(&self, operation: &SignedOperation) -> Result<B256, BundlerError> {
        self.send_by("eth_sendUserOperation", operation).await
    }

    pub(crate) async fn send_by(
        &self,
        method: &'static str,
        operation: &SignedOperation,
    ) -> Result<B256, BundlerError> {
        let expected = operation.hash();
        match self.endpoint.call::<_, B256>(method, operation.params()).await {
            Ok(seen) if seen == expected => Ok(seen),
            Ok(seen) => Err(BundlerError::HashMismatch { expected, seen }),
            Err(error) if error.kind() == Some(&ErrorKind::AlreadyKnown) => Ok(expected),
            Err(error) => Err(error),
        }
    }

    /// `eth_getUserOperationByHash`: an operation the bundler knows, pending or mined.
    ///
    /// `None` says little: some bundlers only know mined ones.
    ///
    /// # Errors
    /// When the bundler does not answer, or answers with something else.
    #[doc(alias = "eth_getUserOperationByHash")]
    pub async fn operation(&self, hash: B256) -> Result<Option<KnownOperation>, BundlerError> {
        self.endpoint.read("eth_getUserOperationByHash", &[hash]).await
    }

    /// `eth_getUserOperationReceipt`: what became of an operation; `None` while it is not mined.
    ///
    /// # Errors
    /// When the bundler does not answer, or answers with something else.
    #[doc(alias = "eth_getUserOperationReceipt")]
    pub async fn receipt(&self, hash: B256) -> Result<Option<UserOperationReceipt>, BundlerError> {
        self.endpoint.read("eth_getUserOperationReceipt", &[hash]).await
    }
}

impl PartialOperation {
    /// With zero for each gas limit that is missing, as bundlers want it that refuse an estimation without them.
    #[must_use]
    pub fn with_zero_gas(mut self, version: EntryPointVersion) -> Self {
        self.call_gas_limit.get_or_insert(0);
        self.verification_gas_limit.get_or_insert(0);
        self.pre_verification_gas.get_or_insert(U256::ZERO);
        if let Some(paymaster) = self.paymaster.as_mut().filter(|_| version.is_packed()) {
            paymaster.verification_gas_limit.get_or_insert(0);
            paymaster.post_op_gas_limit.get_or_insert(0);
        }
        self
    }
}
