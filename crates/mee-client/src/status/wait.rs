use std::time::Duration;

use alloy_primitives::B256;
use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::{Phase, Progress, Report, StatusMode};
use crate::{MeeClient, MeeError};

/// A supertransaction that failed or did not end in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// An operation failed.
    #[error("supertransaction {hash} failed ({phase}): {message}")]
    Failed {
        /// The supertransaction.
        hash: B256,
        /// [`Phase::Failed`] or [`Phase::MinedFail`].
        phase: Phase,
        /// The operation, counted from 0 without payment and clean-ups.
        operation: usize,
        /// Why.
        message: String,
    },
    /// The deadline came first. The supertransaction may still run.
    #[error("supertransaction {hash} is {phase} after {seconds} s")]
    Deadline {
        /// The supertransaction.
        hash: B256,
        /// How far it was.
        phase: Phase,
        /// How long was waited.
        seconds: u64,
    },
    /// A mined operation's transaction is not known to the chain's RPC server yet.
    #[error("transaction {transaction} is not on chain {chain_id} yet")]
    ReceiptMissing {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The transaction.
        transaction: B256,
    },
}

/// How a supertransaction is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// When a mined operation counts.
    pub mode: StatusMode,
    /// The pause between two looks; the client's when absent, 75 ms when operations count as soon as they are mined.
    pub interval: Option<Duration>,
    /// How long to wait at most.
    pub deadline: Duration,
    /// Whether the transactions' receipts are read from the chains at the end.
    pub receipts: bool,
}

impl Default for Wait {
    fn default() -> Self {
        Self { mode: StatusMode::Confirmed, interval: None, deadline: Duration::from_secs(300), receipts: true }
    }
}

impl Wait {
    /// Waits at most so long.
    #[must_use]
    pub const fn for_at_most(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Counts operations as soon as they are mined.
    #[must_use]
    pub const fn fast_block(mut self) -> Self {
        self.mode = StatusMode::FastBlock;
        self
    }

    /// Leaves the chains' receipts out.
    #[must_use]
    pub const fn without_receipts(mut self) -> Self {
        self.receipts = false;
        self
    }

    /// Looks so often.
    #[must_use]
    pub const fn every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }
}

/// Something that happened while a supertransaction was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An operation came to another phase.
    Phase {
        /// Which, counted from 0 without the payment.
        operation: usize,
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The phase.
        phase: Phase,
        /// The transaction that executes it.
        transaction: Option<B256>,
    },
    /// An operation is executed by another transaction than before.
    #[doc(alias = "onTransactionReplaced")]
    Replaced {
        /// Which, counted from 0 without the payment.
        operation: usize,
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The transaction that it was.
        before: B256,
        /// The transaction that it is.
        after: B256,
    },
    /// The node could not be asked; waiting goes on.
    Unreachable {
        /// Why.
        reason: String,
    },
}

/// A supertransaction that is looked at, or done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Receipt {
    /// What the node says.
    pub report: Report,
    /// How far the supertransaction is.
    pub progress: Progress,
    /// The receipts of its transactions as JSON, in the order of its operations; absent when it is not done or they
    /// were not wanted. Clean-ups that did not run have none.
    pub receipts: Option<Vec<Value>>,
}

impl MeeClient {
    /// Looks once how far a supertransaction is.
    ///
    /// # Errors
    /// [`StatusError::Failed`] when an operation failed; or when the node or a chain cannot be asked.
    #[doc(alias = "getSupertransactionReceipt")]
    pub async fn receipt(&self, hash: B256, wait: Wait) -> Result<Receipt, MeeError> {
        let report = self.node().report(hash).await?;
        self.receipt_of(report, wait).await
    }

    /// Waits until a supertransaction is done.
    ///
    /// # Errors
    /// [`StatusError::Failed`] when an operation failed, [`StatusError::Deadline`] when time ran out; or when the node
    /// refuses to answer.
    #[doc(alias = "waitForSupertransactionReceipt")]
    pub async fn wait(&self, hash: B256, wait: Wait) -> Result<Receipt, MeeError> {
        self.wait_with(hash, wait, |_| {}).await
    }

