//! Every decoder as a function of bytes, for fuzzing: it must give a value or an error, and a value must survive being
//! written and read again.

#![allow(unreachable_pub)] // also a part of the fuzz targets

use alloy_primitives::B256;
use session_types::abi::{self, ModuleCall, ModuleEvent, RevertReason};
use session_types::erc1271::NestedMessage;
use session_types::frozen::FrozenGrant;
use session_types::stored::{SessionData, read_session, session_details};
use session_types::text::{Value, reference_value};
use session_types::validator::{MeeSessionKey, OwnersData, WebAuthnKey, WebAuthnSignature};
use session_types::{AccountType, SessionSignature, flz};

/// A decoder's name, what reads, and what writes and reads again.
pub struct Decoder {
    pub name: &'static str,
    /// Whether the bytes were a value: nothing else is allocated than what the value takes.
    pub read: fn(&[u8]) -> bool,
    /// Panics when a value does not survive.
    pub round_trip: fn(&[u8]),
}

pub const DECODERS: &[Decoder] = &[
    Decoder { name: "flz", read: |data| flz::decompress(data, limit(data)).is_ok(), round_trip: decompression },
    Decoder {
        name: "envelope",
        read: |data| SessionSignature::decode(data).is_ok(),
        round_trip: |data| {
            if let Ok(envelope) = SessionSignature::decode(data) {
                // Parts that shared bytes stand alone now, so the data may have grown beyond the first bound.
                assert_eq!(SessionSignature::decode_within(&envelope.encode(), usize::MAX), Ok(envelope));
            }
        },
    },
    Decoder {
        name: "call",
        read: |data| ModuleCall::decode(data).is_ok(),
        round_trip: |data| {
            if let Ok(call) = ModuleCall::decode(data) {
                assert_eq!(ModuleCall::decode(&call.calldata()), Ok(call));
            }
        },
    },
    Decoder {
        name: "install_data",
        read: |data| abi::decode_install_data(data).is_ok(),
        round_trip: |data| {
            if let Ok(Some((mode, sessions))) = abi::decode_install_data(data) {
                if !sessions.is_empty() {
                    let again = abi::decode_install_data(&abi::install_data(mode, &sessions));
                    assert_eq!(again, Ok(Some((mode, sessions))));
                }
            }
        },
    },
    Decoder {
        name: "revert",
        read: |data| !matches!(RevertReason::decode(data), RevertReason::Unknown(_)),
        round_trip: |data| {
            if let RevertReason::Module(error) = RevertReason::decode(data) {
                assert_eq!(RevertReason::decode(&error.revert_data()), RevertReason::Module(error));
            }
        },
    },
    Decoder {
        name: "event",
        read: |data| event(data).is_some(),
        round_trip: |data| {
            if let Some(event) = event(data) {
                let (topic, log) = event.to_log();
                assert_eq!(ModuleEvent::decode(&[topic], &log), Ok(event));
            }
        },
    },
    Decoder {
        name: "validator_data",
        read: |data| {
            OwnersData::decode(data).is_ok() | WebAuthnKey::decode(data).is_ok() | MeeSessionKey::decode(data).is_some()
        },
        round_trip: |data| {
            if let Ok(owners) = OwnersData::decode(data) {
                assert_eq!(OwnersData::decode(&owners.encode()), Ok(owners));
            }
            if let Ok(key) = WebAuthnKey::decode(data) {
                assert_eq!(WebAuthnKey::decode(&key.encode()), Ok(key));
            }
            if let Some(key) = MeeSessionKey::decode(data) {
                assert_eq!(&key.encode()[..], data);
            }
        },
    },
    Decoder {
        name: "webauthn_signature",
        read: |data| WebAuthnSignature::decode(data).is_ok(),
        round_trip: |data| {
            if let Ok(signature) = WebAuthnSignature::decode(data) {
                assert_eq!(WebAuthnSignature::decode(&signature.encode()), Ok(signature));
            }
        },
    },
    Decoder {
        name: "nested_signature",
        read: |data| NestedMessage::decode_signature(data).is_ok(),
        round_trip: |data| {
            if let Ok((permission, signature, message)) = NestedMessage::decode_signature(data) {
                assert_eq!(&message.signature(permission, &signature)[..], data);
                assert!(!message.contents.name().is_empty());
            }
            for account in [AccountType::Nexus, AccountType::Kernel] {
                if let Some((validator, signature)) = account.unwrap_owner_signature(data) {
                    assert_eq!(&account.wrap_owner_signature(validator, signature)[..], data);
                }
            }
        },
    },
    Decoder {
        name: "stored_text",
        read: |data| std::str::from_utf8(data).is_ok_and(|text| Value::parse(text).is_ok()),
        round_trip: stored_text,
    },
    Decoder {
        name: "frozen_grant",
        read: |data| FrozenGrant::decode(data).is_ok(),
        round_trip: |data| {
            if let Ok(grant) = FrozenGrant::decode(data) {
                assert_eq!(FrozenGrant::decode(&grant.encode()), Ok(grant));
            }
        },
    },
];

/// A bound for decompressed data, so that memory stays in proportion to the input.
const fn limit(data: &[u8]) -> usize {
    data.len() * 4
}

fn decompression(data: &[u8]) {
    if let Ok(plain) = flz::decompress(data, limit(data)) {
        assert_eq!(flz::decompress(&flz::compress(&plain), plain.len()), Ok(plain));
    }
    assert_eq!(flz::decompress(&flz::compress(data), data.len()).as_deref(), Ok(data));
}

fn event(data: &[u8]) -> Option<ModuleEvent> {
    let (topic, data) = data.split_first_chunk::<32>()?;
    ModuleEvent::decode(&[B256::from(topic)], data).ok()
}

fn stored_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(value) = Value::parse(text) else { return };
    if let Some(written) = value.to_text() {
        let again = Value::parse(&written).unwrap();
        // A number that is not finite is written as null, so the text settles after one more turn.
        let settled = again.to_text().unwrap();
        assert_eq!(Value::parse(&settled).unwrap().to_text().unwrap(), settled);
    }
    let _ = (read_session(&value), session_details(&value), reference_value(&value));
    if let Ok(stored) = SessionData::parse(text) {
        let _ = (stored.granter(), stored.permission_ids(), stored.permission_id(), stored.mode(), stored.action());
        let _ = (stored.sessions(), stored.enable_session_data(), stored.session_key_address());
        assert_eq!(stored.clone().into_owned().to_text(), stored.to_text());
    }
}
