//! Signatures that the session module reads.

use serde_json::{Value, json};
use smart_sessions::session::erc1271::NestedMessage;
use smart_sessions::session::validator::OwnersData;
use smart_sessions::session::{AccountType, SessionSignature, multi_chain_digest, personal_message_hash};

use super::Reader;

/// Mode, permission id and the shortest signature there is.
const SHORTEST_USE: usize = 33 + 64;

impl Reader {
    /// A signature that enables a session.
    pub(super) fn enabling_envelope(&self, bytes: &[u8]) -> Option<Value> {
        let SessionSignature::Enable { mode, enable_session, signature } = SessionSignature::decode(bytes).ok()? else {
            return None;
        };
        let digests = enable_session.hashes_and_chain_ids.iter();
        let chains =
            digests.clone().map(|digest| json!({ "chainId": digest.chain_id, "sessionDigest": digest.session_digest }));
        let signed = multi_chain_digest(digests.copied());
        let owner = &enable_session.permission_enable_sig;
        let forms = [AccountType::Nexus, AccountType::Kernel];
        let wrapped =
            forms.into_iter().find_map(|form| form.unwrap_owner_signature(owner).map(|(validator, _)| validator));
        Some(json!({
            "kind": "session envelope",
            "mode": format!("{mode:?}"),
            "permissionId": enable_session.session_to_enable.permission_id(),
            "sessionSignature": signature,
            "signedHash": signed,
            "signedHashAsPersonalMessage": personal_message_hash(signed),
            "chainDigestIndex": enable_session.chain_digest_index,
            "chains": chains.collect::<Value>(),
            "ownerSignature": owner,
            "ownerValidatorIfPrefixed": wrapped,
            "session": self.session(&enable_session.session_to_enable),
        }))
    }
}

/// A signature that uses an enabled session.
pub(super) fn using(bytes: &[u8]) -> Option<Value> {
    match SessionSignature::decode(bytes).ok()? {
        SessionSignature::Use { permission_id, signature } if bytes.len() >= SHORTEST_USE || bytes.len() == 33 => {
            Some(json!({
                "kind": "session envelope",
                "mode": "Use",
                "permissionId": permission_id,
                "sessionSignature": signature,
            }))
        }
        _ => None,
    }
}

/// A message's signature by a session key (ERC-7739), behind its permission id.
pub(super) fn nested(bytes: &[u8]) -> Option<Value> {
    let (permission_id, signature, message) = NestedMessage::decode_signature(bytes).ok()?;
    Some(json!({
        "kind": "message signature",
        "permissionId": permission_id,
        "sessionSignature": signature,
        "appDomainSeparator": message.app_domain_separator,
        "contentsHash": message.contents_hash,
        "contents": message.contents.as_str(),
    }))
}

/// The data of the Ownable validator.
pub(super) fn owners(bytes: &[u8]) -> Option<Value> {
    let data = OwnersData::decode(bytes).ok()?;
    // Other data read as owners, too, when nothing is asked of them.
    let plausible = !data.owners.is_empty() && data.check().is_ok();
    plausible.then(|| {
        json!({
            "kind": "data of the Ownable validator",
            "threshold": data.threshold.to_string(),
            "owners": data.owners,
        })
    })
}
