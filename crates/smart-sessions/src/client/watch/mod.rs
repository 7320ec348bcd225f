//! Watching for change.

mod event;

use std::collections::VecDeque;
use std::time::Duration;
use std::vec::Vec;

use alloy_primitives::Address;
use bundler_rpc::{BundlerError, LogFilter};
use futures_util::Stream;
use futures_util::stream::unfold;
use session_types::PermissionId;
use session_types::abi::ModuleEvent;
use tokio::time::{Instant, sleep};

pub use event::SessionEvent;

use super::{Chain, ChainReader, Error};

/// Events of sessions as they happen, read by polling a node (`eth_getLogs`) over bounded ranges of blocks.
///
/// - **Resuming**: [`position`](Self::position) is a block number to store; a watch that [starts
///   there](Self::from_block) misses nothing and may repeat events of that block.
/// - **Cancelling**: dropping the future of [`next`](Self::next) loses nothing, so it can stand in a `select!`.
/// - **Reorganisations**: only blocks with [`depth`](Self::with_depth) blocks above them are read. A reorganisation of at
///   most that many blocks is never seen. After a deeper one, events of blocks that are no longer part of the chain have
///   been given and those of the blocks in their place are not: compare
///   [`block_hash`](SessionEvent::block_hash), or read [the status](Chain::status), before doing what cannot be undone.
/// - **Failures** of the node are waited out with growing pauses for as long as the chain's
///   [patience](Chain::patience), then given as an error; the next call goes on at the same place. A range that the
///   node refuses is halved until it takes it.
///
/// ```no_run
/// # async fn example(chain: smart_sessions::Chain, account: alloy_primitives::Address) -> Result<(), smart_sessions::Error> {
/// use smart_sessions::session::abi::ModuleEvent;
///
/// let mut watch = chain.watch(21_000_000).of_account(account);
/// loop {
///     let seen = watch.next().await?;
///     if let ModuleEvent::SessionRemoved(removed) = seen.event {
///         println!("{} was removed in block {}", removed.permission_id, seen.block_number);
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Watch {
    chain: ChainReader,
    patience: Duration,
    account: Option<Address>,
    permission_id: Option<PermissionId>,
    with_policies: bool,
    depth: u64,
    most: u64,
    interval: Duration,
    /// The first block that was not read.
    next_block: u64,
    /// How many blocks are asked for at present: fewer than `most` after a refusal.
    range: u64,
    /// How many ranges were taken since the last refusal.
    taken: u32,
    pending: VecDeque<SessionEvent>,
    /// Since when the node fails.
    failing: Option<Instant>,
    pause: Duration,
}

impl Chain {
    /// Watches for changes of sessions from a block on: events of all accounts, of the module alone, until said otherwise.
    #[must_use]
    #[doc(alias = "watchContractEvent")]
    pub fn watch(&self, from_block: u64) -> Watch {
        self.reader().watch(from_block).with_patience(self.patience())
    }
}

impl ChainReader {
    /// Watches for changes of sessions from a block on: see [`Chain::watch`].
    #[must_use]
    pub fn watch(&self, from_block: u64) -> Watch {
        Watch {
            chain: self.clone(),
            patience: Chain::DEFAULT_PATIENCE,
            account: None,
            permission_id: None,
            with_policies: false,
            depth: Watch::DEFAULT_DEPTH,
            most: Watch::DEFAULT_RANGE,
            interval: Watch::DEFAULT_INTERVAL,
            next_block: from_block,
            range: Watch::DEFAULT_RANGE,
            taken: 0,
            pending: VecDeque::new(),
            failing: None,
            pause: Watch::FIRST_PAUSE,
        }
    }
}

impl Watch {
    /// How many blocks have to be above one that is read.
    pub const DEFAULT_DEPTH: u64 = 5;
    /// How many blocks are asked for at once.
    pub const DEFAULT_RANGE: u64 = 1_000;
    /// How long to wait for new blocks.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(4);
    const TAKEN_BEFORE_MORE: u32 = 8;
    const FIRST_PAUSE: Duration = Duration::from_millis(250);
    const LONGEST_PAUSE: Duration = Duration::from_secs(15);

    /// Only events about an account's sessions.
    #[must_use]
    pub const fn of_account(mut self, account: Address) -> Self {
        self.account = Some(account);
        self
    }

    /// Only events about one session. Events of policies name none and are left out.
    #[must_use]
    pub const fn of_session(mut self, permission_id: PermissionId) -> Self {
        self.permission_id = Some(permission_id);
        self
    }

    /// Also the events of the deployment's policies: configured ([`PolicySet`](ModuleEvent::PolicySet)), token spent
    /// ([`TokenSpent`](ModuleEvent::TokenSpent)).
    #[must_use]
    pub const fn with_policies(mut self) -> Self {
        self.with_policies = true;
        self
    }

