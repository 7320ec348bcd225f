//! What an owner takes back most often.

use alloy_primitives::U256;
use alloy_signer::Signer;
use bundler_rpc::UserOperationReceipt;
use session_types::PermissionId;
use session_types::abi;
use userop::account::Account;

use super::plan::RevokePlan;
use super::report::{ChainRevocation, StepOutcome};
use crate::client::{Chain, Error, Owner};

impl<A: Account, S: Signer + Sync> Owner<A, S> {
    /// Removes a session from the chain. Its id can be granted again, also by an owner's signature that was not used
    /// yet: [`RevokePlan::grant`] takes both back. Gives `None` when the chain does not have the session: nothing is sent.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, an endpoint fails, or the session is still enabled
    /// afterwards.
    #[doc(alias = "removeSession")]
    #[doc(alias = "toRemoveSessionCalls")]
    pub async fn revoke(&self, permission_id: PermissionId) -> Result<Option<UserOperationReceipt>, Error> {
        let (chain_id, account) = (self.chain().chain_id(), self.account().address());
        self.carry_out(&RevokePlan::new().remove_session(chain_id, account, permission_id)).await.into_result()
    }

    /// Makes every owner signature for this session that was not used yet worthless, also when the session was never
    /// enabled. Which those are cannot be read from the chain: each call raises the nonce that a signature is good for.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, or an endpoint fails.
    #[doc(alias = "revokeEnableSignature")]
    pub async fn revoke_signatures(&self, permission_id: PermissionId) -> Result<Option<UserOperationReceipt>, Error> {
        let (chain_id, account) = (self.chain().chain_id(), self.account().address());
        let nonce = self.chain().enable_nonce(permission_id, account).await?;
        let plan = RevokePlan::new().cancel_signatures(chain_id, account, permission_id, nonce);
        self.carry_out(&plan).await.into_result()
    }
}

impl Chain {
    /// The nonce that an owner's signature for a session has to be made for at present: it counts how often the session
    /// was enabled by a signature, and its signatures revoked.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "getNonce")]
    pub async fn enable_nonce(
        &self,
        permission_id: PermissionId,
        account: alloy_primitives::Address,
    ) -> Result<U256, Error> {
        self.reader().ask_module(&abi::Nonce { permission_id, account }).await
    }
}

impl ChainRevocation {
    /// The operation's receipt, or the first failure.
    ///
    /// # Errors
    /// When a step failed.
    pub fn into_result(self) -> Result<Option<UserOperationReceipt>, Error> {
        for step in self.steps {
            if let StepOutcome::Failed(error) = step.outcome {
                return Err(*error);
            }
        }
        Ok(self.receipt.map(|receipt| *receipt))
    }
}
