//! From calls to a signed operation, with as few round trips as the answers allow.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::Value;
use userop::{Authorization, Delegation, EntryPoint, Factory, NonceKey, UserOperation};

use crate::endpoint::Request;
use crate::paymaster::PaymasterClient;
#[cfg(any(feature = "pimlico", feature = "biconomy"))]
use crate::vendor::Speed;
use crate::{
    BundlerClient, BundlerError, Deadline, Fees, NodeClient, PartialOperation, SignedOperation, UserOperationReceipt,
};

/// What is known of an operation before anyone is asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationRequest {
    /// The account.
    pub sender: Address,
    /// What the account is called with.
    pub call_data: Bytes,
    /// The nonce, or the key under which it is read.
    pub nonce: NonceSource,
    /// How the account comes to be; used only when it has no code yet.
    pub factory: Option<Factory>,
    /// A signature of the final length that passes as far into validation as the final one.
    pub stub_signature: Bytes,
    /// Fees, when they are not to be asked for.
    pub fees: Option<Fees>,
    /// Gas for the call, when it is not to be estimated.
    pub call_gas_limit: Option<u128>,
    /// Gas for validation, when it is not to be estimated.
    pub verification_gas_limit: Option<u128>,
    /// Gas the bundler is paid beyond what is measured, when it is not to be estimated.
    pub pre_verification_gas: Option<U256>,
    /// The EIP-7702 authorization that goes with the operation.
    pub authorization: Option<Authorization>,
}

/// Where an operation's nonce comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceSource {
    /// This one.
    Fixed(U256),
    /// The next one under this key, read from the entry point.
    Next(NonceKey),
}

impl OperationRequest {
    /// An operation whose fees and gas are to be asked for.
    #[must_use]
    pub fn new(
        sender: Address,
        call_data: impl Into<Bytes>,
        nonce: NonceSource,
        stub_signature: impl Into<Bytes>,
    ) -> Self {
        Self {
            sender,
            call_data: call_data.into(),
            nonce,
            factory: None,
            stub_signature: stub_signature.into(),
            fees: None,
            call_gas_limit: None,
            verification_gas_limit: None,
            pre_verification_gas: None,
            authorization: None,
        }
    }

    /// With the factory of an account that may not exist yet.
    #[must_use]
    pub fn with_factory(mut self, factory: Factory) -> Self {
        self.factory = Some(factory);
        self
    }

    /// With fees that are not asked for.
    #[must_use]
    pub const fn with_fees(mut self, fees: Fees) -> Self {
        self.fees = Some(fees);
        self
    }

    /// With limits that are not estimated.
    #[must_use]
    pub const fn with_gas(mut self, call: u128, verification: u128, pre_verification: U256) -> Self {
        self.call_gas_limit = Some(call);
        self.verification_gas_limit = Some(verification);
        self.pre_verification_gas = Some(pre_verification);
        self
    }

    /// With the EIP-7702 authorization that goes with the operation.
    #[must_use]
    pub const fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }
}

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
    /// A preparer with fees from the node and without a paymaster.
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
    #[doc(alias = "prepareUserOperation")]
    pub async fn prepare(&self, request: &OperationRequest) -> Result<PreparedOperation, BundlerError> {
        let version = self.entry_point.version;
        let (reads, bundler_fees) = futures_util::join!(self.read_node(request), self.read_fees(request));
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
        PreparedOperation::new(operation.into_operation(), self.entry_point, self.chain_id, reads.delegate)
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

    /// Code, nonce and, if they come from the node, fees: one HTTP request.
    async fn read_node(&self, request: &OperationRequest) -> Result<Reads, BundlerError> {
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
        if wants_fees {
            let market = NodeClient::market_of(&mut answers)?;
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
    /// When someone does not answer or refuses.
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
        self.prepare(&request.with_fees(now.max(Fees::of(operation).bumped()))).await
    }

    /// Prepares, signs, sends and waits: the whole way from calls to a receipt, at most until the deadline.
    ///
    /// `sign` gets the operation's hash and answers with the signature that goes into the operation.
    ///
    /// # Errors
    /// When one of the steps fails. After a failure behind the send the operation may still be mined: the error or the
    /// span names its hash.
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
        let work = async {
            let prepared = self.prepare(request).await?;
            let signature = sign(prepared.hash()).await;
            prepared.sign(signature.map_err(|error| BundlerError::Signer { reason: error.to_string() })?)
        };
        let signed = deadline.limit("preparing the operation", work).await?;
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
    fees: Option<Fees>,
}

/// An operation that lacks nothing but its signature.
#[derive(Clone, Debug)]
pub struct PreparedOperation {
    operation: UserOperation,
    entry_point: EntryPoint,
    chain_id: u64,
    delegate: Option<Address>,
    hash: B256,
}

impl PreparedOperation {
    fn new(
        operation: UserOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        delegate: Option<Address>,
    ) -> Result<Self, BundlerError> {
        // The authorization that goes along decides the delegate; without one it is what the sender's code says.
        let delegate = delegate.filter(|_| operation.authorization.is_none());
        // The hash does not cover the signature: the stub does no harm.
        let signed = match delegate {
            Some(delegate) => SignedOperation::delegated(operation.clone(), entry_point, chain_id, delegate)?,
            None => SignedOperation::new(operation.clone(), entry_point, chain_id)?,
        };
        Ok(Self { operation, entry_point, chain_id, delegate, hash: signed.hash() })
    }

    /// What is to be signed, in the form that the account's validator wants.
    #[must_use]
    #[doc(alias = "userOpHash")]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The operation with its stub signature, to look at before signing.
    #[must_use]
    pub const fn operation(&self) -> &UserOperation {
        &self.operation
    }

    /// The fees.
    #[must_use]
    pub const fn fees(&self) -> Fees {
        Fees::of(&self.operation)
    }

    /// The operation with its final signature.
    ///
    /// # Errors
    /// When the entry point would refuse a field.
    pub fn sign(&self, signature: impl Into<Bytes>) -> Result<SignedOperation, BundlerError> {
        let operation = self.operation.clone().with_signature(signature);
        match self.delegate {
            Some(delegate) => SignedOperation::delegated(operation, self.entry_point, self.chain_id, delegate),
            None => SignedOperation::new(operation, self.entry_point, self.chain_id),
        }
    }

    /// The same operation with other fees, to replace it while it is pending: its hash is another one, so it must be
    /// signed anew, and a paymaster's data, which may cover the fees, must be fetched anew.
    ///
    /// # Errors
    /// When the entry point would refuse the fees.
    pub fn with_fees(&self, fees: Fees) -> Result<Self, BundlerError> {
        let operation = self.operation.clone().with_fees(fees.max_fee_per_gas, fees.max_priority_fee_per_gas);
        Self::new(operation, self.entry_point, self.chain_id, self.delegate)
    }
}
