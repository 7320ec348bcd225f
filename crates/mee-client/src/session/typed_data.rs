use serde_json::{Value, json};
use session_types::{MultiChainGrant, Session, abi};

use crate::sign::TypedData;

/// What the owner signs to grant sessions: `MultiChainSession`, in the domain `SmartSession` version 1.
#[must_use]
pub fn multi_chain_session_typed_data(grant: &MultiChainGrant<Session>) -> TypedData {
    let sessions: Vec<Value> = grant
        .entries()
        .iter()
        .map(|entry| {
            let session = entry.session.as_abi();
            let flags = session.signed_flags(grant.mode().into());
            json!({
                "chainId": entry.chain_id.to_string(),
                "session": {
                    "account": entry.account.to_checksum(None),
                    "permissions": {
                        "permitGenericPolicy": flags.permit_generic_policy,
                        "permitAdminAccess": flags.permit_admin_access,
                        "ignoreSecurityAttestations": flags.ignore_security_attestations,
                        "permitERC4337Paymaster": flags.permit_erc4337_paymaster,
                        "userOpPolicies": policies(&session.user_op_policies),
                        "erc7739Policies": {
                            "allowedERC7739Content": contexts(&session.erc7739_policies.allowed_erc7739_content),
                            "erc1271Policies": policies(&session.erc7739_policies.erc1271_policies),
                        },
                        "actions": session.actions.iter().map(action).collect::<Vec<_>>(),
                    },
                    "sessionValidator": session.session_validator.to_checksum(None),
                    "sessionValidatorInitData": session.session_validator_init_data,
                    "salt": session.salt,
                    "smartSession": entry.module.to_checksum(None),
                    "nonce": entry.nonce.to_string(),
                },
            })
        })
        .collect();
    let json = json!({
        "domain": { "name": "SmartSession", "version": "1" },
        "types": types(),
        "primaryType": "MultiChainSession",
        "message": { "sessionsAndChainIds": sessions },
    });
    TypedData::new(grant.digest(), json)
}

fn policies(list: &[abi::PolicyData]) -> Vec<Value> {
    let policy =
        |data: &abi::PolicyData| json!({ "policy": data.policy.to_checksum(None), "initData": data.init_data });
    list.iter().map(policy).collect()
}

fn contexts(list: &[abi::Erc7739Context]) -> Vec<Value> {
    let context = |context: &abi::Erc7739Context| json!({ "appDomainSeparator": context.app_domain_separator, "contentName": context.content_names });
    list.iter().map(context).collect()
}

fn action(action: &abi::ActionData) -> Value {
    json!({
        "actionTargetSelector": action.action_target_selector,
        "actionTarget": action.action_target.to_checksum(None),
        "actionPolicies": policies(&action.action_policies),
    })
}

fn types() -> Value {
    let list = |fields: &[(&str, &str)]| -> Value {
        fields.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect()
    };
    json!({
        "EIP712Domain": list(&[("name", "string"), ("version", "string")]),
        "PolicyData": list(&[("policy", "address"), ("initData", "bytes")]),
        "ActionData": list(&[
            ("actionTargetSelector", "bytes4"), ("actionTarget", "address"), ("actionPolicies", "PolicyData[]"),
        ]),
        "ERC7739Context": list(&[("appDomainSeparator", "bytes32"), ("contentName", "string[]")]),
        "ERC7739Data": list(&[("allowedERC7739Content", "ERC7739Context[]"), ("erc1271Policies", "PolicyData[]")]),
        "SignedPermissions": list(&[
            ("permitGenericPolicy", "bool"), ("permitAdminAccess", "bool"), ("ignoreSecurityAttestations", "bool"),
            ("permitERC4337Paymaster", "bool"), ("userOpPolicies", "PolicyData[]"),
            ("erc7739Policies", "ERC7739Data"), ("actions", "ActionData[]"),
        ]),
        "SignedSession": list(&[
            ("account", "address"), ("permissions", "SignedPermissions"), ("sessionValidator", "address"),
            ("sessionValidatorInitData", "bytes"), ("salt", "bytes32"), ("smartSession", "address"),
            ("nonce", "uint256"),
        ]),
        "ChainSession": list(&[("chainId", "uint64"), ("session", "SignedSession")]),
        "MultiChainSession": list(&[("sessionsAndChainIds", "ChainSession[]")]),
    })
}
