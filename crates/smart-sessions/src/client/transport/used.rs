use std::vec::Vec;

use alloy_primitives::{B256, TxHash};

use crate::Error;

/// What became of a use of sessions, chain by chain.
///
/// That there is one does not say that anything was executed: see [`require_all`](Self::require_all).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a chain may have refused its part"]
#[non_exhaustive]
pub struct Used {
    /// The supertransaction, when a MEE node carried it.
    pub supertransaction: Option<B256>,
    /// The chains, in the order of the calls.
    pub chains: Vec<UsedOn>,
}

/// What became of the calls on one chain.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UsedOn {
    /// The chain.
    pub chain_id: u64,
    /// What was executed, or why nothing was: [`Error::Refused`] names the limit, [`Error::unsettled`] what may still be
    /// executed.
    pub end: Result<Executed, Error>,
}

/// Calls that were executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Executed {
    /// The chain.
    pub chain_id: u64,
    /// The operation.
    #[doc(alias = "userOpHash")]
    pub operation: B256,
    /// The transaction that carried it.
    pub transaction: TxHash,
}

impl Used {
    /// What became of the calls, chain by chain, for transports of your own.
    pub const fn new(supertransaction: Option<B256>, chains: Vec<UsedOn>) -> Self {
        Self { supertransaction, chains }
    }

    /// What was executed, if that is everything.
    ///
    /// # Errors
    /// That of the first chain on which the calls were not executed. On others they may have been.
    pub fn require_all(self) -> Result<Vec<Executed>, Error> {
        self.chains.into_iter().map(|on| on.end).collect()
    }

    /// What was executed.
    pub fn executed(&self) -> impl Iterator<Item = &Executed> {
        self.chains.iter().filter_map(|on| on.end.as_ref().ok())
    }
}

impl UsedOn {
    /// What became of the calls on a chain, for transports of your own.
    #[must_use]
    pub const fn new(chain_id: u64, end: Result<Executed, Error>) -> Self {
        Self { chain_id, end }
    }
}

impl Executed {
    /// Calls that an operation executed.
    #[must_use]
    pub const fn new(chain_id: u64, operation: B256, transaction: TxHash) -> Self {
        Self { chain_id, operation, transaction }
    }
}
