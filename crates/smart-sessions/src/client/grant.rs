use std::boxed::Box;
use std::string::String;

use alloy_primitives::{Address, Bytes};
use session_types::abi::{self, EnableSession};
use session_types::stored::EnableSessionData;
use session_types::{EnableMode, PermissionId, SessionSignature};

/// What the owner gave and the session key needs: for one session on one chain.
///
/// It holds no secret: the session key stays with its holder. [`to_text`](Self::to_text) is what to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account that grants.
    #[doc(alias = "granter")]
    pub account: Address,
    /// The chain.
    pub chain_id: u64,
    /// The session's id.
    pub permission_id: PermissionId,
    /// The session, when the one who uses the grant knows it: preflight and explanation need it.
    pub session: Option<abi::Session>,
    /// The owner's signature that enables the session at its first use; not needed once it is enabled.
    pub enable: Option<EnableGrant>,
    /// What the application says about it.
    pub description: Option<String>,
}

/// An owner's signature over a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnableGrant {
    /// How the session is enabled: part of what was signed.
    pub mode: EnableMode,
    /// The session, the digests of all chains that the signature covers, and the signature.
    pub data: EnableSessionData,
}

impl Grant {
    /// With words about it, which are stored with it.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The envelope that uses the session, and enables it first when `enabling`.
    /// `None` when it should enable and holds no owner signature.
    pub(crate) fn envelope(&self, enabling: bool, signature: Bytes) -> Option<SessionSignature> {
        if !enabling {
            return Some(SessionSignature::Use { permission_id: self.permission_id, signature });
        }
        let EnableGrant { mode, data } = self.enable.clone()?;
        let enable_session: EnableSession = data.into_enable_session();
        Some(SessionSignature::Enable { mode, enable_session: Box::new(enable_session), signature })
    }
}
