use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::U256;
use tokio::sync::OnceCell;

use crate::account::MultichainAccount;
use crate::clock::{Clock, CountingLanes, LaneSource, RandomSalts, SaltSource, SystemClock};
use crate::http::{Headers, HttpTransport, ReqwestTransport};
use crate::node::{DEFAULT_NODE, Executed, NodeApi, ReadRetries};
use crate::quote::{Check, Checks, GasTank, Mismatch, VerifiedQuote};
use crate::sign::TransactionSender;
use crate::wire::{GasTokens, NodeInfo, Quote, SignedQuote};
use crate::{ApiKey, MeeError};

/// A node and an account that uses it.
#[derive(Clone, Debug)]
pub struct MeeClient {
    account: Arc<MultichainAccount>,
    transport: Arc<dyn HttpTransport>,
    node: NodeApi,
    clock: Arc<dyn Clock>,
    salts: Arc<dyn SaltSource>,
    lanes: Arc<dyn LaneSource>,
    checks: Checks,
    polling_interval: Duration,
    trigger_timeout: Duration,
    confirmations: u64,
    sender: Option<Arc<dyn TransactionSender>>,
    info: Arc<OnceCell<NodeInfo>>,
}

/// Puts a [`MeeClient`] together. Nothing is sent.
#[derive(Debug)]
pub struct MeeClientBuilder {
    account: Arc<MultichainAccount>,
    transport: Option<Arc<dyn HttpTransport>>,
    url: String,
    api_key: Option<ApiKey>,
    headers: Headers,
    retries: ReadRetries,
    clock: Arc<dyn Clock>,
    salts: Arc<dyn SaltSource>,
    lanes: Arc<dyn LaneSource>,
    checks: Checks,
    polling_interval: Duration,
    trigger_timeout: Duration,
    confirmations: u64,
    sender: Option<Arc<dyn TransactionSender>>,
}

impl MeeClientBuilder {
    /// Uses the node at this base address instead of the published one.
    #[must_use]
    pub fn node(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Sends an API key.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = ApiKey::new(key);
        self
    }

    /// Sends a header to the node with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.0.push((name.into(), value.into()));
        self
    }

    /// Carries requests by this transport, for other timeouts or a proxy.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Repeats the node's reads so often after transient failures.
    #[must_use]
    pub const fn read_retries(mut self, retries: ReadRetries) -> Self {
        self.retries = retries;
        self
    }

    /// Takes the time from here.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes session salts from here.
    #[must_use]
    pub fn salts(mut self, salts: Arc<dyn SaltSource>) -> Self {
        self.salts = salts;
        self
    }

    /// Takes nonce lanes from here.
    #[must_use]
    pub fn lanes(mut self, lanes: Arc<dyn LaneSource>) -> Self {
        self.lanes = lanes;
        self
    }

    /// Makes these checks before a quote is signed.
    #[must_use]
    pub const fn checks(mut self, checks: Checks) -> Self {
        self.checks = checks;
        self
    }

    /// Asks so often how far a supertransaction is.
    #[must_use]
    pub const fn polling_interval(mut self, interval: Duration) -> Self {
        self.polling_interval = interval;
        self
    }

    /// Waits so long for a trigger transaction, until it has so many confirmations (at least one).
    #[must_use]
    pub const fn trigger_wait(mut self, timeout: Duration, confirmations: u64) -> Self {
        self.trigger_timeout = timeout;
        self.confirmations = confirmations;
        self
    }

    /// Sends trigger transactions by this wallet instead of the account's own key.
    #[must_use]
    pub fn transaction_sender(mut self, sender: Arc<dyn TransactionSender>) -> Self {
        self.sender = Some(sender);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When the node's address is none.
    pub fn build(self) -> Result<MeeClient, MeeError> {
        let transport = self.transport.unwrap_or_else(|| Arc::new(ReqwestTransport::default()));
        let node =
            NodeApi::new(Arc::clone(&transport), &self.url)?.with_api_key(self.api_key).with_retries(self.retries);
        let node = self.headers.0.iter().fold(node, |node, (name, value)| node.with_header(name, value));
        Ok(MeeClient {
            account: self.account,
            transport,
            node,
            clock: self.clock,
            salts: self.salts,
            lanes: self.lanes,
            checks: self.checks,
            polling_interval: self.polling_interval,
            trigger_timeout: self.trigger_timeout,
            confirmations: self.confirmations,
            sender: self.sender,
            info: Arc::default(),
        })
    }
}

