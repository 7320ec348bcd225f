use std::boxed::Box;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use alloy_primitives::B256;

use super::contents::{Contents, write};
use super::{
    GrantFilter, GrantKey, LaneLease, LeaseRequest, RecordedOperation, Recording, SessionStore, StoreFuture, WorkId,
};
use crate::Grant;

/// Keeps everything in this process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // No change is left half done by a panic: each is a single insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for MemoryStore {
    fn put<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, ()> {
        Box::pin(ready(write(grant).map(|(key, text)| self.contents().put(key, text))))
    }

    fn get(&self, key: GrantKey) -> StoreFuture<'_, Option<Grant>> {
        Box::pin(ready(self.contents().get(key)))
    }

    fn list(&self, filter: GrantFilter) -> StoreFuture<'_, Vec<Grant>> {
        Box::pin(ready(self.contents().list(filter)))
    }

    fn remove(&self, key: GrantKey) -> StoreFuture<'_, bool> {
        Box::pin(ready(Ok(self.contents().remove(key))))
    }

    fn lease(&self, request: LeaseRequest) -> StoreFuture<'_, LaneLease> {
        Box::pin(ready(self.contents().leases.lease(request)))
    }

    fn renew<'a>(&'a self, lease: &'a LaneLease, now: u64, until: u64) -> StoreFuture<'a, LaneLease> {
        Box::pin(ready(self.contents().leases.renew(lease, now, until)))
    }

    fn release<'a>(&'a self, lease: &'a LaneLease) -> StoreFuture<'a, ()> {
        self.contents().leases.release(lease);
        Box::pin(ready(Ok(())))
    }

    fn recorded<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, Vec<RecordedOperation>> {
        Box::pin(ready(Ok(self.contents().works.recorded(work))))
    }

    fn record<'a>(
        &'a self,
        work: &'a WorkId,
        operation: &'a RecordedOperation,
        after: Option<B256>,
    ) -> StoreFuture<'a, Recording> {
        Box::pin(ready(Ok(self.contents().works.record(work, operation, after))))
    }

    fn forget<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(self.contents().works.forget(work))))
    }
}
