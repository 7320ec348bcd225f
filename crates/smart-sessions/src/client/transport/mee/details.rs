//! Grants as a MEE node takes them, and back.

use std::borrow::ToOwned as _;
use std::vec::Vec;

use alloy_primitives::Address;
use mee_client::wire;
use session_types::abi::{ChainDigest, EnableSession};
use session_types::stored::{EnableSessionData, StoredError};
use session_types::{AccountType, EnableMode, SmartSessionMode};

use crate::{EnableGrant, Error, Grant};

impl Grant {
    /// The grant as a MEE node takes it.
    ///
    /// # Errors
    /// [`Error::SessionNotKnown`] when the grant holds the session's id and not the session, which the node is told.
    #[doc(alias = "sessionDetails")]
    pub fn to_mee(&self) -> Result<wire::SessionDetails, Error> {
        let session = self
            .session
            .clone()
            .or_else(|| self.enable.as_ref().map(|enable| enable.data.enable_session.session_to_enable.clone()));
        let session = session.ok_or(Error::SessionNotKnown { permission: self.permission_id })?;
        let enabled = wire::SessionDetails::of_enabled(self.chain_id, session.clone());
        let Some(EnableGrant { mode, data }) = &self.enable else { return Ok(enabled) };
        let digest = |digest: &ChainDigest| wire::ChainDigest {
            chain_id: digest.chain_id,
            session_digest: Some(digest.session_digest),
        };
        let EnableSession { chain_digest_index, hashes_and_chain_ids, permission_enable_sig, .. } =
            &data.enable_session;
        Ok(wire::SessionDetails {
            mode: (*mode).into(),
            enable_session_data: wire::EnableSessionData {
                enable_session: wire::EnableSession {
                    chain_digest_index: *chain_digest_index,
                    hashes_and_chain_ids: hashes_and_chain_ids.iter().map(digest).collect(),
                    session_to_enable: wire::SessionToEnable {
                        session,
                        chain_id: self.chain_id,
                        names_chain_in_actions: true,
                    },
                    permission_enable_sig: permission_enable_sig.clone(),
                },
                validator: data.validator,
                account_type: data.account_type.as_str().to_owned(),
            },
            ..enabled
        })
    }

    /// A grant of a MEE node's flow. The details do not name the account, so it has to be given.
    ///
    /// # Errors
    /// [`Error::OwnerSignatureForm`] when the account's kind is none that is known, or a digest that the owner signed is
    /// missing. [`Error::Stored`] when the id is another session's than the one that is shown.
    pub fn from_mee(details: &wire::SessionDetails, account: Address) -> Result<Self, Error> {
        if details.session().permission_id() != details.permission_id {
            return Err(StoredError::Unexpected { name: "permissionId", expected: "the id of the session" }.into());
        }
        let mode = match details.mode {
            SmartSessionMode::Use => None,
            SmartSessionMode::Enable => Some(EnableMode::Enable),
            SmartSessionMode::UnsafeEnable => Some(EnableMode::UnsafeEnable),
        };
        let enable = mode.map(|mode| Ok::<_, Error>(EnableGrant { mode, data: enable_data(details)? })).transpose()?;
        Ok(Self {
            account,
            chain_id: details.chain_id(),
            permission_id: details.permission_id,
            session: Some(details.session().clone()),
            enable,
            description: None,
        })
    }
}

fn enable_data(details: &wire::SessionDetails) -> Result<EnableSessionData, Error> {
    let wire::EnableSessionData { enable_session, validator, account_type } = &details.enable_session_data;
    let account_type = AccountType::from_name(account_type).ok_or(Error::OwnerSignatureForm)?;
    let digests = enable_session.hashes_and_chain_ids.iter().map(|digest| {
        let session_digest = digest.session_digest.ok_or(Error::OwnerSignatureForm)?;
        Ok(ChainDigest { chain_id: digest.chain_id, session_digest })
    });
    Ok(EnableSessionData {
        enable_session: EnableSession {
            chain_digest_index: enable_session.chain_digest_index,
            hashes_and_chain_ids: digests.collect::<Result<Vec<_>, Error>>()?,
            session_to_enable: details.session().clone(),
            permission_enable_sig: enable_session.permission_enable_sig.clone(),
        },
        validator: *validator,
        account_type,
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use session_types::{PermissionId, abi};

    use super::*;

    #[test]
    fn the_id_has_to_be_that_of_the_session_that_is_shown() {
        let (account, session) = (Address::repeat_byte(1), abi::Session::default());
        let mut details = wire::SessionDetails::of_enabled(1, session.clone());
        assert_eq!(Grant::from_mee(&details, account).unwrap().session, Some(session));
        details.permission_id = PermissionId(B256::repeat_byte(2));
        let other = StoredError::Unexpected { name: "permissionId", expected: "the id of the session" };
        assert_eq!(Grant::from_mee(&details, account), Err(Error::Stored(other)));
    }
}
