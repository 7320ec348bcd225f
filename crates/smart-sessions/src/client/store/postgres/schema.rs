//! The tables of a [`PostgresStore`](super::PostgresStore), and how they come to be.

use sqlx::{Connection as _, PgConnection};

use super::transaction::Failure;
use crate::client::store::StoreError;

/// What brings tables from one version to the next. A step is never changed once it was published.
const STEPS: [&str; 1] = [include_str!("1.sql")];

/// The version that this library works with.
pub(super) const VERSION: u32 = 1;

/// One migration at a time: an advisory lock of the database, `smartses` in ASCII.
const LOCK: i64 = 0x736d_6172_7473_6573;

/// Brings the tables to our version, in one transaction.
pub(super) async fn migrate(connection: &mut PgConnection, wait: &str) -> Result<(), Failure> {
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
    let settings = "SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', $1, true)";
    sqlx::query(settings).bind(wait).execute(&mut *transaction).await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let there = "SELECT to_regclass('smart_sessions.schema_version') IS NOT NULL";
    let found = if sqlx::query_scalar::<_, bool>(there).fetch_one(&mut *transaction).await? {
        let version = "SELECT version FROM smart_sessions.schema_version";
        Some(sqlx::query_scalar::<_, i32>(version).fetch_one(&mut *transaction).await?)
    } else {
        None
    };
    let foreign = || StoreError::Schema { found: found.and_then(|found| found.try_into().ok()), expected: VERSION };
    let done = usize::try_from(found.unwrap_or_default()).map_err(|_| foreign())?;
    let steps = STEPS.get(done..).ok_or_else(foreign)?;
    if steps.is_empty() {
        return Ok(transaction.rollback().await?);
    }
    for step in steps {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    let version = "INSERT INTO smart_sessions.schema_version (version) VALUES ($1) \
                   ON CONFLICT (only_row) DO UPDATE SET version = EXCLUDED.version";
    sqlx::query(version).bind(i64::from(VERSION)).execute(&mut *transaction).await?;
    transaction.commit().await.map_err(Failure::at_commit)
}
