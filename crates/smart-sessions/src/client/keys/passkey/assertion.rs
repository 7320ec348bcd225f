use std::format;
use std::string::String;
use std::vec::Vec;

use alloy_primitives::{B256, Bytes, U256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;
use session_types::validator::WebAuthnSignature;
use sha2::{Digest as _, Sha256};

use super::{PasskeyError, RelyingParty};

/// What an authenticator answers: the members of `AuthenticatorAssertionResponse` (WebAuthn Level 2, 5.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAuthnAssertion {
    /// `authenticatorData`: SHA-256 of the relying party's id (32 bytes), flags (1), counter (4), perhaps extensions.
    pub authenticator_data: Bytes,
    /// `clientDataJSON`: the bytes, which are UTF-8 text.
    pub client_data_json: Bytes,
    /// `signature`: ECDSA on P-256 in DER, over SHA-256 of the authenticator data and SHA-256 of the client data.
    pub signature: Bytes,
}

/// The members of client data that are looked at; others come and go.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
}

const GET: &str = "webauthn.get";
/// Hash, flags, counter.
const SHORTEST: usize = 37;
const FLAGS: usize = 32;
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
/// Where `"type":"webauthn.get"` begins in client data that begin as they should.
const TYPE_LOCATION: U256 = U256::ONE;

impl WebAuthnAssertion {
    /// Whether the validator will take it from this key for this challenge; answers the signature's halves, `s` the lower one.
    pub(super) fn check(
        &self,
        key: &VerifyingKey,
        challenge: B256,
        relying_party: Option<&RelyingParty>,
    ) -> Result<(U256, U256), PasskeyError> {
        let data = &self.authenticator_data;
        let flags = *data.get(FLAGS).filter(|_| data.len() >= SHORTEST).ok_or(too_short(data))?;
        if flags & (USER_PRESENT | USER_VERIFIED) != USER_PRESENT | USER_VERIFIED {
            return Err(PasskeyError::Unverified { flags });
        }
        let client_data: ClientData = serde_json::from_slice(&self.client_data_json)
            .map_err(|error| PasskeyError::ClientData(std::string::ToString::to_string(&error)))?;
        let ClientData { kind, challenge: seen, origin } = client_data;
        if kind != GET {
            return Err(PasskeyError::Type { seen: kind });
        }
        let expected = URL_SAFE_NO_PAD.encode(challenge);
        if seen != expected {
            return Err(PasskeyError::Challenge { expected, seen });
        }
        let expected = beginning(challenge);
        if !self.client_data_json.starts_with(expected.as_bytes()) {
            return Err(PasskeyError::Order { expected });
        }
        if let Some(party) = relying_party {
            let seen = B256::try_from(&data[..FLAGS]).map_err(|_| too_short(data))?;
            let expected = sha256([party.id.as_bytes()]);
            if seen != expected {
                return Err(PasskeyError::RelyingParty { expected, seen });
            }
            if origin != party.origin {
                return Err(PasskeyError::Origin { expected: party.origin.clone(), seen: origin });
            }
        }
        let length = self.signature.len();
        let signature = Signature::from_der(&self.signature).map_err(|_| PasskeyError::Signature { length })?;
        let signed = sha256([data.as_ref(), sha256([self.client_data_json.as_ref()]).as_slice()]);
        key.verify_prehash(signed.as_slice(), &signature).map_err(|_| PasskeyError::OtherSignature)?;
        let signature = signature.normalize_s().unwrap_or(signature);
        let (r, s) = signature.split_bytes();
        Ok((U256::from_be_slice(&r), U256::from_be_slice(&s)))
    }

    pub(super) fn into_signature(self, r: U256, s: U256, use_precompiled: bool) -> WebAuthnSignature {
        WebAuthnSignature {
            authenticator_data: self.authenticator_data,
            // Checked: it was read as JSON.
            client_data_json: String::from_utf8_lossy(&self.client_data_json).into_owned(),
            response_type_location: TYPE_LOCATION,
            r,
            s,
            use_precompiled,
        }
    }
}

/// A stub of the longest make-up that browsers give: Chromium adds a member now and then.
pub(super) fn stub(relying_party: Option<&RelyingParty>, use_precompiled: bool) -> WebAuthnSignature {
    let stub = WebAuthnSignature { use_precompiled, ..WebAuthnSignature::stub() };
    let Some(party) = relying_party else { return stub };
    let beginning = beginning(B256::repeat_byte(0xa5));
    let mut authenticator_data = Vec::from(sha256([party.id.as_bytes()]).0);
    authenticator_data.extend_from_slice(stub.authenticator_data.get(FLAGS..).unwrap_or_default());
    let origin = serde_json::Value::from(party.origin.as_str());
    let added = r#""other_keys_can_be_added_here":"do not compare clientDataJSON against a template. See https://goo.gl/yabPex""#;
    let client_data_json = format!(r#"{beginning},"origin":{origin},"crossOrigin":false,{added}}}"#);
    WebAuthnSignature { authenticator_data: authenticator_data.into(), client_data_json, ..stub }
}

/// How client data begin, as far as the validator looks.
fn beginning(challenge: B256) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    [r#"{"type":"webauthn.get","challenge":""#, &challenge, "\""].concat()
}

const fn too_short(data: &Bytes) -> PasskeyError {
    PasskeyError::AuthenticatorData { length: data.0.len() }
}

pub(super) fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> B256 {
    let digest = parts.into_iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part)).finalize();
    B256::from(<[u8; 32]>::from(digest))
}
