//! Where grants are kept, and how processes share an account's lanes.

#[cfg(feature = "conformance")]
pub mod conformance;
mod contents;
mod error;
#[cfg(feature = "file-store")]
mod file;
mod lease;
mod memory;
#[cfg(feature = "file-store")]
mod record;

use std::boxed::Box;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::vec::Vec;

use alloy_primitives::Address;
use session_types::PermissionId;

pub use error::StoreError;
#[cfg(feature = "file-store")]
pub use file::FileStore;
pub use lease::{LaneLease, LaneSpace, LeaseRequest};
pub use memory::MemoryStore;

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
/// Time is given by the caller, in Unix seconds: processes that share a store need clocks that agree to within the time
/// that they leave unused at the end of a lease.
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
}
