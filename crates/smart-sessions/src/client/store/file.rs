use std::boxed::Box;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::string::ToString as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::vec::Vec;
use std::{fs, thread};

use alloy_primitives::B256;
use tempfile::NamedTempFile;

use super::contents::{Contents, write};
use super::{
    GrantFilter, GrantKey, LaneLease, LeaseRequest, RecordedOperation, Recording, SessionStore, StoreError,
    StoreFuture, WorkId, record,
};
use crate::Grant;

/// Keeps everything in one file, which processes on one machine can share.
///
/// Each change writes a new file beside it, has it on the disk and puts it in the place of the old one by renaming: a
/// crash leaves the old or the new state. Processes take turns by an advisory lock on a second file, `<file>.lock`,
/// which the system gives up when its holder ends. Neither holds across a network file system whose locks or renames are
/// not those of a local one. A file that is damaged, or from a newer version, is an error and is left as it is.
///
/// Every change writes the whole file: made for hundreds of grants and of works under way, not for millions. Grants hold owners' signatures, so
/// the file is readable for its owner only, where the system knows such rights.
///
/// The functions need a tokio runtime: files are read and written beside it, on its threads for blocking work.
#[derive(Clone, Debug)]
pub struct FileStore {
    files: Arc<Files>,
}

#[derive(Debug)]
struct Files {
    path: PathBuf,
    lock: PathBuf,
    patience: Duration,
}

impl FileStore {
    /// How long others may hold the store before that is an error.
    pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(30);

    /// The store in a file, which the first change creates. Its folder must exist.
    ///
    /// # Errors
    /// When there is a file that is no store, is damaged, or cannot be read.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let mut lock = path.clone().into_os_string();
        lock.push(".lock");
        let files = Files { path, lock: lock.into(), patience: Self::DEFAULT_PATIENCE };
        let store = Self { files: Arc::new(files) };
        store.read(|_| Ok(())).await?;
        Ok(store)
    }

    /// With another time to wait while others hold the store.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        let Files { path, lock, .. } = &*self.files;
        Self { files: Arc::new(Files { path: path.clone(), lock: lock.clone(), patience }) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.files.path
    }

    /// A file that is there is whole: reading needs no turn.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Contents) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = Arc::clone(&self.files);
        beside(move || work(&files.load()?)).await
    }

    /// Changes the contents while nobody else does. Nothing is written when the change fails.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Contents) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = Arc::clone(&self.files);
        let change = move || {
            let lock = files.lock()?;
            let before = files.load()?;
            let mut after = before.clone();
            let answer = work(&mut after)?;
            if after != before {
                files.save(&after)?;
            }
            drop(lock);
            Ok(answer)
        };
        beside(change).await
    }
}

async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(StoreError::Backend(error.to_string())))
}

impl Files {
    /// Waits for our turn. It ends when the answer is dropped.
    fn lock(&self) -> Result<File, StoreError> {
        let failed = |error| StoreError::io("lock", &self.lock, &error);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.lock).map_err(failed)?;
        let begin = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if begin.elapsed() >= self.patience => {
                    return Err(StoreError::Busy { path: self.path.clone(), waited: begin.elapsed() });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(16));
        }
    }

    fn load(&self) -> Result<Contents, StoreError> {
        match fs::read(&self.path) {
            Ok(bytes) => record::decode(&self.path, &bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Contents::default()),
            Err(error) => Err(StoreError::io("read", &self.path, &error)),
        }
    }

    fn save(&self, contents: &Contents) -> Result<(), StoreError> {
        let failed = |error: std::io::Error| StoreError::io("write", &self.path, &error);
        let bytes = record::encode(contents).map_err(|error| failed(error.into()))?;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut new = NamedTempFile::new_in(folder).map_err(failed)?;
        new.write_all(&bytes).map_err(failed)?;
        new.as_file().sync_all().map_err(failed)?;
        new.persist(&self.path).map_err(|error| failed(error.error))?;
        // The new name is on the disk only once the folder is.
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(())
    }
}

impl SessionStore for FileStore {
    fn put<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (key, text) = write(grant)?;
            self.change(move |contents| {
                contents.put(key, text);
                Ok(())
            })
            .await
        })
    }

    fn get(&self, key: GrantKey) -> StoreFuture<'_, Option<Grant>> {
        Box::pin(self.read(move |contents| contents.get(key)))
    }

    fn list(&self, filter: GrantFilter) -> StoreFuture<'_, Vec<Grant>> {
        Box::pin(self.read(move |contents| contents.list(filter)))
    }

    fn remove(&self, key: GrantKey) -> StoreFuture<'_, bool> {
        Box::pin(self.change(move |contents| Ok(contents.remove(key))))
    }

    fn lease(&self, request: LeaseRequest) -> StoreFuture<'_, LaneLease> {
        Box::pin(self.change(move |contents| contents.leases.lease(request)))
    }

    fn renew<'a>(&'a self, lease: &'a LaneLease, now: u64, until: u64) -> StoreFuture<'a, LaneLease> {
        let lease = lease.clone();
        Box::pin(self.change(move |contents| contents.leases.renew(&lease, now, until)))
    }

    fn release<'a>(&'a self, lease: &'a LaneLease) -> StoreFuture<'a, ()> {
        let lease = lease.clone();
        Box::pin(self.change(move |contents| {
            contents.leases.release(&lease);
            Ok(())
        }))
    }

    fn recorded<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, Vec<RecordedOperation>> {
        let work = work.clone();
        Box::pin(self.read(move |contents| Ok(contents.works.recorded(&work))))
    }

    fn record<'a>(
        &'a self,
        work: &'a WorkId,
        operation: &'a RecordedOperation,
        after: Option<B256>,
    ) -> StoreFuture<'a, Recording> {
        let (work, operation) = (work.clone(), operation.clone());
        Box::pin(self.change(move |contents| Ok(contents.works.record(&work, &operation, after))))
    }

    fn forget<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, bool> {
        let work = work.clone();
        Box::pin(self.change(move |contents| Ok(contents.works.forget(&work))))
    }
}
