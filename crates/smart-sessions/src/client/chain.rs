//! One chain: its node, its bundler, and the session contracts used on it.

use std::time::Duration;

use alloy_primitives::{Address, Bytes};
use bundler_rpc::{
    BundlerClient, BundlerError, CallRequest, Deadline, FeeSource, NodeClient, Preparer, SpendingLimit, Sponsorship,
};
use policy_encoding::SessionRefusal;
use session_types::abi::ModuleFunction;
use session_types::{Deployment, PermissionId};
use userop::EntryPoint;

use super::{ChainReader, Error};

/// The endpoints of one chain and the session contracts that are used there.
///
/// Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Chain {
    reader: ChainReader,
    bundler: BundlerClient,
    patience: Duration,
    fees: FeeSource,
    gas_percent: u32,
    spending_limit: SpendingLimit,
    sponsorship: Option<Sponsorship>,
}

impl Chain {
    /// How long an operation is waited for when nothing else is said.
    pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(120);

    /// Checks that node and bundler serve the same chain and that the session module is there.
    ///
    /// # Errors
    /// When an endpoint does not answer, the two are on different chains, or there is no code at the module's address.
    pub async fn connect(node: NodeClient, bundler: BundlerClient, deployment: Deployment) -> Result<Self, Error> {
        let (chain_id, bundler_chain, code) =
            tokio::try_join!(node.chain_id(), bundler.chain_id(), node.code(deployment.module))?;
        if bundler_chain != chain_id {
            return Err(BundlerError::ChainMismatch { expected: chain_id, seen: bundler_chain }.into());
        }
        if code.is_empty() {
            return Err(Error::NoSessionModule {
                chain_id,
                module: deployment.module,
                generation: deployment.generation,
            });
        }
        Ok(Self {
            reader: ChainReader::new(node, chain_id, deployment),
            bundler,
            patience: Self::DEFAULT_PATIENCE,
            fees: FeeSource::Node,
            gas_percent: 100,
            spending_limit: SpendingLimit::default(),
            sponsorship: None,
        })
    }

    /// Connects to a node and a bundler by their addresses: `http`, or `https` with the feature `tls`.
    ///
    /// # Errors
    /// When an address cannot be used, and as [`connect`](Self::connect).
    #[doc(alias("bundlerUrl", "bundlerTransport", "transport"))]
    pub async fn http(node: &str, bundler: &str, deployment: Deployment) -> Result<Self, Error> {
        Self::connect(NodeClient::http(node)?, BundlerClient::http(bundler)?, deployment).await
    }

    /// Sets how long an operation is waited for, from its first request to its receipt.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Limits what one operation may cost, the owner's and the session's alike: checked before anything is signed.
    ///
    /// At first there are bounds by the newest block that stop absurd answers of node and bundler
    /// ([`SpendingLimit::MEASURED`]), and none in wei: set those with [`SpendingLimit::with_max_cost`]. An operation
    /// above the limit is [`BundlerError::TooExpensive`] in [`Error::Network`].
    #[must_use]
    pub const fn with_spending_limit(mut self, limit: SpendingLimit) -> Self {
        self.spending_limit = limit;
        self
    }

    /// Takes fees from elsewhere than the node's estimate.
    #[must_use]
    pub const fn with_fees(mut self, fees: FeeSource) -> Self {
        self.fees = fees;
        self
    }

    /// Sends estimated limits of call and validation gas times `percent` / 100.
    #[must_use]
    #[doc(alias = "gasBuffer")]
    pub const fn with_gas_percent(mut self, percent: u32) -> Self {
        self.gas_percent = percent;
        self
    }

    /// Has a paymaster service pay, or take the account's tokens. A session must permit paymasters, or the chain refuses
    /// its operations ([`Limit::Paymaster`](crate::Limit::Paymaster)).
    #[must_use]
    pub fn with_sponsorship(mut self, sponsorship: impl Into<Option<Sponsorship>>) -> Self {
        self.sponsorship = sponsorship.into();
        self
    }

    /// What prepares operations as was said.
    pub(crate) fn preparer(&self, entry_point: EntryPoint) -> Preparer {
        Preparer::new(self.bundler.clone(), self.node().clone(), entry_point, self.chain_id())
            .with_fees(self.fees)
            .with_gas_percent(self.gas_percent)
            .with_spending_limit(self.spending_limit)
            .with_sponsorship(self.sponsorship.clone())
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.reader.chain_id()
    }

    /// The session contracts.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        self.reader.deployment()
    }

    /// The node, for other reads.
    #[must_use]
    pub const fn node(&self) -> &NodeClient {
        self.reader.node()
    }

    /// The bundler, for other requests.
    #[must_use]
    pub const fn bundler(&self) -> &BundlerClient {
        &self.bundler
    }

    /// The reads of the chain.
    #[must_use]
    pub const fn reader(&self) -> &ChainReader {
        &self.reader
    }

    /// Asks the session module a question that only `from` may ask.
    pub(crate) async fn ask_module_as<F: ModuleFunction>(
        &self,
        from: Address,
        question: &F,
    ) -> Result<F::Return, Error> {
        self.reader.ask_module_as(from, question).await
    }

    /// Asks any contract a question whose answer is an ABI `bool`.
    pub(crate) async fn ask_bool(&self, to: Address, data: Bytes) -> Result<bool, Error> {
        let answer = self.node().call(&CallRequest::new(to, data)).await?;
        Ok(answer.last() == Some(&1) && answer.len() == 32)
    }

    /// Whether the session module has a permission of an account.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "isSessionEnabled")]
    #[doc(alias = "isPermissionEnabled")]
    pub async fn is_enabled(&self, permission_id: PermissionId, account: Address) -> Result<bool, Error> {
        self.reader.is_enabled(permission_id, account).await
    }

    /// A chain's refusal in the words of the limit that stopped the operation; any other error as it is.
    pub(crate) fn refusal(&self, error: Error, evaluation: Option<SessionRefusal>) -> Error {
        self.reader.refusal(error, evaluation)
    }

    /// How long an operation is waited for.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.patience)
    }
}
