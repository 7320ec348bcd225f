//! The session key's side: using a grant.

use std::boxed::Box;
use std::marker::PhantomData;
use std::vec::Vec;

use alloy_primitives::{B256, Bytes, U256};
use bundler_rpc::{SignedOperation, UserOperationReceipt};
use futures_util::future::try_join_all;
use policy_encoding::SessionRefusal;
use session_types::SigningForm;
use tokio::try_join;
use userop::Call;
use userop::account::Account;

use super::sender::Sender;
use super::transport::{BundlerTransport, ChainCalls, ChainUse, Transport, Used};
use super::{Chain, Error, Grant, SessionKey};

/// A session key with its grants: one on one chain, or one on each of several.
///
/// Before anything is signed or sent, the calls are evaluated against the session as if it were unused; counters that
/// are used up are known to the chain alone, which then refuses. [`with_counters`](Self::with_counters) reads them first.
///
/// `T` is how the calls reach the chains: by a bundler when nothing else is said ([`new`](Self::new)), by a MEE node or by
/// a transport of your own with [`over`](Self::over).
#[derive(Clone, Debug)]
pub struct SessionClient<A, K, T = BundlerTransport<A, K>> {
    transport: T,
    grant: Grant,
    /// Those on other chains.
    others: Vec<Grant>,
    preflight: bool,
    /// Whether what is used so far is read before the calls are evaluated.
    counters: bool,
    /// What the transport takes for account and key.
    of: PhantomData<fn() -> (A, K)>,
}

impl<T: Transport> SessionClient<T::Account, T::Key, T> {
    /// Grants over a transport, at most one for each chain.
    ///
    /// ```no_run
    /// use smart_sessions::mee::{FeeToken, session::SessionActions};
    /// use smart_sessions::userop::Call;
    /// use smart_sessions::{ChainCalls, Error, Grant, MeeTransport, SessionClient};
    /// # use alloy_primitives::{Address, U256};
    ///
    /// # async fn example(actions: SessionActions, usdc: Address, grants: Vec<Grant>, call: Call) -> Result<(), Error> {
    /// // Fees in the token on Base, never more than half a unit of it.
    /// let transport = MeeTransport::paying(actions, FeeToken::new(usdc, 8453), U256::from(500_000));
    /// let session = SessionClient::over(transport, grants)?;
    /// let used = session.use_on(&[ChainCalls::new(8453, [call.clone()]), ChainCalls::new(10, [call])]).await?;
    /// for executed in used.require_all()? {
    ///     println!("chain {}: {}", executed.chain_id, executed.transaction);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no grant, two are for one chain, or one is for a chain or an account that the transport does not
    /// have.
    pub fn over(transport: T, grants: impl IntoIterator<Item = Grant>) -> Result<Self, Error> {
        let mut grants = grants.into_iter();
        let grant = grants.next().ok_or(Error::NoGrants)?;
        transport.check(&grant)?;
        let mut client =
            Self { transport, grant, others: Vec::new(), preflight: true, counters: false, of: PhantomData };
        for grant in grants {
            client.transport.check(&grant)?;
            if client.grants().any(|other| other.chain_id == grant.chain_id) {
                return Err(Error::ChainTwice { chain_id: grant.chain_id });
            }
            client.others.push(grant);
        }
        Ok(client)
    }
}

impl<A, K, T: Transport> SessionClient<A, K, T> {
    /// Leaves the checks before sending out (calls, key): the chain alone decides.
    #[must_use]
    pub const fn without_preflight(mut self) -> Self {
        self.preflight = false;
        self
    }

    /// Evaluates the calls by what is used of the session's limits so far, which is read from the chain for every use, at
    /// the same time as the clock: a limit that is used up then stops the calls before anything is signed or sent, with
    /// [`Error::NotPermitted`]. What operations under way will use is not known to it, nor is a state that cannot be
    /// [read](crate::SessionStatus::unreadable): there the chain refuses, as without it.
    #[must_use]
    pub const fn with_counters(mut self) -> Self {
        self.counters = true;
        self
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> &T {
        &self.transport
    }

    /// The grants, of which each is for another chain.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        std::iter::once(&self.grant).chain(&self.others)
    }

