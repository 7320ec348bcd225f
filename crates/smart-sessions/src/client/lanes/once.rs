//! Work that is done once, whichever process does it and however often it is begun.

use std::boxed::Box;
use std::string::ToString as _;
use std::time::Duration;

use alloy_primitives::{B256, TxHash, U256};
use bundler_rpc::{BundlerError, MinedOperation, PartialOperation, SignedOperation, UserOperationReceipt};
use policy_encoding::SessionRefusal;
use userop::account::Account;
use userop::{Call, Delegation};

use super::{Leased, Ordering, SessionLanes};
use crate::client::store::{LaneSpace, RecordedOperation, Recording, SessionStore, WorkId};
use crate::client::{Error, SessionClient, SessionKey};

/// How a piece of work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Its operation was mined while we waited for it.
    Now(Box<UserOperationReceipt>),
    /// Its operation had been mined before: another process sent it, or an earlier call.
    Before(MinedOperation),
}

impl Done {
    /// The operation.
    #[must_use]
    #[doc(alias = "userOpHash")]
    pub const fn hash(&self) -> B256 {
        match self {
            Self::Now(receipt) => receipt.user_op_hash,
            Self::Before(operation) => operation.hash,
        }
    }

    /// The transaction that carried it.
    #[must_use]
    pub const fn transaction_hash(&self) -> TxHash {
        match self {
            Self::Now(receipt) => receipt.transaction_hash(),
            Self::Before(operation) => operation.transaction_hash,
        }
    }
}

/// What came of an operation.
enum Attempt {
    Mined(Box<UserOperationReceipt>),
    /// Look at what is written down.
    Again,
    /// The same operation stands for other work.
    Shared(Box<SignedOperation>),
}

/// How often the chain may prove that another operation has used the nonce.
const ATTEMPTS: u32 = 8;
/// How long before asking again a node that has not seen what a bundler has.
const PAUSE: Duration = Duration::from_millis(500);
/// How many blocks may be undone between writing an operation down and mining it.
const UNDONE: u64 = 128;

impl<A: Account + Clone + Send + Sync, K: SessionKey + Clone> SessionLanes<A, K> {
    /// Makes calls with the session once, for work that several processes may begin: after one was killed, or
    /// because a queue has handed the work out twice.
    ///
    /// The signed operation is written down in the store under the work's name before it is sent. Whoever begins the
    /// work later finds it and sends the very same operation, or learns that it was mined: the chain takes its nonce once.
    /// Another operation is signed only with the same nonce, or when the entry point's event proves that the nonce went to
    /// another operation, so that nothing is done twice whatever a process, a bundler or the network does.
    ///
    /// ```no_run
    /// # use smart_sessions::{Error, SessionLanes, userop::{Call, account::Nexus}};
    /// # use alloy_signer_local::PrivateKeySigner;
    /// # struct Order { number: u64, calls: Vec<Call> }
    /// # impl Order { async fn is_paid(self, _by: alloy_primitives::B256) {} }
    /// # async fn example(lanes: SessionLanes<Nexus, PrivateKeySigner>, order: Order) -> Result<(), Error> {
    /// // The queue hands the order out until somebody says that it is paid, perhaps to two workers at a time.
    /// let done = lanes.use_once(&format!("order {}", order.number), &order.calls).await?;
    /// order.is_paid(done.hash()).await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The names are the account's: sessions of one account on one chain share them. The calls should be the same each
    /// time. When they revert, the work counts as done, badly: each further call says so.
    /// [`SessionStore::forget`] forgets the work. It is meant for work that nobody can begin any more, because
    /// the queue no longer has it; work that is begun after that is new.
    ///
    /// An operation is looked for in the node's logs from the block at which it was written down: nodes limit how far
    /// back they search.
    ///
    /// Two operations with the same calls and the same nonce are one to the chain. Give calls that are wanted once by this
    /// function only, not by [`use_permission`](Self::use_permission) over lanes of the same store as well: the operation of
    /// a process that was killed before it could send would otherwise count as done by the other use.
    ///
    /// # Errors
    /// [`Error::NotLeased`] over lanes without a store. Otherwise as [`use_permission`](Self::use_permission); after every
    /// error the work can be begun again.
    pub async fn use_once(&self, work: &str, calls: &[Call]) -> Result<Done, Error> {
        let shared = &*self.shared;
        if !shared.is_enabled.load(Ordering::Acquire) {
            let _alone = shared.enabling.lock().await;
            if !shared.is_enabled.load(Ordering::Acquire) {
                if !shared.session.is_enabled().await? {
                    let answer = self.once(work, calls, true).await;
                    let is_late = matches!(answer, Err(Error::Refused(_))) && shared.session.is_enabled().await?;
                    return if is_late { self.once(work, calls, false).await } else { answer };
                }
                shared.is_enabled.store(true, Ordering::Release);
            }
        }
        self.once(work, calls, false).await
    }

