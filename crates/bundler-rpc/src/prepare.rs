//! From calls to a signed operation, with as few round trips as the answers allow.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::Value;
use userop::{Delegation, EntryPoint, Factory};

use crate::endpoint::Request;
use crate::limit::Measure;
use crate::paymaster::PaymasterClient;
#[cfg(any(feature = "pimlico", feature = "biconomy"))]
use crate::vendor::Speed;
use crate::{
    BlockHead, BundlerClient, BundlerError, Deadline, Fees, NodeClient, NonceSource, OperationRequest,
    PartialOperation, PreparedOperation, SignedOperation, SpendingLimit, UserOperationReceipt,
};

/// Where fees come from when the request has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FeeSource {
    /// The node's estimate: [`NodeClient::fees`].
    #[default]
    Node,
    /// The node's estimate as the reference library takes it: 1.2 times the base fee and the node's priority fee, both
    /// doubled.
    ///
    /// Not the default: nodes derive the priority fee they suggest from recent blocks, so where operations of this
    /// library are most of what is mined, each one doubles the price of the next.
    NodeDoubled,
    /// The bundler's `pimlico_getUserOperationGasPrice`; the node's estimate when it lacks the method.
    #[cfg(feature = "pimlico")]
    Pimlico(Speed),
    /// The bundler's `biconomy_getGasFeeValues`; the node's estimate when it lacks the method.
    #[cfg(feature = "biconomy")]
    Biconomy(Speed),
    /// What the bundler's `rundler_getUserOperationGasPrice` suggests; the node's estimate when it lacks the method.
    #[cfg(feature = "rundler")]
    Rundler,
}

/// A paymaster service and how it is to be asked.
#[derive(Clone, Debug)]
pub struct Sponsorship {
    client: PaymasterClient,
    context: Option<Value>,
    without_stub: bool,
    allow_mismatch: bool,
}

impl Sponsorship {
    /// An ERC-7677 service: stub data before the estimation, final data after it.
    #[must_use]
    pub const fn new(client: PaymasterClient) -> Self {
        Self { client, context: None, without_stub: false, allow_mismatch: false }
    }

    /// With the context that the service wants.
    #[must_use]
    pub fn with_context(mut self, context: Value) -> Self {
        self.context = Some(context);
        self
    }

    /// For a service without the stub method, such as Biconomy's: final data once, before the estimation, whose gas
    /// values then stand in for it.
    #[must_use]
    pub const fn without_stub(mut self) -> Self {
        self.without_stub = true;
        self
    }

    /// Takes final data even if it names another paymaster than the stub, or is longer.
    #[must_use]
    pub const fn allow_mismatch(mut self) -> Self {
        self.allow_mismatch = true;
        self
    }
}

/// Prepares operations for one entry point on one chain.
///
/// Reads that do not depend on each other go out together, those of the node in one HTTP request, so that an operation
/// takes three waits from its calls to its hash: reads, estimation, send. A paymaster service adds its own one or two.
/// What does not change is asked once: the chain, and that an account exists.
#[derive(Clone, Debug)]
pub struct Preparer {
    bundler: BundlerClient,
    node: NodeClient,
    entry_point: EntryPoint,
    chain_id: u64,
    fees: FeeSource,
    gas_percent: u32,
    sponsorship: Option<Sponsorship>,
    limit: SpendingLimit,
    deployed: DeployedAccounts,
}

/// Accounts whose code was seen. Only existence is kept, never the lack of it.
#[derive(Clone, Debug, Default)]
struct DeployedAccounts(std::sync::Arc<std::sync::Mutex<std::collections::HashSet<Address>>>);

impl DeployedAccounts {
    fn contains(&self, account: Address) -> bool {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains(&account)
    }

    fn insert(&self, account: Address) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(account);
    }
}

impl Preparer {
    /// A preparer with fees from the node, without a paymaster, and with the bounds by the newest block
    /// ([`SpendingLimit::MEASURED`]).
    #[must_use]
    pub fn new(bundler: BundlerClient, node: NodeClient, entry_point: EntryPoint, chain_id: u64) -> Self {
        Self {
            bundler,
            node,
            entry_point,
            chain_id,
            fees: FeeSource::Node,
            gas_percent: 100,
            sponsorship: None,
            limit: SpendingLimit::default(),
            deployed: DeployedAccounts::default(),
        }
    }

