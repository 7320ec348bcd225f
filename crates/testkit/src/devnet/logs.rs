use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process};

use crate::Error;

/// A folder for the logs of one devnet, removed with it unless something went wrong.
#[derive(Debug)]
pub(super) struct Logs {
    folder: PathBuf,
    keep: bool,
}

impl Logs {
    pub(super) fn create(base: &Path) -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = base.join("logs").join(name);
        // One of a process that had the same id.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).map_err(|reason| Error::file(&folder, &reason))?;
        let folder = folder.canonicalize().map_err(|reason| Error::file(&folder, &reason))?;
        Ok(Self { folder, keep: true })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn file(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.log"))
    }

    /// From now on, only a panic keeps them.
    pub(super) const fn started(&mut self) {
        self.keep = false;
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        if self.keep || std::thread::panicking() {
            eprintln!("logs of the local chain are kept in {}", self.folder.display());
        } else {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}
