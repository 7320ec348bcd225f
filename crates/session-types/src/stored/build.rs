use alloc::string::{String, ToString};
use alloc::vec::Vec;

use alloy_primitives::{Address, ChainId};

use super::write::{bytes, object};
use super::{
    EnableSessionData, MemberOrder, SessionData, SessionDetail, StoredAction, StoredError, StoredSession,
    enable_session_data_value, session_value,
};
use crate::text::{BigInt, Value};
use crate::{PermissionId, SmartSessionMode};

/// What to store of a grant, for applications that read it with the TypeScript libraries.
///
/// ```
/// use session_types::stored::{MemberOrder, NewSessionData, SessionData};
/// use alloy_primitives::Address;
///
/// let new = NewSessionData { granter: Address::repeat_byte(1), session_public_key: "0x02".into(), ..Default::default() };
/// let text = new.build(MemberOrder::Legacy)?.to_text();
/// assert_eq!(SessionData::parse(&text)?.granter()?, Address::repeat_byte(1));
/// # Ok::<(), session_types::stored::StoredError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSessionData {
    /// The account that granted the sessions.
    pub granter: Address,
    /// The session key: an address in most texts.
    pub session_public_key: String,
    /// What the application says about it.
    pub description: Option<String>,
    /// The ids of the sessions.
    pub permission_ids: Vec<PermissionId>,
    /// The call that enables the sessions.
    pub action: Option<StoredAction>,
    /// How the sessions are used.
    pub mode: SmartSessionMode,
    /// The sessions.
    pub sessions: Vec<StoredSession>,
    /// Which of the ids is used, when it is not the first.
    pub permission_id_index: Option<u32>,
    /// What enables a session at its first use, with the chain of the session in it.
    pub enable_session_data: Option<(ChainId, EnableSessionData)>,
}

impl NewSessionData {
    /// The data, with the members of sessions in the order of a library.
    ///
    /// # Errors
    /// Never for now: the shape is the one that [`SessionData::new`] checks.
    pub fn build(&self, order: MemberOrder) -> Result<SessionData<'static>, StoredError> {
        let action = |action: &StoredAction| {
            object([
                ("target", Value::string(action.target.to_string())),
                ("value", Value::BigInt(BigInt::from(action.value))),
                ("callData", bytes(&action.call_data)),
            ])
        };
        let ids = self.permission_ids.iter().map(|id| Value::string(id.to_string()));
        let sessions = self.sessions.iter().map(|stored| session_value(order, stored.chain_id, &stored.session));
        let enable = self.enable_session_data.as_ref();
        let module_data = object([
            ("permissionIds", Value::array(ids)),
            ("action", self.action.as_ref().map_or(Value::Undefined, action)),
            ("mode", mode(self.mode)),
            ("sessions", Value::array(sessions)),
            (
                "permissionIdIndex",
                self.permission_id_index.map_or(Value::Undefined, |index| Value::Number(index.into())),
            ),
            (
                "enableSessionData",
                enable.map_or(Value::Undefined, |(chain, data)| enable_session_data_value(order, *chain, data)),
            ),
        ]);
        SessionData::new(object([
            ("granter", Value::string(self.granter.to_string())),
            ("sessionPublicKey", Value::string(self.session_public_key.clone())),
            ("description", self.description.clone().map_or(Value::Undefined, Value::string)),
            ("moduleData", module_data),
        ]))
    }
}

impl SessionDetail {
    /// The value of an entry of `SessionDetails`. `chain_id` is that of the session that is enabled.
    #[must_use]
    pub fn to_value(&self, order: MemberOrder, chain_id: ChainId) -> Value<'static> {
        let enable = self.enable_session_data.as_ref().and_then(|data| data.as_ref().ok());
        object([
            ("mode", mode(self.mode)),
            ("permissionId", Value::string(self.permission_id.to_string())),
            ("signature", bytes(&self.signature)),
            (
                "enableSessionData",
                enable.map_or(Value::Undefined, |data| enable_session_data_value(order, chain_id, data)),
            ),
        ])
    }
}

