//! Sending an operation once, whatever happens to the answers, and waiting for its receipt.

use std::time::Duration;

use alloy_primitives::B256;
use serde_json::Value;
use tokio::time::Instant;

use crate::endpoint::{Answer, Request};
use crate::watch::Watch;
use crate::{
    AaCode, Backoff, BundlerClient, BundlerError, Deadline, ErrorKind, Retry, SignedOperation, UserOperationReceipt,
};

/// The pauses between attempts to send.
const SEND: Backoff =
    Backoff { first: Duration::from_millis(150), longest: Duration::from_secs(3), factor: 2.0, retries: usize::MAX };
/// The pauses between questions whether a lost operation is known after all.
const FIND: Backoff =
    Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1), factor: 2.0, retries: 4 };
/// How long an operation may go without a receipt before its bytes are sent again; longer each time.
const RESEND: Backoff =
    Backoff { first: Duration::from_secs(4), longest: Duration::from_secs(60), factor: 2.0, retries: usize::MAX };
/// How many answers without a receipt confirm that a refused operation is not mined.
const MISSES_AFTER_REFUSAL: u32 = 3;

/// Sends the same bytes to one bundler after the other until one has them.
pub(crate) async fn submit(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    deadline: Deadline,
) -> Result<B256, BundlerError> {
    const DURING: &str = "sending the operation";
    let mut pauses = SEND.pauses();
    let mut may_be_there = false;
    for round in 1_u32.. {
        let mut refusal = None;
        let mut last = None;
        for (place, client) in clients.iter().enumerate() {
            let error = match deadline.limit(DURING, client.send(operation)).await {
                Ok(hash) => {
                    tracing::debug!(round, place, "accepted");
                    return Ok(hash);
                }
                Err(error) => error,
            };
            tracing::debug!(round, place, %error, "not accepted");
            if matches!(error, BundlerError::DeadlinePassed { .. } | BundlerError::HashMismatch { .. }) {
                return Err(error);
            }
            if error.is_ambiguous() {
                may_be_there = true;
                if knows(client, operation.hash(), deadline).await {
                    return Ok(operation.hash());
                }
                last = Some(error);
            } else if may_be_there && is_nonce_error(&error) {
                // An earlier attempt came through: the nonce may be used by this very operation.
                return find(clients, operation.hash(), deadline, error).await;
            } else {
                match error.retry() {
                    Retry::Same => last = Some(error),
                    // Room comes free as pending operations are mined.
                    Retry::Later if error.kind() == Some(&ErrorKind::TooManyPending) => last = Some(error),
                    // Every bundler would say the same.
                    Retry::Changed => return Err(error),
                    Retry::Later | Retry::Never => refusal = refusal.or(Some(error)),
                }
            }
        }
        let Some(last) = last else {
            return Err(refusal.unwrap_or_else(|| deadline.error(DURING, None)));
        };
        let pause = pauses.next().unwrap_or(SEND.longest);
        let pause = last.retry_after().map_or(pause, |asked| asked.max(pause));
        deadline.sleep(pause, DURING, || Some(last)).await?;
    }
    Err(deadline.error(DURING, None))
}

/// Whether the bundler answers for the hash: pending, or mined.
async fn knows(client: &BundlerClient, hash: B256, deadline: Deadline) -> bool {
    let look = async {
        let requests = [
            Request::new("eth_getUserOperationByHash", &[hash])?,
            Request::new("eth_getUserOperationReceipt", &[hash])?,
        ];
        let mut answers = client.endpoint().read_batch(&requests).await?.into_iter().map(Answer::read::<Value>);
        Ok(answers.any(|answer| answer.is_ok_and(|value| !value.is_null())))
    };
    deadline.limit("looking the operation up", look).await.unwrap_or(false)
}

/// Looks for an operation whose nonce is said to be used.
async fn find(
    clients: &[BundlerClient],
    hash: B256,
    deadline: Deadline,
    error: BundlerError,
) -> Result<B256, BundlerError> {
    for pause in FIND.pauses() {
        for client in clients {
            if knows(client, hash, deadline).await {
                return Ok(hash);
            }
        }
        deadline.sleep(pause, "looking the operation up", || Some(error.clone())).await?;
    }
    Err(error)
}

