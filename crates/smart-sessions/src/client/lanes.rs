//! One session on many lanes: operations side by side.

mod once;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::vec::Vec;

use bundler_rpc::UserOperationReceipt;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use userop::Call;
use userop::account::Account;

use super::store::{LaneLease, LaneSpace, LeaseRequest, SessionStore};
use super::{Error, SessionClient, SessionKey};
pub use once::Done;

/// A session whose operations do not wait for each other: each goes over a free lane, a nonce key of its own, and a lane
/// has one operation at a time.
///
/// Two things are still in line. The operation that enables the session goes first, alone. And a lane whose last
/// operation was sent and has an unknown end (the answer was lost, the future was dropped) rests until the operation can
/// no longer be expected to be mined: otherwise the next one could take its nonce.
///
/// # Several processes
/// Lanes of [`SessionClient::lanes`] are this process's choice: another one that does the same would take the same
/// nonces. Lanes of [`SessionClient::lease_lanes`] are leased from a store that the processes share. The lease is
/// renewed before an operation whenever it would end before the operation must have, so that a process that stops
/// leaves lanes on which nothing is under way. The clocks of the processes may differ by
/// [`CLOCK_MARGIN`](Self::CLOCK_MARGIN), or what [`SessionClient::lease_lanes_within`] says.
///
/// A process that stops may have sent an operation and told nobody. [`use_once`](Self::use_once) is for work that another
/// process then takes over.
#[derive(Clone)]
pub struct SessionLanes<A, K> {
    shared: Arc<Shared<A, K>>,
}

struct Shared<A, K> {
    session: SessionClient<A, K>,
    lanes: Vec<u32>,
    /// As many permits as there are lanes in `free`.
    permits: Semaphore,
    free: SyncMutex<VecDeque<FreeLane>>,
    is_enabled: AtomicBool,
    enabling: Mutex<()>,
    leased: Option<Leased>,
}

struct Leased {
    store: Arc<dyn SessionStore>,
    lease: Mutex<LaneLease>,
    clock_margin: Duration,
}

#[derive(Clone, Copy)]
struct FreeLane {
    lane: u32,
    /// An earlier operation may still be mined until then.
    rests_until: Option<Instant>,
}

impl<A, K> fmt::Debug for SessionLanes<A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("SessionLanes");
        out.field("lanes", &self.shared.lanes).field("grant", self.shared.session.grant());
        out.field("is_leased", &self.shared.leased.is_some()).finish_non_exhaustive()
    }
}

impl<A: Account + Send + Sync, K: SessionKey> SessionClient<A, K> {
    /// The session on `count` lanes, for one process that has the account's sessions to itself: lanes 1 to `count`, since
    /// lane 0 is that of [`use_permission`](Self::use_permission) here.
    ///
    /// # Errors
    /// [`Error::Lanes`] when it is none, or more than the account can tell apart.
    pub fn lanes(self, count: u32) -> Result<SessionLanes<A, K>, Error> {
        let total = self.account().lanes();
        if count == 0 || count >= total {
            return Err(Error::Lanes { asked: count, total });
        }
        Ok(SessionLanes::new(self, (1..=count).collect(), None))
    }

    /// The session on `count` lanes that no other process has, leased from a store that the processes share.
    ///
    /// # Errors
    /// [`Error::Lanes`] for no lane; [`StoreError::NoLanes`](crate::StoreError::NoLanes) when others hold too many; otherwise when the store fails.
    pub async fn lease_lanes(self, store: Arc<dyn SessionStore>, count: u32) -> Result<SessionLanes<A, K>, Error> {
        self.lease_lanes_within(store, count, SessionLanes::<A, K>::CLOCK_MARGIN).await
    }

    /// As [`lease_lanes`](Self::lease_lanes), for processes whose clocks differ by at most `clock_margin`.
    ///
    /// A lease lasts four times the chain's [patience](crate::Chain::with_patience) and twice the margin: so long can the
    /// lanes of a process that was killed be nobody's.
    ///
    /// # Errors
    /// As [`lease_lanes`](Self::lease_lanes).
    pub async fn lease_lanes_within(
        self,
        store: Arc<dyn SessionStore>,
        count: u32,
        clock_margin: Duration,
    ) -> Result<SessionLanes<A, K>, Error> {
        let total = self.account().lanes();
        if count == 0 {
            return Err(Error::Lanes { asked: count, total });
        }
        let space = LaneSpace { chain_id: self.chain().chain_id(), account: self.account().address() };
        let now = unix_time();
        let until = now.saturating_add(SessionLanes::<A, K>::term(&self, clock_margin).as_secs());
        let lease = store.lease(LeaseRequest { space, count, total, now, until }).await?;
        let lanes = lease.lanes.clone();
        Ok(SessionLanes::new(self, lanes, Some(Leased { store, lease: Mutex::new(lease), clock_margin })))
    }
}