    /// Makes calls with the sessions of one chain or several. Each session is enabled first where its chain does not have
    /// it yet and the grant holds the owner's signature.
    ///
    /// What became of the calls is said chain by chain: [`Used::require_all`] insists on all.
    ///
    /// # Errors
    /// Nothing was sent: [`Error::NotPermitted`] when the evaluation says no, [`Error::NoGrant`] for a chain without one,
    /// [`Error::NotEnabled`] when a grant cannot enable its session; otherwise when there is nothing to do, the key does
    /// not fit or an endpoint fails.
    #[doc(alias = "usePermission")]
    pub async fn use_on(&self, calls: &[ChainCalls]) -> Result<Used, Error> {
        if calls.is_empty() || calls.iter().any(|on| on.calls.is_empty()) {
            return Err(Error::NoCalls);
        }
        for (index, on) in calls.iter().enumerate() {
            if calls.iter().take(index).any(|earlier| earlier.chain_id == on.chain_id) {
                return Err(Error::ChainTwice { chain_id: on.chain_id });
            }
        }
        let payment = self.transport.payment();
        let mut uses = Vec::new();
        for on in calls {
            uses.push((self.grant_on(on.chain_id)?, &*on.calls));
        }
        if let Some(on) = payment.as_ref().filter(|on| !calls.iter().any(|other| other.chain_id == on.chain_id)) {
            uses.push((self.grant_on(on.chain_id)?, &[]));
        }
        let uses = uses.into_iter().map(async |(grant, calls)| {
            let paid = payment.as_ref().filter(|on| on.chain_id == grant.chain_id).map(|on| &*on.calls);
            let enabling = self.has_to_enable(grant).await?;
            self.prepare(grant, calls, paid, enabling).await
        });
        self.transport.carry(&try_join_all(uses).await?).await
    }

    fn grant_on(&self, chain_id: u64) -> Result<&Grant, Error> {
        self.grants().find(|grant| grant.chain_id == chain_id).ok_or(Error::NoGrant { chain_id })
    }

    /// Whether the chain does not have the session yet.
    async fn has_to_enable(&self, grant: &Grant) -> Result<bool, Error> {
        let &Grant { permission_id: permission, account, chain_id, .. } = grant;
        let reader = self.transport.reader(chain_id).ok_or(Error::NoGrant { chain_id })?;
        match (reader.is_enabled(permission, account).await?, &grant.enable) {
            (true, _) => Ok(false),
            (false, Some(_)) => Ok(true),
            (false, None) => Err(Error::NotEnabled { permission, account }),
        }
    }

    /// Checks a use before anything is signed. `paid` are the calls by which the transport is paid on this chain.
    async fn prepare<'a>(
        &self,
        grant: &'a Grant,
        calls: &'a [Call],
        paid: Option<&[Call]>,
        enabling: bool,
    ) -> Result<ChainUse<'a>, Error> {
        if self.preflight {
            self.transport.check_key(grant)?;
        }
        let mut evaluation = None;
        if grant.session.is_some() {
            let reader = self.transport.reader(grant.chain_id).ok_or(Error::NoGrant { chain_id: grant.chain_id })?;
            // A session that is enabled by this use begins anew.
            let counts = self.preflight && self.counters && !enabling;
            let status = async { if counts { reader.status(grant).await.map(Some) } else { Ok(None) } };
            let (now, status) = try_join!(reader.time(), status)?;
            let evaluate =
                |calls: &[Call]| reader.evaluate(grant, status.as_ref(), self.transport.call_data(grant, calls), now);
            evaluation = Some(calls).filter(|calls| !calls.is_empty()).and_then(evaluate);
            evaluation = evaluation.or_else(|| paid.and_then(evaluate));
        }
        match evaluation {
            Some(refusal) if self.preflight => Err(Error::NotPermitted(Box::new(refusal))),
            evaluation => Ok(ChainUse { grant, calls, enabling, evaluation }),
        }
    }
}

