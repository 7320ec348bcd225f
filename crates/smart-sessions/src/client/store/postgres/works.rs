//! Transactions about the operations of work.

use std::string::{String, ToString as _};
use std::vec::Vec;

use alloy_primitives::B256;
use sqlx::{PgConnection, Row as _};

use super::rows::{about, number, word};
use super::transaction::{Failure, Mode, Work};
use crate::client::store::{RecordedOperation, Recording, WorkId};

pub(super) struct Recorded<'a>(pub(super) &'a WorkId);

pub(super) struct Record<'a> {
    pub(super) work: &'a WorkId,
    pub(super) operation: &'a RecordedOperation,
    pub(super) after: Option<B256>,
}

pub(super) struct Forget<'a>(pub(super) &'a WorkId);

impl Work for Recorded<'_> {
    type Answer = Vec<RecordedOperation>;
    const ACTION: &'static str = "look operations up";
    const MODE: Mode = Mode::Read;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<RecordedOperation>, Failure> {
        let statement = "SELECT hash, from_block::text, operation FROM smart_sessions.operations \
                         WHERE chain_id = $1::numeric AND account = $2 AND work = $3 ORDER BY place";
        let rows = about(statement, self.0.space).bind(self.0.name.clone()).fetch_all(connection).await?;
        let read = |row| {
            let (hash, from_block) = (word(row, 0)?, number(row, 1)?);
            Ok(RecordedOperation { hash, from_block, operation: row.try_get(2)? })
        };
        rows.iter().map(read).collect()
    }
}

impl Work for Record<'_> {
    type Answer = Recording;
    const ACTION: &'static str = "write an operation down";
    const MODE: Mode = Mode::Repeatable;

    async fn run(&self, connection: &mut PgConnection) -> Result<Recording, Failure> {
        let Self { work, operation, after } = self;
        // Of two at the same time, the second waits for the first, meets its place or its hash, and does nothing.
        let statement = "WITH newest AS (SELECT hash, place FROM smart_sessions.operations \
                             WHERE chain_id = $1::numeric AND account = $2 AND work = $3 ORDER BY place DESC LIMIT 1) \
                         INSERT INTO smart_sessions.operations (chain_id, account, work, place, hash, from_block, operation) \
                         SELECT $1::numeric, $2, $3, COALESCE((SELECT place + 1 FROM newest), 0), $4, $5::numeric, $6 \
                         WHERE (SELECT hash FROM newest) IS NOT DISTINCT FROM $7 ON CONFLICT DO NOTHING";
        let query = about(statement, work.space).bind(work.name.clone()).bind(operation.hash.to_vec());
        let query = query.bind(operation.from_block.to_string()).bind(operation.operation.clone());
        query.bind(after.map(|hash| hash.to_vec())).execute(&mut *connection).await?;

        let statement = "SELECT work, NOT EXISTS (SELECT FROM smart_sessions.operations AS later \
                             WHERE later.chain_id = one.chain_id AND later.account = one.account \
                             AND later.work = one.work AND later.place > one.place) \
                         FROM smart_sessions.operations AS one \
                         WHERE chain_id = $1::numeric AND account = $2 AND hash = $3";
        let query = about(statement, work.space).bind(operation.hash.to_vec());
        let Some(row) = query.fetch_optional(connection).await? else { return Ok(Recording::Taken) };
        Ok(match (row.try_get::<String, _>(0)? == work.name, row.try_get(1)?) {
            (true, true) => Recording::Done,
            (true, false) => Recording::Taken,
            (false, _) => Recording::Shared,
        })
    }
}

impl Work for Forget<'_> {
    type Answer = bool;
    const ACTION: &'static str = "forget work";
    const MODE: Mode = Mode::Once;

    async fn run(&self, connection: &mut PgConnection) -> Result<bool, Failure> {
        let statement =
            "DELETE FROM smart_sessions.operations WHERE chain_id = $1::numeric AND account = $2 AND work = $3";
        let query = about(statement, self.0.space).bind(self.0.name.clone());
        Ok(query.execute(connection).await?.rows_affected() > 0)
    }
}