impl MeeClient {
    /// Starts a client of the published node for an account.
    #[must_use]
    pub fn builder(account: Arc<MultichainAccount>) -> MeeClientBuilder {
        MeeClientBuilder {
            account,
            transport: None,
            url: DEFAULT_NODE.to_owned(),
            api_key: None,
            headers: Headers::default(),
            retries: ReadRetries::default(),
            clock: Arc::new(SystemClock),
            salts: Arc::new(RandomSalts),
            lanes: Arc::new(CountingLanes::default()),
            checks: Checks::all(),
            polling_interval: Duration::from_millis(250),
            trigger_timeout: Duration::from_secs(120),
            confirmations: 2,
            sender: None,
        }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &MultichainAccount {
        &self.account
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &NodeApi {
        &self.node
    }

    /// What the node says of itself; asked once.
    ///
    /// # Errors
    /// When the node fails.
    pub async fn info(&self) -> Result<&NodeInfo, MeeError> {
        self.info.get_or_try_init(|| self.node.info()).await
    }

    /// Looks whether the node executes on all of the account's chains.
    ///
    /// # Errors
    /// [`MeeError::UnsupportedChains`], or when the node fails.
    pub async fn check_chains(&self) -> Result<(), MeeError> {
        let info = self.info().await?;
        let chain_ids = self.account.deployments().iter().map(|deployment| deployment.chain().id());
        let missing: Vec<u64> = chain_ids.filter(|&chain_id| !info.supports_chain(chain_id)).collect();
        if missing.is_empty() { Ok(()) } else { Err(MeeError::UnsupportedChains { chain_ids: missing }) }
    }

    /// The fee tokens of a chain.
    ///
    /// # Errors
    /// [`MeeError::NoGasToken`], or when the node fails.
    #[doc(alias = "getGasToken")]
    pub async fn gas_tokens(&self, chain_id: u64) -> Result<&GasTokens, MeeError> {
        self.info().await?.gas_tokens(chain_id).ok_or(MeeError::NoGasToken { chain_id })
    }

    /// Hands a signed quote over to the node. Never repeated.
    ///
    /// # Errors
    /// As [`NodeApi::execute`].
    #[doc(alias = "executeQuote")]
    pub async fn execute(&self, signed: &SignedQuote) -> Result<Executed, MeeError> {
        self.node.execute(signed, None).await
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) fn salts(&self) -> &dyn SaltSource {
        self.salts.as_ref()
    }

    pub(crate) fn lanes(&self) -> &dyn LaneSource {
        self.lanes.as_ref()
    }

    pub(crate) const fn checks(&self) -> Checks {
        self.checks
    }

    pub(crate) const fn default_polling_interval(&self) -> Duration {
        self.polling_interval
    }

    pub(crate) const fn trigger_wait(&self) -> (Duration, u64) {
        (self.trigger_timeout, self.confirmations)
    }

    pub(crate) fn sender(&self) -> Option<&dyn TransactionSender> {
        self.sender.as_deref()
    }

    fn tank_server(&self, tank: &GasTank) -> Result<NodeApi, MeeError> {
        // The node's key is not the tank's business.
        let server = NodeApi::new(Arc::clone(&self.transport), &tank.url)?;
        Ok(tank.headers.iter().fold(server, |server, (name, value)| server.with_header(name, value)))
    }

    pub(crate) async fn tank_nonce(&self, tank: &GasTank) -> Result<U256, MeeError> {
        self.tank_server(tank)?.tank_nonce(tank.chain_id, tank.address).await
    }

    /// Has a tank sign the payment. It may add its signature and nothing else.
    pub(crate) async fn sponsored(&self, verified: VerifiedQuote, tank: &GasTank) -> Result<VerifiedQuote, MeeError> {
        let server = self.tank_server(tank)?;
        let signed = server.tank_signature(tank.chain_id, tank.address, verified.quote()).await?;
        verified.map_quote(|quote| {
            if without_tank_signature(&quote)? == without_tank_signature(&signed)? {
                return Ok(signed);
            }
            Err(MeeError::Quote(Mismatch {
                check: Check::Operations,
                field: "the sponsor's answer".to_owned(),
                expected: "the quote with a signature of userOps[0]".to_owned(),
                seen: "another quote".to_owned(),
            }))
        })
    }
}

fn without_tank_signature(quote: &Quote) -> Result<serde_json::Value, MeeError> {
    let unreadable =
        |error: serde_json::Error| MeeError::Answer { endpoint: "sponsorship".to_owned(), reason: error.to_string() };
    let mut json = serde_json::to_value(quote).map_err(unreadable)?;
    if let Some(payment) = json.pointer_mut("/userOps/0/userOp").and_then(serde_json::Value::as_object_mut) {
        payment.remove("signature");
    }
    Ok(json)
}
