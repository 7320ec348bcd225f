//! What an owner takes back.

use alloy_signer::Signer;
use bundler_rpc::UserOperationReceipt;
use session_types::PermissionId;
use session_types::abi::{self, ModuleFunction};
use userop::Call;
use userop::account::Account;

use crate::client::{Error, Owner};

impl<A: Account, S: Signer + Sync> Owner<A, S> {
    /// Removes a session from the chain. Its id can be granted again.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, an endpoint fails, or the session is still enabled
    /// afterwards.
    #[doc(alias = "toRemoveSessionCalls")]
    pub async fn revoke(&self, permission_id: PermissionId) -> Result<UserOperationReceipt, Error> {
        let receipt = self.send(&[self.to_module(abi::RemoveSession { permission_id }.calldata())]).await?;
        if self.chain().is_enabled(permission_id, self.account().address()).await? {
            return Err(Error::NotDone { expected: "the session is removed", operation: receipt.user_op_hash });
        }
        Ok(receipt)
    }

    /// Makes every owner signature for this permission that was not used yet worthless.
    ///
    /// # Errors
    /// When the chain refuses the operation, its calls revert, or an endpoint fails.
    pub async fn revoke_signatures(&self, permission_id: PermissionId) -> Result<UserOperationReceipt, Error> {
        self.send(&[self.to_module(abi::RevokeEnableSignature { permission_id }.calldata())]).await
    }

    fn to_module(&self, data: alloy_primitives::Bytes) -> Call {
        Call::new(self.chain().deployment().module, data)
    }
}
