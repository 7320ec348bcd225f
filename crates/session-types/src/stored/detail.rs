use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes};

use super::session::read_session;
use super::{StoredError, address, bytes, chain_id, each, member, mode, number, present, text, unexpected, word};
use crate::abi::{ChainDigest, EnableSession};
use crate::text::Value;
use crate::{AccountType, PermissionId, SessionSignature, SmartSessionMode};

/// What enables a session at its first use, as it was stored: with the owner's bare signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EnableSessionData {
    /// The data, whose `permission_enable_sig` is the owner's signature without any wrapping.
    pub enable_session: EnableSession,
    /// The account's validator that checks the owner's signature.
    #[doc(alias = "enableValidatorAddress")]
    pub validator: Address,
    /// How the signature is wrapped.
    pub account_type: AccountType,
}

impl EnableSessionData {
    /// Reads the member `enableSessionData`.
    ///
    /// # Errors
    /// When a member is missing or malformed: details that were prepared for use only hold no digest, so a session
    /// cannot be enabled with them.
    pub fn read(value: &Value<'_>) -> Result<Self, StoredError> {
        let enable = member(value, "enableSession")?;
        let digest = |value: &Value<'_>| {
            Ok(ChainDigest { chain_id: chain_id(value)?, session_digest: word(value, "sessionDigest")? })
        };
        let index = number(enable, "chainDigestIndex")?;
        Ok(Self {
            enable_session: EnableSession {
                chain_digest_index: u8::try_from(index).map_err(|_| unexpected("chainDigestIndex", "0 to 255"))?,
                hashes_and_chain_ids: each(enable, "hashesAndChainIds", digest)?,
                session_to_enable: read_session(member(enable, "sessionToEnable")?)?.1,
                permission_enable_sig: bytes(enable, "permissionEnableSig")?,
            },
            validator: address(value, "validator")?,
            account_type: AccountType::from_name(text(value, "accountType")?)
                .ok_or_else(|| unexpected("accountType", "nexus, safe, kernel or erc7579-implementation"))?,
        })
    }

    /// The data as the module takes them: with the owner's signature in the form that the account expects.
    #[must_use]
    pub fn into_enable_session(self) -> EnableSession {
        let owner = &self.enable_session.permission_enable_sig;
        let permission_enable_sig = self.account_type.wrap_owner_signature(self.validator, owner);
        EnableSession { permission_enable_sig, ..self.enable_session }
    }
}

/// One entry of `SessionDetails`: how to use one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDetail {
    /// How the session is used.
    pub mode: SmartSessionMode,
    /// The session.
    pub permission_id: PermissionId,
    /// A signature of the session key, mostly a stub.
    pub signature: Bytes,
    /// What enables the session. An error inside says why the session cannot be enabled with this entry.
    pub enable_session_data: Option<Result<EnableSessionData, StoredError>>,
}

impl SessionDetail {
    /// Reads an entry.
    ///
    /// # Errors
    /// When a member is missing or malformed.
    pub fn read(value: &Value<'_>) -> Result<Self, StoredError> {
        Ok(Self {
            mode: mode(value)?,
            permission_id: PermissionId(word(value, "permissionId")?),
            signature: match present(value, "signature") {
                Some(_) => bytes(value, "signature")?,
                None => Bytes::new(),
            },
            enable_session_data: present(value, "enableSessionData").map(EnableSessionData::read),
        })
    }

    /// The envelope for this entry's mode around a signature.
    ///
    /// # Errors
    /// When the mode enables and the entry does not hold what that needs.
    pub fn into_envelope(self, signature: Bytes) -> Result<SessionSignature, StoredError> {
        let Some(mode) = self.mode.enable_mode() else {
            return Ok(SessionSignature::Use { permission_id: self.permission_id, signature });
        };
        let data = self.enable_session_data.ok_or(StoredError::Missing { name: "enableSessionData" })??;
        Ok(SessionSignature::Enable { mode, enable_session: data.into_enable_session().into(), signature })
    }
}

/// Reads `SessionDetails`: a list of entries, or an object with such a list under `sessionDetails`.
///
/// # Errors
/// When it is neither, or an entry is malformed.
pub fn session_details(value: &Value<'_>) -> Result<Vec<SessionDetail>, StoredError> {
    match value.as_array() {
        Some(entries) => entries.iter().map(SessionDetail::read).collect(),
        None => each(value, "sessionDetails", SessionDetail::read),
    }
}
