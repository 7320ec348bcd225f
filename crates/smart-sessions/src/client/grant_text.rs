//! A grant as stored text: the `SessionData` that the TypeScript libraries write and read.

use std::string::{String, ToString as _};
use std::vec::Vec;

use alloy_primitives::hex;
use session_types::stored::{
    EnableSessionData, MemberOrder, SessionData, StoredError, enable_session_data_value, session_value,
};
use session_types::text::{Text, Value};
use session_types::validator::OwnersData;
use session_types::{SmartSessionMode, abi};

use super::{EnableGrant, Error, Grant};

impl Grant {
    /// The grant as `SessionData` text: `{granter, sessionPublicKey, description, moduleData {permissionIds, mode, sessions,
    /// enableSessionData}}`, what is missing left out, big integers tagged.
    #[doc(alias = "compressedSessionData")]
    #[must_use]
    #[doc(alias = "stringify")]
    pub fn to_text(&self) -> String {
        let mode = self.enable.as_ref().map_or(SmartSessionMode::Use, |enable| enable.mode.into());
        let session = |session| session_value(MemberOrder::Legacy, self.chain_id, session);
        let enable = self.enable.as_ref().map(|enable| &enable.data);
        let module_data = object([
            ("permissionIds", Some(Value::array([Value::string(self.permission_id.to_string())]))),
            ("mode", Some(Value::string(hex::encode_prefixed([mode.to_byte()])))),
            ("sessions", self.session.as_ref().map(|known| Value::array([session(known)]))),
            (
                "enableSessionData",
                enable.map(|data| enable_session_data_value(MemberOrder::Legacy, self.chain_id, data)),
            ),
        ]);
        let key = self.session.as_ref().map(session_key).unwrap_or_default();
        object([
            ("granter", Some(Value::string(self.account.to_string()))),
            ("sessionPublicKey", Some(Value::string(key))),
            ("description", self.description.clone().map(Value::string)),
            ("moduleData", Some(module_data)),
        ])
        .to_text()
        .unwrap_or_default()
    }

    /// Reads stored text, of this library or of the TypeScript ones. `chain_id` says which chain the grant is for when the
    /// text does not, and which of several sessions is meant when it holds several.
    ///
    /// # Errors
    /// When the text is malformed, its parts contradict each other, or it holds no session of this chain.
    #[doc(alias = "parse")]
    pub fn from_text(text: &str, chain_id: u64) -> Result<Self, Error> {
        let data = SessionData::parse(text)?;
        let permission_id = data.permission_id()?;
        let sessions = data.sessions()?;
        let known = sessions.iter().filter(|stored| stored.session.permission_id() == permission_id);
        let session = match known.clone().find(|stored| stored.chain_id == chain_id) {
            Some(stored) => Some(stored.session.clone()),
            // The text says for which chains it is, and this is none of them.
            None => match known.clone().next() {
                Some(other) => return Err(Error::OtherChain { granted: other.chain_id, connected: chain_id }),
                None => None,
            },
        };
        let mode = data.mode()?.enable_mode();
        let enable = match (mode, data.enable_session_data()?) {
            (Some(mode), Some(data)) => Some(EnableGrant { mode, data }),
            (Some(_), None) => return Err(StoredError::Missing { name: "enableSessionData" }.into()),
            (None, _) => None,
        };
        let signed = enable.as_ref().map(|enable| signed_session(&enable.data));
        // The id covers neither actions nor policies: what is shown and evaluated must be what the owner signed.
        if let (Some(shown), Some(signed)) = (&session, signed)
            && shown != signed
        {
            return Err(
                StoredError::Unexpected { name: "sessions", expected: "the session that the owner signed" }.into()
            );
        }
        let session = session.or_else(|| signed.cloned());
        if session.as_ref().is_some_and(|session| session.permission_id() != permission_id) {
            return Err(StoredError::Unexpected { name: "permissionIds", expected: "the id of the session" }.into());
        }
        Ok(Self {
            account: data.granter()?,
            chain_id,
            permission_id,
            session,
            enable,
            description: data.description().map(std::string::ToString::to_string),
        })
    }
}

const fn signed_session(data: &EnableSessionData) -> &abi::Session {
    &data.enable_session.session_to_enable
}

/// The session key as the libraries store it: the address of a single owner, else the validator's data.
fn session_key(session: &abi::Session) -> String {
    let data = &session.session_validator_init_data;
    match OwnersData::decode(data).ok().as_ref().map(|data| data.owners.as_slice()) {
        Some([owner]) => owner.to_string(),
        _ => data.to_string(),
    }
}

