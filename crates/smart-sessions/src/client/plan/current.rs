use std::vec::Vec;

use bundler_rpc::CallRequest;
use futures_util::future::try_join_all;
use session_types::abi::{self, ModuleFunction as _};

use super::build::{answer, missing};
use super::{GrantPlan, PlanError};
use crate::client::{Chain, Error};

impl GrantPlan {
    /// Whether a signature over the plan would still enable every session: for plans that were away for a while. Each chain
    /// is asked once. `chains` are connections to the plan's chains.
    ///
    /// # Errors
    /// [`PlanError::Outdated`] when a session was enabled by another signature since, or its signatures were revoked: plan
    /// anew then. [`PlanError::NoConnection`] when a chain is missing; otherwise when a node does not answer.
    #[doc(alias = "getSessionNonce")]
    #[doc(alias = "sessionNonces")]
    pub async fn check_current(&self, chains: impl IntoIterator<Item = &Chain>) -> Result<(), Error> {
        let chains: Vec<_> = chains.into_iter().collect();
        let mut planned: Vec<_> = self.sessions().entries().iter().map(|entry| entry.chain_id).collect();
        planned.sort_unstable();
        planned.dedup();
        let asked = planned.into_iter().map(async |chain_id| {
            let chain = chains.iter().find(|chain| chain.chain_id() == chain_id);
            let chain = chain.ok_or(PlanError::NoConnection { chain_id })?;
            let entries = || self.sessions().entries().iter().filter(|entry| entry.chain_id == chain_id);
            let questions: Vec<_> = entries()
                .map(|entry| {
                    let (permission_id, account) = (entry.session.permission_id(), entry.account);
                    CallRequest::new(entry.module, abi::Nonce { permission_id, account }.calldata())
                })
                .collect();
            let mut answers = chain.node().call_many(&questions).await?.into_iter();
            for entry in entries() {
                let now = answer::<abi::Nonce>(&answers.next().unwrap_or_else(|| Err(missing()))?)?;
                if now != entry.nonce {
                    let (account, permission) = (entry.account, entry.session.permission_id());
                    return Err(PlanError::Outdated { chain_id, account, permission, now }.into());
                }
            }
            Ok::<_, Error>(())
        });
        try_join_all(asked).await.map(drop)
    }
}
