use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use futures_util::future::try_join_all;
use session_types::SmartSessionMode;
use userop::{Call, EntryPoint, NonceKey, execution};

use super::gas::{PAYMENT_CALL, VerificationGas, call_gas_limit};
use super::options::EXECUTION_WINDOW;
use super::retry::Tries;
use super::{
    GasTank, Payer, Payment, QuoteOptions, RequestError, SessionUse, Sponsor, UseMode, VerifiedQuote, batch, clean_up,
    resolve, verify,
};
use crate::abi::entry_point::getNonceCall;
use crate::account::{Deployment, MultichainAccount};
use crate::composable::encode_composable_calls;
use crate::instruction::{Calls, Instruction};
use crate::node::QuotePath;
use crate::version::SimpleSigning;
use crate::wire::{
    DelegationAuthorization, PaymentInfo, QuoteRequest, QuoteType, SessionDetails, TriggerInfo, UserOpRequest,
};
use crate::{MeeClient, MeeError};

const CLEAN_UP_EXTRA: u64 = 90;

/// What the quote is for, besides the options that every quote has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuoteKind {
    pub(crate) quote_type: QuoteType,
    pub(crate) path: QuotePath,
    pub(crate) trigger: Option<TriggerInfo>,
    /// Whether a supertransaction that only pays the node is meant.
    pub(crate) may_be_empty: bool,
}

impl QuoteKind {
    pub(crate) const SIMPLE: Self =
        Self { quote_type: QuoteType::Simple, path: QuotePath::Quote, trigger: None, may_be_empty: false };
}

/// How an account that may not be there yet gets there.
#[derive(Clone, Debug)]
enum Arrival {
    InitCode(Bytes),
    Delegation(DelegationAuthorization),
}

/// An operation before it has a nonce.
struct Draft {
    instruction: Instruction,
    upper_extension: u64,
    waits_for_previous: bool,
}

impl MeeClient {
    /// Asks the node for a quote and checks what it offers.
    ///
    /// # Errors
    /// When the request cannot be put together, a server fails, or the offer is not for what was asked.
    #[doc(alias = "getQuote")]
    pub async fn quote(&self, options: QuoteOptions) -> Result<VerifiedQuote, MeeError> {
        self.quote_of(QuoteKind::SIMPLE, options).await
    }

    pub(crate) async fn quote_of(&self, mut kind: QuoteKind, options: QuoteOptions) -> Result<VerifiedQuote, MeeError> {
        let max_fee = match &options.payment {
            Payment::FeeToken(token) => token.max_fee,
            Payment::Sponsored(_) => None,
        };
        let tank = tank_of(&options.payment).filter(GasTank::is_self_hosted);
        if matches!(options.payer, Some(Payer::FeePayer(_))) {
            kind.path = QuotePath::QuotePermit;
        }
        let request = Arc::new(self.request(kind, options).await?);
        let quote = self.node().quote(kind.path, &request).await?;
        let verified = verify(request, quote, self.checks(), max_fee)?;
        match tank {
            Some(tank) => self.sponsored(verified, &tank).await,
            None => Ok(verified),
        }
    }

    /// Puts a quote request together: reads nonces and codes, sends nothing to the node.
    ///
    /// # Errors
    /// When the options contradict each other or a chain cannot be asked.
    pub async fn quote_request(&self, options: QuoteOptions) -> Result<QuoteRequest, MeeError> {
        self.request(QuoteKind::SIMPLE, options).await
    }