    async fn once(&self, name: &str, calls: &[Call], enabling: bool) -> Result<Done, Error> {
        let session = &self.shared.session;
        let Some(Leased { store, .. }) = &self.shared.leased else { return Err(Error::NotLeased) };
        let space = LaneSpace { chain_id: session.chain().chain_id(), account: session.account().address() };
        let work = WorkId { space, name: name.into() };
        let store = &**store;
        let mut was_recorded = false;
        for _ in 0..ATTEMPTS {
            let recorded = store.recorded(&work).await?;
            let attempt = match recorded.last() {
                None if was_recorded => return Err(work.failed("it was forgotten while it was under way")),
                None => self.begin(store, &work, calls, enabling, None).await?,
                Some(newest) => {
                    let signed = session.rebuild(newest, &work).await?;
                    match session.who_used_nonce(&signed, newest).await? {
                        Some(mined) if recorded.iter().any(|operation| operation.hash == mined.hash) => {
                            return Ok(Done::Before(mined.require_success()?));
                        }
                        Some(_) => self.begin(store, &work, calls, enabling, Some(newest.hash)).await?,
                        None => match session.finish(&signed, None).await {
                            Ok(receipt) => Attempt::Mined(receipt.into()),
                            Err(error) if is_nonce_used(&error) => {
                                tokio::time::sleep(PAUSE).await;
                                Attempt::Again
                            }
                            Err(error) if is_refused(&error) => {
                                session.replace(store, &work, calls, enabling, (&signed, newest)).await?
                            }
                            Err(error) => return Err(error),
                        },
                    }
                }
            };
            was_recorded |= !recorded.is_empty();
            if let Attempt::Mined(receipt) = attempt {
                return Ok(Done::Now(receipt));
            }
        }
        Err(work.failed("other operations have used the nonces of all attempts"))
    }

    /// Signs an operation over a lane of ours, and sends it if it is the one that answers for the work.
    async fn begin(
        &self,
        store: &dyn SessionStore,
        work: &WorkId,
        calls: &[Call],
        enabling: bool,
        after: Option<B256>,
    ) -> Result<Attempt, Error> {
        let (mut held, session) = self.take_lane().await?;
        let (signed, evaluation, new) = session.sign_to_record(calls, enabling, None).await?;
        held.rest(&session);
        let attempt = async {
            let attempt = session.send_recorded(store, work, (signed, evaluation), new, after).await?;
            if let Attempt::Shared(signed) = &attempt {
                // Somebody who was killed had the lane before us, and other work with the same calls: that goes first.
                session.finish(signed, None).await?;
            }
            Ok(attempt)
        };
        held.settle(attempt.await)
    }
}

impl<A: Account + Send + Sync, K: SessionKey> SessionClient<A, K> {
    async fn sign_to_record(
        &self,
        calls: &[Call],
        enabling: bool,
        nonce: Option<U256>,
    ) -> Result<(SignedOperation, Option<SessionRefusal>, RecordedOperation), Error> {
        let head = async { Ok(self.chain().node().latest_block().await?) };
        let ((signed, evaluation), head) = tokio::try_join!(self.sign(calls, enabling, nonce), head)?;
        let partial = PartialOperation::from(signed.operation());
        let text = serde_json::to_string(&partial.wire(signed.entry_point().version));
        let text = text.map_err(|error| Error::Signer(error.to_string()))?;
        let from_block = head.number.unwrap_or_default().saturating_sub(UNDONE);
        let new = RecordedOperation { hash: signed.hash(), from_block, operation: text };
        Ok((signed, evaluation, new))
    }

