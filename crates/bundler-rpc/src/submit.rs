//! Sending an operation once, whatever happens to the answers, and waiting for its receipt.

use std::time::Duration;

use alloy_primitives::B256;
use serde_json::Value;
use tokio::time::Instant;

use crate::endpoint::Request;
use crate::watch::Watch;
use crate::{
    AaCode, Backoff, BundlerClient, BundlerError, Deadline, ErrorKind, Retry, SignedOperation, TransportFailure,
    UserOperationReceipt,
};

/// The pauses between attempts to send.
const SEND: Backoff =
    Backoff { first: Duration::from_millis(150), longest: Duration::from_secs(3), factor: 2.0, retries: usize::MAX };
/// The pauses between questions whether an operation is known after all.
const FIND: Backoff =
    Backoff { first: Duration::from_millis(150), longest: Duration::from_secs(1), factor: 1.5, retries: usize::MAX };
/// How many look-ups must find nothing, and for how long, before a nonce counts as used by another operation.
const NOT_FOUND: (u32, Duration) = (2, Duration::from_millis(300));
/// The same when an earlier attempt may have come through: its receipt may take a while to be seen.
const NOT_FOUND_AFTER_LOSS: (u32, Duration) = (4, Duration::from_secs(6));
/// How long an operation may go without a receipt before its bytes are sent again; longer each time.
const RESEND: Backoff =
    Backoff { first: Duration::from_secs(4), longest: Duration::from_secs(30), factor: 1.5, retries: usize::MAX };
/// How soon the bytes are sent again when sending them again went wrong, or the bundler was away.
const RESEND_SOON: Duration = Duration::from_millis(400);

/// Sends the same bytes to one bundler after the other until one has them.
pub(crate) async fn submit(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    deadline: Deadline,
) -> Result<B256, BundlerError> {
    let mut may_be_there = false;
    match attempt(clients, operation, deadline, &mut may_be_there).await {
        Err(error) if may_be_there => Err(error.of_unsettled(operation.hash())),
        answer => answer,
    }
}

