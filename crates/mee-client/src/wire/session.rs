use alloy_primitives::{Address, B256, Bytes, FixedBytes, bytes};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use session_types::{PermissionId, SmartSessionMode, abi};

use super::{checksummed, decimal_u64};

/// One session on one chain, with what is needed to use it and, when it was granted by signature, to enable it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionDetails {
    /// How an operation uses it: [`SmartSessionMode::UnsafeEnable`] for one that is granted but perhaps not enabled,
    /// [`SmartSessionMode::Use`] for one that is enabled on chain.
    #[serde(with = "mode")]
    pub mode: SmartSessionMode,
    /// The permission's id.
    #[serde(with = "permission_id")]
    pub permission_id: PermissionId,
    /// A signature of the right length, for simulation.
    pub signature: Bytes,
    /// What enables it.
    pub enable_session_data: EnableSessionData,
}

impl SessionDetails {
    /// What stands for the session key's signature while an operation is simulated: 65 bytes.
    pub const STAND_IN_SIGNATURE: Bytes = bytes!(
        "e8b94748580ca0b4993c9a1b86b5be851bfc076ff5ce3a1ff65bf16392acfcb800f9b4f1aef1555c7fce5599fffb17e7c635502154a0333ba21f3ae491839af51c"
    );

    /// A session that is enabled on its chain, so that nothing is needed to enable it.
    #[must_use]
    pub fn of_enabled(chain_id: u64, session: abi::Session) -> Self {
        Self {
            mode: SmartSessionMode::Use,
            permission_id: session.permission_id(),
            signature: Self::STAND_IN_SIGNATURE,
            enable_session_data: EnableSessionData {
                enable_session: EnableSession {
                    chain_digest_index: 0,
                    hashes_and_chain_ids: vec![ChainDigest { chain_id, session_digest: None }],
                    session_to_enable: SessionToEnable { session, chain_id, names_chain_in_actions: false },
                    permission_enable_sig: Bytes::new(),
                },
                validator: Address::ZERO,
                account_type: "nexus".to_owned(),
            },
        }
    }

    /// The EIP-155 id of the session's chain.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.enable_session_data.enable_session.session_to_enable.chain_id
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &abi::Session {
        &self.enable_session_data.enable_session.session_to_enable.session
    }

    /// Whether the owner's signature is at hand, so that the session can be enabled by its first use.
    #[must_use]
    pub const fn can_enable(&self) -> bool {
        matches!(self.mode, SmartSessionMode::UnsafeEnable | SmartSessionMode::Enable)
    }

    /// The same session in another mode.
    #[must_use]
    pub fn in_mode(&self, mode: SmartSessionMode) -> Self {
        Self { mode, ..self.clone() }
    }
}

/// What enables a session by the owner's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnableSessionData {
    /// The grant.
    pub enable_session: EnableSession,
    /// The owner validator, as the account names it.
    #[serde(with = "checksummed")]
    pub validator: Address,
    /// How the account wraps the owner's signature.
    pub account_type: String,
}

/// A grant over one or more chains, seen from one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnableSession {
    /// Which entry of `hashes_and_chain_ids` is this session's.
    pub chain_digest_index: u8,
    /// Every session of the grant, in the order that was signed.
    pub hashes_and_chain_ids: Vec<ChainDigest>,
    /// The session.
    pub session_to_enable: SessionToEnable,
    /// The owner's signature over all of them; empty for a session that was enabled by a call.
    pub permission_enable_sig: Bytes,
}

/// One session of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainDigest {
    /// The EIP-155 chain id.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// The session's digest; `None` for a session that was enabled by a call.
    #[serde(with = "digest")]
    pub session_digest: Option<B256>,
}