/// Waits for the receipt of whichever of the operations is mined.
pub(crate) async fn wait(
    clients: &[BundlerClient],
    hashes: Vec<B256>,
    deadline: Deadline,
) -> Result<UserOperationReceipt, BundlerError> {
    let mut watch = Watch::new(clients, hashes);
    loop {
        let sight = watch.look();
        if let Some(receipt) = sight.receipt {
            return Ok(receipt.as_ref().clone());
        }
        if let Some(error) = sight.refusal.or(sight.dropped) {
            return Err(error);
        }
        if tokio::time::timeout_at(deadline.instant(), watch.changed()).await.is_err() {
            return Err(deadline.error("waiting for the receipt", sight.failure));
        }
    }
}

/// Waits for the receipt of an operation, or of one that it replaces, and sends its bytes again from time to time: a
/// bundler that has them says so, one that lost them (a restart, a full mempool) takes them again.
pub(crate) async fn wait_resending(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    replaced: &[B256],
    deadline: Deadline,
) -> Result<UserOperationReceipt, BundlerError> {
    const DURING: &str = "waiting for the receipt";
    let hash = operation.hash();
    let mut watch = Watch::new(clients, std::iter::once(hash).chain(replaced.iter().copied()).collect());
    let mut pauses = RESEND.pauses();
    let mut resend_at = Instant::now() + pauses.next().unwrap_or(RESEND.longest);
    // The last refusal, and how many misses there were when it came.
    let mut refused: Option<(BundlerError, u32)> = None;
    let mut was_dropped = false;
    loop {
        let sight = watch.look();
        if let Some(receipt) = sight.receipt {
            return Ok(receipt.as_ref().clone());
        }
        if let Some(error) = sight.refusal {
            return Err(error);
        }
        if let Some((error, misses)) = &refused
            && sight.misses >= misses.saturating_add(MISSES_AFTER_REFUSAL)
        {
            return Err(if error.aa_code() == Some(AaCode::InvalidNonce) {
                BundlerError::NonceUsed { hash }
            } else {
                BundlerError::Dropped { hash, reason: error.to_string() }
            });
        }
        // A bundler that says it dropped the operation is asked to take it again at once, but only once in a row.
        let is_dropped = sight.dropped.is_some();
        if is_dropped && !was_dropped {
            resend_at = Instant::now();
        }
        was_dropped = is_dropped;
        tokio::select! {
            () = watch.changed() => {}
            () = tokio::time::sleep_until(resend_at), if refused.is_none() => {
                resend_at = Instant::now() + pauses.next().unwrap_or(RESEND.longest);
                let misses = sight.misses;
                refused = resend(clients, operation, deadline).await?.map(|error| (error, misses));
            }
            () = tokio::time::sleep_until(deadline.instant()) => {
                return Err(deadline.error(DURING, sight.failure.or_else(|| refused.map(|(error, _)| error))));
            }
        }
    }
}

/// Sends the bytes again: the refusal, if every bundler refuses them for good.
async fn resend(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    deadline: Deadline,
) -> Result<Option<BundlerError>, BundlerError> {
    let mut refusal = None;
    for client in clients {
        match deadline.limit("sending the operation again", client.send(operation)).await {
            Ok(_) => {
                tracing::debug!("sent again");
                return Ok(None);
            }
            Err(error @ BundlerError::DeadlinePassed { .. }) => return Err(error),
            // Lost, or refused for now: a pending operation with this nonce may be this one.
            Err(error) if error.is_ambiguous() || matches!(error.retry(), Retry::Same | Retry::Later) => {
                return Ok(None);
            }
            Err(error) if matches!(error.kind(), Some(ErrorKind::ReplacementUnderpriced { .. })) => return Ok(None),
            Err(error) => {
                tracing::debug!(%error, "refused when sent again");
                refusal = refusal.or(Some(error));
            }
        }
    }
    Ok(refusal)
}

/// Whether the bundler says that the nonce is taken.
pub(crate) fn is_nonce_error(error: &BundlerError) -> bool {
    match error.kind() {
        Some(ErrorKind::NonceInFlight | ErrorKind::ReplacementUnderpriced { .. }) => true,
        // Said with the same code, about other operations.
        Some(ErrorKind::TooManyPending) => false,
        _ => error.aa_code() == Some(AaCode::InvalidNonce),
    }
}
