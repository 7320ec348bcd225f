//! One loop that asks for the receipts of all operations that anyone waits for.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy_primitives::B256;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
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
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

#[derive(Default)]
struct State {
    entries: HashMap<B256, Entry>,
    /// When each operation is to be asked about next; those that are being asked about are not in it.
    queue: BTreeSet<(Instant, B256)>,
    task: Option<JoinHandle<()>>,
}

impl State {
    /// Takes out what is due until `horizon`, with the misses so far; forgets what nobody waits for.
    fn take_due(&mut self, horizon: Instant, limit: usize) -> Vec<(B256, u32)> {
        let mut due = Vec::new();
        while due.len() < limit {
            let Some((at, hash)) = self.queue.first().copied().filter(|(at, _)| *at <= horizon) else { break };
            self.queue.remove(&(at, hash));
            let Some(entry) = self.entries.get(&hash) else { continue };
            if entry.news.receiver_count() == 0 {
                self.entries.remove(&hash);
            } else {
                due.push((hash, entry.news.borrow().misses));
            }
        }
        due
    }
}

/// The loop and what it asks about. It runs as a task while anyone waits, only ever reads, and forgets an operation
/// soon after the last one who waits for it is gone.
pub(crate) struct Poller {
    endpoint: Endpoint,
    polling: Polling,
    state: Mutex<State>,
    wake: Notify,
}

/// How many misses there are before the status method is asked, and between two such questions.
const STATUS_EVERY: u32 = 3;
/// How many requests may be under way: one that hangs must not hold up the operations of all others.
const AT_A_TIME: usize = 4;

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
        let State { entries, queue, task } = &mut *state;
        // A loop that went away with its runtime was asking about operations that are not in the queue.
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let now = Instant::now();
            queue.extend(entries.keys().map(|hash| (now, *hash)));
            *task = Some(tokio::spawn(Arc::clone(self).run()));
        }
        let mut is_new = false;
        let entry = entries.entry(hash).or_insert_with(|| {
            is_new = true;
            Entry {
                news: watch::Sender::new(News::default()),
                pauses: Box::new(self.polling.backoff.with_retries(usize::MAX).pauses()),
            }
        });
        let receiver = entry.news.subscribe();
        if is_new {
            queue.insert((Instant::now(), hash));
            drop(state);
            self.wake.notify_one();
        }
        receiver
    }

    async fn run(self: Arc<Self>) {
        let mut asking = FuturesUnordered::new();
        let mut free_at = Instant::now();
        loop {
            let next = {
                let mut state = self.state();
                if asking.len() < AT_A_TIME && Instant::now() >= free_at {
                    // What would be due while this request is on its way goes along.
                    let due = state.take_due(Instant::now() + self.polling.spacing, self.polling.batch.max(1));
                    if !due.is_empty() {
                        asking.push(self.ask(due));
                        free_at = Instant::now() + self.polling.spacing;
                    }
                }
                if state.entries.is_empty() {
                    state.task = None;
                    return;
                }
                state.queue.first().map(|(at, _)| (*at).max(free_at)).filter(|_| asking.len() < AT_A_TIME)
            };
            tokio::select! {
                Some(()) = asking.next(), if !asking.is_empty() => {}
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
                () = self.wake.notified() => {}
            }
        }
    }

    async fn ask(&self, due: Vec<(B256, u32)>) {
        let wants_status = |misses: u32| misses > 0 && misses.is_multiple_of(STATUS_EVERY);
        let mut requests = Vec::with_capacity(due.len());
        for (hash, misses) in &due {
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
        let State { entries, queue, .. } = &mut *state;
        for (hash, misses) in due {
            let (receipt, progress) = match &mut answers {
                Ok(answers) => {
                    let receipt = answers.next().map(Answer::read::<Option<UserOperationReceipt>>);
                    let status = self.polling.status.filter(|_| wants_status(misses));
                    let progress = status
                        .and_then(|status| Some(answers.next()?.read::<Value>().map(|answer| status.read(&answer))));
                    (receipt, progress)
                }
                Err(error) => (Some(Err(error.clone())), None),
            };
            let Some(entry) = entries.get_mut(&hash) else { continue };
            let mut due = Instant::now() + entry.pauses.next().unwrap_or(self.polling.backoff.longest);
            let mut is_done = false;
            if let Some(receipt) = receipt {
                if let Some(asked) = receipt.as_ref().err().and_then(BundlerError::retry_after) {
                    due = due.max(Instant::now() + asked.min(self.polling.backoff.longest * 5));
                }
                is_done = matches!(receipt, Ok(Some(_)));
                entry.news.send_modify(|news| news.learn(receipt, progress));
            }
            if is_done {
                entries.remove(&hash);
            } else {
                queue.insert((due, hash));
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
