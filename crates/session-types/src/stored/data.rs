use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, U256};

use super::session::stored_session;
use super::{
    EnableSessionData, StoredError, StoredSession, address, bytes, each, hex_bytes, list, member, mode, number,
    present, text, unexpected,
};
use crate::text::Value;
use crate::{PermissionId, SmartSessionMode};

/// What an application kept of a grant: `{granter, sessionPublicKey, description?, moduleData}`.
///
/// ```
/// use session_types::stored::SessionData;
///
/// let text = r#"{"granter":"0x1c094bE421394AB6c9C278AE4Ed2488683a1468c","sessionPublicKey":"0xd891475E9fc2f3122E05B3fd9154d80610A6Ef20","mine":1,"moduleData":{"permissionIds":[],"mode":"0x00"}}"#;
/// let data = SessionData::parse(text)?;
/// assert_eq!(data.to_text(), text);
/// # Ok::<(), session_types::stored::StoredError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SessionData<'a>(Value<'a>);

/// The member `action`: the call that enables the sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredAction {
    /// The contract called.
    pub target: Address,
    /// The native value sent along.
    pub value: U256,
    /// The call data.
    pub call_data: Bytes,
}

impl<'a> SessionData<'a> {
    /// Reads text. Its shape is checked: an object with `granter`, `sessionPublicKey` and `moduleData`. What stands
    /// inside is decoded by the readers below.
    ///
    /// # Errors
    /// When the text or its shape is malformed.
    pub fn parse(text: &'a str) -> Result<Self, StoredError> {
        Self::new(Value::parse(text)?)
    }

    /// Takes a value of this shape.
    ///
    /// # Errors
    /// When its shape is another.
    pub fn new(value: Value<'a>) -> Result<Self, StoredError> {
        text(&value, "granter")?;
        text(&value, "sessionPublicKey")?;
        member(&value, "moduleData")?.as_object().ok_or_else(|| unexpected("moduleData", "an object"))?;
        Ok(Self(value))
    }

    /// The text: what was read comes out byte for byte, in JavaScript's form.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.to_text().unwrap_or_default()
    }

    /// The value, with all its members.
    #[must_use]
    pub const fn value(&self) -> &Value<'a> {
        &self.0
    }

    /// The data without the text that they borrow from.
    #[must_use]
    pub fn into_owned(self) -> SessionData<'static> {
        SessionData(self.0.into_owned())
    }

    /// The account that granted the sessions.
    ///
    /// # Errors
    /// When it is no address.
    pub fn granter(&self) -> Result<Address, StoredError> {
        address(&self.0, "granter")
    }

    /// The session key, as it was stored: an address in most texts.
    #[must_use]
    pub fn session_public_key(&self) -> &str {
        text(&self.0, "sessionPublicKey").unwrap_or("")
    }

    /// What the application said about it.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        present(&self.0, "description")?.as_str()
    }

    fn module_data(&self) -> Result<&Value<'a>, StoredError> {
        member(&self.0, "moduleData")
    }

    /// The ids of the sessions.
    ///
    /// # Errors
    /// When one is no 32-byte word.
    pub fn permission_ids(&self) -> Result<Vec<PermissionId>, StoredError> {
        each(self.module_data()?, "permissionIds", |id| {
            id.as_str().and_then(|id| id.parse().ok()).ok_or_else(|| unexpected("permissionIds", "32-byte words"))
        })
    }

    /// The id that is used: the one at `permissionIdIndex`, the first when that is missing.
    ///
    /// # Errors
    /// When there is none at that place.
    pub fn permission_id(&self) -> Result<PermissionId, StoredError> {
        let data = self.module_data()?;
        let index = match present(data, "permissionIdIndex") {
            Some(_) => usize::try_from(number(data, "permissionIdIndex")?).unwrap_or(usize::MAX),
            None => 0,
        };
        let id = list(data, "permissionIds")?.get(index).and_then(Value::as_str);
        id.and_then(|id| id.parse().ok()).ok_or_else(|| unexpected("permissionIds", "a 32-byte word at the index"))
    }

    /// How the session is used; [`Use`](SmartSessionMode::Use) when nothing is said.
    ///
    /// # Errors
    /// When it is no mode.
    pub fn mode(&self) -> Result<SmartSessionMode, StoredError> {
        let data = self.module_data()?;
        if present(data, "mode").is_some() { mode(data) } else { Ok(SmartSessionMode::Use) }
    }

    /// The call that enables the sessions.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn action(&self) -> Result<Option<StoredAction>, StoredError> {
        let Some(action) = present(self.module_data()?, "action") else { return Ok(None) };
        Ok(Some(StoredAction {
            target: address(action, "target")?,
            value: if present(action, "value").is_some() { number(action, "value")? } else { U256::ZERO },
            call_data: match present(action, "callData") {
                Some(_) => bytes(action, "callData")?,
                None => Bytes::new(),
            },
        }))
    }

    /// The sessions; none when only their ids were stored.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn sessions(&self) -> Result<Vec<StoredSession>, StoredError> {
        let data = self.module_data()?;
        if present(data, "sessions").is_some() { each(data, "sessions", stored_session) } else { Ok(Vec::new()) }
    }

    /// What enables the session at its first use.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn enable_session_data(&self) -> Result<Option<EnableSessionData>, StoredError> {
        present(self.module_data()?, "enableSessionData").map(EnableSessionData::read).transpose()
    }

    /// The session key's address, when the key was stored as one.
    #[must_use]
    pub fn session_key_address(&self) -> Option<Address> {
        Address::try_from(&hex_bytes(self.session_public_key())?[..]).ok()
    }
}
