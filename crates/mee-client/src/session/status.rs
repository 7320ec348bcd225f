use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use session_types::PermissionId;
use session_types::abi::IsPermissionEnabled;

use super::SessionActions;
use crate::MeeError;
use crate::wire::SessionDetails;

/// Whether each permission is enabled on each of its chains.
pub type EnabledPermissions = BTreeMap<PermissionId, BTreeMap<u64, bool>>;

impl SessionActions {
    /// Whether a permission is enabled for the account on a chain.
    ///
    /// # Errors
    /// When the chain is not configured or cannot be asked.
    #[doc(alias = "IsPermissionEnabledParams")]
    #[doc(alias = "isPermissionEnabled")]
    pub async fn is_permission_enabled(&self, permission_id: PermissionId, chain_id: u64) -> Result<bool, MeeError> {
        let deployment = self.client.account().on(chain_id)?;
        let call = IsPermissionEnabled { permission_id, account: deployment.address() };
        deployment.chain().ask_module(self.module.deployment().module, &call).await
    }

    /// Whether each session's permission is enabled on its chain. A permission on several chains has an answer for each.
    ///
    /// # Errors
    /// When a chain is not configured or cannot be asked.
    #[doc(alias = "checkEnabledPermissions")]
    pub async fn check_enabled_permissions(&self, details: &[SessionDetails]) -> Result<EnabledPermissions, MeeError> {
        self.check_permissions(details.iter().map(|details| (details.permission_id, details.chain_id()))).await
    }

    /// Whether permissions are enabled on chains.
    ///
    /// # Errors
    /// When a chain is not configured or cannot be asked.
    pub async fn check_permissions(
        &self,
        permissions: impl IntoIterator<Item = (PermissionId, u64)>,
    ) -> Result<EnabledPermissions, MeeError> {
        let answers = permissions.into_iter().map(|(permission_id, chain_id)| async move {
            Ok::<_, MeeError>((permission_id, chain_id, self.is_permission_enabled(permission_id, chain_id).await?))
        });
        let mut enabled = EnabledPermissions::new();
        for (permission_id, chain_id, is_enabled) in try_join_all(answers).await? {
            enabled.entry(permission_id).or_default().insert(chain_id, is_enabled);
        }
        Ok(enabled)
    }
}
