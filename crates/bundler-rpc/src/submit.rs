//! Sending an operation once, whatever happens to the answers, and waiting for its receipt.

use std::time::Duration;

use alloy_primitives::B256;
use tracing::Instrument;

use crate::{
    AaCode, Backoff, BundlerClient, BundlerError, Deadline, ErrorKind, Retry, SignedOperation, UserOperationReceipt,
};

/// The pauses between attempts to send.
const SEND: Backoff =
    Backoff { first: Duration::from_millis(150), longest: Duration::from_secs(3), factor: 2.0, retries: usize::MAX };
/// The pauses between questions whether a lost operation is known after all.
const FIND: Backoff =
    Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1), factor: 2.0, retries: 4 };
/// How long an operation may go without a receipt before its bytes are sent again; doubled each time.
const RESEND: Backoff =
    Backoff { first: Duration::from_secs(4), longest: Duration::from_secs(60), factor: 2.0, retries: usize::MAX };
/// How many answers without a receipt confirm that a refused operation is not mined.
const MISSES_AFTER_REFUSAL: u32 = 3;

impl BundlerClient {
    /// Sends an operation until the bundler has it, at most until the deadline.
    ///
    /// An answer that is lost leads to a look-up by the operation's hash, and only then are the same bytes sent again:
    /// the entry point takes a nonce once, so they can be executed at most once. "Already known" is success. Dropping the
    /// future ends it; what was sent by then is found by [`SignedOperation::hash`].
    ///
    /// # Errors
    /// When the bundler refuses the operation, or the deadline passes first.
    pub async fn submit(&self, operation: &SignedOperation, deadline: Deadline) -> Result<B256, BundlerError> {
        let span = tracing::debug_span!("submit", hash = %operation.hash(), lane = %lane(operation));
        self.submit_attempts(operation, deadline).instrument(span).await
    }

    async fn submit_attempts(&self, operation: &SignedOperation, deadline: Deadline) -> Result<B256, BundlerError> {
        const DURING: &str = "sending the operation";
        let hash = operation.hash();
        let mut pauses = SEND.pauses();
        let mut may_be_there = false;
        for attempt in 1_u32.. {
            let sent = deadline.limit(DURING, self.send(operation)).await;
            let error = match sent {
                Ok(hash) => {
                    tracing::debug!(attempt, "accepted");
                    return Ok(hash);
                }
                Err(error) => error,
            };
            tracing::debug!(attempt, %error, "not accepted");
            if matches!(error, BundlerError::DeadlinePassed { .. }) {
                return Err(error);
            }
            if error.is_ambiguous() {
                may_be_there = true;
                if self.knows(hash, deadline).await {
                    return Ok(hash);
                }
            } else if may_be_there && is_nonce_error(&error) {
                // An earlier attempt came through: the nonce may be used by this very operation.
                for pause in FIND.pauses() {
                    if self.knows(hash, deadline).await {
                        return Ok(hash);
                    }
                    deadline.sleep(pause, DURING, || Some(error.clone())).await?;
                }
                return Err(error);
            } else if !error.is_retryable() {
                return Err(error);
            }
            let pause = pauses.next().unwrap_or(SEND.longest);
            let pause = error.retry_after().map_or(pause, |asked| asked.max(pause));
            deadline.sleep(pause, DURING, || Some(error)).await?;
        }
        Err(deadline.error(DURING, None))
    }

    /// Whether the bundler answers for the hash: pending, or mined.
    async fn knows(&self, hash: B256, deadline: Deadline) -> bool {
        let look = async { Ok(self.operation(hash).await?.is_some() || self.receipt(hash).await?.is_some()) };
        deadline.limit("looking the operation up", look).await.unwrap_or(false)
    }

    /// Waits for the receipt of an operation, at most until the deadline.
    ///
    /// All waits of a client and its clones share one loop that asks for many receipts in one request. Failures of the
    /// server are tolerated until the deadline. Dropping the future ends it. Must run within tokio.
    ///
    /// # Errors
    /// When the deadline passes, the bundler says (by its status method, see [`Polling`](crate::Polling)) that it
    /// dropped the operation, or it does not serve receipts.
    #[doc(alias = "waitForUserOperationReceipt")]
    pub async fn wait(&self, hash: B256, deadline: Deadline) -> Result<UserOperationReceipt, BundlerError> {
        let mut news = self.poller().watch(hash);
        loop {
            let now = news.borrow_and_update().clone();
            if let Some(receipt) = now.receipt {
                return Ok(receipt.as_ref().clone());
            }
            if let Some(error) = now.refusal() {
                return Err(error.clone());
            }
            if let Some(reason) = now.dropped {
                return Err(BundlerError::Dropped { hash, reason });
            }
            match tokio::time::timeout_at(deadline.instant(), news.changed()).await {
                Ok(Ok(())) => {}
                // The loop went away with its runtime.
                Ok(Err(_)) => news = self.poller().watch(hash),
                Err(_) => return Err(deadline.error("waiting for the receipt", now.failure)),
            }
        }
    }

