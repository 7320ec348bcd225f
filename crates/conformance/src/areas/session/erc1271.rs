use alloy_primitives::{Bytes, keccak256};
use k256::ecdsa::SigningKey;
use session_types::erc1271::{AccountDomain, ContentsDescription, NestedMessage};
use session_types::{Deployment, PermissionId};

use super::read::{address, bytes, cases, hash, member, number, same, session, text};
use crate::{Document, Tally};

pub(super) fn signatures(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let expected = member(case, "expected")?;
        let domain = member(case, "accountDomain")?;
        let account = AccountDomain {
            name: text(domain, "name")?.to_owned(),
            version: text(domain, "version")?.to_owned(),
            chain_id: number(domain, "chainId")?,
            verifying_contract: address(domain, "verifyingContract")?,
            salt: hash(domain, "salt")?,
        };
        let contents = ContentsDescription::new(text(case, "contentsDescription")?)?;
        same("primary type", contents.name(), text(case, "primaryType")?)?;
        // A name may also stand behind a text that begins with it.
        if contents.as_str() == contents.encode_type() || !contents.encode_type().starts_with(contents.name()) {
            let again = ContentsDescription::of_type(contents.encode_type(), contents.name())?;
            same("description of the type", &again, &contents)?;
        }
        let message = NestedMessage {
            app_domain_separator: hash(expected, "appDomainSeparator")?,
            contents_hash: hash(expected, "contentsHash")?,
            contents,
        };
        same("application's hash", message.app_hash(), hash(expected, "appHash")?)?;
        let type_text = message.contents.typed_data_sign_type();
        same("type", type_text.as_str(), text(expected, "typedDataSignType")?)?;
        let final_hash = message.hash_to_sign(&account);
        same("hash to sign", final_hash, hash(expected, "finalHash")?)?;

        let session = session(member(case, "session")?)?;
        let permission_id = PermissionId(hash(case, "permissionId")?);
        same("permission id", session.permission_id(), permission_id)?;
        let accepted = bytes(expected, "contractAnswer")? == Bytes::from_static(&[0x16, 0x26, 0xba, 0x7e]);
        if accepted {
            same("permitted", message.is_permitted_by(&session), true)?;
        }

        let key = SigningKey::from_slice(&bytes(case, "sessionKeyPrivateKey")?)?;
        let public = key.verifying_key().to_encoded_point(false);
        same("session key", &keccak256(&public.as_bytes()[1..])[12..], address(case, "sessionKey")?.as_slice())?;
        let form = Deployment::current().ownable_validator.signing_form;
        let session_signature = form.sign(&key, final_hash)?;
        same("session signature", Bytes::from(session_signature), bytes(expected, "sessionSignature")?)?;
        let signature = bytes(expected, "signature")?;
        same("signature", message.signature(permission_id, &session_signature), signature.clone())?;
        let decoded = NestedMessage::decode_signature(&signature)?;
        same("decoded", decoded, (permission_id, session_signature.into(), message))
    });
}
