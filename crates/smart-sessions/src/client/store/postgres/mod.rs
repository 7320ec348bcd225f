//! Grants, leases and recorded operations in a PostgreSQL database.

mod grants;
mod leases;
mod rows;
mod schema;
mod transaction;
mod works;

use std::boxed::Box;
use std::fmt;
use std::string::ToString as _;
use std::time::Duration;
use std::vec::Vec;

use alloy_primitives::B256;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use url::Url;

use self::transaction::{Failure, Work};
use super::contents::write;
use super::{
    GrantFilter, GrantKey, LaneLease, LeaseRequest, RecordedOperation, Recording, SessionStore, StoreError,
    StoreFuture, WorkId,
};
use crate::Grant;

/// Keeps everything in a PostgreSQL database, which processes on many machines can share.
///
/// ```no_run
/// # async fn example() -> Result<(), smart_sessions::StoreError> {
/// let store = smart_sessions::PostgresStore::connect("postgres://sessions@db.internal/app").await?;
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Tables
/// They stand in a schema of their own, `smart_sessions`, one set in a database. [`migrate`](Self::migrate) creates them
/// and brings them to this library's version; nothing else ever does. It can be called by every process at its start, or
/// by a role of its own before: a role that only uses the store needs
///
/// ```sql
/// GRANT USAGE ON SCHEMA smart_sessions TO app;
/// GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA smart_sessions TO app;
/// GRANT USAGE ON ALL SEQUENCES IN SCHEMA smart_sessions TO app;
/// ```
///
/// | table | what a row is |
/// |---|---|
/// | `grants` | a grant: chain, account, permission, and the text of [`Grant::to_text`] |
/// | `lane_spaces` | an account on a chain whose lanes were ever leased |
/// | `lanes` | a lane that is given away: the lease's number, and when it ends (Unix seconds) |
/// | `operations` | the operation that answers for a piece of work |
/// | `schema_version` | the one version of all tables |
///
/// Grants hold owners' signatures, and an operation may: who reads the tables can use what is signed and not yet used.
/// No key is ever stored.
///
/// # What may run side by side
/// Any number of processes, with any number of tasks. Each function is one transaction at `READ COMMITTED`, whatever the
/// database's default is. Changes of an account's leases take turns: each locks the account's row in `lane_spaces` first,
/// and no other row of that table, so that they cannot wait for each other in a circle. Grants, work, and the lanes of
/// other accounts do not wait. Every transaction looks at the version of the tables: processes with an older or newer
/// library fail with [`StoreError::Schema`] after a migration, and change nothing. Stop them first.
///
/// # What can go wrong
/// Every wait is bounded by the store's [patience](Self::with_patience): for a connection, for a lock, for an answer.
/// Within it, a transaction that the database rolled back, or whose connection was lost, is begun again. That cannot do
/// anything twice: a lease has its number before it is given, and is found by it. Only [`remove`](SessionStore::remove)
/// and [`forget`](SessionStore::forget) say [`StoreError::OutcomeUnknown`] when the answer to the commit is lost, since
/// asking again would answer another question. After [`StoreError::TimedOut`] and in a future that was dropped,
/// the change may or may not have happened. A lease may then exist that nobody knows of: its lanes are free again when it
/// ends.
///
/// # Clocks
/// The database's clock is never asked: times are those of the callers. What [`SessionClient::lease_lanes_within`] says
/// is how far the clocks of the processes may differ.
///
/// [`SessionClient::lease_lanes_within`]: crate::SessionClient::lease_lanes_within
///
/// # Copies, and databases that take over
/// A lease that is forgotten can be given to two. Commits therefore wait for the disk even where `synchronous_commit` is
/// off, and for standbys where the database is set up to wait for them. After a restore from a copy, or when a
/// standby takes over that had not received everything: stop all processes, wait as long as a lease lasts, and start them
/// again; nonces are the chain's, so that nothing is lost but time. Work that had been recorded since the
/// copy is not known: look on the chain before it is begun again.
///
/// # Connections
/// [`connect`](Self::connect) holds at most [`MAX_CONNECTIONS`](Self::MAX_CONNECTIONS) and needs a tokio runtime. Encrypted
/// connections need the feature `tls`. Through a pooler that gives each transaction another connection, add
/// `?statement-cache-capacity=0` to the address.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    patience: Duration,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pool's own may have what the address has.
        let (connections, patience) = (self.pool.size(), self.patience);
        f.debug_struct("PostgresStore")
            .field("connections", &connections)
            .field("patience", &patience)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// How long a function may take when nothing else is said.
    pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(30);
    /// How many connections [`connect`](Self::connect) opens at most.
    pub const MAX_CONNECTIONS: u32 = 8;

    /// Connects to the database at an address, `postgres://user:password@host:port/database?option=value`.
    ///
    /// What the address does not say comes from the variables and the password file of PostgreSQL's own programs
    /// (`PGHOST`, `PGUSER`, `~/.pgpass` …), where a password is better kept.
    ///
    /// # Errors
    /// [`StoreError::Address`] for an address that cannot be used; when the database cannot be reached. The password is
    /// in none of them.
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        let address = Url::parse(address).map_err(|error| StoreError::Address { reason: error.to_string() })?;
        if !["postgres", "postgresql"].contains(&address.scheme()) {
            return Err(StoreError::Address { reason: "it does not begin with postgres://".into() });
        }
        let options: Result<PgConnectOptions, _> = address.as_str().parse();
        // The parser's words may repeat what it could not read.
        let options =
            options.map_err(|_| StoreError::Address { reason: "an option has a value that cannot be used".into() })?;
        let (action, patience) = ("connect to the database", Self::DEFAULT_PATIENCE);
        let pool = PgPoolOptions::new().max_connections(Self::MAX_CONNECTIONS).acquire_timeout(patience);
        let pool = pool.connect_with(options).await;
        let pool = pool.map_err(|error| Failure::from(error).into_error(action, patience))?;
        Ok(Self::new(pool))
    }

    /// A store behind connections that the caller manages.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool, patience: Self::DEFAULT_PATIENCE }
    }

    /// With another time that a function may take.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Creates the tables, or brings them to this library's version. Does nothing when they are; processes that call it
    /// at the same time take turns.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when a later version of this library made the tables. When the role may not create them,
    /// or the database fails: then nothing was changed.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let (action, patience) = ("create the store's tables", self.patience);
        let work = async {
            let mut connection = self.pool.acquire().await?;
            schema::migrate(&mut connection, &transaction::setting(patience)).await
        };
        match tokio::time::timeout(patience, work).await {
            Ok(answer) => answer.map_err(|failure| failure.into_error(action, patience)),
            Err(_) => Err(StoreError::TimedOut { action, waited: patience }),
        }
    }

    /// Ends all connections, once what is under way is done.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn run<W: Work>(&self, work: W) -> Result<W::Answer, StoreError> {
        transaction::run(&self.pool, self.patience, work).await
    }
}

