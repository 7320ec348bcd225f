//! Leases of lanes: the rules, without any storage.

use std::collections::BTreeMap;
use std::vec::Vec;

use alloy_primitives::Address;

use super::StoreError;

/// Whose lanes: those of an account on a chain, under the session module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneSpace {
    /// The chain.
    pub chain_id: u64,
    /// The account.
    pub account: Address,
}

/// A wish for lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Whose.
    pub space: LaneSpace,
    /// How many.
    pub count: u32,
    /// How many the account can tell apart: only lanes below it are given.
    pub total: u32,
    /// The time, Unix seconds.
    pub now: u64,
    /// When the lease ends unless it is renewed, Unix seconds.
    pub until: u64,
}

/// Lanes that are nobody else's until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LaneLease {
    /// Whose lanes.
    pub space: LaneSpace,
    /// The lease's number in the store, never given twice.
    pub id: u64,
    /// The lanes, lowest first.
    pub lanes: Vec<u32>,
    /// From this time on, Unix seconds, they are free for others.
    pub until: u64,
}

/// A lane that was given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    lease: u64,
    until: u64,
}

/// All leases of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leases {
    last: u64,
    held: BTreeMap<(LaneSpace, u32), Held>,
}

/// A row of the table, for storage.
#[cfg(feature = "file-store")]
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LeaseRow {
    chain_id: u64,
    account: Address,
    lane: u32,
    lease: u64,
    until: u64,
}

impl Leases {
    pub(crate) fn lease(&mut self, request: LeaseRequest) -> Result<LaneLease, StoreError> {
        let LeaseRequest { space, count, total, now, until } = request;
        if until <= now {
            return Err(StoreError::Term { now, until });
        }
        self.held.retain(|(other, _), held| *other != space || held.until > now);
        let taken = u32::try_from(self.held.range((space, 0)..=(space, u32::MAX)).count()).unwrap_or(u32::MAX);
        let free = total.saturating_sub(1).saturating_sub(taken);
        if count > free {
            return Err(StoreError::NoLanes { space, asked: count, free });
        }
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let lanes: Vec<u32> = (1..total).filter(|lane| !self.held.contains_key(&(space, *lane))).take(wanted).collect();
        self.last += 1;
        let id = self.last;
        self.held.extend(lanes.iter().map(|lane| ((space, *lane), Held { lease: id, until })));
        Ok(LaneLease { space, id, lanes, until })
    }

    pub(crate) fn renew(&mut self, lease: &LaneLease, now: u64, until: u64) -> Result<LaneLease, StoreError> {
        if until <= now {
            return Err(StoreError::Term { now, until });
        }
        let &LaneLease { space, id, .. } = lease;
        let is_live =
            |lane: &u32| self.held.get(&(space, *lane)).is_some_and(|held| held.lease == id && held.until > now);
        if lease.lanes.is_empty() || !lease.lanes.iter().all(is_live) {
            return Err(StoreError::LeaseLost { space, id });
        }
        self.held.extend(lease.lanes.iter().map(|lane| ((space, *lane), Held { lease: id, until })));
        Ok(LaneLease { until, ..lease.clone() })
    }

    pub(crate) fn release(&mut self, lease: &LaneLease) {
        self.held.retain(|(space, lane), held| {
            !(*space == lease.space && held.lease == lease.id && lease.lanes.contains(lane))
        });
    }
}

#[cfg(feature = "postgres")]
impl Leases {
    /// No leases yet; the next one is that after `last`.
    pub(crate) fn following(last: u64) -> Self {
        Self { last, ..Self::default() }
    }

    /// A lane that is given away.
    pub(crate) fn hold(&mut self, space: LaneSpace, lane: u32, lease: u64, until: u64) {
        self.held.insert((space, lane), Held { lease, until });
    }

    /// The lease of this number, if any lane is given away by it.
    pub(crate) fn find(&self, space: LaneSpace, id: u64) -> Option<LaneLease> {
        let held = self.held.range((space, 0)..=(space, u32::MAX)).filter(|(_, held)| held.lease == id);
        let until = held.clone().map(|(_, held)| held.until).next()?;
        Some(LaneLease { space, id, lanes: held.map(|((_, lane), _)| *lane).collect(), until })
    }
}

#[cfg(feature = "file-store")]
impl Leases {
    /// The number of the newest lease, and the lanes that are given away.
    pub(crate) fn rows(&self) -> (u64, Vec<LeaseRow>) {
        let row = |(&(LaneSpace { chain_id, account }, lane), &Held { lease, until }): (&_, &_)| LeaseRow {
            chain_id,
            account,
            lane,
            lease,
            until,
        };
        (self.last, self.held.iter().map(row).collect())
    }

    /// `None` when a lane stands in the rows twice, or a lease is newer than the newest.
    pub(crate) fn from_rows(last: u64, rows: Vec<LeaseRow>) -> Option<Self> {
        let mut held = BTreeMap::new();
        for LeaseRow { chain_id, account, lane, lease, until } in rows {
            let space = LaneSpace { chain_id, account };
            if lease > last || held.insert((space, lane), Held { lease, until }).is_some() {
                return None;
            }
        }
        Some(Self { last, held })
    }
}