impl<A: Account + Send + Sync, K: SessionKey> SessionClient<A, K> {
    /// A session key's client for the account of a grant. The key is any signer of alloy's, a
    /// [`ThresholdKey`](crate::ThresholdKey), or another [`SessionKey`].
    ///
    /// # Errors
    /// When the grant is for another chain or account than those given.
    #[doc(alias(
        "createNexusSessionClient",
        "signer",
        "privateKeyToAccount",
        "generatePrivateKey",
        "sessionDetailsArray"
    ))]
    pub fn new(chain: Chain, account: A, grant: Grant, key: K) -> Result<Self, Error> {
        Self::over(BundlerTransport::new(chain, account, key), [grant])
    }

    /// Signs in this form: for session validators that the deployment does not know.
    #[must_use]
    pub fn with_signing_form(mut self, form: SigningForm) -> Self {
        self.transport = self.transport.with_signing_form(form);
        self
    }

    /// Sends over this lane: a nonce key of its own. Operations on different lanes do not wait for each other; those of
    /// one lane must, so [`lanes`](Self::lanes) is what to use for work side by side. Without it: lane 0.
    ///
    /// # Errors
    /// When the account cannot tell so many lanes apart.
    pub fn with_lane(mut self, lane: u32) -> Result<Self, Error> {
        self.transport = self.transport.with_lane(lane)?;
        Ok(self)
    }

    /// Whether the session is enabled on the chain.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "isPermissionEnabled")]
    #[doc(alias = "isSessionEnabled")]
    pub async fn is_enabled(&self) -> Result<bool, Error> {
        self.chain().is_enabled(self.grant.permission_id, self.grant.account).await
    }

    /// Makes calls with the session. It is enabled first when the chain does not have it yet and the grant holds the
    /// owner's signature.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] when the evaluation says no: nothing is sent. [`Error::Refused`] when the chain says no,
    /// with the limit that stopped it. Otherwise when the calls revert or an endpoint fails. [`Error::unsettled`] names
    /// the operation if it may still be mined.
    #[doc(alias = "UsePermissionParameters")]
    #[doc(alias = "usePermission")]
    pub async fn use_permission(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        let enabling = self.has_to_enable(&self.grant).await?;
        self.operate(calls, enabling, |_| {}).await
    }

    /// As [`use_permission`](Self::use_permission), with the session as the chain has it: never enables it.
    ///
    /// # Errors
    /// As [`use_permission`](Self::use_permission).
    pub async fn use_enabled(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        self.operate(calls, false, |_| {}).await
    }

    /// As [`use_permission`](Self::use_permission), or as [`use_enabled`](Self::use_enabled). Tells the operation's hash
    /// right before it is sent: until then nothing can be mined.
    pub(super) async fn use_telling(
        &self,
        calls: &[Call],
        may_enable: bool,
        sending: impl FnOnce(B256),
    ) -> Result<UserOperationReceipt, Error> {
        let enabling = may_enable && self.has_to_enable(&self.grant).await?;
        self.operate(calls, enabling, sending).await
    }

    /// An operation without calls is refused here: the evaluation leaves it out.
    async fn prepare_operation<'a>(&'a self, calls: &'a [Call], enabling: bool) -> Result<ChainUse<'a>, Error> {
        if calls.is_empty() {
            return Err(Error::NoCalls);
        }
        self.prepare(&self.grant, calls, None, enabling).await
    }

    async fn operate(
        &self,
        calls: &[Call],
        enabling: bool,
        sending: impl FnOnce(B256),
    ) -> Result<UserOperationReceipt, Error> {
        let usage = self.prepare_operation(calls, enabling).await?;
        self.transport.operate(&usage, sending).await
    }

    /// The operation that makes the calls, signed and not sent, with the lane's next nonce unless one is given; and what
    /// our evaluation has against the calls, where that is the chain's to decide.
    pub(super) async fn sign(
        &self,
        calls: &[Call],
        enabling: bool,
        nonce: Option<U256>,
    ) -> Result<(SignedOperation, Option<SessionRefusal>), Error> {
        let usage = self.prepare_operation(calls, enabling).await?;
        let signed = self.transport.sign(&usage, nonce).await?;
        Ok((signed, usage.evaluation))
    }

    /// What stands for the key's signature where none is made.
    pub(super) fn stub_signature(&self) -> Result<Bytes, Error> {
        self.transport.stub_signature(&self.grant)
    }
}

impl<A: Account, K: SessionKey> SessionClient<A, K> {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> &A {
        &self.sender().account
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.sender().chain
    }

    pub(super) const fn sender(&self) -> &Sender<A> {
        self.transport.first()
    }
}

impl<A, K, T> SessionClient<A, K, T> {
    /// The grant; of several, the first.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }
}
