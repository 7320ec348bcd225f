use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;

use alloy_primitives::{Address, Bytes, ChainId, hex};
use alloy_signer::Signer;
use bundler_rpc::{BundlerError, CallRequest, ErrorResponse};
use futures_util::future::try_join_all;
use session_types::abi::{self, ModuleFunction};
use session_types::frozen::FrozenGrant;
use session_types::{AccountType, ChainSession, EnableMode, MultiChainGrant, Session, SmartSessionMode};
use userop::Call;
use userop::account::{Account, Module, Nexus, Validator};

use super::{GrantPlan, PlanError, PlannedAccount};
use crate::client::{Chain, Error, Owner};

/// A [`GrantPlan`] in the making.
#[derive(Clone, Debug)]
#[must_use]
pub struct GrantPlanBuilder {
    mode: EnableMode,
    asked: Vec<Asked>,
    owners: Vec<Address>,
    description: Option<String>,
}

/// A session, and what has to be known of its chain and account.
#[derive(Clone, Debug)]
struct Asked {
    chain: Chain,
    account: Address,
    form: Option<(AccountType, Address)>,
    is_installed: Call,
    session: Session,
}

impl Default for GrantPlanBuilder {
    fn default() -> Self {
        let (asked, owners) = (Vec::new(), Vec::new());
        Self { mode: EnableMode::UnsafeEnable, asked, owners, description: None }
    }
}

impl GrantPlanBuilder {
    /// Adds a session of an account on a chain. `validator` is the account's that checks the owner's signature.
    pub fn session<A: Account + ?Sized>(
        mut self,
        chain: &Chain,
        account: &A,
        validator: Validator,
        session: impl Borrow<Session>,
    ) -> Self {
        self.asked.push(Asked {
            chain: chain.clone(),
            account: account.address(),
            form: signature_form(account, validator),
            is_installed: account.is_module_installed(&Module::Validator(chain.deployment().module)),
            session: session.borrow().clone(),
        });
        self
    }

    /// Adds a session of a Nexus account on a chain, whose owner validator is that of the account's deployment.
    pub fn nexus_session(self, chain: &Chain, account: &Nexus, session: impl Borrow<Session>) -> Self {
        self.session(chain, account, nexus_validator(account), session)
    }

    /// Adds sessions of an owner's account on its chain.
    pub fn sessions_of<A: Account, S: Signer + Sync>(
        self,
        owner: &Owner<A, S>,
        sessions: impl IntoIterator<Item = impl Borrow<Session>>,
    ) -> Self {
        self.and(owner.plan(sessions))
    }

    /// Adds what another plan in the making has, behind what is here.
    pub fn and(mut self, other: Self) -> Self {
        self.asked.extend(other.asked);
        self.owners.extend(other.owners);
        self.description = self.description.or(other.description);
        self
    }

    /// Says how the sessions are enabled. By default, as the TypeScript libraries do, by
    /// [`UnsafeEnable`](EnableMode::UnsafeEnable): without asking an ERC-7484 registry, which the current module never does.
    pub const fn mode(mut self, mode: EnableMode) -> Self {
        self.mode = mode;
        self
    }

    /// Names the owner's key, with which signatures are compared.
    pub fn owned_by(mut self, owner: Address) -> Self {
        self.owners.push(owner);
        self
    }

    /// With words about it, which the grants keep.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Asks every chain, once each and all at the same time: for the nonces, for the module's own digests, whether the module
    /// is installed, and whether the session validators are such.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] when a chain computes another digest than this library. Otherwise when there is no session,
    /// one stands twice, the accounts have different owners, the chains other session contracts or no such session validator, or
    /// a node does not answer.
    pub async fn prepare(self) -> Result<GrantPlan, Error> {
        let owner = self.check()?;
        let mut chains: BTreeMap<ChainId, Vec<usize>> = BTreeMap::new();
        for (place, asked) in self.asked.iter().enumerate() {
            chains.entry(asked.chain.chain_id()).or_default().push(place);
        }
        let answers = try_join_all(chains.into_values().map(|places| self.ask(places))).await?;
        let mut answers: Vec<_> = answers.into_iter().flatten().collect();
        answers.sort_unstable_by_key(|(place, ..)| *place);
        let (mut entries, mut accounts) = (Vec::new(), Vec::new());
        for (_, entry, account) in answers {
            entries.push(entry);
            accounts.push(account);
        }
        let deployment = self.asked.first().map(|asked| *asked.chain.deployment()).unwrap_or_default();
        let frozen = FrozenGrant::new(deployment, MultiChainGrant::new(self.mode, entries)?, None);
        Ok(GrantPlan { frozen, accounts, owner, description: self.description, accepted: Vec::new() })
    }

