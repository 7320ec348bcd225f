use alloy_primitives::Bytes;
use anyhow::{Context, Result};
use serde_json::Value;
use session_types::abi::{self, ModuleCall, ModuleFunction};
use session_types::{ActionId, EnableMode, PermissionId};

use super::read::{action, address, bytes, cases, each, erc7739, flag, hash, member, policy, same, session, texts};
use crate::{Document, Tally};

pub(super) fn sessions(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let sessions = each(case, "sessions", session)?;
        let expected = member(case, "expected")?;
        let calldata = bytes(expected, "enableSessionsCalldata")?;
        same("call data", abi::enable_sessions_calldata(&sessions), calldata.clone())?;
        let call = abi::EnableSessions::decode(&calldata)?;
        same("decoded", &call.sessions, &sessions)?;
        same("call data of the decoded", call.calldata(), calldata)?;
        for (mode, name) in
            [(EnableMode::Enable, "onInstallDataEnable"), (EnableMode::UnsafeEnable, "onInstallDataUnsafeEnable")]
        {
            let data = bytes(expected, name)?;
            same(name, abi::install_data(mode, &sessions), data.clone())?;
            let decoded = abi::decode_install_data(&data)?;
            same(name, decoded, (!sessions.is_empty()).then(|| (mode, sessions.clone())))?;
        }
        let ids: Vec<_> = sessions.iter().map(|session| session.permission_id().0).collect();
        same("permission ids", ids, texts(expected, "permissionIds")?)
    });
}

pub(super) fn management(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let expected = member(case, "expected")?.as_object().context("expected is no object")?;
        for (name, data) in expected {
            let call = call(name, case)?.with_context(|| format!("no function {name}"))?;
            let data: Bytes = data.as_str().context("call data is no text")?.parse()?;
            same(name, call.calldata(), data.clone())?;
            same(name, ModuleCall::decode(&data)?, call)?;
        }
        Ok(())
    });
}

fn call(function: &str, case: &Value) -> Result<Option<ModuleCall>> {
    let permission_id = PermissionId(hash(case, "permissionId")?);
    let action_id = ActionId(hash(case, "actionId")?);
    let account = address(case, "account")?;
    let policies = texts(case, "policyAddresses")?;
    Ok(Some(match function {
        "removeSession" => abi::RemoveSession { permission_id }.into(),
        "revokeEnableSignature" => abi::RevokeEnableSignature { permission_id }.into(),
        "enableUserOpPolicies" => {
            abi::EnableUserOpPolicies { permission_id, user_op_policies: each(case, "userOpPolicies", policy)? }.into()
        }
        "disableUserOpPolicies" => abi::DisableUserOpPolicies { permission_id, policies }.into(),
        "enableERC1271Policies" => {
            let erc7739_policies = erc7739(member(case, "erc7739Policies")?)?;
            abi::EnableErc1271Policies { permission_id, erc7739_policies }.into()
        }
        "disableERC1271Policies" => {
            let contents = erc7739(member(case, "erc7739Policies")?)?.allowed_erc7739_content;
            abi::DisableErc1271Policies { permission_id, policies, contents }.into()
        }
        "enableActionPolicies" => {
            abi::EnableActionPolicies { permission_id, action_policies: each(case, "actions", action)? }.into()
        }
        "disableActionPolicies" => abi::DisableActionPolicies { permission_id, action_id, policies }.into(),
        "disableActionId" => abi::DisableActionId { permission_id, action_id }.into(),
        "setPermit4337Paymaster" => abi::SetPermit4337Paymaster { permission_id, enabled: flag(case, "flag")? }.into(),
        "getNonce" => abi::Nonce { permission_id, account }.into(),
        "isPermissionEnabled" => abi::IsPermissionEnabled { permission_id, account }.into(),
        "isISessionValidatorSet" => abi::IsSessionValidatorSet { permission_id, account }.into(),
        "getPermissionIDs" => abi::PermissionIds { account }.into(),
        "getEnabledActions" => abi::EnabledActions { account, permission_id }.into(),
        "getUserOpPolicies" => abi::UserOpPolicies { account, permission_id }.into(),
        "getERC1271Policies" => abi::Erc1271Policies { account, permission_id }.into(),
        "getActionPolicies" => abi::ActionPolicies { account, permission_id, action_id }.into(),
        _ => return Ok(None),
    }))
}
