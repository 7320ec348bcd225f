use std::boxed::Box;
use std::io;
use std::path::PathBuf;
use std::string::String;
use std::time::Duration;

use super::{GrantKey, LaneSpace};
use crate::Error;

/// Why a store did not do what it was asked. What it held before it still holds, but for the reasons that say otherwise.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} {}: {message}", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// The kind of failure.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
    },
    /// The file is not what was written. It is left as it is.
    #[error("store {} is damaged: {reason} (remedy: restore it from a copy; it was not changed)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A later version of this library wrote the file.
    #[error("store {} is of version {version}, this library reads version {supported}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's version.
        version: u32,
        /// The version that can be read.
        supported: u32,
    },
    /// Other processes held the store all the time.
    #[error("store {} was locked by others for {waited:?}", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// A stored grant cannot be read.
    #[error("grant {} of {} on chain {}: {error}", key.permission_id, key.account, key.chain_id)]
    Unreadable {
        /// Where it is stored.
        key: GrantKey,
        /// What is wrong with it.
        error: Box<Error>,
    },
    /// A grant whose text gives another grant, or none: its parts contradict each other.
    #[error("grant {} of {} on chain {} cannot be stored: its parts contradict each other", key.permission_id, key.account, key.chain_id)]
    NotStorable {
        /// Where it would have been stored.
        key: GrantKey,
    },
    /// Not enough lanes are free.
    #[error("{asked} lanes of {} on chain {} were asked for, {free} are free", space.account, space.chain_id)]
    NoLanes {
        /// Whose lanes.
        space: LaneSpace,
        /// How many were asked for.
        asked: u32,
        /// How many are free.
        free: u32,
    },
    /// A lease would end before it begins.
    #[error("a lease at {now} until {until} is over before it begins")]
    Term {
        /// The time that was given, Unix seconds.
        now: u64,
        /// The end that was asked for.
        until: u64,
    },
    /// The lease has ended. Its lanes must not be used any more.
    #[error("lease {id} of lanes of {} on chain {} has ended", space.account, space.chain_id)]
    LeaseLost {
        /// Whose lanes.
        space: LaneSpace,
        /// The lease.
        id: u64,
    },
    /// The database's address cannot be used.
    #[error("the database's address cannot be used: {reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// The database has no tables of ours, or those of another version of this library.
    #[error(
        "the store's tables are of version {}, this library works with version {expected} (remedy: {})",
        found.map_or_else(|| "none".into(), |found| std::format!("{found}")),
        if found.is_some_and(|found| found > *expected) { "use a newer version of this library" } else { "call migrate" }
    )]
    Schema {
        /// The version of the tables; `None` without tables.
        found: Option<u32>,
        /// The version that this library works with.
        expected: u32,
    },
    /// The database refused, or could not be reached.
    #[error("cannot {action}: {message}")]
    Database {
        /// What was to be done.
        action: &'static str,
        /// The database's code of the failure (SQLSTATE), if it was the one to answer.
        code: Option<String>,
        /// Its words.
        message: String,
    },
    /// The connection was lost after the change was sent: it may or may not have happened.
    #[error("it is not known whether this was done: {action}: {message}")]
    OutcomeUnknown {
        /// What was to be done.
        action: &'static str,
        /// What went wrong.
        message: String,
    },
    /// The database, or others who use it, took too long. The change may or may not have happened.
    #[error("cannot {action}: no answer within {waited:?}")]
    TimedOut {
        /// What was to be done.
        action: &'static str,
        /// How long was waited.
        waited: Duration,
    },
    /// What stands behind a store of another kind failed.
    #[error("store: {0}")]
    Backend(String),
}

#[cfg(feature = "file-store")]
impl StoreError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::Io { action, path: path.into(), kind: error.kind(), message: std::format!("{error}") }
    }
}
