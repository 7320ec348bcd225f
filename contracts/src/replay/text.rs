//! Numbers as the recordings write them, and sessions in both of their spellings.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use serde::{Deserialize, Deserializer};

use crate::interface::{ActionData, ERC7739Context, ERC7739Data, PolicyData, Session};

/// A JSON number, decimal text or `0x` text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Number(pub(super) U256);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Small(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Small(number) => Ok(Self(U256::from(number))),
            Form::Text(text) => text.parse().map(Self).map_err(serde::de::Error::custom),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct PolicyText {
    policy: Address,
    #[serde(alias = "initData")]
    init_data: Bytes,
}

#[derive(Debug, Deserialize)]
pub(super) struct ActionText {
    #[serde(alias = "actionTargetSelector")]
    selector: FixedBytes<4>,
    #[serde(alias = "actionTarget")]
    target: Address,
    #[serde(alias = "actionPolicies")]
    policies: Vec<PolicyText>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContextText {
    #[serde(alias = "appDomainSeparator")]
    app_domain_separator: B256,
    #[serde(alias = "contentName", alias = "contentNames", alias = "content_name")]
    content_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Erc7739Text {
    #[serde(alias = "allowedERC7739Content", alias = "allowed_erc7739_content")]
    allowed_content: Vec<ContextText>,
    #[serde(alias = "erc1271Policies")]
    erc1271_policies: Vec<PolicyText>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SessionText {
    #[serde(alias = "sessionValidator")]
    session_validator: Address,
    #[serde(alias = "sessionValidatorInitData")]
    session_validator_init_data: Bytes,
    salt: B256,
    #[serde(alias = "userOpPolicies")]
    user_op_policies: Vec<PolicyText>,
    #[serde(alias = "erc7739Policies")]
    erc7739_policies: Erc7739Text,
    actions: Vec<ActionText>,
    #[serde(alias = "permitERC4337Paymaster")]
    permit_erc4337_paymaster: bool,
}

impl From<PolicyText> for PolicyData {
    fn from(text: PolicyText) -> Self {
        Self { policy: text.policy, initData: text.init_data }
    }
}

impl From<ActionText> for ActionData {
    fn from(text: ActionText) -> Self {
        Self { actionTargetSelector: text.selector, actionTarget: text.target, actionPolicies: all(text.policies) }
    }
}

impl From<ContextText> for ERC7739Context {
    fn from(text: ContextText) -> Self {
        Self { appDomainSeparator: text.app_domain_separator, contentNames: text.content_names }
    }
}

impl From<Erc7739Text> for ERC7739Data {
    fn from(text: Erc7739Text) -> Self {
        Self { allowedERC7739Content: all(text.allowed_content), erc1271Policies: all(text.erc1271_policies) }
    }
}

impl From<SessionText> for Session {
    fn from(text: SessionText) -> Self {
        Self {
            sessionValidator: text.session_validator,
            sessionValidatorInitData: text.session_validator_init_data,
            salt: text.salt,
            userOpPolicies: all(text.user_op_policies),
            erc7739Policies: text.erc7739_policies.into(),
            actions: all(text.actions),
            permitERC4337Paymaster: text.permit_erc4337_paymaster,
        }
    }
}

/// Each of the list in its other form.
pub(super) fn all<T, U: From<T>>(list: Vec<T>) -> Vec<U> {
    list.into_iter().map(U::from).collect()
}