fn mode(mode: SmartSessionMode) -> Value<'static> {
    bytes(&[mode.to_byte()])
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use alloy_primitives::{Bytes, U256};

    use super::*;
    use crate::abi::{ChainDigest, EnableSession, PolicyData, Session};
    use crate::stored::session_details;
    use crate::{AccountType, SessionSignature};

    fn session() -> Session {
        Session {
            session_validator: Address::repeat_byte(3),
            session_validator_init_data: Bytes::from_static(&[1, 2]),
            user_op_policies: vec![PolicyData { policy: Address::repeat_byte(4), init_data: Bytes::new() }],
            ..Default::default()
        }
    }

    fn enable() -> EnableSessionData {
        EnableSessionData {
            enable_session: EnableSession {
                chain_digest_index: 0,
                hashes_and_chain_ids: vec![ChainDigest { chain_id: 10, ..Default::default() }],
                session_to_enable: session(),
                permission_enable_sig: Bytes::from_static(&[5; 65]),
            },
            validator: Address::repeat_byte(6),
            account_type: AccountType::Nexus,
        }
    }

    #[test]
    fn what_is_built_is_read() {
        let new = NewSessionData {
            granter: Address::repeat_byte(1),
            session_public_key: Address::repeat_byte(2).to_string(),
            description: Some("why \"x\"".into()),
            permission_ids: vec![session().permission_id()],
            action: Some(StoredAction {
                target: Address::repeat_byte(7),
                value: U256::MAX,
                call_data: Bytes::from_static(&[8]),
            }),
            mode: SmartSessionMode::UnsafeEnable,
            sessions: vec![StoredSession { chain_id: 10, session: session() }],
            permission_id_index: Some(0),
            enable_session_data: Some((10, enable())),
        };
        for order in [MemberOrder::Legacy, MemberOrder::Grant, MemberOrder::Prepare] {
            let text = new.build(order).unwrap().to_text();
            let read = SessionData::parse(&text).unwrap();
            assert_eq!(read.granter(), Ok(new.granter));
            assert_eq!(read.session_key_address(), Some(Address::repeat_byte(2)));
            assert_eq!(read.description(), new.description.as_deref());
            assert_eq!(read.permission_id(), Ok(new.permission_ids[0]));
            assert_eq!(read.action(), Ok(new.action.clone()));
            assert_eq!(read.mode(), Ok(new.mode));
            assert_eq!(read.sessions().as_ref(), Ok(&new.sessions));
            assert_eq!(read.enable_session_data(), Ok(Some(enable())));
        }
    }

    #[test]
    fn details_are_read_and_used() {
        let detail = SessionDetail {
            mode: SmartSessionMode::UnsafeEnable,
            permission_id: session().permission_id(),
            signature: Bytes::from_static(&[9; 65]),
            enable_session_data: Some(Ok(enable())),
        };
        let text = Value::array([detail.to_value(MemberOrder::Grant, 10)]).to_text().unwrap();
        let read = session_details(&Value::parse(&text).unwrap()).unwrap();
        assert_eq!(read, vec![detail.clone()]);
        let envelope = detail.into_envelope(Bytes::from_static(&[1])).unwrap();
        let SessionSignature::Enable { enable_session, .. } = envelope else { panic!("{envelope:?}") };
        // The owner's validator stands before the signature.
        assert_eq!(enable_session.permission_enable_sig.len(), 20 + 65);

        // Prepared details hold no digest: they are for use only.
        let prepared = text.replace(&alloc::format!("{:#x}", alloy_primitives::B256::ZERO), "0x");
        assert_ne!(prepared, text);
        let prepared = session_details(&Value::parse(&prepared).unwrap()).unwrap().remove(0);
        let error = StoredError::Unexpected { name: "sessionDigest", expected: "a 32-byte word" };
        assert_eq!(prepared.enable_session_data, Some(Err(error)));
        assert_eq!(prepared.clone().into_envelope(Bytes::new()), Err(error));
        let used = SessionDetail { mode: SmartSessionMode::Use, ..prepared };
        assert_eq!(used.into_envelope(Bytes::new()).map(|envelope| envelope.mode()), Ok(SmartSessionMode::Use));
    }
}
