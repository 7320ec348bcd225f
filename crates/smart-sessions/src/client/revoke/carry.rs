//! Carrying a plan out: one operation for each account on each chain.

use std::boxed::Box;
use std::vec::Vec;

use alloy_primitives::Address;
use alloy_signer::Signer;
use futures_util::future::join_all;
use userop::Call;
use userop::account::Account;

use super::plan::RevokePlan;
use super::report::{ChainRevocation, RevokeReport, StepOutcome, StepReport};
use super::step::{Left, RevokeStep};
use crate::client::status::Batch;
use crate::client::{Chain, Error, Owner};

/// Carries a plan out on many chains at the same time, each step by the owner of its account on its chain: see
/// [`Owner::carry_out`]. Steps of which none of the owners is the account's on the chain fail with [`Error::NoOwner`].
pub async fn revoke_on<A: Account, S: Signer + Sync>(owners: &[Owner<A, S>], plan: &RevokePlan) -> RevokeReport {
    let mut keys: Vec<_> = plan.steps().iter().map(|step| (step.chain_id, step.account)).collect();
    keys.sort_unstable();
    keys.dedup();
    let chains = keys.into_iter().map(|(chain_id, account)| async move {
        let is_its = |owner: &&Owner<A, S>| owner.key() == (chain_id, account);
        match owners.iter().find(is_its) {
            Some(owner) => owner.carry_out(plan).await,
            None => {
                let error = Error::NoOwner { chain_id, account };
                let steps = steps_of(plan, chain_id, account).map(|step| failed(step, &error)).collect();
                ChainRevocation { chain_id, account, receipt: None, steps }
            }
        }
    });
    RevokeReport { chains: join_all(chains).await }
}

impl<A: Account, S: Signer + Sync> Owner<A, S> {
    /// Carries out the steps of a plan that are this account's on this chain: asks the chain what is left to do, sends
    /// one operation with all of it, and reads back from the chain what became of each step. Nothing is sent when all is
    /// so already.
    ///
    /// It does not fail as a whole: every step tells what came of it. When sending fails, the chain is asked all the
    /// same, and what it shows is what is reported.
    #[doc(alias = "revoke")]
    pub async fn carry_out(&self, plan: &RevokePlan) -> ChainRevocation {
        let (chain_id, account) = self.key();
        let steps: Vec<_> = steps_of(plan, chain_id, account).collect();
        let mut report = ChainRevocation { chain_id, account, receipt: None, steps: Vec::new() };
        let before = match left(self.chain(), &steps).await {
            Ok(before) => before,
            Err(error) => {
                report.steps = steps.into_iter().map(|step| failed(step, &error)).collect();
                return report;
            }
        };
        let mut calls = Vec::<Call>::new();
        for (step, left) in steps.iter().zip(&before) {
            let call = step.call_for(left, self.chain().deployment().module);
            if *left != Left::Nothing && !calls.contains(&call) {
                calls.push(call);
            }
        }
        if calls.is_empty() {
            report.steps = steps.into_iter().map(|step| outcome(step, StepOutcome::AlreadySo)).collect();
            return report;
        }
        let sent = self.send(&calls).await;
        let after = left(self.chain(), &steps).await;
        let operation = sent.as_ref().ok().map(|receipt| receipt.user_op_hash);
        let came_of = |(place, left_before): (usize, &Left)| {
            if *left_before == Left::Nothing {
                return StepOutcome::AlreadySo;
            }
            match (&after, &sent) {
                (Ok(after), _) if after.get(place) == Some(&Left::Nothing) => StepOutcome::Done { operation },
                (_, Err(error)) | (Err(error), _) => StepOutcome::Failed(Box::new(error.clone())),
                (Ok(_), Ok(receipt)) => StepOutcome::Failed(Box::new(Error::NotDone {
                    expected: "what the step takes back is gone",
                    operation: receipt.user_op_hash,
                })),
            }
        };
        let outcomes: Vec<_> = before.iter().enumerate().map(came_of).collect();
        report.steps = steps.into_iter().zip(outcomes).map(|(step, came)| outcome(step, came)).collect();
        report.receipt = sent.ok().map(Box::new);
        report
    }

    fn key(&self) -> (u64, Address) {
        (self.chain().chain_id(), self.account().address())
    }
}

fn steps_of(plan: &RevokePlan, chain_id: u64, account: Address) -> impl Iterator<Item = &RevokeStep> {
    plan.steps().iter().filter(move |step| (step.chain_id, step.account) == (chain_id, account))
}

/// What the chain says is left to do of each step: one request.
async fn left(chain: &Chain, steps: &[&RevokeStep]) -> Result<Vec<Left>, Error> {
    let mut batch = Batch::default();
    let asked: Vec<_> = steps.iter().map(|step| step.ask(&mut batch, chain.deployment().module)).collect();
    let answers = batch.send(chain.node()).await?;
    steps.iter().zip(asked).map(|(step, asked)| asked.left(step, &answers, chain.deployment())).collect()
}

fn outcome(step: &RevokeStep, outcome: StepOutcome) -> StepReport {
    StepReport { step: step.clone(), outcome }
}

fn failed(step: &RevokeStep, error: &Error) -> StepReport {
    outcome(step, StepOutcome::Failed(Box::new(error.clone())))
}
