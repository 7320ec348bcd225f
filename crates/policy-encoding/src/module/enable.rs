//! What the account can tell its session module.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, U256};
use session_types::{
    ActionId, ChainSession, EnableMode, PermissionId, PolicyId, PolicyRevision, SlotKind, abi, multi_chain_digest,
};

use super::{
    SessionModule, SessionRefusal,
    state::{AccountSessions, EnabledAction, InstalledPolicy, put, take},
};
use crate::check::{Context, Usage};

impl SessionModule {
    /// Enables sessions by a call of the account; all or none.
    ///
    /// # Errors
    /// The module's refusal; the state is unchanged then.
    #[doc(alias = "enableSessions")]
    pub fn enable<'a>(
        &self,
        state: &mut AccountSessions,
        sessions: impl IntoIterator<Item = &'a abi::Session>,
    ) -> Result<Vec<PermissionId>, SessionRefusal> {
        let mut next = state.clone();
        let mut ids = Vec::new();
        for session in sessions {
            ids.push(self.enable_one(&mut next, session, true)?);
        }
        if ids.is_empty() {
            return Err(SessionRefusal::NoSessions);
        }
        *state = next;
        Ok(ids)
    }

    /// Enables a session by the owner's signature, as the first use of a grant does.
    ///
    /// `accepts` answers for the account's `isValidSignature(hash, signature)`.
    ///
    /// # Errors
    /// The module's refusal; the state is unchanged then.
    pub fn enable_by_signature(
        &self,
        state: &mut AccountSessions,
        mode: EnableMode,
        enable: &abi::EnableSession,
        accepts: impl FnOnce(B256, &Bytes) -> bool,
    ) -> Result<PermissionId, SessionRefusal> {
        let session = &enable.session_to_enable;
        let id = session.permission_id();
        let nonce = state.nonce(id);
        let digests = &enable.hashes_and_chain_ids;
        let entry = digests.get(usize::from(enable.chain_digest_index)).ok_or(SessionRefusal::Panic(0x32))?;
        if entry.chain_id != self.chain_id {
            return Err(SessionRefusal::Chain { expected: self.chain_id, seen: entry.chain_id });
        }
        let chain = ChainSession {
            chain_id: self.chain_id,
            account: state.account,
            module: self.deployment.module,
            nonce,
            session,
        };
        let computed = chain.digest(mode);
        if entry.session_digest != computed {
            return Err(SessionRefusal::Digest { provided: entry.session_digest, computed });
        }
        let hash = multi_chain_digest(digests.iter().copied());
        if !accepts(hash, &enable.permission_enable_sig) {
            return Err(SessionRefusal::EnableSignature { account: state.account, hash });
        }
        let mut next = state.clone();
        next.set_nonce(id, nonce.wrapping_add(U256::from(1)));
        self.enable_one(&mut next, session, false)?;
        *state = next;
        Ok(id)
    }

    pub(super) fn enable_one(
        &self,
        state: &mut AccountSessions,
        session: &abi::Session,
        replace_validator: bool,
    ) -> Result<PermissionId, SessionRefusal> {
        let id = session.permission_id();
        let mut enabled = state.permissions.remove(id).unwrap_or_default();
        let account = state.account;

        let user_op = id.user_op_policy_id();
        self.install(&mut enabled.user_op, &session.user_op_policies, SlotKind::UserOp, account, user_op)?;
        let messages = &session.erc7739_policies;
        self.install(
            &mut enabled.messages,
            &messages.erc1271_policies,
            SlotKind::Erc1271,
            account,
            id.erc1271_policy_id(),
        )?;
        for context in &messages.allowed_erc7739_content {
            if !enabled.contexts.contains(context) {
                enabled.contexts.push(context.clone());
            }
        }
        self.install_actions(&mut enabled.actions, id, &session.actions, account)?;
        enabled.paymaster = session.permit_erc4337_paymaster;

        let validator = session.session_validator;
        if replace_validator || enabled.validator.is_none() {
            if validator.is_zero() {
                return Err(SessionRefusal::Validator(validator));
            }
            if self.validators.as_ref().is_some_and(|known| !known.contains(&validator)) {
                return Err(SessionRefusal::NoData);
            }
            enabled.validator = Some((validator, session.session_validator_init_data.clone()));
        }
        state.permissions.insert(id, enabled);
        Ok(id)
    }

    fn install(
        &self,
        list: &mut Vec<InstalledPolicy>,
        policies: &[abi::PolicyData],
        slot: SlotKind,
        account: Address,
        id: PolicyId,
    ) -> Result<(), SessionRefusal> {
        let config_id = B256::from(id.config_id(account));
        for data in policies {
            put(list, self.install_one(data, slot, account, config_id)?);
        }
        Ok(())
    }

    fn install_one(
        &self,
        data: &abi::PolicyData,
        slot: SlotKind,
        account: Address,
        config_id: B256,
    ) -> Result<InstalledPolicy, SessionRefusal> {
        let address = data.policy;
        let Some(decoded) = self.registry.decode(address, &data.init_data) else {
            if self.closed || address.is_zero() {
                return Err(SessionRefusal::UnsupportedPolicy(address));
            }
            let revision = PolicyRevision::V2;
            return Ok(InstalledPolicy { address, revision, config_id, policy: None, usage: Usage::NONE });
        };
        let revision = self.registry.revision(address).unwrap_or(PolicyRevision::V2);
        let fits = match (&decoded, self.registry.find(address)) {
            (Ok(policy), _) => policy.fits(slot),
            (Err(_), Some((kind, _))) => kind.fits(slot),
            (Err(_), None) => true,
        };
        if !fits {
            return Err(SessionRefusal::UnsupportedPolicy(address));
        }
        let context = Context { config_id, caller: self.deployment.module, account, revision };
        let policy = decoded.map_err(|error| SessionRefusal::Initialisation {
            policy: address,
            revert: Box::new(error.revert(context)),
        })?;
        let usage = policy.usage();
        Ok(InstalledPolicy { address, revision, config_id, policy: Some(Arc::new(policy)), usage })
    }

    fn install_actions(
        &self,
        enabled: &mut Vec<EnabledAction>,
        permission: PermissionId,
        actions: &[abi::ActionData],
        account: Address,
    ) -> Result<(), SessionRefusal> {
        for action in actions {
            if action.action_target.is_zero() || action.action_target == self.deployment.module {
                return Err(SessionRefusal::ActionTarget(action.action_target));
            }
            let id = action.id();
            let place = enabled.iter().position(|entry| entry.id == id).unwrap_or_else(|| {
                enabled.push(EnabledAction { id, policies: Vec::new() });
                enabled.len() - 1
            });
            let policy_id = permission.action_policy_id(id);
            self.install(&mut enabled[place].policies, &action.action_policies, SlotKind::Action, account, policy_id)?;
        }
        Ok(())
    }

    /// Adds actions, or policies of actions, to an enabled permission.
    ///
    /// # Errors
    /// The module's refusal; the state is unchanged then.
    #[doc(alias = "enableActionPolicies")]
    pub fn enable_action_policies(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        actions: &[abi::ActionData],
    ) -> Result<(), SessionRefusal> {
        let account = state.account;
        let enabled = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        let mut next = enabled.actions.clone();
        self.install_actions(&mut next, permission, actions, account)?;
        enabled.actions = next;
        Ok(())
    }

    /// Takes policies away from an action; without any left the action is gone.
    ///
    /// # Errors
    /// When the permission is not enabled.
    #[doc(alias = "disableActionPolicies")]
    pub fn disable_action_policies(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        action: ActionId,
        policies: &[Address],
    ) -> Result<(), SessionRefusal> {
        let enabled = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        for entry in enabled.actions.iter_mut().filter(|entry| entry.id == action) {
            policies.iter().for_each(|policy| take(&mut entry.policies, *policy));
        }
        enabled.actions.retain(|entry| entry.id != action || !entry.policies.is_empty());
        Ok(())
    }

    /// Takes an action away.
    ///
    /// # Errors
    /// When the permission is not enabled.
    #[doc(alias = "disableActionId")]
    pub fn disable_action(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        action: ActionId,
    ) -> Result<(), SessionRefusal> {
        let enabled = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        enabled.actions.retain(|entry| entry.id != action);
        Ok(())
    }

    /// Adds policies that are asked once for each operation.
    ///
    /// # Errors
    /// The module's refusal; the state is unchanged then.
    #[doc(alias = "enableUserOpPolicies")]
    pub fn enable_user_op_policies(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        policies: &[abi::PolicyData],
    ) -> Result<(), SessionRefusal> {
        let account = state.account;
        let enabled = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        let mut next = enabled.user_op.clone();
        self.install(&mut next, policies, SlotKind::UserOp, account, permission.user_op_policy_id())?;
        enabled.user_op = next;
        Ok(())
    }

    /// Takes away policies that are asked once for each operation.
    ///
    /// # Errors
    /// When the permission is not enabled.
    #[doc(alias = "disableUserOpPolicies")]
    pub fn disable_user_op_policies(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        policies: &[Address],
    ) -> Result<(), SessionRefusal> {
        let enabled = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        policies.iter().for_each(|policy| take(&mut enabled.user_op, *policy));
        Ok(())
    }

    /// Permits or forbids a paymaster.
    ///
    /// # Errors
    /// When the permission is not enabled.
    #[doc(alias = "setPermit4337Paymaster")]
    pub fn permit_paymaster(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        permitted: bool,
    ) -> Result<(), SessionRefusal> {
        let enabled = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        enabled.paymaster = permitted;
        Ok(())
    }

    /// Removes a permission with everything in it; its nonce stays. An unknown one is no error.
    #[doc(alias = "removeSession")]
    pub fn remove(&self, state: &mut AccountSessions, permission: PermissionId) {
        state.permissions.remove(permission);
    }

    /// Makes the owner's signatures over the permission worthless that were not used yet.
    #[doc(alias = "revokeEnableSignature")]
    pub fn revoke_enable_signature(&self, state: &mut AccountSessions, permission: PermissionId) {
        let nonce = state.nonce(permission);
        // Counting to the end of 256 bits takes longer than anyone has.
        state.set_nonce(permission, nonce.wrapping_add(U256::from(1)));
    }
}
