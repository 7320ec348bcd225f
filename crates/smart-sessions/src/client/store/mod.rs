//! Where grants are kept, and how processes share an account's lanes.

#[cfg(feature = "conformance")]
pub mod conformance;
mod contents;
mod error;
#[cfg(feature = "file-store")]
mod file;
mod lease;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "file-store")]
mod record;
mod work;

use std::boxed::Box;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::vec::Vec;

use alloy_primitives::{Address, B256};
use session_types::PermissionId;

pub use error::StoreError;
#[cfg(feature = "file-store")]
pub use file::FileStore;
pub use lease::{LaneLease, LaneSpace, LeaseRequest};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use work::{RecordedOperation, Recording, WorkId};

use super::Grant;

/// What a store's functions answer.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a grant is stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantKey {
    /// The chain.
    pub chain_id: u64,
    /// The account that grants.
    pub account: Address,
    /// The session's id.
    pub permission_id: PermissionId,
}

impl From<&Grant> for GrantKey {
    fn from(grant: &Grant) -> Self {
        let Grant { chain_id, account, permission_id, .. } = *grant;
        Self { chain_id, account, permission_id }
    }
}

/// Which grants to list; the default is all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GrantFilter {
    /// Only those of this chain.
    pub chain_id: Option<u64>,
    /// Only those of this account.
    pub account: Option<Address>,
}

impl GrantFilter {
    /// The grants of one account on one chain.
    #[must_use]
    pub const fn of(chain_id: u64, account: Address) -> Self {
        Self { chain_id: Some(chain_id), account: Some(account) }
    }

    /// Whether a grant is meant.
    #[must_use]
    pub fn matches(&self, key: &GrantKey) -> bool {
        self.chain_id.is_none_or(|chain_id| chain_id == key.chain_id)
            && self.account.is_none_or(|account| account == key.account)
    }
}

/// Keeps grants, and tells processes apart that use one account at the same time.
///
/// Every function is one transaction: it happens as a whole or not at all, also when the process ends in the middle, and
/// what it answers is true for every process that shares the store. A future that is dropped may or may not have its
/// effect.
///
/// Grants are kept as the text of [`Grant::to_text`]. A [frozen grant](session_types::frozen) would not do: it is what
/// the owner signed, with the sessions of all chains in the clear, while the one who uses a session may have no owner's
/// signature (enabled by an operation), only the digests of the other chains, or nothing but the id. The version and the
/// checksum that the text lacks are the store's.
///
/// # Clocks
/// Time is given by the caller, in Unix seconds: processes that share a store need clocks that agree to within the time
/// that they leave unused at the end of a lease.
///
/// # Work that is done once
/// A process that is killed may have sent an operation and told nobody. Whoever takes its work over can neither send it
/// again blindly nor leave it. So an operation is written down under the name of its work before it is sent
/// ([`record`](Self::record)), signed as it is: the one who comes later finds it ([`recorded`](Self::recorded)), and sends
/// the same bytes again or learns that they were mined. A nonce is used once, so that this cannot do anything twice.
/// [`SessionLanes::use_once`](crate::SessionLanes::use_once) does all of this. What is left for the user:
///
/// 1. work comes from a queue that hands it out again when nobody reports it in time, and has a name that stays;
/// 2. the worker calls `use_once` with that name, and reports the work to the queue;
/// 3. once the queue cannot hand it out any more, [`forget`](Self::forget) removes what was written down.
///
/// # Copies
/// A store that goes back in time, restored from a copy, may give lanes to two processes. Stop all of them first, and wait
/// as long as a lease lasts. Work recorded after the copy is forgotten: see on the chain whether it was done before it
/// is begun again.
///
/// The feature `conformance` has the checks that every store must pass.
pub trait SessionStore: Debug + Send + Sync {
    /// Stores a grant, in the place of the one that was there under its key.
    ///
    /// # Errors
    /// [`StoreError::NotStorable`] when its text would not give the same grant back, and when the store fails.
    fn put<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, ()>;

    /// The grant of a key, if there is one.
    ///
    /// # Errors
    /// When the store fails, or what it holds cannot be read.
    fn get(&self, key: GrantKey) -> StoreFuture<'_, Option<Grant>>;

    /// The grants that a filter lets through, in the order of their keys.
    ///
    /// # Errors
    /// When the store fails, or what it holds cannot be read.
    fn list(&self, filter: GrantFilter) -> StoreFuture<'_, Vec<Grant>>;

    /// Forgets a grant. Tells whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    fn remove(&self, key: GrantKey) -> StoreFuture<'_, bool>;

    /// Takes the lowest free lanes of an account: until the lease ends, nobody else gets them. Lanes whose lease has
    /// ended are free. Lane 0 is never given: it belongs to operations that know nothing of lanes.
    ///
    /// # Errors
    /// [`StoreError::NoLanes`] when fewer are free than were asked for: then none is taken.
    /// [`StoreError::Term`] when the lease would end before it begins. Otherwise when the store fails.
    fn lease(&self, request: LeaseRequest) -> StoreFuture<'_, LaneLease>;

    /// Gives a lease another end.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it has ended, whether or not its lanes are someone else's by now.
    /// [`StoreError::Term`] when the new end is not in the future. Otherwise when the store fails.
    fn renew<'a>(&'a self, lease: &'a LaneLease, now: u64, until: u64) -> StoreFuture<'a, LaneLease>;

    /// Gives lanes back before the lease ends. Lanes that are someone else's by now stay theirs.
    ///
    /// # Errors
    /// When the store fails.
    fn release<'a>(&'a self, lease: &'a LaneLease) -> StoreFuture<'a, ()>;

    /// The operations that were written down for a piece of work, the newest last: that one answers for it.
    ///
    /// # Errors
    /// When the store fails.
    fn recorded<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, Vec<RecordedOperation>>;

    /// Writes an operation down for a piece of work, if the newest one there has the hash `after`, or there is none and
    /// `after` is `None`. An operation answers for one piece of work of an account only. Writing the newest one down
    /// again changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    fn record<'a>(
        &'a self,
        work: &'a WorkId,
        operation: &'a RecordedOperation,
        after: Option<B256>,
    ) -> StoreFuture<'a, Recording>;

    /// Forgets a piece of work, once nobody can begin it again. Tells whether there was anything written down.
    ///
    /// # Errors
    /// When the store fails.
    fn forget<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, bool>;
}