    async fn request(&self, kind: QuoteKind, options: QuoteOptions) -> Result<QuoteRequest, MeeError> {
        let account = self.account();
        let mut instructions = resolve(options.instructions.clone())?;
        if instructions.is_empty() && !kind.may_be_empty {
            return Err(RequestError::NoInstruction.into());
        }
        if options.batch {
            instructions = batch(instructions)?;
        }
        let mut chain_ids: Vec<u64> = Vec::new();
        let fee_chain = match &options.payment {
            Payment::FeeToken(token) => Some(token.chain_id),
            Payment::Sponsored(_) => None,
        };
        for chain_id in instructions.iter().map(|instruction| instruction.chain_id).chain(fee_chain) {
            if !chain_ids.contains(&chain_id) {
                account.on(chain_id)?;
                chain_ids.push(chain_id);
            }
        }
        if kind.quote_type == QuoteType::Simple {
            check_signing(account, &chain_ids)?;
        }
        self.check_support(&chain_ids, fee_chain).await?;
        let session = options.session.as_ref().map(|session| Sessions::new(session, &chain_ids)).transpose()?;

        let now_ms = self.clock().now_ms();
        let lower = options.lower_bound_timestamp.unwrap_or(now_ms / 1000);
        let upper = options.upper_bound_timestamp.unwrap_or_else(|| lower.saturating_add(EXECUTION_WINDOW));
        if upper <= lower {
            return Err(RequestError::EmptyWindow { lower, upper }.into());
        }
        let mut arrivals = self.arrivals(&options, &chain_ids).await?;
        let gas = VerificationGas {
            custom: options.verification_gas_limit,
            by_session: session.is_some(),
            sponsored: fee_chain.is_none(),
            payment_chain: fee_chain.unwrap_or_default(),
        };
        let payment_info = self.payment_info(&options, gas, &mut arrivals, session.as_ref()).await?;

        let mut draft_list = Vec::new();
        // Instructions of one chain that are tried again must not share their word.
        let mut tried_again: HashMap<u64, u64> = HashMap::new();
        for instruction in instructions {
            let earlier = tried_again.entry(instruction.chain_id).or_default();
            let distinction = now_ms.saturating_add(*earlier);
            *earlier += u64::from(instruction.retries > 0);
            draft_list.extend(drafts(account, instruction, distinction, (lower, upper))?);
        }
        let chains: Vec<u64> = draft_list.iter().map(|draft| draft.instruction.chain_id).collect();
        let mut nonces = self.nonces(&chains, options.module).await?;
        let mut user_ops = Vec::new();
        for (index, draft) in draft_list.into_iter().enumerate() {
            let (chain_id, nonce) = (chains[index], nonces[index].1);
            let deployment = account.on(chain_id)?;
            let mut instruction = draft.instruction;
            if draft.waits_for_previous {
                let previous = clean_up::Dependency(nonces[index - 1].1);
                wait_for(&mut instruction, previous, deployment.address());
            }
            let on_chain = chains[..index].iter().filter(|&&earlier| earlier == chain_id).count();
            let first_of_chain = on_chain == 0 && fee_chain != Some(chain_id);
            user_ops.push(UserOpRequest {
                lower_bound_timestamp: instruction.lower_bound_timestamp.unwrap_or(lower),
                upper_bound_timestamp: instruction
                    .upper_bound_timestamp
                    .unwrap_or(upper)
                    .saturating_add(draft.upper_extension),
                execution_simulation_retry_delay: instruction.simulation_retry_delay.or(options.simulation_retry_delay),
                verification_gas_limit: gas.of_operation(chain_id, on_chain),
                session_details: session.as_ref().map(|session| session.of(chain_id, first_of_chain)).transpose()?,
                ..operation(deployment, instruction, nonce, &mut arrivals, options.short_encoding)?
            });
        }
        let clean_ups = self.clean_ups(&options, &nonces, (lower, upper), &mut arrivals).await?;
        nonces.clear();
        user_ops.extend(clean_ups);
        Ok(QuoteRequest {
            quote_type: kind.quote_type,
            user_ops,
            payment_info,
            mee_versions: account.versions_on(chain_ids)?,
            simulation: options.simulation,
            trigger: kind.trigger,
            tags: options.tags,
        })
    }

    async fn check_support(&self, chain_ids: &[u64], fee_chain: Option<u64>) -> Result<(), MeeError> {
        let info = self.info().await?;
        let missing: Vec<u64> = chain_ids.iter().copied().filter(|&id| !info.supports_chain(id)).collect();
        if !missing.is_empty() {
            return Err(RequestError::UnsupportedChains { chain_ids: missing }.into());
        }
        match fee_chain.filter(|&chain_id| info.gas_tokens(chain_id).is_none()) {
            Some(chain_id) => Err(RequestError::UnsupportedFeeChain { chain_id }.into()),
            None => Ok(()),
        }
    }