    /// Reads blocks that have this many above them. 0 reads the newest block, which may still be reorganised.
    #[must_use]
    #[doc(alias = "confirmations")]
    pub const fn with_depth(mut self, blocks: u64) -> Self {
        self.depth = blocks;
        self
    }

    /// Asks for at most this many blocks at once: for nodes that allow less, or more, than a thousand.
    #[must_use]
    pub fn with_range(mut self, blocks: u64) -> Self {
        self.most = blocks.max(1);
        self.range = self.most;
        self
    }

    /// How long a node that fails is waited for: the chain's patience when nothing else is said.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long to wait for new blocks when all are read.
    #[must_use]
    pub const fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Starts at a block: a stored [`position`](Self::position).
    #[must_use]
    pub fn from_block(mut self, block: u64) -> Self {
        self.next_block = block;
        self.pending.clear();
        self
    }

    /// Where to resume: the block of the next event that was read and not given yet, or the first block that was not
    /// read. All events of blocks below it were given.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.pending.front().map_or(self.next_block, |event| event.block_number)
    }

    /// The next event, whenever it comes: bound the wait with a timeout of your own. Safe to cancel.
    ///
    /// # Errors
    /// When the node fails for longer than the chain's patience, or refuses a range of one block. The next call tries
    /// again at the same place.
    pub async fn next(&mut self) -> Result<SessionEvent, Error> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            if !self.read_on().await? {
                sleep(self.interval).await;
            }
        }
    }

    /// The next event among the blocks that the chain has now; `None` when all are read. Safe to cancel.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_now(&mut self) -> Result<Option<SessionEvent>, Error> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(Some(event));
            }
            if !self.read_on().await? {
                return Ok(None);
            }
        }
    }

    /// The events as a stream without an end: an error does not end it either.
    pub fn into_stream(self) -> impl Stream<Item = Result<SessionEvent, Error>> {
        unfold(self, |mut watch| async move {
            let event = watch.next().await;
            Some((event, watch))
        })
    }

    /// Reads a range of blocks. Whether there was one. Nothing is changed before the answer is there.
    async fn read_on(&mut self) -> Result<bool, Error> {
        match self.try_read().await {
            Ok(more) => {
                (self.failing, self.pause) = (None, Self::FIRST_PAUSE);
                Ok(more)
            }
            Err(error) => {
                self.bear(error).await?;
                Ok(true)
            }
        }
    }

    /// Waits after a failure, or gives it up.
    async fn bear(&mut self, error: BundlerError) -> Result<(), Error> {
        // What a node says about a range that it does not like differs from node to node.
        if error.response().is_some() && self.range > 1 {
            (self.range, self.taken) = (self.range / 2, 0);
            if error.is_retryable() {
                sleep(self.pause).await;
            }
            return Ok(());
        }
        let since = *self.failing.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.patience || (error.response().is_some() && !error.is_retryable()) {
            self.failing = None;
            return Err(error.into());
        }
        sleep(self.pause).await;
        self.pause = self.pause.saturating_mul(2).min(Self::LONGEST_PAUSE);
        Ok(())
    }

    async fn try_read(&mut self) -> Result<bool, BundlerError> {
        let head = self.chain.node().latest_block().await?.number.unwrap_or_default();
        let Some(last) = head.checked_sub(self.depth).filter(|last| *last >= self.next_block) else {
            return Ok(false);
        };
        let to_block = last.min(self.next_block.saturating_add(self.range - 1));
        let filter = LogFilter {
            addresses: self.contracts(),
            topics: ModuleEvent::EVENTS.iter().map(|(topic, _)| *topic).collect(),
            from_block: self.next_block,
            to_block,
        };
        let logs = self.chain.node().logs(&filter).await?;
        let mut events: Vec<_> =
            logs.iter().filter_map(SessionEvent::read).filter(|event| self.is_asked(event)).collect();
        events.sort_by_key(|event| (event.block_number, event.log_index));
        self.pending.extend(events);
        self.next_block = to_block.saturating_add(1);
        self.taken += 1;
        // What was refused is not tried again at once.
        if self.taken >= Self::TAKEN_BEFORE_MORE {
            (self.range, self.taken) = (self.range.saturating_mul(2).min(self.most), 0);
        }
        Ok(true)
    }

    fn contracts(&self) -> Vec<Address> {
        let deployment = self.chain.deployment();
        let policies = deployment.policies.iter().map(|(_, policy)| policy.address);
        [deployment.module].into_iter().chain(policies.filter(|_| self.with_policies)).collect()
    }

    fn is_asked(&self, event: &SessionEvent) -> bool {
        let module = self.chain.deployment().module;
        // A policy serves other modules too, and names the one that it serves.
        let of_this_module = match event.event {
            ModuleEvent::PolicySet(set) => set.multiplexer == module,
            ModuleEvent::TokenSpent(spent) => spent.multiplexer == module,
            _ => event.contract == module,
        };
        of_this_module
            && self.account.is_none_or(|account| event.account() == account)
            && self.permission_id.is_none_or(|id| event.permission_id() == Some(id))
    }
}
