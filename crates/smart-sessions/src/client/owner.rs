//! The granter's side: installing the session module, granting and revoking.

use std::borrow::Borrow;
use std::boxed::Box;
use std::vec::Vec;

use alloy_primitives::Address;
use alloy_signer::Signer;
use bundler_rpc::UserOperationReceipt;
use futures_util::future::try_join_all;
use session_types::abi::enable_sessions_calldata;
use session_types::{EnableMode, Session};
use userop::Call;
use userop::account::{Account, Module, Nexus, Validator};

use super::plan::nexus_validator;
use super::sender::Sender;
use super::signing::{STUB_SIGNATURE, sign_personal};
use super::{Chain, Error, Grant, GrantPlan, GrantPlanBuilder, PlanError, SignatureForm};

/// An account's owner on one chain.
///
/// `A` is the account, `S` any signer of alloy's: a local key, a key service, a hardware wallet. Operations are signed as
/// personal messages of their hash, which every validator of the K1 family accepts.
#[derive(Clone, Debug)]
pub struct Owner<A, S> {
    sender: Sender<A>,
    signer: S,
    /// The validator that has to be told to answer the session module's questions without nesting.
    nesting_validator: Option<Address>,
}

/// What became of an installation.
#[derive(Clone, Debug)]
pub enum Installation {
    /// The module was there already: nothing was sent.
    AlreadyInstalled,
    /// The operation that installed it.
    Installed(Box<UserOperationReceipt>),
}

impl<S: Signer + Sync> Owner<Nexus, S> {
    /// The owner of a Nexus account, whose owner validator is that of the account's deployment.
    #[must_use]
    pub fn nexus(chain: Chain, account: Nexus, signer: S) -> Self {
        let owner_validator = account.deployment().owner_validator;
        let validator = nexus_validator(&account);
        Self { nesting_validator: Some(owner_validator), ..Self::new(chain, account, validator, signer) }
    }
}