    /// What brings the account to each chain where it has no code.
    async fn arrivals(&self, options: &QuoteOptions, chain_ids: &[u64]) -> Result<HashMap<u64, Arrival>, MeeError> {
        let account = self.account();
        let codes = chain_ids.iter().map(|&chain_id| async move {
            let deployment = account.on(chain_id)?;
            Ok::<_, MeeError>((chain_id, deployment.chain().has_code(deployment.address()).await?))
        });
        let without: Vec<u64> =
            try_join_all(codes).await?.into_iter().filter(|(_, has_code)| !has_code).map(|(id, _)| id).collect();
        let Some(delegation) = &options.delegation else {
            let arrival = |chain_id: u64| {
                let init_code = account.on(chain_id)?.init_code().ok_or(RequestError::NoAccount { chain_id })?;
                Ok::<_, MeeError>((chain_id, Arrival::InitCode(init_code)))
            };
            return without.into_iter().map(arrival).collect();
        };
        // Sign in the order in which the authorizations are used: the payment's chain comes first.
        let mut order: Vec<u64> = Vec::new();
        if let Payment::FeeToken(token) = &options.payment {
            order.extend(without.iter().filter(|&&chain_id| chain_id == token.chain_id));
        }
        order.extend(without.iter().filter(|chain_id| !order.contains(chain_id)).copied().collect::<Vec<_>>());
        let authorizations = account.authorizations(delegation, &order).await?;
        Ok(authorizations.into_iter().map(|(chain_id, signed)| (chain_id, Arrival::Delegation(signed))).collect())
    }

    async fn payment_info(
        &self,
        options: &QuoteOptions,
        gas: VerificationGas,
        arrivals: &mut HashMap<u64, Arrival>,
        session: Option<&Sessions<'_>>,
    ) -> Result<PaymentInfo, MeeError> {
        let call_gas_limit = options.payment_gas_limit.unwrap_or(U256::from(PAYMENT_CALL));
        let eoa = options.payer.map(Payer::address);
        let token = match &options.payment {
            Payment::FeeToken(token) => token,
            Payment::Sponsored(sponsor) => {
                let tank = tank_of_sponsor(sponsor);
                let nonce = if tank.is_trusted() { U256::ZERO } else { self.tank_nonce(&tank).await? };
                return Ok(PaymentInfo {
                    sponsored: true,
                    sender: tank.address,
                    token: tank.token,
                    nonce,
                    call_gas_limit,
                    verification_gas_limit: Some(gas.of_payment()),
                    chain_id: tank.chain_id,
                    eoa,
                    gas_refund_address: None,
                    init_code: None,
                    eip7702_auth: None,
                    short_encoding: None,
                    session_details: None,
                    sponsorship_url: Some(tank.url),
                });
            }
        };
        let deployment = self.account().on(token.chain_id)?;
        let (init_code, eip7702_auth) = arrive(arrivals, token.chain_id);
        Ok(PaymentInfo {
            sponsored: false,
            sender: deployment.address(),
            token: token.address,
            nonce: self.nonce(deployment, options.module).await?,
            call_gas_limit,
            verification_gas_limit: Some(gas.of_payment()),
            chain_id: token.chain_id,
            eoa,
            gas_refund_address: token.gas_refund_address,
            init_code,
            eip7702_auth,
            short_encoding: options.short_encoding.then_some(true),
            session_details: session.map(|session| session.of(token.chain_id, true)).transpose()?,
            sponsorship_url: None,
        })
    }

    /// Chain and nonce of each operation, each in a lane of its own.
    async fn nonces(&self, chains: &[u64], module: Option<Address>) -> Result<Vec<(u64, U256)>, MeeError> {
        let nonces = chains.iter().map(|&chain_id| async move {
            Ok::<_, MeeError>((chain_id, self.nonce(self.account().on(chain_id)?, module).await?))
        });
        try_join_all(nonces).await
    }

    /// The account's next nonce on a chain, in a lane of its own. `module` is the validator in the nonce; the account's
    /// own when absent.
    ///
    /// # Errors
    /// When the chain is not configured or cannot be asked.
    #[doc(alias = "getNonceWithKey")]
    pub async fn next_nonce(&self, chain_id: u64, module: Option<Address>) -> Result<U256, MeeError> {
        self.nonce(self.account().on(chain_id)?, module).await
    }