impl<A, K> SessionLanes<A, K> {
    /// How far the clocks of processes that share lanes may differ.
    pub const CLOCK_MARGIN: Duration = Duration::from_secs(30);

    /// How many lanes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.lanes.len()
    }

    /// The lanes.
    #[must_use]
    pub fn lanes(&self) -> &[u32] {
        &self.shared.lanes
    }

    fn new(session: SessionClient<A, K>, lanes: Vec<u32>, leased: Option<Leased>) -> Self {
        let (count, is_enabled) = (lanes.len(), AtomicBool::new(false));
        let free = lanes.iter().map(|&lane| FreeLane { lane, rests_until: None }).collect();
        let (free, enabling) = (SyncMutex::new(free), Mutex::new(()));
        let permits = Semaphore::new(count);
        Self { shared: Arc::new(Shared { session, lanes, permits, free, is_enabled, enabling, leased }) }
    }
}

impl<A: Account + Clone + Send + Sync, K: SessionKey + Clone> SessionLanes<A, K> {
    /// Makes calls with the session over the next free lane; waits while there is none. As
    /// [`SessionClient::use_permission`] otherwise.
    ///
    /// # Errors
    /// As [`SessionClient::use_permission`], and [`StoreError::LeaseLost`](crate::StoreError::LeaseLost) when the lanes are no longer ours: nothing is
    /// sent.
    pub async fn use_permission(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        let shared = &*self.shared;
        if !shared.is_enabled.load(Ordering::Acquire) {
            let _alone = shared.enabling.lock().await;
            if !shared.is_enabled.load(Ordering::Acquire) {
                if !shared.session.is_enabled().await? {
                    return self.enable_by(calls).await;
                }
                shared.is_enabled.store(true, Ordering::Release);
            }
        }
        self.over_a_lane(calls, false).await
    }

    /// Makes each of many batches of calls by an operation of its own, as many at a time as there are lanes. The answers
    /// are in the order of the batches; one that fails does not stop the others.
    pub async fn use_many(
        &self,
        batches: impl IntoIterator<Item = Vec<Call>>,
    ) -> Vec<Result<UserOperationReceipt, Error>> {
        let work =
            batches.into_iter().enumerate().map(async |(index, calls)| (index, self.use_permission(&calls).await));
        let mut answers: Vec<_> = stream::iter(work).buffer_unordered(self.count()).collect().await;
        answers.sort_unstable_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Keeps leased lanes while nothing is sent over them. Sending does so by itself; lanes that are not used for half a
    /// [lease](SessionClient::lease_lanes_within) are lost without it. Asks the store only when half of the lease is over.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`](crate::StoreError::LeaseLost) when the lanes are no longer ours; otherwise when the
    /// store fails.
    pub async fn keep(&self) -> Result<(), Error> {
        self.keep_lease().await
    }

    /// Ends the use of the lanes, and gives leased ones back for others to use at once. Waits for operations under way.
    ///
    /// Leased lanes that rest are not given back: they become free when the lease ends, as all do when this is not called.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close(self) -> Result<(), Error> {
        let all = u32::try_from(self.count()).unwrap_or(u32::MAX);
        // Only `close` itself closes the semaphore: then the lanes were given back before.
        let Ok(permits) = self.shared.permits.acquire_many(all).await else { return Ok(()) };
        self.shared.permits.close();
        permits.forget();
        let Some(Leased { store, lease, .. }) = &self.shared.leased else { return Ok(()) };
        let now = Instant::now();
        let rests = |free: &FreeLane| free.rests_until.is_some_and(|until| until > now);
        let settled = self.shared.free().iter().filter(|free| !rests(free)).map(|free| free.lane).collect();
        let lease = LaneLease { lanes: settled, ..lease.lock().await.clone() };
        Ok(store.release(&lease).await?)
    }