    /// As [`new`](Self::new), after checking that bundler and node are on one chain and the bundler serves the entry
    /// point.
    ///
    /// # Errors
    /// When they are not, it does not, or one of them does not answer.
    pub async fn connect(
        bundler: BundlerClient,
        node: NodeClient,
        entry_point: EntryPoint,
    ) -> Result<Self, BundlerError> {
        let (expected, seen, ()) =
            futures_util::try_join!(node.chain_id(), bundler.chain_id(), bundler.require_entry_point(entry_point))?;
        if expected != seen {
            return Err(BundlerError::ChainMismatch { expected, seen });
        }
        Ok(Self::new(bundler, node, entry_point, expected))
    }

    /// With fees from elsewhere.
    #[must_use]
    pub const fn with_fees(mut self, fees: FeeSource) -> Self {
        self.fees = fees;
        self
    }

    /// With estimated limits of call and validation gas times `percent` / 100; 100 takes them as they are.
    #[must_use]
    #[doc(alias = "gasBuffer")]
    pub const fn with_gas_percent(mut self, percent: u32) -> Self {
        self.gas_percent = percent;
        self
    }

    /// With a paymaster service.
    #[must_use]
    pub fn with_sponsorship(mut self, sponsorship: impl Into<Option<Sponsorship>>) -> Self {
        self.sponsorship = sponsorship.into();
        self
    }

    /// With other bounds on what an operation may cost.
    #[must_use]
    pub const fn with_spending_limit(mut self, limit: SpendingLimit) -> Self {
        self.limit = limit;
        self
    }

    /// What an operation may cost at most.
    #[must_use]
    pub const fn spending_limit(&self) -> SpendingLimit {
        self.limit
    }

