//! One loop that asks for the receipts of all operations that anyone waits for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy_primitives::B256;
use serde_json::Value;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::endpoint::{Answer, Endpoint, Request};
use crate::{Backoff, BundlerError, ErrorKind, Progress, StatusMethod, UserOperationReceipt};

/// How receipts are asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Polling {
    /// The pauses between two questions about one operation.
    pub backoff: Backoff,
    /// How many operations one request asks about at most.
    pub batch: usize,
    /// The least time between two requests, which bounds the load on the server whatever the number of operations.
    pub spacing: Duration,
    /// A vendor's status method, to end early when the operation is dropped.
    pub status: Option<StatusMethod>,
}

impl Polling {
    /// Soon at first, then every four seconds; a hundred operations in a request, twenty requests a second.
    pub const DEFAULT: Self =
        Self { backoff: Backoff::WAIT, batch: 100, spacing: Duration::from_millis(50), status: None };

    /// With other pauses.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// With another number of operations in a request.
    #[must_use]
    pub const fn with_batch(mut self, batch: usize) -> Self {
        self.batch = if batch == 0 { 1 } else { batch };
        self
    }

    /// With another least time between requests.
    #[must_use]
    pub const fn with_spacing(mut self, spacing: Duration) -> Self {
        self.spacing = spacing;
        self
    }

    /// With a vendor's status method.
    #[must_use]
    pub const fn with_status(mut self, status: StatusMethod) -> Self {
        self.status = Some(status);
        self
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What is known of one operation so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    /// The receipt, once there is one.
    pub(crate) receipt: Option<Arc<UserOperationReceipt>>,
    /// How many answers said that there is none.
    pub(crate) misses: u32,
    /// The vendor's words when the bundler gave the operation up.
    pub(crate) dropped: Option<String>,
    /// What went wrong last, if the last question went wrong.
    pub(crate) failure: Option<BundlerError>,
    /// How often in a row the server said that it does not serve the method.
    refusals: u32,
}

impl News {
    /// The failure that no waiting will heal: the server does not serve the method, and has said so repeatedly.
    pub(crate) fn refusal(&self) -> Option<&BundlerError> {
        const ENOUGH: u32 = 3;
        self.failure.as_ref().filter(|_| self.refusals >= ENOUGH)
    }
}

struct Entry {
    news: watch::Sender<News>,
    due: Instant,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

#[derive(Default)]
struct State {
    entries: HashMap<B256, Entry>,
    task: Option<JoinHandle<()>>,
}

/// The loop and what it asks about. It runs as a task while anyone waits, only ever reads, and forgets an operation as
/// soon as the last one who waits for it is gone.
pub(crate) struct Poller {
    endpoint: Endpoint,
    polling: Polling,
    state: Mutex<State>,
    wake: Notify,
}

/// How many misses there are before the status method is asked, and between two such questions.
const STATUS_EVERY: u32 = 3;

impl Poller {
    pub(crate) fn new(endpoint: Endpoint, polling: Polling) -> Arc<Self> {
        Arc::new(Self { endpoint, polling, state: Mutex::default(), wake: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing can panic while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to ask about an operation; dropping the receiver ends it.
    pub(crate) fn watch(self: &Arc<Self>, hash: B256) -> watch::Receiver<News> {
        let mut state = self.state();
        let entry = state.entries.entry(hash).or_insert_with(|| Entry {
            news: watch::Sender::new(News::default()),
            due: Instant::now(),
            pauses: Box::new(self.polling.backoff.with_retries(usize::MAX).pauses()),
        });
        let receiver = entry.news.subscribe();
        if state.task.as_ref().is_none_or(JoinHandle::is_finished) {
            state.task = Some(tokio::spawn(Arc::clone(self).run()));
        }
        drop(state);
        self.wake.notify_one();
        receiver
    }

    async fn run(self: Arc<Self>) {
        loop {
            let (due, next) = {
                let mut state = self.state();
                state.entries.retain(|_, entry| entry.news.receiver_count() > 0);
                let Some(next) = state.entries.values().map(|entry| entry.due).min() else {
                    state.task = None;
                    return;
                };
                // What would be due while this request is on its way goes along.
                let horizon = Instant::now() + self.polling.spacing;
                let due = state.entries.iter().filter(|(_, entry)| entry.due <= horizon);
                let mut due: Vec<_> = due.map(|(hash, entry)| (entry.due, *hash, entry.news.borrow().misses)).collect();
                due.sort_unstable();
                due.truncate(self.polling.batch.max(1));
                (if next <= horizon { due } else { Vec::new() }, next)
            };
            if due.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    () = self.wake.notified() => {}
                }
                continue;
            }
            self.ask(&due).await;
            tokio::time::sleep(self.polling.spacing).await;
        }
    }

    async fn ask(&self, due: &[(Instant, B256, u32)]) {
        let wants_status = |misses: u32| misses > 0 && misses.is_multiple_of(STATUS_EVERY);
        let mut requests = Vec::with_capacity(due.len());
        for (_, hash, misses) in due {
            requests.extend(Request::new("eth_getUserOperationReceipt", &[hash]));
            if let Some(status) = self.polling.status.filter(|_| wants_status(*misses)) {
                requests.extend(Request::new(status.method, &[hash]));
            }
        }
        let mut answers = match self.endpoint.batch(&requests).await {
            Ok(answers) => Ok(answers.into_iter()),
            Err(error) => Err(error),
        };
        let mut state = self.state();
        for (_, hash, misses) in due {
            let (receipt, status) = match &mut answers {
                Ok(answers) => {
                    let receipt = answers.next().map(Answer::read::<Option<UserOperationReceipt>>);
                    let status = self.polling.status.filter(|_| wants_status(*misses));
                    (
                        receipt,
                        status.and_then(|status| {
                            Some(answers.next()?.read::<Value>().map(|answer| status.read(&answer)))
                        }),
                    )
                }
                Err(error) => (Some(Err(error.clone())), None),
            };
            let Some(entry) = state.entries.get_mut(hash) else { continue };
            entry.due = Instant::now() + entry.pauses.next().unwrap_or(self.polling.backoff.longest);
            let Some(receipt) = receipt else { continue };
            if let Some(asked) = receipt.as_ref().err().and_then(BundlerError::retry_after) {
                entry.due = entry.due.max(Instant::now() + asked.min(self.polling.backoff.longest * 5));
            }
            let is_done = matches!(receipt, Ok(Some(_)));
            entry.news.send_modify(|news| news.learn(receipt, status));
            if is_done {
                state.entries.remove(hash);
            }
        }
    }
}

impl News {
    fn learn(
        &mut self,
        receipt: Result<Option<UserOperationReceipt>, BundlerError>,
        progress: Option<Result<Progress, BundlerError>>,
    ) {
        match receipt {
            Ok(Some(receipt)) => self.receipt = Some(Arc::new(receipt)),
            Ok(None) => {
                self.misses = self.misses.saturating_add(1);
                self.failure = None;
                self.refusals = 0;
            }
            Err(error) => {
                let refused = matches!(
                    error.kind(),
                    Some(ErrorKind::MethodNotFound | ErrorKind::InvalidFields | ErrorKind::InvalidRequest)
                );
                self.refusals = if refused { self.refusals + 1 } else { 0 };
                self.failure = Some(error);
            }
        }
        match progress {
            Some(Ok(Progress::Dropped { reason })) => self.dropped = Some(reason),
            // A later answer takes back what an earlier one said.
            Some(Ok(_)) => self.dropped = None,
            Some(Err(_)) | None => {}
        }
    }
}