    /// Waits until a supertransaction is done and tells what happens on the way.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn wait_with(
        &self,
        hash: B256,
        wait: Wait,
        mut on_event: impl FnMut(Event) + Send,
    ) -> Result<Receipt, MeeError> {
        let interval = wait.interval.unwrap_or(match wait.mode {
            StatusMode::FastBlock => Duration::from_millis(75),
            StatusMode::Confirmed => self.default_polling_interval(),
        });
        let end = Instant::now() + wait.deadline;
        let mut before: Option<Report> = None;
        loop {
            let looked = tokio::time::timeout_at(end, self.look(hash, wait, &mut before, &mut on_event)).await;
            match looked {
                Ok(Ok(Some(receipt))) => return Ok(receipt),
                Ok(Ok(None)) => {}
                Ok(Err(error)) if error.is_transient() => on_event(Event::Unreachable { reason: error.to_string() }),
                // A node behind a balancer may see a mined transaction before the RPC server does.
                Ok(Err(MeeError::Status(StatusError::ReceiptMissing { .. }))) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => {}
            }
            if Instant::now() + interval >= end {
                let phase = before.as_ref().map_or(Phase::Pending, |report| report.progress(wait.mode).phase);
                return Err(StatusError::Deadline { hash, phase, seconds: wait.deadline.as_secs() }.into());
            }
            tokio::time::sleep(interval).await;
        }
    }

    async fn look(
        &self,
        hash: B256,
        wait: Wait,
        before: &mut Option<Report>,
        on_event: &mut (impl FnMut(Event) + Send),
    ) -> Result<Option<Receipt>, MeeError> {
        let report = self.node().report(hash).await?;
        for event in changes(before.as_ref(), &report) {
            on_event(event);
        }
        *before = Some(report.clone());
        let receipt = self.receipt_of(report, wait).await?;
        Ok(receipt.progress.is_final.then_some(receipt))
    }

    async fn receipt_of(&self, report: Report, wait: Wait) -> Result<Receipt, MeeError> {
        let progress = report.progress(wait.mode);
        if matches!(progress.phase, Phase::Failed | Phase::MinedFail) && progress.is_final {
            let (phase, operation) = (progress.phase, progress.operation.unwrap_or_default());
            return Err(StatusError::Failed { hash: report.hash(), phase, operation, message: progress.message }.into());
        }
        let done = progress.phase == Phase::MinedSuccess && wait.receipts;
        let receipts = if done { Some(self.chain_receipts(&report).await?) } else { None };
        Ok(Receipt { report, progress, receipts })
    }

    async fn chain_receipts(&self, report: &Report) -> Result<Vec<Value>, MeeError> {
        let mined = report.user_ops().iter().filter(|op| op.execution_status == Some(Phase::MinedSuccess));
        let receipts = mined.filter_map(|op| Some((op.chain_id, op.transaction()?)));
        let receipts = receipts.map(|(chain_id, transaction)| async move {
            let receipt = self.account().on(chain_id)?.chain().receipt(transaction).await?;
            receipt.ok_or_else(|| MeeError::from(StatusError::ReceiptMissing { chain_id, transaction }))
        });
        try_join_all(receipts).await
    }
}

fn changes(before: Option<&Report>, now: &Report) -> Vec<Event> {
    let mut events = Vec::new();
    for (operation, op) in now.user_ops().iter().enumerate() {
        let earlier = before.and_then(|report| report.user_ops().get(operation));
        let chain_id = op.chain_id;
        if let (Some(before), Some(after)) = (earlier.and_then(super::ExecutedOp::transaction), op.transaction())
            && before != after
        {
            events.push(Event::Replaced { operation, chain_id, before, after });
        }
        if let Some(phase) =
            op.execution_status.filter(|_| op.execution_status != earlier.and_then(|op| op.execution_status))
        {
            events.push(Event::Phase { operation, chain_id, phase, transaction: op.transaction() });
        }
    }
    events
}