    /// The operation that enables the session. Another process may be faster: then the session is used as it is now.
    async fn enable_by(&self, calls: &[Call]) -> Result<UserOperationReceipt, Error> {
        let answer = self.over_a_lane(calls, true).await;
        let shared = &*self.shared;
        match answer {
            Ok(receipt) => {
                shared.is_enabled.store(true, Ordering::Release);
                Ok(receipt)
            }
            // A refusal executed nothing: trying again cannot do anything twice.
            Err(error @ Error::Refused(_)) => {
                if !shared.session.is_enabled().await? {
                    return Err(error);
                }
                shared.is_enabled.store(true, Ordering::Release);
                self.over_a_lane(calls, false).await
            }
            Err(error) => Err(error),
        }
    }

    async fn over_a_lane(&self, calls: &[Call], may_enable: bool) -> Result<UserOperationReceipt, Error> {
        let (mut held, session) = self.take_lane().await?;
        let answer = session.use_telling(calls, may_enable, |_| held.rest(&session)).await;
        held.settle(answer)
    }

    /// Waits for a lane that is free and does not rest. It comes back when it is dropped.
    async fn take_lane(&self) -> Result<(HeldLane<'_, A, K>, SessionClient<A, K>), Error> {
        let shared = &*self.shared;
        let permit = shared.permits.acquire().await.map_err(|_| Error::LanesClosed)?;
        let free = shared.next_free().ok_or(Error::LanesClosed)?;
        // From here on the lane comes back by `held`, even when this future is dropped.
        permit.forget();
        let mut held = HeldLane { shared, free };
        if let Some(until) = free.rests_until {
            tokio::time::sleep_until(until).await;
            held.free.rests_until = None;
        }
        self.keep_lease().await?;
        let session = shared.session.clone().with_lane(free.lane)?;
        Ok((held, session))
    }

    /// Has the lease outlast an operation that begins now, and the rest after it.
    async fn keep_lease(&self) -> Result<(), Error> {
        let Some(Leased { store, lease, clock_margin }) = &self.shared.leased else { return Ok(()) };
        let session = &self.shared.session;
        let mut lease = lease.lock().await;
        let now = unix_time();
        if lease.until < now.saturating_add((Self::rest(session) + *clock_margin).as_secs()) {
            let until = now.saturating_add(Self::term(session, *clock_margin).as_secs());
            *lease = store.renew(&lease, now, until).await?;
        }
        Ok(())
    }
}

impl<A: Account + Send + Sync, K: SessionKey> SessionLanes<A, K> {
    /// How long an operation may still be mined after it was begun: it is waited for once, and may be pending as long again.
    const fn rest(session: &SessionClient<A, K>) -> Duration {
        session.chain().patience().saturating_mul(2)
    }

    /// How long a lease lasts: renewed when a good half is over.
    fn term(session: &SessionClient<A, K>, clock_margin: Duration) -> Duration {
        (Self::rest(session) + clock_margin).saturating_mul(2)
    }
}

impl<A, K> Shared<A, K> {
    fn free(&self) -> MutexGuard<'_, VecDeque<FreeLane>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane that does not rest, else the one that rests the shortest.
    fn next_free(&self) -> Option<FreeLane> {
        let mut free = self.free();
        let (index, _) = free.iter().enumerate().min_by_key(|(_, free)| free.rests_until)?;
        free.remove(index)
    }
}

/// A lane in use. Given back when dropped.
struct HeldLane<'a, A, K> {
    shared: &'a Shared<A, K>,
    free: FreeLane,
}

impl<A: Account + Send + Sync, K: SessionKey> HeldLane<'_, A, K> {
    /// From the moment of sending until the end is known: whoever waits may be dropped at any time.
    fn rest(&mut self, session: &SessionClient<A, K>) {
        self.free.rests_until = Some(Instant::now() + SessionLanes::rest(session));
    }

    /// Hands an answer on. The lane rests on when its operation may still be mined.
    fn settle<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.as_ref().err().and_then(Error::unsettled).is_none() {
            self.free.rests_until = None;
        }
        answer
    }
}

impl<A, K> Drop for HeldLane<'_, A, K> {
    fn drop(&mut self) {
        self.shared.free().push_back(self.free);
        self.shared.permits.add_permits(1);
    }
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default()
}