impl SessionStore for PostgresStore {
    fn put<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (key, text) = write(grant)?;
            self.run(grants::Put { key, text }).await
        })
    }

    fn get(&self, key: GrantKey) -> StoreFuture<'_, Option<Grant>> {
        Box::pin(self.run(grants::Get(key)))
    }

    fn list(&self, filter: GrantFilter) -> StoreFuture<'_, Vec<Grant>> {
        Box::pin(self.run(grants::List(filter)))
    }

    fn remove(&self, key: GrantKey) -> StoreFuture<'_, bool> {
        Box::pin(self.run(grants::Remove(key)))
    }

    fn lease(&self, request: LeaseRequest) -> StoreFuture<'_, LaneLease> {
        Box::pin(async move {
            // First of all: by its number a lease is found whose commit was not answered.
            let id = self.run(leases::Number).await?;
            self.run(leases::Lease { id, request }).await
        })
    }

    fn renew<'a>(&'a self, lease: &'a LaneLease, now: u64, until: u64) -> StoreFuture<'a, LaneLease> {
        Box::pin(self.run(leases::Renew { lease, now, until }))
    }

    fn release<'a>(&'a self, lease: &'a LaneLease) -> StoreFuture<'a, ()> {
        Box::pin(self.run(leases::Release(lease)))
    }

    fn recorded<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, Vec<RecordedOperation>> {
        Box::pin(self.run(works::Recorded(work)))
    }

    fn record<'a>(
        &'a self,
        work: &'a WorkId,
        operation: &'a RecordedOperation,
        after: Option<B256>,
    ) -> StoreFuture<'a, Recording> {
        Box::pin(self.run(works::Record { work, operation, after }))
    }

    fn forget<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, bool> {
        Box::pin(self.run(works::Forget(work)))
    }
}
