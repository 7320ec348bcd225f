//! The session key's side: using a grant.

use std::boxed::Box;

use alloy_primitives::Bytes;
use bundler_rpc::UserOperationReceipt;
use policy_encoding::{Evaluation, SessionModule, SessionRefusal};
use session_types::{SigningForm, abi};
use userop::Call;
use userop::account::{Account, ValidationMode, Validator};

use super::sender::Sender;
use super::{Chain, Error, Grant, SessionKey, SignatureCheck};

/// A session key with its grant, on one chain.
///
/// Before anything is signed or sent, the calls are evaluated against the session as if it were unused; counters that
/// are used up are known to the chain alone, which then refuses.
#[derive(Clone, Debug)]
#[doc(alias = "smartSessionUseActions")]
#[doc(alias = "toSmartSessionsValidator")]
#[doc(alias = "toSmartSessionsModule")]
pub struct SessionClient<A, K> {
    pub(super) sender: Sender<A>,
    pub(super) grant: Grant,
    key: K,
    /// What was asked for, when it does not follow from the session.
    form: Option<SigningForm>,
    preflight: bool,
}

impl<A: Account, K: SessionKey> SessionClient<A, K> {
    /// A session key's client for the account of a grant. The key is any signer of alloy's, a
    /// [`ThresholdKey`](crate::ThresholdKey), or another [`SessionKey`].
    ///
    /// # Errors
    /// When the grant is for another chain or account than those given.
    pub fn new(chain: Chain, account: A, grant: Grant, key: K) -> Result<Self, Error> {
        if grant.chain_id != chain.chain_id() {
            return Err(Error::OtherChain { granted: grant.chain_id, connected: chain.chain_id() });
        }
        if grant.account != account.address() {
            return Err(Error::OtherAccount { granted: grant.account, given: account.address() });
        }
        let validator = Validator::Installed(chain.deployment().module);
        Ok(Self { sender: Sender::new(chain, account, validator), grant, key, form: None, preflight: true })
    }

    /// Leaves the checks before sending out (calls, key): the chain alone decides.
    #[must_use]
    pub const fn without_preflight(mut self) -> Self {
        self.preflight = false;
        self
    }

    /// Signs in this form: for session validators that the deployment does not know.
    #[must_use]
    pub const fn with_signing_form(mut self, form: SigningForm) -> Self {
        self.form = Some(form);
        self
    }

    /// Sends over this lane: a nonce key of its own. Operations on different lanes do not wait for each other; those of
    /// one lane must, so [`lanes`](Self::lanes) is what to use for work side by side. Without it: lane 0.
    ///
    /// # Errors
    /// When the account cannot tell so many lanes apart.
    pub fn with_lane(mut self, lane: u32) -> Result<Self, Error> {
        self.sender.account.nonce_key(self.sender.validator, ValidationMode::Validate, lane)?;
        self.sender.lane = lane;
        Ok(self)
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

    /// The grant.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Whether the session is enabled on the chain.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "isPermissionEnabled")]
    #[doc(alias = "isSessionEnabled")]
    pub async fn is_enabled(&self) -> Result<bool, Error> {
        self.sender.chain.is_enabled(self.grant.permission_id, self.grant.account).await
    }

    /// Makes calls with the session. It is enabled first when the chain does not have it yet and the grant holds the
    /// owner's signature.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] when the evaluation says no: nothing is sent. [`Error::Refused`] when the chain says no,
    /// with the limit that stopped it. Otherwise when the calls revert or an endpoint fails.
    #[doc(alias = "usePermission")]
    pub async fn use_permission(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        let enabled = self.is_enabled().await?;
        if !enabled && self.grant.enable.is_none() {
            let Grant { permission_id: permission, account, .. } = self.grant;
            return Err(Error::NotEnabled { permission, account });
        }
        self.send(calls, !enabled).await
    }

    /// As [`use_permission`](Self::use_permission), with the session as the chain has it: never enables it.
    ///
    /// # Errors
    /// As [`use_permission`](Self::use_permission).
    pub async fn use_enabled(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        self.send(calls, false).await
    }

    async fn send(&self, calls: &[Call], enabling: bool) -> Result<UserOperationReceipt, Error> {
        let evaluation = self.evaluate(calls).await?;
        if let (true, Some(refusal)) = (self.preflight, &evaluation) {
            return Err(Error::NotPermitted(Box::new(refusal.clone())));
        }
        let envelope = |signature: Bytes| {
            let Grant { permission_id: permission, account, .. } = self.grant;
            let envelope = self.grant.envelope(enabling, signature).ok_or(Error::NotEnabled { permission, account });
            Ok::<_, Error>(envelope?.encode())
        };
        let check = self.signature_check();
        if self.preflight {
            self.key.check(&check)?;
        }
        let stub = envelope(self.stub_signature()?)?;
        let sign = async |hash| envelope(self.key.sign(check, hash).await?);
        let receipt = self.sender.execute(calls, stub, sign).await;
        Ok(receipt.map_err(|error| self.sender.chain.refusal(error, evaluation))?.require_success()?)
    }

    /// What stands for the key's signature where none is made.
    pub(super) fn stub_signature(&self) -> Result<Bytes, Error> {
        self.key.stub_signature(&self.signature_check())
    }

    /// What checks the key's signatures.
    fn signature_check(&self) -> SignatureCheck<'_> {
        SignatureCheck::new(self.sender.chain.deployment(), self.grant.session.as_ref()).with_form(self.form)
    }

    /// What the policies say about the calls, of a session that is unused; `None` when they permit them, the session is
    /// not known, or policies decide of which nothing is known.
    async fn evaluate(&self, calls: &[Call]) -> Result<Option<SessionRefusal>, Error> {
        let Some(session) = &self.grant.session else { return Ok(None) };
        let now = self.sender.chain.time().await?;
        let module = SessionModule::new(*self.sender.chain.deployment()).on_chain(self.sender.chain.chain_id());
        let operation = policy_encoding::Operation::new(self.sender.account.encode_calls(calls));
        let mut state = policy_encoding::AccountSessions::new(self.grant.account);
        let sessions: [&abi::Session; 1] = [session];
        if let Err(refusal) = module.enable(&mut state, sessions) {
            return Ok(Some(refusal));
        }
        Ok(match module.evaluate(&state, self.grant.permission_id, &operation, now) {
            Evaluation::Refused(refusal) => Some(refusal),
            _ => None,
        })
    }
}