/// A session together with its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionToEnable {
    /// The session.
    pub session: abi::Session,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// Whether each action repeats the chain id, as in grants by signature.
    pub names_chain_in_actions: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSession {
    #[serde(with = "checksummed")]
    session_validator: Address,
    session_validator_init_data: Bytes,
    salt: B256,
    user_op_policies: Vec<WirePolicy>,
    erc7739_policies: WireErc7739,
    actions: Vec<WireAction>,
    #[serde(rename = "permitERC4337Paymaster")]
    permit_erc4337_paymaster: bool,
    #[serde(with = "decimal_u64")]
    chain_id: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePolicy {
    #[serde(with = "checksummed")]
    policy: Address,
    #[serde(default, skip_deserializing, with = "checksummed")]
    address: Address,
    init_data: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAction {
    #[serde(with = "checksummed")]
    action_target: Address,
    action_target_selector: FixedBytes<4>,
    action_policies: Vec<WirePolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct WireErc7739 {
    #[serde(rename = "allowedERC7739Content")]
    allowed_erc7739_content: Vec<WireContext>,
    #[serde(rename = "erc1271Policies")]
    erc1271_policies: Vec<WirePolicy>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireContext {
    app_domain_separator: B256,
    #[serde(alias = "contentNames")]
    content_name: Vec<String>,
}

impl From<&abi::PolicyData> for WirePolicy {
    fn from(data: &abi::PolicyData) -> Self {
        Self { policy: data.policy, address: data.policy, init_data: data.init_data.clone() }
    }
}

impl From<WirePolicy> for abi::PolicyData {
    fn from(wire: WirePolicy) -> Self {
        Self { policy: wire.policy, init_data: wire.init_data }
    }
}

impl Serialize for SessionToEnable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let session = &self.session;
        let policies = |list: &[abi::PolicyData]| list.iter().map(WirePolicy::from).collect();
        WireSession {
            session_validator: session.session_validator,
            session_validator_init_data: session.session_validator_init_data.clone(),
            salt: session.salt,
            user_op_policies: policies(&session.user_op_policies),
            erc7739_policies: WireErc7739 {
                allowed_erc7739_content: session
                    .erc7739_policies
                    .allowed_erc7739_content
                    .iter()
                    .map(|context| WireContext {
                        app_domain_separator: context.app_domain_separator,
                        content_name: context.content_names.clone(),
                    })
                    .collect(),
                erc1271_policies: policies(&session.erc7739_policies.erc1271_policies),
            },
            actions: session
                .actions
                .iter()
                .map(|action| WireAction {
                    action_target: action.action_target,
                    action_target_selector: action.action_target_selector,
                    action_policies: policies(&action.action_policies),
                    chain_id: self.names_chain_in_actions.then_some(self.chain_id),
                })
                .collect(),
            permit_erc4337_paymaster: session.permit_erc4337_paymaster,
            chain_id: self.chain_id,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SessionToEnable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireSession::deserialize(deserializer)?;
        let policies = |list: Vec<WirePolicy>| list.into_iter().map(Into::into).collect();
        if wire.actions.iter().any(|action| action.chain_id.is_some_and(|chain_id| chain_id != wire.chain_id)) {
            return Err(D::Error::custom("an action is for another chain than its session"));
        }
        let names_chain_in_actions = wire.actions.first().is_some_and(|action| action.chain_id.is_some());
        let session = abi::Session {
            session_validator: wire.session_validator,
            session_validator_init_data: wire.session_validator_init_data,
            salt: wire.salt,
            user_op_policies: policies(wire.user_op_policies),
            erc7739_policies: abi::Erc7739Data {
                allowed_erc7739_content: wire
                    .erc7739_policies
                    .allowed_erc7739_content
                    .into_iter()
                    .map(|context| abi::Erc7739Context {
                        app_domain_separator: context.app_domain_separator,
                        content_names: context.content_name,
                    })
                    .collect(),
                erc1271_policies: policies(wire.erc7739_policies.erc1271_policies),
            },
            actions: wire
                .actions
                .into_iter()
                .map(|action| abi::ActionData {
                    action_target: action.action_target,
                    action_target_selector: action.action_target_selector,
                    action_policies: policies(action.action_policies),
                })
                .collect(),
            permit_erc4337_paymaster: wire.permit_erc4337_paymaster,
        };
        Ok(Self { session, chain_id: wire.chain_id, names_chain_in_actions })
    }
}

mod mode {
    use super::*;

    pub(super) fn serialize<S: Serializer>(mode: &SmartSessionMode, serializer: S) -> Result<S::Ok, S::Error> {
        FixedBytes([mode.to_byte()]).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SmartSessionMode, D::Error> {
        let [byte] = FixedBytes::<1>::deserialize(deserializer)?.0;
        SmartSessionMode::from_byte(byte).map_err(D::Error::custom)
    }
}

mod permission_id {
    use super::*;

    pub(super) fn serialize<S: Serializer>(id: &PermissionId, serializer: S) -> Result<S::Ok, S::Error> {
        id.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PermissionId, D::Error> {
        B256::deserialize(deserializer).map(PermissionId)
    }
}

mod digest {
    use super::*;

    pub(super) fn serialize<S: Serializer>(digest: &Option<B256>, serializer: S) -> Result<S::Ok, S::Error> {
        match digest {
            Some(digest) => digest.serialize(serializer),
            None => serializer.serialize_str("0x"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<B256>, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        B256::try_from(&bytes[..]).map(Some).map_err(|_| D::Error::custom("a digest has 32 bytes"))
    }
}
