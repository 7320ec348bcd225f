use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, ChainId, Selector};

use crate::action::{ADMIN_FALLBACK_SELECTOR, FALLBACK_TARGET, GENERIC_FALLBACK_SELECTOR};
use crate::{ActionId, PermissionId, SignedFlags, SmartSessionMode};

/// A policy contract and the configuration it is enabled with: `(address policy, bytes initData)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct PolicyData {
    /// The policy contract.
    pub policy: Address,
    /// What the policy is configured with; its layout is the policy's own.
    pub init_data: Bytes,
}

/// One permitted call and its policies: `(bytes4 actionTargetSelector, address actionTarget, PolicyData[] actionPolicies)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct ActionData {
    /// The function called, or one of the special selectors of [`ActionTarget`](crate::ActionTarget).
    pub action_target_selector: Selector,
    /// The contract called.
    pub action_target: Address,
    /// All of them must agree with a call.
    pub action_policies: Vec<PolicyData>,
}

/// Contents that a session key may sign for one application: `(bytes32 appDomainSeparator, string[] contentNames)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct Erc7739Context {
    /// The EIP-712 domain separator of the application.
    pub app_domain_separator: B256,
    /// The contents descriptions, each compared as a whole. EIP-712 member name: `contentName`.
    #[doc(alias = "contentName")]
    #[cfg_attr(feature = "serde", serde(rename = "contentName", alias = "contentNames"))]
    pub content_names: Vec<String>,
}

/// What a session key may sign: `(ERC7739Context[] allowedERC7739Content, PolicyData[] erc1271Policies)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct Erc7739Data {
    /// The applications and contents.
    #[cfg_attr(feature = "serde", serde(rename = "allowedERC7739Content"))]
    pub allowed_erc7739_content: Vec<Erc7739Context>,
    /// All of them must agree with a signature.
    pub erc1271_policies: Vec<PolicyData>,
}

/// A session as the module takes it. The chain is not part of it.
///
/// `(address sessionValidator, bytes sessionValidatorInitData, bytes32 salt, PolicyData[] userOpPolicies, ERC7739Data
/// erc7739Policies, ActionData[] actions, bool permitERC4337Paymaster)`
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct Session {
    /// The contract that checks the session key's signatures.
    pub session_validator: Address,
    /// What the validator checks against; its layout is the validator's own.
    pub session_validator_init_data: Bytes,
    /// Tells sessions with the same validator and key apart.
    pub salt: B256,
    /// Asked once for each user operation.
    pub user_op_policies: Vec<PolicyData>,
    /// What the session key may sign.
    pub erc7739_policies: Erc7739Data,
    /// The permitted calls.
    pub actions: Vec<ActionData>,
    /// Whether operations of this session may name a paymaster.
    #[doc(alias = "permitERC4337Paymaster")]
    #[cfg_attr(feature = "serde", serde(rename = "permitERC4337Paymaster"))]
    pub permit_erc4337_paymaster: bool,
}

/// The digest of the session for one chain: `(uint64 chainId, bytes32 sessionDigest)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct ChainDigest {
    /// The chain.
    pub chain_id: ChainId,
    /// The EIP-712 struct hash of the session there.
    pub session_digest: B256,
}

/// What enables a session at its first use.
///
/// `(uint8 chainDigestIndex, ChainDigest[] hashesAndChainIds, Session sessionToEnable, bytes permissionEnableSig)`
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct EnableSession {
    /// The place of this chain in `hashes_and_chain_ids`.
    #[doc(alias = "sessionIndex")]
    pub chain_digest_index: u8,
    /// One digest for each chain, in the order that was signed.
    pub hashes_and_chain_ids: Vec<ChainDigest>,
    /// The session for this chain.
    pub session_to_enable: Session,
    /// The owner's signature in the form that the account expects.
    pub permission_enable_sig: Bytes,
}

impl ActionData {
    /// The id of the action.
    #[must_use]
    pub fn id(&self) -> ActionId {
        ActionId::derive(self.action_target, self.action_target_selector)
    }
}

impl Session {
    /// The id of the permission: it depends on the validator, its data and the salt alone.
    #[doc(alias = "getPermissionId")]
    #[must_use]
    pub fn permission_id(&self) -> PermissionId {
        PermissionId::derive(self.session_validator, &self.session_validator_init_data, self.salt)
    }

    /// The flags that are signed with the session: the module derives them too, they are never sent.
    #[must_use]
    pub fn signed_flags(&self, mode: SmartSessionMode) -> SignedFlags {
        let names = |selector| {
            self.actions.iter().any(|a| a.action_target == FALLBACK_TARGET && a.action_target_selector == selector)
        };
        SignedFlags {
            permit_generic_policy: names(GENERIC_FALLBACK_SELECTOR),
            permit_admin_access: names(ADMIN_FALLBACK_SELECTOR),
            ignore_security_attestations: mode == SmartSessionMode::UnsafeEnable,
            permit_erc4337_paymaster: self.permit_erc4337_paymaster,
        }
    }
}
