//! Transactions about leases. The rules are those of every store; the rows of one account are read, and what changes is
//! written.

use std::string::ToString as _;
use std::vec::Vec;

use sqlx::PgConnection;

use super::rows::{about, number, small};
use super::transaction::{Failure, Mode, Work};
use crate::client::store::lease::Leases;
use crate::client::store::{LaneLease, LaneSpace, LeaseRequest};

/// A number that no lease has.
pub(super) struct Number;

pub(super) struct Lease {
    pub(super) id: u64,
    pub(super) request: LeaseRequest,
}

pub(super) struct Renew<'a> {
    pub(super) lease: &'a LaneLease,
    pub(super) now: u64,
    pub(super) until: u64,
}

pub(super) struct Release<'a>(pub(super) &'a LaneLease);

/// Waits until nobody else changes the leases of the account, and keeps others waiting until the transaction ends.
async fn lock(space: LaneSpace, connection: &mut PgConnection) -> Result<(), Failure> {
    let lock = "SELECT 1 FROM smart_sessions.lane_spaces WHERE chain_id = $1::numeric AND account = $2 FOR UPDATE";
    let new =
        "INSERT INTO smart_sessions.lane_spaces (chain_id, account) VALUES ($1::numeric, $2) ON CONFLICT DO NOTHING";
    while about(lock, space).fetch_optional(&mut *connection).await?.is_none() {
        about(new, space).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The leases of the account; the next one gets the number after `last`.
async fn leases(space: LaneSpace, connection: &mut PgConnection, last: u64) -> Result<Leases, Failure> {
    let statement =
        "SELECT lane, lease_id, ends::text FROM smart_sessions.lanes WHERE chain_id = $1::numeric AND account = $2";
    let mut leases = Leases::following(last);
    for row in about(statement, space).fetch_all(connection).await? {
        leases.hold(space, small(&row, 0)?, small(&row, 1)?, number(&row, 2)?);
    }
    Ok(leases)
}

fn lanes(lease: &LaneLease) -> Vec<i64> {
    lease.lanes.iter().copied().map(i64::from).collect()
}

impl Work for Number {
    type Answer = u64;
    const ACTION: &'static str = "lease lanes";
    const MODE: Mode = Mode::Repeatable;

    async fn run(&self, connection: &mut PgConnection) -> Result<u64, Failure> {
        small(&sqlx::query("SELECT nextval('smart_sessions.lease_ids')").fetch_one(connection).await?, 0)
    }
}

impl Work for Lease {
    type Answer = LaneLease;
    const ACTION: &'static str = "lease lanes";
    const MODE: Mode = Mode::Repeatable;

    async fn run(&self, connection: &mut PgConnection) -> Result<LaneLease, Failure> {
        let &Self { id, request } = self;
        let LeaseRequest { space, now, until, .. } = request;
        lock(space, connection).await?;
        let mut leases = leases(space, connection, id.saturating_sub(1)).await?;
        if let Some(lease) = leases.find(space, id) {
            return Ok(lease);
        }
        let lease = leases.lease(request)?;
        let ended = "DELETE FROM smart_sessions.lanes \
                     WHERE chain_id = $1::numeric AND account = $2 AND ends <= $3::numeric";
        about(ended, space).bind(now.to_string()).execute(&mut *connection).await?;
        let given = "INSERT INTO smart_sessions.lanes (chain_id, account, lane, lease_id, ends) \
                     SELECT $1::numeric, $2, lane, $3::bigint, $4::numeric FROM unnest($5::bigint[]) AS lane";
        let query = about(given, space).bind(id.to_string());
        query.bind(until.to_string()).bind(lanes(&lease)).execute(connection).await?;
        Ok(lease)
    }
}

impl Work for Renew<'_> {
    type Answer = LaneLease;
    const ACTION: &'static str = "renew a lease";
    const MODE: Mode = Mode::Repeatable;

    async fn run(&self, connection: &mut PgConnection) -> Result<LaneLease, Failure> {
        let &LaneLease { space, id, .. } = self.lease;
        lock(space, connection).await?;
        let renewed = leases(space, connection, id).await?.renew(self.lease, self.now, self.until)?;
        let statement = "UPDATE smart_sessions.lanes SET ends = $3::numeric \
                         WHERE chain_id = $1::numeric AND account = $2 AND lease_id = $4::numeric AND lane = ANY($5)";
        let query = about(statement, space).bind(self.until.to_string()).bind(id.to_string()).bind(lanes(self.lease));
        query.execute(connection).await?;
        Ok(renewed)
    }
}

impl Work for Release<'_> {
    type Answer = ();
    const ACTION: &'static str = "give lanes back";
    const MODE: Mode = Mode::Repeatable;

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let &LaneLease { space, id, .. } = self.0;
        lock(space, connection).await?;
        let statement = "DELETE FROM smart_sessions.lanes \
                         WHERE chain_id = $1::numeric AND account = $2 AND lease_id = $3::numeric AND lane = ANY($4)";
        about(statement, space).bind(id.to_string()).bind(lanes(self.0)).execute(connection).await?;
        Ok(())
    }
}
