//! How a session's calls reach the chains.

mod bundler;
mod mee;
mod used;

use std::boxed::Box;
use std::future::Future;
use std::pin::Pin;
use std::vec::Vec;

use alloy_primitives::Bytes;
use policy_encoding::SessionRefusal;
use userop::Call;

pub use bundler::BundlerTransport;
pub use mee::{MeeFailure, MeeTransport};
pub use used::{Executed, Used, UsedOn};

use super::{ChainReader, Error, Grant};

/// What [`Transport::carry`] answers later.
pub type TransportFuture<'a> = Pin<Box<dyn Future<Output = Result<Used, Error>> + Send + 'a>>;

/// Calls on one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCalls {
    /// The chain.
    pub chain_id: u64,
    /// The calls, in order.
    pub calls: Vec<Call>,
}

impl ChainCalls {
    /// Calls on a chain.
    #[must_use]
    pub fn new(chain_id: u64, calls: impl IntoIterator<Item = Call>) -> Self {
        Self { chain_id, calls: calls.into_iter().collect() }
    }
}

/// The use of one session on one chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainUse<'a> {
    /// The session and its chain.
    pub grant: &'a Grant,
    /// The calls, in order; none on a chain where the session only pays.
    pub calls: &'a [Call],
    /// Whether the session has to be enabled first: the grant then holds the owner's signature.
    pub enabling: bool,
    /// What our evaluation has against it, when that was not decisive: it may name the rule that a chain's refusal does
    /// not.
    pub evaluation: Option<SessionRefusal>,
}

/// How a session's calls reach the chains: by a bundler ([`BundlerTransport`]), by a MEE node ([`MeeTransport`]), or by
/// something of your own.
///
/// A transport holds the session's key, since what is signed depends on it: operation by operation for a bundler, once
/// for all chains for a MEE node. What does not depend on it is [`SessionClient`](crate::SessionClient)'s: whether a
/// session has to be enabled, and whether its policies permit the calls.
///
/// One of your own, around another:
///
/// ```
/// use smart_sessions::userop::Call;
/// use smart_sessions::{ChainCalls, ChainReader, ChainUse, Error, Grant, Transport, TransportFuture};
/// # use alloy_primitives::Bytes;
///
/// /// Writes down what is about to be done.
/// struct Noted<T>(T);
///
/// impl<T: Transport> Transport for Noted<T> {
///     type Account = T::Account;
///     type Key = T::Key;
///
///     fn carry<'a>(&'a self, uses: &'a [ChainUse<'a>]) -> TransportFuture<'a> {
///         Box::pin(async move {
///             for usage in uses {
///                 println!("{} calls on chain {}", usage.calls.len(), usage.grant.chain_id);
///             }
///             self.0.carry(uses).await
///         })
///     }
///
///     // The rest is the inner one's.
///     fn reader(&self, chain_id: u64) -> Option<&ChainReader> {
///         self.0.reader(chain_id)
///     }
///
///     fn check(&self, grant: &Grant) -> Result<(), Error> {
///         self.0.check(grant)
///     }
///
///     fn check_key(&self, grant: &Grant) -> Result<(), Error> {
///         self.0.check_key(grant)
///     }
///
///     fn call_data(&self, grant: &Grant, calls: &[Call]) -> Bytes {
///         self.0.call_data(grant, calls)
///     }
///
///     fn payment(&self) -> Option<ChainCalls> {
///         self.0.payment()
///     }
/// }
/// ```
pub trait Transport: Send + Sync {
    /// What it takes for an account.
    type Account;
    /// What it takes for a session key.
    type Key;

    /// The reads of a chain; `None` for one that it does not reach.
    fn reader(&self, chain_id: u64) -> Option<&ChainReader>;

    /// Whether a grant is for this transport's account. Nothing is asked of any server.
    ///
    /// # Errors
    /// When the grant's chain is not reached, or the account there is another one.
    fn check(&self, grant: &Grant) -> Result<(), Error>;

    /// Whether what is signed here can satisfy the session's validator. Nothing is asked of any server.
    ///
    /// # Errors
    /// When the session is for another key, or its validator does not read what this transport signs.
    fn check_key(&self, grant: &Grant) -> Result<(), Error>;

    /// What the account is called with, for evaluating it.
    fn call_data(&self, grant: &Grant, calls: &[Call]) -> Bytes;

    /// A call on the chain where the session's account pays for being carried, for which it needs a grant there that
    /// permits it; `None` when it does not pay by a call.
    fn payment(&self) -> Option<ChainCalls> {
        None
    }

    /// Carries out what was checked, for each chain at most once. What became of it is said chain by chain; an error of
    /// the whole says that nothing was sent.
    fn carry<'a>(&'a self, uses: &'a [ChainUse<'a>]) -> TransportFuture<'a>;
}
