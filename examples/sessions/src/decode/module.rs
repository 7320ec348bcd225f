//! The arguments of every function of the session module.

use serde_json::{Map, Value, json};
use smart_sessions::session::SmartSessionMode;
use smart_sessions::session::abi::{ModuleCall, decode_install_data};

use super::Reader;

/// `permission_id` becomes `permissionId`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        text + &head.to_uppercase() + tail
    })
}

macro_rules! members {
    ($call:expr; $($member:ident)*) => {{
        let mut members = Map::new();
        $(members.insert(camel(stringify!($member)), serde_json::to_value(&$call.$member).unwrap_or_default());)*
        Value::Object(members)
    }};
}

pub(super) fn arguments(reader: &Reader, call: &ModuleCall) -> Value {
    match call {
        ModuleCall::EnableSessions(call) => {
            json!({ "sessions": call.sessions.iter().map(|session| reader.session(session)).collect::<Value>() })
        }
        ModuleCall::OnInstall(call) => json!({ "data": call.data, "decoded": reader.install_data(&call.data) }),
        ModuleCall::OnUninstall(call) => members!(call; data),
        ModuleCall::ValidateUserOp(call) => {
            let operation = smart_sessions::userop::abi::v07::PackedUserOperation {
                sender: call.user_op.sender,
                nonce: call.user_op.nonce,
                initCode: call.user_op.init_code.clone(),
                callData: call.user_op.call_data.clone(),
                accountGasLimits: call.user_op.account_gas_limits,
                preVerificationGas: call.user_op.pre_verification_gas,
                gasFees: call.user_op.gas_fees,
                paymasterAndData: call.user_op.paymaster_and_data.clone(),
                signature: call.user_op.signature.clone(),
            };
            json!({ "userOp": reader.packed(&operation), "userOpHash": call.user_op_hash })
        }
        ModuleCall::SessionDigest(call) => json!({
            "permissionId": call.permission_id,
            "account": call.account,
            "session": reader.session(&call.session),
            "mode": SmartSessionMode::from_byte(call.mode).map_or_else(|error| error.to_string(), |mode| format!("{mode:?}")),
        }),
        ModuleCall::PermissionIdOf(call) => json!({ "session": reader.session(&call.session) }),
        ModuleCall::RemoveSession(call) => members!(call; permission_id),
        ModuleCall::RevokeEnableSignature(call) => members!(call; permission_id),
        ModuleCall::EnableUserOpPolicies(call) => members!(call; permission_id user_op_policies),
        ModuleCall::DisableUserOpPolicies(call) => members!(call; permission_id policies),
        ModuleCall::EnableErc1271Policies(call) => members!(call; permission_id erc7739_policies),
        ModuleCall::DisableErc1271Policies(call) => members!(call; permission_id policies contents),
        ModuleCall::EnableActionPolicies(call) => members!(call; permission_id action_policies),
        ModuleCall::DisableActionPolicies(call) => members!(call; permission_id action_id policies),
        ModuleCall::DisableActionId(call) => members!(call; permission_id action_id),
        ModuleCall::SetPermit4337Paymaster(call) => members!(call; permission_id enabled),
        ModuleCall::IsValidSignatureWithSender(call) => members!(call; sender hash signature),
        ModuleCall::Nonce(call) => members!(call; permission_id account),
        ModuleCall::PermissionIds(call) => members!(call; account),
        ModuleCall::IsPermissionEnabled(call) => members!(call; permission_id account),
        ModuleCall::IsSessionValidatorSet(call) => members!(call; permission_id account),
        ModuleCall::IsInitialized(call) => members!(call; account),
        ModuleCall::IsModuleType(call) => json!({ "moduleType": call.module_type.to_string() }),
        ModuleCall::EnabledActions(call) => members!(call; account permission_id),
        ModuleCall::ActionPolicies(call) => members!(call; account permission_id action_id),
        ModuleCall::UserOpPolicies(call) => members!(call; account permission_id),
        ModuleCall::Erc1271Policies(call) => members!(call; account permission_id),
        ModuleCall::SessionValidatorAndConfig(call) => members!(call; account permission_id),
        ModuleCall::EnabledErc7739Content(call) => members!(call; account permission_id),
        ModuleCall::AreActionsEnabled(call) => members!(call; account permission_id actions),
        ModuleCall::AreErc1271PoliciesEnabled(call) => members!(call; account permission_id policies),
        ModuleCall::AreUserOpPoliciesEnabled(call) => members!(call; account permission_id policies),
        ModuleCall::IsActionIdEnabled(call) => members!(call; account permission_id action_id),
        ModuleCall::IsActionPolicyEnabled(call) => members!(call; account permission_id action_id policy),
        ModuleCall::IsErc1271PolicyEnabled(call) => members!(call; account permission_id policy),
        ModuleCall::IsUserOpPolicyEnabled(call) => members!(call; account permission_id policy),
        ModuleCall::IsErc7739ContentEnabled(call) => {
            members!(call; account permission_id app_domain_separator content)
        }
        // A function that this program is older than.
        _ => Value::Null,
    }
}

impl Reader {
    /// The data of `onInstall`.
    pub(super) fn install_data(&self, data: &[u8]) -> Option<Value> {
        let (mode, sessions) = decode_install_data(data).ok()??;
        let sessions: Value = sessions.iter().map(|session| self.session(session)).collect();
        Some(json!({ "kind": "data of onInstall", "mode": format!("{mode:?}"), "sessions": sessions }))
    }
}