    async fn nonce(&self, deployment: &Deployment, module: Option<Address>) -> Result<U256, MeeError> {
        let lane = self.lanes().lane(deployment.chain().id(), deployment.address());
        let [_, batch @ ..] = lane.to_be_bytes();
        let validator = module.unwrap_or(deployment.suite().default_validator_address);
        let key = NonceKey::batch_mode_validator(batch, 0, validator).to_u192();
        let call = getNonceCall { sender: deployment.address(), key };
        deployment.chain().view(EntryPoint::V0_7.address, &call).await
    }

    async fn clean_ups(
        &self,
        options: &QuoteOptions,
        operations: &[(u64, U256)],
        (lower, upper): (u64, u64),
        arrivals: &mut HashMap<u64, Arrival>,
    ) -> Result<Vec<UserOpRequest>, MeeError> {
        let account = self.account();
        let mut requests = Vec::new();
        for clean_up in &options.clean_ups {
            let deployment = account.on(clean_up.chain_id)?;
            let dependencies = clean_up::dependencies(clean_up, operations)?;
            let forwarder = deployment.suite().eth_forwarder_address;
            let instruction = clean_up.instruction(deployment.address(), account.owner(), forwarder, &dependencies);
            // Encoded before the nonce is asked for, so that what cannot work costs no request.
            call_data(&instruction.calls, deployment)?;
            let nonce = self.nonce(deployment, options.module).await?;
            requests.push(UserOpRequest {
                lower_bound_timestamp: lower,
                upper_bound_timestamp: upper.saturating_add(CLEAN_UP_EXTRA),
                execution_simulation_retry_delay: options.simulation_retry_delay,
                is_clean_up_user_op: true,
                verification_gas_limit: options.verification_gas_limit,
                ..operation(deployment, instruction, nonce, arrivals, options.short_encoding)?
            });
        }
        Ok(requests)
    }
}

fn tank_of(payment: &Payment) -> Option<GasTank> {
    match payment {
        Payment::FeeToken(_) => None,
        Payment::Sponsored(sponsor) => Some(tank_of_sponsor(sponsor)),
    }
}

fn tank_of_sponsor(sponsor: &Sponsor) -> GasTank {
    match sponsor {
        Sponsor::Hosted => GasTank::hosted(),
        Sponsor::Tank(tank) => tank.clone(),
    }
}

fn check_signing(account: &MultichainAccount, chain_ids: &[u64]) -> Result<(), MeeError> {
    let versions: BTreeSet<_> =
        chain_ids.iter().map(|&id| Ok(account.on(id)?.suite().version)).collect::<Result<_, MeeError>>()?;
    let of = |signing| move |version: &&crate::MeeVersion| version.simple_signing() == signing;
    let older = versions.iter().find(of(SimpleSigning::Personal));
    let newer = versions.iter().find(of(SimpleSigning::TypedData));
    match (older, newer) {
        (Some(&older), Some(&newer)) => Err(RequestError::MixedSigning { older, newer }.into()),
        _ => Ok(()),
    }
}

/// The operations that an instruction becomes: one, or with retries the tries and what keeps them apart.
fn drafts(
    account: &MultichainAccount,
    instruction: Instruction,
    distinction: u64,
    (lower, upper): (u64, u64),
) -> Result<Vec<Draft>, MeeError> {
    let draft = |instruction| Draft { instruction, upper_extension: 0, waits_for_previous: false };
    if instruction.retries == 0 {
        return Ok(vec![draft(instruction)]);
    }
    let address = account.on(instruction.chain_id)?.address();
    let tries = Tries::new(instruction, address, distinction)?;
    let window = tries
        .first
        .upper_bound_timestamp
        .unwrap_or(upper)
        .saturating_sub(tries.first.lower_bound_timestamp.unwrap_or(lower));
    let mut list = vec![draft(tries.clear), draft(tries.first.clone())];
    list.extend((0..tries.further).map(|_| Draft {
        instruction: tries.first.clone(),
        upper_extension: window / 10,
        waits_for_previous: true,
    }));
    Ok(list)
}

