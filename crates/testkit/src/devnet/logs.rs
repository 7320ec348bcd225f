use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, process};

use crate::Error;

/// A folder for the logs of one devnet or server, removed with it unless something went wrong.
#[derive(Debug)]
pub(crate) struct Logs {
    folder: PathBuf,
    keep: AtomicBool,
}

impl Logs {
    pub(crate) fn create(base: &Path) -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        remove_old(&base.join("logs"));
        let name = format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = base.join("logs").join(name);
        // One of a process that had the same id.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).map_err(|reason| Error::file(&folder, &reason))?;
        let folder = folder.canonicalize().map_err(|reason| Error::file(&folder, &reason))?;
        Ok(Self { folder, keep: AtomicBool::new(false) })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn file(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.log"))
    }

    /// Something went wrong: they stay.
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }
}

/// Removes what processes that were killed have left, once nobody will look for it any more.
fn remove_old(folder: &Path) {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let changed = entry.metadata().and_then(|metadata| metadata.modified());
        if changed.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > WEEK)) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        if self.keep.load(Ordering::Relaxed) || std::thread::panicking() {
            eprintln!("logs are kept in {}", self.folder.display());
        } else {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}
