//! Numbers as the recordings write them, and sessions in both of their spellings.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use serde::{Deserialize, Deserializer};

use crate::interface::{ActionData, ERC7739Context, ERC7739Data, PackedUserOperation, PolicyData, Session};

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

/// An operation; what a recording leaves out is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OperationText {
    sender: Option<Address>,
    nonce: Number,
    #[serde(alias = "initCode")]
    init_code: Bytes,
    #[serde(alias = "callData")]
    call_data: Bytes,
    #[serde(alias = "accountGasLimits")]
    account_gas_limits: B256,
    #[serde(alias = "preVerificationGas")]
    pre_verification_gas: Number,
    #[serde(alias = "gasFees")]
    gas_fees: B256,
    #[serde(alias = "paymasterAndData")]
    paymaster_and_data: Bytes,
    signature: Bytes,
}

impl OperationText {
    /// An operation that says nothing but how it is signed.
    pub(super) fn signed(signature: Bytes) -> Self {
        Self { signature, ..Self::default() }
    }

    /// The operation of `account`, unless it names another sender.
    pub(super) fn packed(&self, account: Address) -> PackedUserOperation {
        PackedUserOperation {
            sender: self.sender.unwrap_or(account),
            nonce: self.nonce.0,
            initCode: self.init_code.clone(),
            callData: self.call_data.clone(),
            accountGasLimits: self.account_gas_limits,
            preVerificationGas: self.pre_verification_gas.0,
            gasFees: self.gas_fees,
            paymasterAndData: self.paymaster_and_data.clone(),
            signature: self.signature.clone(),
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