fn wait_for(instruction: &mut Instruction, previous: clean_up::Dependency, account: Address) {
    if let Calls::Composable(calls) = &mut instruction.calls {
        for call in calls {
            call.conditions.push(previous.condition(account));
        }
    }
    let chain_id = instruction.chain_id;
    instruction.simulation_overrides.custom_overrides.push(previous.storage_override(account, chain_id));
}

fn arrive(arrivals: &mut HashMap<u64, Arrival>, chain_id: u64) -> (Option<Bytes>, Option<DelegationAuthorization>) {
    match arrivals.remove(&chain_id) {
        Some(Arrival::InitCode(code)) => (Some(code), None),
        Some(Arrival::Delegation(authorization)) => (None, Some(authorization)),
        None => (None, None),
    }
}

/// The account's call data for an instruction.
fn call_data(calls: &Calls, deployment: &Deployment) -> Result<Bytes, RequestError> {
    match calls {
        Calls::Plain(calls) => {
            let calls = calls.iter().map(|call| Call::new(call.to, call.data.clone()).with_value(call.value));
            Ok(execution::execute(calls.collect::<Vec<_>>()))
        }
        Calls::Composable(calls) => Ok(encode_composable_calls(calls, deployment.suite().composability_version)?),
    }
}

fn operation(
    deployment: &Deployment,
    instruction: Instruction,
    nonce: U256,
    arrivals: &mut HashMap<u64, Arrival>,
    short_encoding: bool,
) -> Result<UserOpRequest, RequestError> {
    let chain_id = deployment.chain().id();
    let (init_code, eip7702_auth) = arrive(arrivals, chain_id);
    Ok(UserOpRequest {
        lower_bound_timestamp: 0,
        upper_bound_timestamp: 0,
        execution_simulation_retry_delay: None,
        sender: deployment.address(),
        call_data: call_data(&instruction.calls, deployment)?,
        call_gas_limit: call_gas_limit(&instruction.calls),
        nonce,
        chain_id,
        is_clean_up_user_op: false,
        verification_gas_limit: None,
        init_code,
        eip7702_auth,
        short_encoding,
        session_details: None,
        metadata: instruction.metadata,
        simulation_overrides: Some(instruction.simulation_overrides),
    })
}

/// One session for each chain.
struct Sessions<'a> {
    by_chain: HashMap<u64, &'a SessionDetails>,
    mode: UseMode,
}

impl<'a> Sessions<'a> {
    fn new(session: &'a SessionUse, chain_ids: &[u64]) -> Result<Self, RequestError> {
        let mut by_chain = HashMap::new();
        for &chain_id in chain_ids {
            let details = session.on(chain_id)?;
            if session.mode == UseMode::EnableAndUse && !details.can_enable() {
                return Err(RequestError::CannotEnable { chain_id });
            }
            by_chain.insert(chain_id, details);
        }
        Ok(Self { by_chain, mode: session.mode })
    }

    /// The session of an operation: only the first of a chain enables.
    fn of(&self, chain_id: u64, first: bool) -> Result<SessionDetails, RequestError> {
        let details = self.by_chain.get(&chain_id).ok_or(RequestError::NoSession { chain_id })?;
        Ok(self.mode.apply(details, first))
    }
}

impl UseMode {
    /// The session of an operation: only the first of a chain enables.
    pub(crate) fn apply(self, details: &SessionDetails, first: bool) -> SessionDetails {
        details.in_mode(match (self, first) {
            (Self::EnableAndUse, true) => SmartSessionMode::UnsafeEnable,
            (Self::AsDetailed, true) => details.mode,
            _ => SmartSessionMode::Use,
        })
    }
}

impl SessionUse {
    /// The session for a chain.
    pub(crate) fn on(&self, chain_id: u64) -> Result<&SessionDetails, RequestError> {
        let of_chain: Vec<_> = self.details.iter().filter(|details| details.chain_id() == chain_id).collect();
        let chosen = of_chain.iter().find(|details| self.chosen.contains(&details.permission_id));
        match (chosen, &of_chain[..]) {
            (Some(details), _) | (None, [details]) => Ok(details),
            (None, []) => Err(RequestError::NoSession { chain_id }),
            (None, all) => Err(RequestError::AmbiguousSession { chain_id, count: all.len() }),
        }
    }
}
