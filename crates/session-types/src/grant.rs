//! One owner signature that enables sessions on one or many chains.

use alloc::vec::Vec;

use alloy_primitives::{B256, Bytes};

use crate::abi::{ChainDigest, EnableSession};
use crate::{ChainSession, EnableMode, Session, abi, chain_digests, multi_chain_digest, personal_message_hash};

/// Why a list of sessions cannot be granted by one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// There is nothing to sign.
    #[error("no session to grant, expected at least one")]
    Empty,
    /// The place of a chain in the list is one byte.
    #[error("{seen} sessions in one grant, expected at most 256")]
    TooMany {
        /// How many there are.
        seen: usize,
    },
}

/// Sessions, in the order that is signed.
///
/// `S` is a [`Session`], or an [`abi::Session`] for what others wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MultiChainGrant<S = Session> {
    mode: EnableMode,
    entries: Vec<ChainSession<S>>,
}

impl<S: AsRef<abi::Session>> MultiChainGrant<S> {
    /// Sessions for one or many chains; the order matters.
    ///
    /// # Errors
    /// When there is none or there are more than 256.
    pub fn new(mode: EnableMode, entries: Vec<ChainSession<S>>) -> Result<Self, GrantError> {
        match entries.len() {
            0 => Err(GrantError::Empty),
            1..=256 => Ok(Self { mode, entries }),
            seen => Err(GrantError::TooMany { seen }),
        }
    }

    /// How the sessions are enabled: part of what is signed.
    #[must_use]
    pub const fn mode(&self) -> EnableMode {
        self.mode
    }

    /// The sessions.
    #[must_use]
    pub fn entries(&self) -> &[ChainSession<S>] {
        &self.entries
    }

    /// The digest of each chain.
    pub fn chain_digests(&self) -> impl Iterator<Item = ChainDigest> {
        chain_digests(self.mode, &self.entries)
    }

    /// The hash that the owner signs as typed data; what the module asks the account about.
    #[doc(alias = "permissionEnableHash")]
    #[must_use]
    pub fn digest(&self) -> B256 {
        multi_chain_digest(self.chain_digests())
    }

    /// The hash that the owner's key signs for a personal message.
    #[must_use]
    pub fn personal_message_hash(&self) -> B256 {
        personal_message_hash(self.digest())
    }

    /// What enables the session at `index` with the owner's signature in the form that the account expects.
    /// `None` when there is no such session.
    #[must_use]
    pub fn enable_session(&self, index: usize, permission_enable_sig: Bytes) -> Option<EnableSession> {
        Some(EnableSession {
            chain_digest_index: u8::try_from(index).ok()?,
            session_to_enable: self.entries.get(index)?.session.as_ref().clone(),
            hashes_and_chain_ids: self.chain_digests().collect(),
            permission_enable_sig,
        })
    }
}