impl<A: Account, S: Signer + Sync> Owner<A, S> {
    /// The owner of any account, with the validator that checks the owner's signature.
    #[must_use]
    pub fn new(chain: Chain, account: A, validator: Validator, signer: S) -> Self {
        Self { sender: Sender::new(chain, account, validator), signer, nesting_validator: None }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &A {
        &self.sender.account
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.sender.chain
    }

    /// Makes calls from the account, which its first operation deploys.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, or an endpoint fails.
    #[doc(alias = "sendTransaction")]
    #[doc(alias = "writeContract")]
    #[doc(alias = "sendUserOperation")]
    pub async fn send(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        let sign = async |hash| sign_personal(&self.signer, hash).await;
        let receipt = self.sender.execute(calls, STUB_SIGNATURE.into(), sign).await;
        Ok(receipt.map_err(|error| self.chain().refusal(error, None))?.require_success()?)
    }

    /// Whether the session module is installed on the account.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "isModuleInstalled")]
    pub async fn is_session_module_installed(&self) -> Result<bool, Error> {
        if self.chain().node().code(self.account().address()).await?.is_empty() {
            return Ok(false);
        }
        let question = self.account().is_module_installed(&self.session_module());
        self.chain().ask_bool(question.to, question.data).await
    }

    /// Installs the session module, unless it is installed; deploys the account if need be.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, or an endpoint fails.
    #[doc(alias = "installModule")]
    pub async fn install_session_module(&self) -> Result<Installation, Error> {
        if self.is_session_module_installed().await? {
            return Ok(Installation::AlreadyInstalled);
        }
        let module = self.session_module();
        let mut calls = Vec::from([self.account().install(&module, &[])?]);
        calls.extend(self.nesting_validator.map(|validator| add_safe_sender(validator, module.address())));
        Ok(Installation::Installed(Box::new(self.send(&calls).await?)))
    }

    /// Plans to grant sessions by one signature. [`prepare`](GrantPlanBuilder::prepare) asks the chain, and the
    /// [`GrantPlan`] can then be explained and signed, here or elsewhere; [`and`](GrantPlanBuilder::and) adds those of the
    /// owner's accounts on other chains.
    #[doc(alias = "preparePermission")]
    pub fn plan(&self, sessions: impl IntoIterator<Item = impl Borrow<Session>>) -> GrantPlanBuilder {
        let Sender { chain, account, validator, .. } = &self.sender;
        let plan = GrantPlan::builder().owned_by(self.signer.address());
        sessions.into_iter().fold(plan, |plan, session| plan.session(chain, account, *validator, session))
    }

    /// Enables a session on the chain by an operation of the account.
    ///
    /// # Errors
    /// As [`grant_plan`](Self::grant_plan).
    #[doc(alias = "GrantPermissionParameters")]
    #[doc(alias = "grantPermission")]
    pub async fn grant(&self, session: &Session) -> Result<(Grant, UserOperationReceipt), Error> {
        let (mut grants, receipt) = self.grant_plan(&self.plan([session]).prepare().await?).await?;
        let grant = grants.pop().ok_or(PlanError::NoSuchSession { place: 0 })?;
        Ok((grant, receipt))
    }

    /// Enables what a plan has for this account on this chain by one operation, without a signature over the plan.
    ///
    /// # Errors
    /// [`PlanError::NotAccepted`] when something critical was found that was not [accepted](GrantPlan::accept). Otherwise when
    /// the plan has nothing for the account, the session module is not installed, the chain refuses the operation, its calls
    /// revert, or an endpoint fails.
    #[doc(alias = "enableSessions")]
    pub async fn grant_plan(&self, plan: &GrantPlan) -> Result<(Vec<Grant>, UserOperationReceipt), Error> {
        plan.check_accepted()?;
        let (chain_id, account) = (self.chain().chain_id(), self.account().address());
        let grants = plan.places(chain_id, account).map(|place| plan.grant(place, None));
        let grants = grants.collect::<Result<Vec<_>, _>>()?;
        if grants.is_empty() {
            return Err(PlanError::NotPlanned { chain_id, account }.into());
        }
        if !self.is_session_module_installed().await? {
            return Err(Error::NotInstalled { account });
        }
        let sessions: Vec<_> = grants.iter().filter_map(|grant| grant.session.as_ref()).collect();
        let receipt = self.send(&[self.module_call(enable_sessions_calldata(&sessions))]).await?;
        let enabled = grants.iter().map(|grant| self.chain().is_enabled(grant.permission_id, account));
        if !try_join_all(enabled).await?.into_iter().all(|is_enabled| is_enabled) {
            return Err(Error::NotDone { expected: "the session is enabled", operation: receipt.user_op_hash });
        }
        Ok((grants, receipt))
    }

    /// Signs a session, to be enabled by its first use: nothing is sent. A [`plan`](Self::plan) of one session, signed as
    /// personal message.
    ///
    /// # Errors
    /// As [`GrantPlanBuilder::prepare`] and [`GrantPlan::sign`].
    #[doc(alias(
        "GrantDeferredPermissionParameters",
        "GrantDeferredPermissionResponse",
        "GrantPermissionParameterEntry",
        "RequiredSessionParams",
        "PrettifiedSession"
    ))]
    #[doc(alias = "grantPermissionPersonalSign")]
    #[doc(alias = "grantDeferredPermission")]
    pub async fn sign_grant(&self, session: &Session, mode: EnableMode) -> Result<Grant, Error> {
        let plan = self.plan([session]).mode(mode).prepare().await?;
        let grant = self.sign_plan(&plan, SignatureForm::PersonalMessage).await?.pop();
        Ok(grant.ok_or(PlanError::NoSuchSession { place: 0 })?)
    }

    /// Signs a plan, of one or many chains, with this owner's key.
    ///
    /// # Errors
    /// As [`GrantPlan::sign`].
    pub async fn sign_plan(&self, plan: &GrantPlan, form: SignatureForm) -> Result<Vec<Grant>, Error> {
        plan.sign(&self.signer, form).await
    }

    const fn session_module(&self) -> Module {
        Module::Validator(self.chain().deployment().module)
    }

    fn module_call(&self, data: alloy_primitives::Bytes) -> Call {
        Call::new(self.chain().deployment().module, data)
    }
}

/// `addSafeSender(address)`: the owner validator then answers the module's questions without nesting (ERC-7739).
fn add_safe_sender(validator: Address, module: Address) -> Call {
    let mut data = Vec::from([0x5c, 0x81, 0xca, 0x68]);
    data.extend_from_slice(module.into_word().as_slice());
    Call::new(validator, data)
}