    async fn send_recorded(
        &self,
        store: &dyn SessionStore,
        work: &WorkId,
        (signed, evaluation): (SignedOperation, Option<SessionRefusal>),
        new: RecordedOperation,
        after: Option<B256>,
    ) -> Result<Attempt, Error> {
        match store.record(work, &new, after).await? {
            Recording::Done => Ok(Attempt::Mined(self.finish(&signed, evaluation).await?.into())),
            Recording::Taken => Ok(Attempt::Again),
            Recording::Shared => Ok(Attempt::Shared(signed.into())),
        }
    }

    /// Signs again, with the nonce of an operation that the bundler refuses: with the fees and the session of today.
    async fn replace(
        &self,
        store: &dyn SessionStore,
        work: &WorkId,
        calls: &[Call],
        enabling: bool,
        (old, recorded): (&SignedOperation, &RecordedOperation),
    ) -> Result<Attempt, Error> {
        let (signed, evaluation, new) = self.sign_to_record(calls, enabling, Some(old.operation().nonce)).await?;
        // Any of them may be the one that is mined.
        let new = RecordedOperation { from_block: recorded.from_block, ..new };
        self.send_recorded(store, work, (signed, evaluation), new, Some(recorded.hash)).await
    }

    /// The operation that was written down.
    async fn rebuild(&self, recorded: &RecordedOperation, work: &WorkId) -> Result<SignedOperation, Error> {
        let partial: Result<PartialOperation, _> = serde_json::from_str(&recorded.operation);
        let operation = partial.map_err(|_| work.failed("its operation cannot be read"))?.into_operation();
        let (entry_point, chain) = (self.account().entry_point(), self.chain());
        let signed = SignedOperation::new(operation.clone(), entry_point, chain.chain_id());
        if let Ok(signed) = signed.as_ref()
            && signed.hash() == recorded.hash
        {
            return Ok(signed.clone());
        }
        // The hash may cover the contract that the account delegates to.
        let code = chain.node().code(operation.sender).await?;
        if let Some(delegate) = Delegation::of_code(&code).delegate() {
            let signed = SignedOperation::delegated(operation, entry_point, chain.chain_id(), delegate)?;
            if signed.hash() == recorded.hash {
                return Ok(signed);
            }
        }
        Err(work.failed("its operation has another hash than was written down"))
    }

    async fn who_used_nonce(
        &self,
        signed: &SignedOperation,
        recorded: &RecordedOperation,
    ) -> Result<Option<MinedOperation>, Error> {
        let (node, operation) = (self.chain().node(), signed.operation());
        let from = recorded.from_block;
        Ok(node.find_nonce(signed.entry_point(), operation.sender, operation.nonce, from).await?)
    }

    /// Sends a signed operation, which may have been sent before, and waits for it.
    async fn finish(
        &self,
        signed: &SignedOperation,
        evaluation: Option<SessionRefusal>,
    ) -> Result<UserOperationReceipt, Error> {
        let chain = self.chain();
        let receipt = self.sender().finish(signed).await;
        Ok(receipt.map_err(|error| chain.refusal(error, evaluation))?.require_success()?)
    }
}

impl WorkId {
    fn failed(&self, reason: &'static str) -> Error {
        Error::Work { name: self.name.clone(), reason }
    }
}

const fn answer(error: &Error) -> Option<&BundlerError> {
    match error {
        Error::Network(answer) => Some(answer),
        Error::Refused(refusal) => Some(&refusal.answer),
        _ => None,
    }
}

fn is_nonce_used(error: &Error) -> bool {
    let answer = answer(error);
    let is_response = answer.is_some_and(|answer| answer.aa_code() == Some(bundler_rpc::AaCode::InvalidNonce));
    is_response || matches!(answer, Some(BundlerError::NonceUsed { .. }))
}

/// Whether a bundler refused the operation, which is not mined then unless it was sent before.
const fn is_refused(error: &Error) -> bool {
    matches!(answer(error), Some(BundlerError::Response(_) | BundlerError::Dropped { .. }))
}