    /// The bundler.
    #[must_use]
    pub const fn bundler(&self) -> &BundlerClient {
        &self.bundler
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &NodeClient {
        &self.node
    }

    /// The entry point.
    #[must_use]
    pub const fn entry_point(&self) -> EntryPoint {
        self.entry_point
    }

    /// The chain.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Fills nonce, factory, fees, gas and paymaster fields: what is left is to sign [`PreparedOperation::hash`].
    ///
    /// # Errors
    /// When someone does not answer or refuses: most often validation or execution fails in the estimation.
    /// [`BundlerError::TooExpensive`] when the operation would cost more than the spending limit allows.
    #[doc(alias = "prepareUserOperation")]
    pub async fn prepare(&self, request: &OperationRequest) -> Result<PreparedOperation, BundlerError> {
        let asked = Measure { fees: request.fees.is_none(), gas: self.asks_for_gas(request), ..Measure::default() };
        self.prepare_measured(request, asked).await
    }

    /// Whether some gas limit is the answer of a bundler or a paymaster service.
    const fn asks_for_gas(&self, request: &OperationRequest) -> bool {
        self.sponsorship.is_some()
            || request.call_gas_limit.is_none()
            || request.verification_gas_limit.is_none()
            || request.pre_verification_gas.is_none()
    }

    async fn prepare_measured(
        &self,
        request: &OperationRequest,
        asked: Measure,
    ) -> Result<PreparedOperation, BundlerError> {
        let version = self.entry_point.version;
        let wants_block = self.limit.is_measured && (asked.fees || asked.gas);
        let (reads, bundler_fees) = futures_util::join!(self.read_node(request, wants_block), self.read_fees(request));
        let reads = reads?;
        let fees = match (request.fees, bundler_fees?, reads.fees) {
            (Some(fees), _, _) | (None, Some(fees), _) | (None, None, Some(fees)) => fees,
            // The bundler lacks its price method.
            (None, None, None) => self.node.fees().await?,
        };
        let mut operation = PartialOperation {
            factory: request.factory.clone().filter(|_| !reads.is_deployed),
            call_gas_limit: request.call_gas_limit,
            verification_gas_limit: request.verification_gas_limit,
            pre_verification_gas: request.pre_verification_gas,
            max_fee_per_gas: Some(fees.max_fee_per_gas),
            max_priority_fee_per_gas: Some(fees.max_priority_fee_per_gas),
            authorization: request.authorization,
            signature: Some(request.stub_signature.clone()),
            ..PartialOperation::new(request.sender, reads.nonce, request.call_data.clone())
        };

        let mut stub = None;
        if let Some(Sponsorship { client, context, without_stub, .. }) = &self.sponsorship {
            let context = context.as_ref();
            let fields = if *without_stub {
                client.data(&operation, self.entry_point, self.chain_id, context).await?
            } else {
                client.stub_data(&operation, self.entry_point, self.chain_id, context).await?
            };
            fields.apply(&mut operation, version)?;
            stub = Some(fields);
        }
        // Data that is final already was made for the gas values as they are: an estimate may fill, not change them.
        let is_final = stub.as_ref().is_some_and(|stub| stub.is_final)
            || self.sponsorship.as_ref().is_some_and(|sponsorship| sponsorship.without_stub);
        if !operation.has_gas() {
            self.estimate(&mut operation).await?;
        }
        if let (Some(sponsorship), Some(stub), false) = (&self.sponsorship, &stub, is_final) {
            let context = sponsorship.context.as_ref();
            let fields = sponsorship.client.data(&operation, self.entry_point, self.chain_id, context).await?;
            if !sponsorship.allow_mismatch {
                fields.check_against(stub)?;
            }
            fields.apply(&mut operation, version)?;
        }
        let operation = operation.into_operation();
        self.limit.measure(&operation, version, Measure { block: reads.block, ..asked })?;
        PreparedOperation::new(operation, self.entry_point, self.chain_id, reads.delegate, self.limit)
    }

    async fn estimate(&self, operation: &mut PartialOperation) -> Result<(), BundlerError> {
        // Zeros for what is wanted: some bundlers refuse an estimation without the members.
        let asked = operation.clone().with_zero_gas(self.entry_point.version);
        let mut estimate = self.bundler.estimate_gas(&asked, self.entry_point, None).await?;
        let scale = |gas: u128| gas.saturating_mul(u128::from(self.gas_percent)).div_ceil(100);
        estimate.call_gas_limit = estimate.call_gas_limit.map(scale);
        estimate.verification_gas_limit = estimate.verification_gas_limit.or(estimate.verification_gas).map(scale);
        estimate.fill(operation);
        Ok(())
    }

    /// Code, nonce and, if they come from the node, fees: one HTTP request. The newest block comes along if fees or gas
    /// are to be measured by it.
    async fn read_node(&self, request: &OperationRequest, wants_block: bool) -> Result<Reads, BundlerError> {
        // A sender that is delegated already (EIP-7702) has its delegate in the operation's hash.
        let is_marked = request.factory.as_ref().is_some_and(Factory::is_eip7702);
        let is_known = self.deployed.contains(request.sender);
        let wants_code = request.factory.is_some() && (is_marked || !is_known);
        let wants_fees = request.fees.is_none() && matches!(self.fees, FeeSource::Node | FeeSource::NodeDoubled);
        let mut requests = Vec::with_capacity(4);
        if wants_code {
            requests.push(Request::new("eth_getCode", &(request.sender, "latest"))?);
        }
        if let NonceSource::Next(key) = request.nonce {
            requests.push(NodeClient::nonce_request(self.entry_point, request.sender, key)?);
        }
        if wants_fees {
            requests.extend(NodeClient::fee_requests()?);
        } else if wants_block {
            requests.push(NodeClient::block_request()?);
        }
        let mut answers = if requests.is_empty() {
            Vec::new().into_iter()
        } else {
            self.node.endpoint().read_batch(&requests).await?.into_iter()
        };
        let missing = || BundlerError::Request { method: "eth_call".into(), reason: "no answer in the batch".into() };

        let mut reads = Reads { is_deployed: is_known && !is_marked, ..Reads::default() };
        if wants_code {
            let code: Bytes = answers.next().ok_or_else(missing)?.read()?;
            reads.delegate = Delegation::of_code(&code).delegate().filter(|_| is_marked);
            // A delegated sender keeps its marker: it says that the hash covers the delegate.
            reads.is_deployed = !is_marked && !code.is_empty();
            if reads.is_deployed {
                self.deployed.insert(request.sender);
            }
        }
        reads.nonce = match request.nonce {
            NonceSource::Fixed(nonce) => nonce,
            NonceSource::Next(_) => NodeClient::nonce_of(answers.next().ok_or_else(missing)?)?,
        };
        if wants_fees || wants_block {
            reads.block = NodeClient::block_of(&mut answers)?;
        }
        if wants_fees {
            let market = NodeClient::market_of(&reads.block, &mut answers)?;
            reads.fees = Some(if self.fees == FeeSource::NodeDoubled { market.doubled_fees() } else { market.fees() });
        }
        Ok(reads)
    }

    /// The bundler's own prices; `None` when they come from the node or the bundler lacks the method.
    async fn read_fees(&self, request: &OperationRequest) -> Result<Option<Fees>, BundlerError> {
        if request.fees.is_some() {
            return Ok(None);
        }
        match self.fees {
            FeeSource::Node | FeeSource::NodeDoubled => Ok(None),
            #[cfg(feature = "pimlico")]
            FeeSource::Pimlico(speed) => {
                unless_lacking(self.bundler.pimlico().gas_prices().await.map(|prices| prices.at(speed)))
            }
            #[cfg(feature = "biconomy")]
            FeeSource::Biconomy(speed) => {
                unless_lacking(self.bundler.biconomy().gas_prices().await.map(|prices| prices.at(speed)))
            }
            #[cfg(feature = "rundler")]
            FeeSource::Rundler => unless_lacking(self.bundler.rundler().gas_price().await.map(|price| price.suggested)),
        }
    }

    /// Prepares an operation in the place of a pending one: the same nonce, calls and limits, both fees at least 10 %
    /// higher and at least what is asked for now, and the paymaster's data fetched anew. It has another hash and must be
    /// signed; send it with [`BundlerClient::replace`], which watches both.
    ///
    /// `stub_signature` is for the paymaster service.
    ///
    /// # Errors
    /// When someone does not answer or refuses. [`BundlerError::TooExpensive`] when the higher fees are above the
    /// spending limit.
    pub async fn prepare_replacement(
        &self,
        pending: &SignedOperation,
        stub_signature: impl Into<Bytes>,
    ) -> Result<PreparedOperation, BundlerError> {
        let operation = pending.operation();
        let nonce = NonceSource::Fixed(operation.nonce);
        let request = OperationRequest {
            factory: operation.factory.clone(),
            call_gas_limit: Some(operation.call_gas_limit),
            verification_gas_limit: Some(operation.verification_gas_limit),
            pre_verification_gas: Some(operation.pre_verification_gas),
            authorization: operation.authorization,
            ..OperationRequest::new(operation.sender, operation.call_data.clone(), nonce, stub_signature)
        };
        let now = match self.read_fees(&request).await? {
            Some(fees) => fees,
            None => self.node.fees().await?,
        };
        // Fees that are raised again and again leave what was once asked for behind.
        let asked = Measure { fees: true, gas: self.sponsorship.is_some(), ..Measure::default() };
        self.prepare_measured(&request.with_fees(now.max(Fees::of(operation).bumped())), asked).await
    }

    /// Prepares and signs, at most until the deadline. Nothing is sent: [`BundlerClient::execute`] does that.
    ///
    /// `sign` gets the operation's hash and answers with the signature that goes into the operation.
    ///
    /// # Errors
    /// When one of the steps fails.
    pub async fn sign<S, E>(
        &self,
        request: &OperationRequest,
        deadline: Deadline,
        sign: S,
    ) -> Result<SignedOperation, BundlerError>
    where
        S: AsyncFnOnce(B256) -> Result<Bytes, E>,
        E: std::fmt::Display,
    {
        let work = async {
            let prepared = self.prepare(request).await?;
            let signature = sign(prepared.hash()).await;
            prepared.sign(signature.map_err(|error| BundlerError::Signer { reason: error.to_string() })?)
        };
        deadline.limit("preparing the operation", work).await
    }

    /// Prepares, signs, sends and waits: the whole way from calls to a receipt, at most until the deadline.
    ///
    /// `sign` gets the operation's hash and answers with the signature that goes into the operation.
    ///
    /// # Errors
    /// When one of the steps fails. [`BundlerError::unsettled`] names the operation if it may still be mined.
    pub async fn execute<S, E>(
        &self,
        request: &OperationRequest,
        deadline: Deadline,
        sign: S,
    ) -> Result<UserOperationReceipt, BundlerError>
    where
        S: AsyncFnOnce(B256) -> Result<Bytes, E>,
        E: std::fmt::Display,
    {
        let signed = self.sign(request, deadline, sign).await?;
        self.bundler.execute(&signed, deadline).await
    }
}

/// `None` when the bundler lacks the method.
#[cfg(any(feature = "pimlico", feature = "biconomy", feature = "rundler"))]
fn unless_lacking(fees: Result<Fees, BundlerError>) -> Result<Option<Fees>, BundlerError> {
    match fees {
        Err(error) if error.kind() == Some(&crate::ErrorKind::MethodNotFound) => Ok(None),
        fees => fees.map(Some),
    }
}

#[derive(Default)]
struct Reads {
    is_deployed: bool,
    delegate: Option<Address>,
    nonce: U256,
    block: BlockHead,
    fees: Option<Fees>,
}