fn object<const N: usize>(members: [(&'static str, Option<Value<'static>>); N]) -> Value<'static> {
    let present = members.into_iter().filter_map(|(name, value)| Some((Text::from(name), value?)));
    Value::object(present.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, Bytes, U256, address, fixed_bytes};
    use session_types::{
        AccountType, ActionData, ActionTarget, ChainSession, Deployment, EnableMode, MultiChainGrant, Owners,
        PolicyData, Session, SessionValidator,
    };

    use std::borrow::ToOwned as _;
    use std::{format, vec};

    use super::*;

    const CHAIN: u64 = 31337;
    const ACCOUNT: Address = address!("1c094bE421394AB6c9C278AE4Ed2488683a1468c");
    const KEY: Address = address!("d891475E9fc2f3122E05B3fd9154d80610A6Ef20");

    fn session() -> Session {
        let deployment = Deployment::current();
        let target = ActionTarget::Exact { target: Address::repeat_byte(7), selector: fixed_bytes!("273ea3e3") };
        let policy = PolicyData::new(Address::repeat_byte(8), Bytes::from_static(&[1, 2, 3]));
        Session::builder(SessionValidator::owners(&deployment, &Owners::single(KEY).unwrap()), B256::repeat_byte(9))
            .action(ActionData::new(target, [policy]))
            .build(&deployment)
            .unwrap()
    }

    fn grant(enable: Option<EnableGrant>) -> Grant {
        let (session, description) = (session(), Some("counts \"up\"".to_owned()));
        let permission_id = session.permission_id();
        Grant {
            account: ACCOUNT,
            chain_id: CHAIN,
            permission_id,
            session: Some(session.into_abi()),
            enable,
            description,
        }
    }

    fn signed() -> EnableGrant {
        let module = Deployment::current().module;
        let entry = ChainSession { chain_id: CHAIN, account: ACCOUNT, module, nonce: U256::ZERO, session: session() };
        let signature = Bytes::from(vec![5; 65]);
        let mode = EnableMode::UnsafeEnable;
        let enable_session = MultiChainGrant::new(mode, vec![entry]).unwrap().enable_session(0, signature).unwrap();
        let data =
            EnableSessionData { enable_session, validator: Address::repeat_byte(6), account_type: AccountType::Nexus };
        EnableGrant { mode, data }
    }

    #[test]
    fn text_is_read_back_as_it_was() {
        for grant in [grant(None), grant(Some(signed())), Grant { session: None, ..grant(None) }] {
            let text = grant.to_text();
            assert_eq!(Grant::from_text(&text, CHAIN), Ok(grant), "{text}");
        }
    }

    #[test]
    fn text_names_the_session_key_as_the_libraries_do() {
        let text = grant(None).to_text();
        assert!(text.starts_with(&format!(r#"{{"granter":"{ACCOUNT}","sessionPublicKey":"{KEY}","#)), "{text}");
        assert!(text.contains(r#""chainId":{"__type":"bigint","value":"31337"}"#), "{text}");
    }

    #[test]
    fn a_grant_for_another_chain_is_refused() {
        let error = Grant::from_text(&grant(None).to_text(), 1);
        assert_eq!(error, Err(Error::OtherChain { granted: CHAIN, connected: 1 }));
    }

    #[test]
    fn parts_that_contradict_each_other_are_refused() {
        let id = grant(None).permission_id.to_string();
        let text = grant(Some(signed())).to_text().replace(&id, &B256::repeat_byte(1).to_string());
        assert!(matches!(Grant::from_text(&text, CHAIN), Err(Error::Stored(_))), "{text}");
    }

    #[test]
    fn a_session_that_the_owner_did_not_sign_is_refused() {
        let mut grant = grant(Some(signed()));
        let shown = grant.session.as_mut().unwrap();
        shown.actions[0].action_policies[0].init_data = Bytes::from_static(&[9]);
        assert_eq!(shown.permission_id(), grant.permission_id, "the id does not tell them apart");
        let unsigned = StoredError::Unexpected { name: "sessions", expected: "the session that the owner signed" };
        assert_eq!(Grant::from_text(&grant.to_text(), CHAIN), Err(Error::Stored(unsigned)));
    }

    #[test]
    fn a_mode_that_enables_needs_the_signature() {
        let text = grant(None).to_text().replace(r#""mode":"0x00""#, r#""mode":"0x02""#);
        let missing = StoredError::Missing { name: "enableSessionData" };
        assert_eq!(Grant::from_text(&text, CHAIN), Err(Error::Stored(missing)));
    }
}
