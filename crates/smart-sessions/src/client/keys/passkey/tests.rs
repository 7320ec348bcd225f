use std::borrow::ToOwned as _;
use std::format;
use std::string::String;
use std::vec::Vec;

use alloy_primitives::{B256, Bytes, U256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use session_types::abi::Session;
use session_types::validator::{WebAuthnKey, WebAuthnSignature};
use session_types::{Deployment, SessionValidator};

use super::assertion::sha256;
use super::{Passkey, PasskeyError, RelyingParty, WebAuthnAssertion};
use crate::{Error, SessionKey as _, SignatureCheck};

const HASH: B256 = B256::repeat_byte(0xfb);
const ORIGIN: &str = "https://app.example.org";

/// An authenticator in software, and what it may do wrong.
#[derive(Clone)]
struct Token {
    key: SigningKey,
    flags: u8,
    id: &'static str,
    client_data: fn(&str) -> String,
    high_s: bool,
}

fn usual(challenge: &str) -> String {
    format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#)
}

impl Token {
    fn new() -> Self {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        Self { key, flags: 0x05, id: "example.org", client_data: usual, high_s: false }
    }

    fn public_key(&self) -> WebAuthnKey {
        let point = self.key.verifying_key().to_encoded_point(false);
        WebAuthnKey::new(point.as_bytes(), "credential").unwrap()
    }

    fn assert(&self, challenge: B256) -> WebAuthnAssertion {
        let mut data = Vec::from(sha256([self.id.as_bytes()]).0);
        data.extend_from_slice(&[self.flags, 0, 0, 0, 9]);
        let client_data = (self.client_data)(&URL_SAFE_NO_PAD.encode(challenge));
        let signed = sha256([data.as_slice(), sha256([client_data.as_bytes()]).as_slice()]);
        let signature: Signature = self.key.sign_prehash(signed.as_slice()).unwrap();
        let low = signature.normalize_s().unwrap_or(signature);
        let signature = if self.high_s {
            let (r, s) = low.split_scalars();
            Signature::from_scalars(*r, -*s).unwrap()
        } else {
            low
        };
        let signature = Bytes::copy_from_slice(signature.to_der().as_bytes());
        WebAuthnAssertion {
            authenticator_data: data.into(),
            client_data_json: client_data.into_bytes().into(),
            signature,
        }
    }

    fn passkey(&self) -> Passkey<impl Fn(B256) -> std::future::Ready<Result<WebAuthnAssertion, String>>> {
        let token = self.clone();
        Passkey::new(self.public_key(), move |challenge| std::future::ready(Ok(token.assert(challenge)))).unwrap()
    }

    async fn refused(&self) -> PasskeyError {
        let party = RelyingParty::new("example.org", ORIGIN);
        let deployment = Deployment::current();
        match self.passkey().with_relying_party(party).sign(SignatureCheck::new(&deployment, None), HASH).await {
            Err(Error::Passkey(error)) => error,
            answer => panic!("{answer:?}"),
        }
    }
}

fn session(key: &WebAuthnKey) -> Session {
    let validator = SessionValidator::webauthn(&Deployment::current(), key);
    Session {
        session_validator: validator.address(),
        session_validator_init_data: validator.init_data().clone(),
        ..Session::default()
    }
}

const HALF: U256 =
    U256::from_limbs([0x79dc_e561_7e31_92a8, 0xde73_7d56_d38b_cf42, 0x7fff_ffff_ffff_ffff, 0x7fff_ffff_8000_0000]);

#[tokio::test]
async fn an_assertion_becomes_the_validators_signature() {
    let deployment = Deployment::current();
    for high_s in [false, true] {
        let token = Token { high_s, ..Token::new() };
        let session = session(&token.public_key());
        let check = SignatureCheck::new(&deployment, Some(&session));
        let passkey =
            token.passkey().with_relying_party(RelyingParty::new("example.org", ORIGIN)).with_precompile(true);
        passkey.check(&check).unwrap();
        let bytes = passkey.sign(check, HASH).await.unwrap();
        let signature = WebAuthnSignature::decode(&bytes).unwrap();
        assert!(signature.s <= HALF && signature.use_precompiled);
        let location = signature.client_data_json.find("\"type\":\"webauthn.get\"");
        assert_eq!(location.map(U256::from), Some(signature.response_type_location));
        assert_eq!(signature.client_data_json.find("\"challenge\":\""), Some(23));
        // The stub is not shorter, and Chromium's longer answers still fit.
        let stub = WebAuthnSignature::decode(&passkey.stub_signature(&check).unwrap()).unwrap();
        assert_eq!(stub.authenticator_data.len(), signature.authenticator_data.len());
        assert!(stub.client_data_json.len() > signature.client_data_json.len());
        assert!(stub.client_data_json.contains(ORIGIN) && stub.use_precompiled);
        serde_json::from_str::<serde_json::Value>(&stub.client_data_json).unwrap();
    }
}

#[tokio::test]
async fn what_an_authenticator_must_not_answer() {
    let token = Token::new();
    assert_eq!(Token { flags: 0x01, ..token.clone() }.refused().await, PasskeyError::Unverified { flags: 0x01 });
    assert_eq!(Token { flags: 0x04, ..token.clone() }.refused().await, PasskeyError::Unverified { flags: 0x04 });
    let party = Token { id: "example.com", ..token.clone() }.refused().await;
    assert!(matches!(party, PasskeyError::RelyingParty { .. }), "{party}");

    let with = |client_data: fn(&str) -> String| Token { client_data, ..Token::new() };
    let other = with(|_| usual(&URL_SAFE_NO_PAD.encode([1; 32]))).refused().await;
    assert!(matches!(&other, PasskeyError::Challenge { seen, .. } if seen.starts_with("AQEB")), "{other}");
    let created = with(|challenge| usual(challenge).replace(".get", ".create")).refused().await;
    assert_eq!(created, PasskeyError::Type { seen: "webauthn.create".to_owned() });
    let page = with(|challenge| usual(challenge).replace("app.", "evil.")).refused().await;
    assert!(matches!(page, PasskeyError::Origin { .. }), "{page}");
    let order = with(|challenge| format!(r#"{{"challenge":"{challenge}","type":"webauthn.get","origin":"{ORIGIN}"}}"#));
    assert!(matches!(order.refused().await, PasskeyError::Order { .. }));
    let blank = with(|challenge| usual(challenge).replace("{\"", "{ \"")).refused().await;
    assert!(matches!(blank, PasskeyError::Order { .. }), "{blank}");
    let twice = with(|challenge| usual(challenge).replace('}', ",\"challenge\":\"AA\"}")).refused().await;
    assert!(matches!(twice, PasskeyError::ClientData(_)), "{twice}");
    let nothing = with(|_| String::new()).refused().await;
    assert!(matches!(nothing, PasskeyError::ClientData(_)), "{nothing}");

    let declined = |_| std::future::ready(Err::<WebAuthnAssertion, _>("the user said no"));
    let passkey = Passkey::new(token.public_key(), declined).unwrap();
    let deployment = Deployment::current();
    let answer = passkey.sign(SignatureCheck::new(&deployment, None), HASH).await;
    assert_eq!(answer, Err(PasskeyError::Authenticator("the user said no".to_owned()).into()));
}

#[tokio::test]
async fn signatures_of_other_keys_and_other_bytes_are_refused() {
    let token = Token::new();
    let other = Token { key: SigningKey::from_slice(&[8; 32]).unwrap(), ..Token::new() };
    let answer = other.assert(HASH);
    assert_eq!(answer.check(token.key.verifying_key(), HASH, None), Err(PasskeyError::OtherSignature));
    type Change = fn(&mut WebAuthnAssertion);
    let changes: [(Change, PasskeyError); 4] = [
        (|answer| answer.signature = Bytes::from_static(&[0x30, 2, 1]), PasskeyError::Signature { length: 3 }),
        (|answer| answer.signature = Bytes::new(), PasskeyError::Signature { length: 0 }),
        (
            |answer| answer.authenticator_data = answer.authenticator_data.slice(..36),
            PasskeyError::AuthenticatorData { length: 36 },
        ),
        (|answer| answer.authenticator_data = Bytes::new(), PasskeyError::AuthenticatorData { length: 0 }),
    ];
    for (change, error) in changes {
        let mut answer = token.assert(HASH);
        change(&mut answer);
        assert_eq!(answer.check(token.key.verifying_key(), HASH, None), Err(error));
    }
    let mut counted = token.assert(HASH);
    let mut data = counted.authenticator_data.to_vec();
    data[36] += 1;
    counted.authenticator_data = data.into();
    assert_eq!(counted.check(token.key.verifying_key(), HASH, None), Err(PasskeyError::OtherSignature));
}

#[test]
fn sessions_of_other_keys_and_points_off_the_curve_are_refused() {
    let (token, deployment) = (Token::new(), Deployment::current());
    let mut other = token.public_key();
    other.x += U256::ONE;
    let session = session(&other);
    let answer = token.passkey().check(&SignatureCheck::new(&deployment, Some(&session)));
    assert!(matches!(answer, Err(Error::Passkey(PasskeyError::OtherKey { .. }))), "{answer:?}");
    let declined = |_| std::future::ready(Err::<WebAuthnAssertion, _>(""));
    assert_eq!(Passkey::new(other, declined).map(drop), Err(PasskeyError::PublicKey));
}