    /// Sends an operation and waits for its receipt, at most until the deadline: [`submit`](Self::submit), then
    /// [`wait`](Self::wait), and the same bytes again when the bundler has lost or dropped them meanwhile.
    ///
    /// A receipt says that the operation was mined, not that its calls went through: see
    /// [`UserOperationReceipt::require_success`].
    ///
    /// # Errors
    /// When the bundler refuses the operation, its nonce is used by another one, or the deadline passes.
    pub async fn execute(
        &self,
        operation: &SignedOperation,
        deadline: Deadline,
    ) -> Result<UserOperationReceipt, BundlerError> {
        let span = tracing::debug_span!("execute", hash = %operation.hash(), lane = %lane(operation));
        async {
            self.submit(operation, deadline).await?;
            self.wait_resending(operation, deadline).await
        }
        .instrument(span)
        .await
    }

    /// Waits, and sends the same bytes again from time to time: a bundler that has them says so, one that lost them
    /// (a restart, a full mempool) takes them again.
    async fn wait_resending(
        &self,
        operation: &SignedOperation,
        deadline: Deadline,
    ) -> Result<UserOperationReceipt, BundlerError> {
        const DURING: &str = "waiting for the receipt";
        let hash = operation.hash();
        let mut news = self.poller().watch(hash);
        let mut pauses = RESEND.pauses();
        let mut resend_at = tokio::time::Instant::now() + pauses.next().unwrap_or(RESEND.longest);
        // The last refusal, and how many misses there were when it came.
        let mut refused: Option<(BundlerError, u32)> = None;
        loop {
            let now = news.borrow_and_update().clone();
            if let Some(receipt) = now.receipt {
                return Ok(receipt.as_ref().clone());
            }
            if let Some(error) = now.refusal() {
                return Err(error.clone());
            }
            match refused.take() {
                Some((error, misses)) if now.misses >= misses.saturating_add(MISSES_AFTER_REFUSAL) => {
                    return Err(if error.aa_code() == Some(AaCode::InvalidNonce) {
                        BundlerError::NonceUsed { hash }
                    } else {
                        BundlerError::Dropped { hash, reason: error.to_string() }
                    });
                }
                before => refused = before,
            }
            tokio::select! {
                changed = news.changed() => {
                    if changed.is_err() {
                        news = self.poller().watch(hash);
                    }
                }
                () = tokio::time::sleep_until(resend_at), if refused.is_none() => {
                    resend_at = tokio::time::Instant::now() + pauses.next().unwrap_or(RESEND.longest);
                    match deadline.limit(DURING, self.send(operation)).await {
                        Ok(_) => tracing::debug!("sent again"),
                        // Lost, or refused for now: a pending operation with this nonce may be this one.
                        Err(error) if error.is_ambiguous() || matches!(error.retry(), Retry::Same | Retry::Later) => {}
                        Err(error) if matches!(error.kind(), Some(ErrorKind::ReplacementUnderpriced { .. })) => {}
                        Err(error @ BundlerError::DeadlinePassed { .. }) => return Err(error),
                        Err(error) => {
                            tracing::debug!(%error, "refused when sent again");
                            refused = Some((error, news.borrow().misses));
                        }
                    }
                }
                () = tokio::time::sleep_until(deadline.instant()) => {
                    return Err(deadline.error(DURING, now.failure.or_else(|| refused.map(|(error, _)| error))));
                }
            }
        }
    }
}

/// Whether the bundler says that the nonce is taken.
fn is_nonce_error(error: &BundlerError) -> bool {
    error.aa_code() == Some(AaCode::InvalidNonce)
        || matches!(error.kind(), Some(ErrorKind::NonceInFlight | ErrorKind::ReplacementUnderpriced { .. }))
}

/// The nonce key: the lane that operations of one sender queue in.
fn lane(operation: &SignedOperation) -> String {
    format!("{:#x}", operation.operation().nonce >> 64)
}
