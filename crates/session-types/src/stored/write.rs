use alloc::format;
use alloc::string::ToString;

use alloy_primitives::{ChainId, hex};

use super::EnableSessionData;
use crate::abi;
use crate::text::{BigInt, Text, Value};

/// The order of members in a stored session: the libraries differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberOrder {
    /// As SDK 0.0.29 to abstractjs 0.3.0 write it; policies have the member `address` too.
    Legacy,
    /// As abstractjs 1.2.3 writes a grant.
    Grant,
    /// As abstractjs 1.2.3 writes a prepared session.
    Prepare,
}

/// The value of a session, with the members in the order of a library. Addresses are written with their checksum.
#[must_use]
pub fn session_value(order: MemberOrder, chain_id: ChainId, session: &abi::Session) -> Value<'static> {
    let policies = |policies: &[abi::PolicyData]| Value::array(policies.iter().map(|data| policy(order, data)));
    let names: &[&'static str] = match order {
        MemberOrder::Legacy => &[
            "chainId",
            "permitERC4337Paymaster",
            "sessionValidator",
            "sessionValidatorInitData",
            "salt",
            "userOpPolicies",
            "actions",
            "erc7739Policies",
        ],
        MemberOrder::Grant => &[
            "sessionValidator",
            "permitERC4337Paymaster",
            "sessionValidatorInitData",
            "salt",
            "userOpPolicies",
            "erc7739Policies",
            "chainId",
            "actions",
        ],
        MemberOrder::Prepare => &[
            "sessionValidator",
            "sessionValidatorInitData",
            "salt",
            "userOpPolicies",
            "erc7739Policies",
            "actions",
            "permitERC4337Paymaster",
            "chainId",
        ],
    };
    object(names.iter().map(|name| {
        let value = match *name {
            "chainId" => Value::BigInt(BigInt::from(chain_id)),
            "permitERC4337Paymaster" => Value::Bool(session.permit_erc4337_paymaster),
            "sessionValidator" => Value::string(session.session_validator.to_string()),
            "sessionValidatorInitData" => bytes(&session.session_validator_init_data),
            "salt" => bytes(session.salt.as_slice()),
            "userOpPolicies" => policies(&session.user_op_policies),
            "actions" => Value::array(session.actions.iter().map(|data| action(order, data))),
            _ => object([
                (
                    "allowedERC7739Content",
                    Value::array(session.erc7739_policies.allowed_erc7739_content.iter().map(context)),
                ),
                ("erc1271Policies", policies(&session.erc7739_policies.erc1271_policies)),
            ]),
        };
        (*name, value)
    }))
}

/// The value of `enableSessionData`. `chain_id` is that of the session in it.
#[must_use]
pub fn enable_session_data_value(order: MemberOrder, chain_id: ChainId, data: &EnableSessionData) -> Value<'static> {
    let enable = &data.enable_session;
    let digest = |digest: &abi::ChainDigest| {
        object([
            ("chainId", Value::BigInt(BigInt::from(digest.chain_id))),
            ("sessionDigest", bytes(digest.session_digest.as_slice())),
        ])
    };
    object([
        (
            "enableSession",
            object([
                ("chainDigestIndex", Value::Number(enable.chain_digest_index.into())),
                ("hashesAndChainIds", Value::array(enable.hashes_and_chain_ids.iter().map(digest))),
                ("sessionToEnable", session_value(order, chain_id, &enable.session_to_enable)),
                ("permissionEnableSig", bytes(&enable.permission_enable_sig)),
            ]),
        ),
        ("validator", Value::string(data.validator.to_string())),
        ("accountType", Value::string(data.account_type.as_str())),
    ])
}

pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Value<'static>)>) -> Value<'static> {
    Value::object(members.into_iter().map(|(name, value)| (Text::from(name), value)))
}

pub(super) fn bytes(bytes: &[u8]) -> Value<'static> {
    Value::string(hex::encode_prefixed(bytes))
}

fn policy(order: MemberOrder, data: &abi::PolicyData) -> Value<'static> {
    let address = data.policy.to_string();
    let init_data = ("initData", bytes(&data.init_data));
    match order {
        MemberOrder::Legacy => {
            object([("policy", Value::string(address.clone())), ("address", Value::string(address)), init_data])
        }
        MemberOrder::Grant | MemberOrder::Prepare => object([("policy", Value::string(address)), init_data]),
    }
}

fn action(order: MemberOrder, data: &abi::ActionData) -> Value<'static> {
    let target = ("actionTarget", Value::string(data.action_target.to_string()));
    let selector = ("actionTargetSelector", Value::string(format!("{:#x}", data.action_target_selector)));
    let policies = Value::array(data.action_policies.iter().map(|data| policy(order, data)));
    let policies = ("actionPolicies", policies);
    match order {
        MemberOrder::Legacy => object([target, selector, policies]),
        MemberOrder::Grant | MemberOrder::Prepare => object([selector, target, policies]),
    }
}

fn context(context: &abi::Erc7739Context) -> Value<'static> {
    object([
        ("appDomainSeparator", bytes(context.app_domain_separator.as_slice())),
        ("contentName", Value::array(context.content_names.iter().map(|name| Value::string(name.clone())))),
    ])
}