/// As [`submit`], and sets `may_be_there` when a bundler may have the operation whatever the answer is.
async fn attempt(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    deadline: Deadline,
    may_be_there: &mut bool,
) -> Result<B256, BundlerError> {
    const DURING: &str = "sending the operation";
    let mut pauses = SEND.pauses();
    for round in 1_u32.. {
        let mut refusal = None;
        let mut last = None;
        for (place, client) in clients.iter().enumerate() {
            if deadline.has_passed() {
                return Err(deadline.error(DURING, last));
            }
            let error = match deadline.limit(DURING, client.send(operation)).await {
                Ok(hash) => {
                    tracing::debug!(round, place, "accepted");
                    return Ok(hash);
                }
                Err(error) => error,
            };
            tracing::debug!(round, place, %error, "not accepted");
            if matches!(error, BundlerError::DeadlinePassed { .. } | BundlerError::HashMismatch { .. }) {
                *may_be_there = true;
                return Err(error);
            }
            if error.is_ambiguous() {
                *may_be_there = true;
                if look_up(client, operation.hash(), deadline).await == Some(true) {
                    return Ok(operation.hash());
                }
                last = Some(error);
            } else if is_nonce_error(&error) {
                // The nonce may be used by this very operation: through an earlier attempt, or through a copy of this
                // one that something on the way has made.
                let enough = if *may_be_there { NOT_FOUND_AFTER_LOSS } else { NOT_FOUND };
                let found = find(clients, operation.hash(), deadline, enough, error).await;
                *may_be_there |= matches!(found, Err(BundlerError::DeadlinePassed { .. }));
                return found;
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

/// Whether the bundler answers for the hash: pending, or mined. `None` when it does not answer.
async fn look_up(client: &BundlerClient, hash: B256, deadline: Deadline) -> Option<bool> {
    let look = async {
        let requests = [
            Request::new("eth_getUserOperationByHash", &[hash])?,
            Request::new("eth_getUserOperationReceipt", &[hash])?,
        ];
        let mut is_known = false;
        for answer in client.endpoint().read_batch(&requests).await? {
            is_known |= !answer.read::<Value>()?.is_null();
        }
        Ok(is_known)
    };
    deadline.limit("looking the operation up", look).await.ok()
}

/// Looks for an operation whose nonce is said to be used, until it is found or `enough` look-ups have found nothing.
async fn find(
    clients: &[BundlerClient],
    hash: B256,
    deadline: Deadline,
    enough: (u32, Duration),
    error: BundlerError,
) -> Result<B256, BundlerError> {
    let (start, mut misses) = (Instant::now(), 0);
    for pause in FIND.pauses() {
        let mut is_answered = false;
        for client in clients {
            match look_up(client, hash, deadline).await {
                Some(true) => return Ok(hash),
                Some(false) => is_answered = true,
                None => {}
            }
        }
        misses += u32::from(is_answered);
        if misses >= enough.0 && start.elapsed() >= enough.1 {
            break;
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
    // The last refusal, how many misses there were when it came, and when that was.
    let mut refused: Option<(BundlerError, u32, Instant)> = None;
    let (mut was_dropped, mut was_away) = (false, false);
    loop {
        let sight = watch.look();
        if let Some(receipt) = sight.receipt {
            return Ok(receipt.as_ref().clone());
        }
        if let Some(error) = sight.refusal {
            return Err(error);
        }
        if let Some((error, misses, at)) = &refused
            && sight.misses >= misses.saturating_add(NOT_FOUND_AFTER_LOSS.0)
            && at.elapsed() >= NOT_FOUND_AFTER_LOSS.1
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
        // One that was away and is back may have lost what it had.
        let is_away = sight.failure.as_ref().is_some_and(is_away);
        if was_away && !is_away {
            resend_at = resend_at.min(Instant::now() + RESEND_SOON);
        }
        was_away = is_away;
        tokio::select! {
            () = watch.changed() => {}
            () = tokio::time::sleep_until(resend_at), if refused.is_none() => {
                let misses = sight.misses;
                let outcome = resend(clients, operation, deadline).await?;
                let pause = match outcome {
                    Resent::Lost => RESEND_SOON,
                    Resent::Taken | Resent::Refused(_) => pauses.next().unwrap_or(RESEND.longest),
                };
                resend_at = Instant::now() + pause;
                refused = match outcome {
                    Resent::Refused(error) => Some((*error, misses, Instant::now())),
                    Resent::Taken | Resent::Lost => None,
                };
            }
            () = tokio::time::sleep_until(deadline.instant()) => {
                return Err(deadline.error(DURING, sight.failure.or_else(|| refused.map(|(error, ..)| error))));
            }
        }
    }
}

/// What came of sending the bytes again.
enum Resent {
    /// A bundler has them, or has another operation in their place for now.
    Taken,
    /// No answer came.
    Lost,
    /// Every bundler refuses them for good.
    Refused(Box<BundlerError>),
}

/// Whether there was no bundler to be reached, as when it starts anew.
const fn is_away(error: &BundlerError) -> bool {
    matches!(
        error,
        BundlerError::Transport {
            failure: TransportFailure::Connect { .. } | TransportFailure::Http { status: 502, .. },
            ..
        }
    )
}

/// Sends the bytes again to one bundler after the other.
async fn resend(
    clients: &[BundlerClient],
    operation: &SignedOperation,
    deadline: Deadline,
) -> Result<Resent, BundlerError> {
    let (mut refusal, mut is_lost) = (None, false);
    for client in clients {
        match deadline.limit("sending the operation again", client.send(operation)).await {
            Ok(_) => {
                tracing::debug!("sent again");
                return Ok(Resent::Taken);
            }
            Err(error @ BundlerError::DeadlinePassed { .. }) => return Err(error),
            Err(error) if error.is_ambiguous() || error.is_retryable() => is_lost = true,
            // Refused for now: a pending operation with this nonce may be this one.
            Err(error) if error.retry() == Retry::Later => return Ok(Resent::Taken),
            Err(error) if matches!(error.kind(), Some(ErrorKind::ReplacementUnderpriced { .. })) => {
                return Ok(Resent::Taken);
            }
            Err(error) => {
                tracing::debug!(%error, "refused when sent again");
                refusal = refusal.or(Some(error));
            }
        }
    }
    Ok(match refusal {
        Some(refusal) if !is_lost => Resent::Refused(Box::new(refusal)),
        _ => Resent::Lost,
    })
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
