//! One transaction, begun again when the database asks for it or the connection is lost.

use std::string::{String, ToString as _};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use sqlx::{PgConnection, PgPool};

use super::schema::VERSION;
use crate::client::store::StoreError;

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// Our own rules say no.
    Store(StoreError),
    /// The database did not do it: nothing was changed.
    Refused(sqlx::Error),
    /// The answer to the commit was lost: it may have been changed.
    Unknown(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The pauses between attempts; the store's patience ends them.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(10))
    .with_max_delay(Duration::from_millis(500))
    .with_jitter()
    .without_max_times();

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    /// Doing it twice comes to the same.
    Repeatable,
    /// Doing it twice gives another answer.
    Once,
}

impl Mode {
    /// Whatever the database's default may be: rows are locked before they are read, which needs a fresh view after it.
    const fn begin(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
            Self::Repeatable | Self::Once => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }
}

/// Every statement's and every lock's time is bounded, a transaction whose client is gone ends sooner, and what is
/// committed is on the disk when that is said, however careless the database's default is.
const SETTINGS: &str = "SELECT version, set_config('lock_timeout', $1, true), set_config('statement_timeout', $1, true), \
     set_config('idle_in_transaction_session_timeout', $2, true), set_config('synchronous_commit', \
     CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true) \
     FROM smart_sessions.schema_version";

/// A database's setting of a time, in milliseconds. Zero would mean for ever.
pub(super) fn setting(time: Duration) -> String {
    time.as_millis().clamp(1, i32::MAX.unsigned_abs().into()).to_string()
}

/// What is done in one transaction.
pub(super) trait Work: Sync {
    type Answer: Send;
    const ACTION: &'static str;
    const MODE: Mode;

    fn run(&self, connection: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

pub(super) async fn run<W: Work>(pool: &PgPool, patience: Duration, work: W) -> Result<W::Answer, StoreError> {
    let attempts = (|| attempt(pool, patience, &work))
        .retry(PAUSES)
        .when(|failure: &Failure| failure.is_passing(W::MODE))
        .notify(|failure, pause| tracing::debug!(action = W::ACTION, ?failure, ?pause, "again"));
    match tokio::time::timeout(patience, attempts).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => Err(failure.into_error(W::ACTION, patience)),
        Err(_) => Err(StoreError::TimedOut { action: W::ACTION, waited: patience }),
    }
}

async fn attempt<W: Work>(pool: &PgPool, patience: Duration, work: &W) -> Result<W::Answer, Failure> {
    let mut transaction = pool.begin_with(W::MODE.begin()).await?;
    let (longest, idle) = (setting(patience), setting(patience / 2));
    let settings = sqlx::query_scalar::<_, i32>(SETTINGS).bind(longest).bind(idle);
    let found = settings.fetch_optional(&mut *transaction).await?.map(|version| version.try_into().unwrap_or(u32::MAX));
    if found != Some(VERSION) {
        return Err(StoreError::Schema { found, expected: VERSION }.into());
    }
    let answer = work.run(&mut transaction).await?;
    transaction.commit().await.map_err(Failure::at_commit)?;
    Ok(answer)
}

impl Failure {
    pub(super) const fn at_commit(error: sqlx::Error) -> Self {
        // The database itself says that it rolled back.
        if matches!(error, sqlx::Error::Database(_)) { Self::Refused(error) } else { Self::Unknown(error) }
    }

    fn is_passing(&self, mode: Mode) -> bool {
        match self {
            Self::Store(_) => false,
            Self::Unknown(_) => mode != Mode::Once,
            Self::Refused(sqlx::Error::Io(_)) => true,
            Self::Refused(error) => code(error).is_some_and(|code| {
                // Connection exceptions; serialization; deadlock; shutdown and start; too many connections; we were
                // taken for gone.
                code.starts_with("08")
                    || ["40001", "40P01", "57P01", "57P02", "57P03", "53300", "25P03"].contains(&&*code)
            }),
        }
    }

    pub(super) fn into_error(self, action: &'static str, waited: Duration) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Unknown(error) => return StoreError::OutcomeUnknown { action, message: words(&error) },
            Self::Refused(error) => error,
        };
        let code = code(&error);
        match (&error, code.as_deref()) {
            (sqlx::Error::PoolTimedOut, _) | (_, Some("55P03" | "57014")) => StoreError::TimedOut { action, waited },
            (_, Some("42P01" | "3F000")) => StoreError::Schema { found: None, expected: VERSION },
            _ => StoreError::Database { action, message: words(&error), code },
        }
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}

/// What went wrong, without what was sent.
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_string(),
        // What cannot be used may be shown, and be a secret.
        sqlx::Error::Configuration(_) => "the connection's settings cannot be used".to_string(),
        error => error.to_string(),
    }
}
