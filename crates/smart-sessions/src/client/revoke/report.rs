//! What came of a plan, read back from the chains.

use std::boxed::Box;
use std::vec::Vec;

use alloy_primitives::{Address, B256};
use bundler_rpc::UserOperationReceipt;

use super::step::RevokeStep;
use crate::client::Error;

/// What came of a [`RevokePlan`](crate::RevokePlan): of every step, what the chain showed afterwards.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RevokeReport {
    /// One entry for each account on each chain.
    pub chains: Vec<ChainRevocation>,
}

impl RevokeReport {
    /// Whether every step is so on its chain, now or before.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps().all(|step| !matches!(step.outcome, StepOutcome::Failed(_)))
    }

    /// All steps.
    pub fn steps(&self) -> impl Iterator<Item = &StepReport> {
        self.chains.iter().flat_map(|chain| &chain.steps)
    }

    /// The first failure, when there is one.
    #[must_use]
    pub fn failure(&self) -> Option<&Error> {
        self.steps().find_map(|step| match &step.outcome {
            StepOutcome::Failed(error) => Some(&**error),
            _ => None,
        })
    }
}

/// What came of the steps of one account on one chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainRevocation {
    /// The chain.
    pub chain_id: u64,
    /// The account.
    pub account: Address,
    /// The operation that did it. `None` when nothing had to be sent, or none was mined.
    pub receipt: Option<Box<UserOperationReceipt>>,
    /// The steps, in the plan's order.
    pub steps: Vec<StepReport>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport {
    /// The step.
    pub step: RevokeStep,
    /// What came of it.
    pub outcome: StepOutcome,
}

/// What came of a step, by what the chain showed afterwards.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StepOutcome {
    /// It was so before: nothing was sent for it.
    AlreadySo,
    /// It was not so before, and is now.
    Done {
        /// The operation that did it; `None` when its receipt was not seen.
        operation: Option<B256>,
    },
    /// It is not so, or it is not known.
    Failed(Box<Error>),
}

impl StepOutcome {
    /// A name for programs, which stays: `already-so`, `done`, `failed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadySo => "already-so",
            Self::Done { .. } => "done",
            Self::Failed(_) => "failed",
        }
    }
}
