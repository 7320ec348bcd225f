use std::boxed::Box;
use std::vec::Vec;

use alloy_primitives::{B256, Bytes, U256};
use bundler_rpc::{SignedOperation, UserOperationReceipt};
use futures_util::future::join_all;
use session_types::SigningForm;
use userop::Call;
use userop::account::{Account, ValidationMode, Validator};

use super::{ChainUse, Executed, Transport, TransportFuture, Used, UsedOn};
use crate::client::sender::Sender;
use crate::{Chain, ChainReader, Error, Grant, SessionKey, SignatureCheck};

/// A session key whose operations go to a bundler: one for each chain, each signed for itself.
///
/// Operations for several chains go out side by side, and what one chain refuses the others do not wait for.
#[derive(Clone, Debug)]
pub struct BundlerTransport<A, K> {
    first: Sender<A>,
    others: Vec<Sender<A>>,
    key: K,
    /// What was asked for, when it does not follow from the session.
    form: Option<SigningForm>,
}

impl<A: Account, K: SessionKey> BundlerTransport<A, K> {
    /// An account on a chain, and the key that acts for it.
    #[must_use]
    pub fn new(chain: Chain, account: A, key: K) -> Self {
        Self { first: seat(chain, account), others: Vec::new(), key, form: None }
    }

    /// The same key for an account on another chain.
    ///
    /// # Errors
    /// [`Error::ChainTwice`].
    pub fn with_chain(mut self, chain: Chain, account: A) -> Result<Self, Error> {
        let chain_id = chain.chain_id();
        if self.on(chain_id).is_some() {
            return Err(Error::ChainTwice { chain_id });
        }
        self.others.push(seat(chain, account));
        Ok(self)
    }

    /// Signs in this form: for session validators that the deployment does not know.
    #[must_use]
    pub const fn with_signing_form(mut self, form: SigningForm) -> Self {
        self.form = Some(form);
        self
    }

    /// Sends over this lane, a nonce key of its own, on every chain.
    ///
    /// # Errors
    /// When an account cannot tell so many lanes apart.
    pub fn with_lane(mut self, lane: u32) -> Result<Self, Error> {
        for sender in std::iter::once(&mut self.first).chain(&mut self.others) {
            sender.account.nonce_key(sender.validator, ValidationMode::Validate, lane)?;
            sender.lane = lane;
        }
        Ok(self)
    }

    /// The account on the first chain, and that chain.
    pub(crate) const fn first(&self) -> &Sender<A> {
        &self.first
    }

    fn on(&self, chain_id: u64) -> Option<&Sender<A>> {
        std::iter::once(&self.first).chain(&self.others).find(|sender| sender.chain.chain_id() == chain_id)
    }

    fn of(&self, grant: &Grant) -> Result<&Sender<A>, Error> {
        let connected = self.first.chain.chain_id();
        self.on(grant.chain_id).ok_or(Error::OtherChain { granted: grant.chain_id, connected })
    }

    /// What checks the key's signatures.
    fn signature_check<'a>(&'a self, sender: &'a Sender<A>, grant: &'a Grant) -> SignatureCheck<'a> {
        SignatureCheck::new(sender.chain.deployment(), grant.session.as_ref()).with_form(self.form)
    }

    /// What stands for the key's signature where none is made.
    pub(crate) fn stub_signature(&self, grant: &Grant) -> Result<Bytes, Error> {
        self.key.stub_signature(&self.signature_check(self.of(grant)?, grant))
    }

    /// Makes the calls on one chain, and tells the operation's hash right before anything is sent.
    pub(crate) async fn operate(
        &self,
        usage: &ChainUse<'_>,
        sending: impl FnOnce(B256),
    ) -> Result<UserOperationReceipt, Error> {
        let ChainUse { grant, calls, evaluation, .. } = usage;
        let sender = self.of(grant)?;
        let check = self.signature_check(sender, grant);
        let stub = envelope(usage, self.key.stub_signature(&check)?)?;
        let sign = async |hash| envelope(usage, self.key.sign(check, hash).await?);
        let receipt = sender.execute_telling(calls, stub, sign, sending).await;
        Ok(receipt.map_err(|error| sender.chain.refusal(error, evaluation.clone()))?.require_success()?)
    }

    /// The operation that makes the calls on one chain, signed and not sent; with the lane's next nonce unless one is
    /// given.
    pub(crate) async fn sign(&self, usage: &ChainUse<'_>, nonce: Option<U256>) -> Result<SignedOperation, Error> {
        let ChainUse { grant, calls, evaluation, .. } = usage;
        let sender = self.of(grant)?;
        let check = self.signature_check(sender, grant);
        let stub = envelope(usage, self.key.stub_signature(&check)?)?;
        let sign = async |hash| envelope(usage, self.key.sign(check, hash).await?);
        let signed = sender.sign(calls, nonce, stub, sign).await;
        signed.map_err(|error| sender.chain.refusal(error, evaluation.clone()))
    }
}

/// What goes into the operation for the key's signature.
fn envelope(usage: &ChainUse<'_>, signature: Bytes) -> Result<Bytes, Error> {
    let Grant { permission_id: permission, account, .. } = *usage.grant;
    let envelope = usage.grant.envelope(usage.enabling, signature);
    Ok(envelope.ok_or(Error::NotEnabled { permission, account })?.encode())
}

impl<A: Account + Send + Sync, K: SessionKey> Transport for BundlerTransport<A, K> {
    type Account = A;
    type Key = K;

    fn reader(&self, chain_id: u64) -> Option<&ChainReader> {
        self.on(chain_id).map(|sender| sender.chain.reader())
    }

    fn check(&self, grant: &Grant) -> Result<(), Error> {
        let given = self.of(grant)?.account.address();
        if grant.account == given { Ok(()) } else { Err(Error::OtherAccount { granted: grant.account, given }) }
    }

    fn check_key(&self, grant: &Grant) -> Result<(), Error> {
        self.key.check(&self.signature_check(self.of(grant)?, grant))
    }

    fn call_data(&self, grant: &Grant, calls: &[Call]) -> Bytes {
        self.on(grant.chain_id).unwrap_or(&self.first).account.encode_calls(calls)
    }

    fn carry<'a>(&'a self, uses: &'a [ChainUse<'a>]) -> TransportFuture<'a> {
        Box::pin(async move {
            let chains = uses.iter().map(async |usage| {
                let chain_id = usage.grant.chain_id;
                let receipt = self.operate(usage, |_| {}).await;
                UsedOn::new(
                    chain_id,
                    receipt.map(|receipt| Executed::new(chain_id, receipt.user_op_hash, receipt.transaction_hash())),
                )
            });
            Ok(Used::new(None, join_all(chains).await))
        })
    }
}

fn seat<A: Account>(chain: Chain, account: A) -> Sender<A> {
    let validator = Validator::Installed(chain.deployment().module);
    Sender::new(chain, account, validator)
}
