//! What became of a supertransaction, chain by chain.

use std::boxed::Box;
use std::string::{String, ToString as _};
use std::time::Duration;

use alloy_primitives::B256;
use bundler_rpc::{BundlerError, ErrorResponse};
use mee_client::MeeError;
use mee_client::status::{ExecutedOp, Phase, Report, StatusError};
use tokio::time::Instant;

use super::MeeTransport;
use crate::client::transport::{ChainUse, Executed, Transport as _, Used, UsedOn};
use crate::{ChainRefusal, Error};

/// The pause between two looks at what is left of a supertransaction that has failed in part.
const PAUSE: Duration = Duration::from_millis(250);

impl MeeTransport {
    /// Waits until every chain has come to its end, at most as long as was said.
    pub(super) async fn used(&self, hash: B256, uses: &[ChainUse<'_>]) -> Used {
        let end = Instant::now() + self.wait.deadline;
        let report = match self.actions.client().wait(hash, self.wait).await {
            Ok(receipt) => Ok(receipt.report),
            // One operation has failed: the others may be under way.
            Err(MeeError::Status(StatusError::Failed { .. })) => self.last_report(hash, end).await,
            Err(error @ MeeError::Status(StatusError::Deadline { .. })) => {
                self.actions.client().node().report(hash).await.map_err(|_| error)
            }
            Err(error) => Err(error),
        };
        let chains = uses.iter().filter(|usage| !usage.calls.is_empty()).map(|usage| {
            let chain_id = usage.grant.chain_id;
            let end = match &report {
                Ok(report) => self.end_on(report, hash, usage),
                Err(error) => Err(Error::Unsettled { supertransaction: hash, chain_id, reason: error.to_string() }),
            };
            UsedOn::new(chain_id, end)
        });
        Used::new(Some(hash), chains.collect())
    }

    /// The report in which every operation has come to its end, or the last one before the deadline.
    async fn last_report(&self, hash: B256, end: Instant) -> Result<Report, MeeError> {
        loop {
            let report = self.actions.client().node().report(hash).await;
            let is_last = match &report {
                Ok(report) => report.user_ops().iter().all(is_over),
                Err(error) => !error.is_transient(),
            };
            if is_last || Instant::now() + PAUSE >= end {
                return report;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn end_on(&self, report: &Report, hash: B256, usage: &ChainUse<'_>) -> Result<Executed, Error> {
        let chain_id = usage.grant.chain_id;
        let unsettled =
            |reason: &str| Error::Unsettled { supertransaction: hash, chain_id, reason: reason.to_string() };
        let mut ops = report.user_ops().iter();
        let op = ops
            .find(|op| op.chain_id == chain_id && !op.is_clean_up_user_op.unwrap_or_default())
            .ok_or_else(|| unsettled("the node's report does not name the operation"))?;
        let not_executed = |reason: String| Error::NotExecuted {
            supertransaction: hash,
            chain_id,
            transaction: op.transaction(),
            reason,
        };
        match (op.execution_status, op.transaction()) {
            (Some(Phase::MinedSuccess), Some(transaction)) => Ok(Executed::new(chain_id, op.user_op_hash, transaction)),
            (Some(Phase::MinedFail), _) => Err(not_executed(words(op, "mined and reverted"))),
            (Some(Phase::Failed), _) => {
                // Without a payment nothing else is tried: why it failed is why they did.
                let unpaid = report.payment().filter(|payment| payment.execution_status == Some(Phase::Failed));
                let said = words(unpaid.unwrap_or(op), "failed before it was sent");
                Err(self.refusal(said, usage).unwrap_or_else(not_executed))
            }
            (phase, _) => Err(unsettled(phase.map_or("not looked at", Phase::as_str))),
        }
    }

    /// The node's words, when they are those of a chain that refuses; else given back.
    fn refusal(&self, said: String, usage: &ChainUse<'_>) -> Result<Error, String> {
        let Some(reader) = self.reader(usage.grant.chain_id) else { return Err(said) };
        // As a bundler would have put it: rejected by the entry point.
        let answer = BundlerError::Response(Box::new(ErrorResponse::new("exec", -32500, said.clone(), None)));
        match ChainRefusal::decode(answer, reader.deployment(), usage.evaluation.clone()) {
            Ok(refusal) => Ok(Error::Refused(Box::new(refusal))),
            Err(_) => Err(said),
        }
    }
}

const fn is_over(op: &ExecutedOp) -> bool {
    matches!(op.execution_status, Some(Phase::MinedSuccess | Phase::MinedFail | Phase::Failed))
}

fn words(op: &ExecutedOp, usual: &str) -> String {
    if op.execution_error.is_empty() { usual.to_string() } else { op.execution_error.clone() }
}
