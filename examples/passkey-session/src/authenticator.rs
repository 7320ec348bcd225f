//! What a device does, in software: for demonstrations and tests only, since nobody is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use alloy_primitives::B256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use smart_sessions::session::validator::{WebAuthnKey, WebAuthnKeyError};
use smart_sessions::{AssertionFuture, Authenticator, RelyingParty, WebAuthnAssertion};

/// The user was there (1), and was verified (4).
const PRESENT_AND_VERIFIED: u8 = 0x05;

/// An authenticator with one key pair. Cloning shares it.
#[derive(Clone)]
pub(crate) struct SoftwareAuthenticator {
    key: SigningKey,
    website: RelyingParty,
    credential_id: String,
    counter: Arc<AtomicU32>,
}

impl SoftwareAuthenticator {
    /// A new key pair for a website.
    pub(crate) fn register(website: &RelyingParty, credential_id: &str) -> Self {
        let key = loop {
            // Nearly every word is a secret key.
            if let Ok(key) = SigningKey::from_slice(B256::random().as_slice()) {
                break key;
            }
        };
        Self { key, website: website.clone(), credential_id: credential_id.into(), counter: Arc::default() }
    }

    /// What a registration shows.
    pub(crate) fn public_key(&self) -> Result<WebAuthnKey, WebAuthnKeyError> {
        let point = self.key.verifying_key().to_encoded_point(false);
        WebAuthnKey::new(point.as_bytes(), &self.credential_id)
    }

    /// `navigator.credentials.get`: the answer to a challenge.
    fn answer(&self, challenge: B256) -> WebAuthnAssertion {
        let (challenge, origin) = (URL_SAFE_NO_PAD.encode(challenge), Value::from(self.website.origin.as_str()));
        let client_data =
            format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":{origin},"crossOrigin":false}}"#);
        let mut authenticator_data = Sha256::digest(&self.website.id).to_vec();
        authenticator_data.push(PRESENT_AND_VERIFIED);
        authenticator_data.extend(self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let signed = [&authenticator_data[..], &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        WebAuthnAssertion {
            authenticator_data: authenticator_data.into(),
            client_data_json: client_data.into_bytes().into(),
            signature: signature.to_der().as_bytes().to_vec().into(),
        }
    }
}

impl Authenticator for SoftwareAuthenticator {
    fn assert(&self, challenge: B256) -> AssertionFuture<'_> {
        Box::pin(async move { Ok(self.answer(challenge)) })
    }
}