    /// What must be so before any chain is asked; answers the owner.
    fn check(&self) -> Result<Option<Address>, PlanError> {
        let owner = self.owners.first().copied();
        if let Some((expected, seen)) = owner.zip(self.owners.iter().find(|seen| Some(**seen) != owner).copied()) {
            return Err(PlanError::Owners { expected, seen });
        }
        for (place, asked) in self.asked.iter().enumerate() {
            let (chain_id, account) = (asked.chain.chain_id(), asked.account);
            let before = &self.asked[..place];
            if let Some(first) = before.first().filter(|first| first.chain.deployment() != asked.chain.deployment()) {
                return Err(PlanError::Deployments { first: first.chain.chain_id(), chain_id });
            }
            let permission = asked.session.permission_id();
            let is_same = |other: &Asked| {
                (other.chain.chain_id(), other.account, other.session.permission_id())
                    == (chain_id, account, permission)
            };
            if before.iter().any(is_same) {
                return Err(PlanError::Twice { chain_id, account, permission });
            }
        }
        Ok(owner)
    }

    /// All questions about sessions on one chain, in one request.
    async fn ask(&self, places: Vec<usize>) -> Result<Vec<(usize, ChainSession<abi::Session>, PlannedAccount)>, Error> {
        let asked: Vec<_> = places.iter().filter_map(|place| self.asked.get(*place)).collect();
        let Some(Asked { chain, .. }) = asked.first() else { return Ok(Vec::new()) };
        let module = chain.deployment().module;
        let validators: BTreeSet<_> = asked.iter().map(|asked| asked.session.session_validator).collect();
        let mut requests = Vec::with_capacity(3 * asked.len() + validators.len());
        for Asked { account, is_installed, session, .. } in &asked {
            let (account, permission_id) = (*account, session.permission_id());
            let nonce = abi::Nonce { permission_id, account };
            let mode = SmartSessionMode::from(self.mode).to_byte();
            let digest = abi::SessionDigest { permission_id, account, session: session.as_abi().clone(), mode };
            requests.push(CallRequest::new(module, nonce.calldata()));
            requests.push(CallRequest::new(module, digest.calldata()));
            requests.push(CallRequest::new(is_installed.to, is_installed.data.clone()));
        }
        requests.extend(validators.iter().map(|validator| CallRequest::new(*validator, IS_STATELESS_VALIDATOR)));
        let chain_id = chain.chain_id();
        let mut answers = chain.node().call_many(&requests).await?.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(missing()));
        let mut read = Vec::with_capacity(asked.len());
        for (place, Asked { account, form, session, .. }) in places.into_iter().zip(asked) {
            let nonce = answer::<abi::Nonce>(&next()?)?;
            let seen = answer::<abi::SessionDigest>(&next()?)?;
            let installed = next()?;
            let (account, session) = (*account, session.as_abi().clone());
            let entry = ChainSession { chain_id, account, module, nonce, session };
            let expected = entry.digest(self.mode);
            if seen != expected {
                return Err(Error::DigestMismatch { expected, seen });
            }
            read.push((place, entry, PlannedAccount { form: *form, is_installed: is_yes(&installed) }));
        }
        for validator in validators {
            match next() {
                Ok(answer) if is_yes(&answer) => {}
                Err(error) if !is_revert(&error) => return Err(error.into()),
                _ => return Err(PlanError::NoSessionValidator { chain_id, validator }.into()),
            }
        }
        Ok(read)
    }
}

/// `isModuleType(7)`: what the session module asks a session validator before it enables a session.
const IS_STATELESS_VALIDATOR: [u8; 36] =
    hex!("ecd059610000000000000000000000000000000000000000000000000000000000000007");

/// Where there is no code the answer is empty.
fn is_yes(answer: &[u8]) -> bool {
    answer.len() == 32 && answer.last() == Some(&1)
}

/// Whether a contract said no, in the words of geth and of those who follow it: there may be no data.
pub(super) fn is_revert(error: &BundlerError) -> bool {
    let said = |answer: &ErrorResponse| answer.code == 3 || answer.message.contains("revert");
    error.revert_data().is_some() || matches!(error, BundlerError::Response(answer) if said(answer))
}

/// Which validator of a Nexus account checks its owner's signature.
pub(crate) const fn nexus_validator(account: &Nexus) -> Validator {
    let deployment = account.deployment();
    match deployment.default_validator {
        Some(_) => Validator::Default,
        None => Validator::Installed(deployment.owner_validator),
    }
}

/// How stored text names the form in which an account takes its owner's signature.
fn signature_form<A: Account + ?Sized>(account: &A, validator: Validator) -> Option<(AccountType, Address)> {
    let signature = crate::client::signing::STUB_SIGNATURE;
    let wrapped = account.wrap_enable_signature(validator, &signature).ok()?;
    [AccountType::Nexus, AccountType::Kernel].into_iter().find_map(|form| {
        let (validator, inner) = form.unwrap_owner_signature(&wrapped)?;
        (inner == signature).then_some((form, validator))
    })
}

pub(super) fn answer<F: ModuleFunction>(bytes: &Bytes) -> Result<F::Return, Error> {
    F::decode_return(bytes).map_err(|error| Error::ModuleAnswer { function: F::SIGNATURE, error })
}

pub(super) fn missing() -> BundlerError {
    BundlerError::Request { method: "eth_call".into(), reason: "no answer in the batch".into() }
}
