//! A passkey as session key, on a chain with the P-256 precompile.

use alloy_primitives::{B256, Bytes, hex};
use alloy_sol_types::{SolCall as _, SolValue as _, sol};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest as _, Sha256};
use smart_sessions::bundler::CallRequest;
use smart_sessions::policy::{KnownPolicy as _, UsageLimit};
use smart_sessions::session::validator::{WebAuthnKey, WebAuthnSignature};
use smart_sessions::session::{EnableMode, SessionValidator};
use smart_sessions::{
    Error, Passkey, PasskeyError, RelyingParty, SessionClient, SessionKey, SignatureCheck, WebAuthnAssertion,
};
use testkit::{Devnet, Hardfork};

use crate::ground::Ground;

const ORIGIN: &str = "https://app.example.org";

sol! {
    function validateSignatureWithData(bytes32 hash, bytes signature, bytes data) external view returns (bool);
}

/// An authenticator in software.
#[derive(Clone)]
struct Token(SigningKey);

impl Token {
    fn public_key(&self) -> WebAuthnKey {
        WebAuthnKey::new(self.0.verifying_key().to_encoded_point(false).as_bytes(), "credential").unwrap()
    }

    fn assert(&self, challenge: B256) -> WebAuthnAssertion {
        let mut data = Sha256::digest("example.org").to_vec();
        // Present, verified, backed up; a counter.
        data.extend_from_slice(&[0x1d, 0, 0, 0, 0]);
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let client_data =
            format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#);
        let signed = Sha256::new().chain_update(&data).chain_update(Sha256::digest(&client_data)).finalize();
        let signature: Signature = self.0.sign_prehash(&signed).unwrap();
        WebAuthnAssertion {
            authenticator_data: data.into(),
            client_data_json: client_data.into_bytes().into(),
            signature: Bytes::copy_from_slice(signature.to_der().as_bytes()),
        }
    }

    fn passkey(
        &self,
    ) -> Passkey<impl Fn(B256) -> std::future::Ready<Result<WebAuthnAssertion, String>> + Clone + use<>> {
        let token = self.clone();
        Passkey::new(self.public_key(), move |challenge| std::future::ready(Ok(token.assert(challenge)))).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_enables_and_uses_its_session() {
    let ground = Ground::on(Devnet::builder().hardfork(Hardfork::Osaka).start().await.unwrap()).await;
    assert!(ground.chain.has_p256_precompile().await.unwrap());
    let token = Token(SigningKey::from_slice(&[7; 32]).unwrap());
    let deployment = *ground.chain.deployment();
    let validator = SessionValidator::webauthn(&deployment, &token.public_key());
    let session = ground.session_for(validator, vec![UsageLimit::new(3).unwrap().on(&deployment.policies).unwrap()]);
    let plan = ground.owner.plan([&session]).prepare().await.unwrap();
    assert!(plan.explanation().to_string().contains("The passkey with credential"));
    let grant = ground.owner.sign_grant(&session, EnableMode::UnsafeEnable).await.unwrap();

    let client =
        |key| SessionClient::new(ground.chain.clone(), ground.owner.account().clone(), grant.clone(), key).unwrap();
    let party = RelyingParty::new("example.org", ORIGIN);
    let passkey = token.passkey().with_relying_party(party).with_precompile(true);
    let user = client(passkey.clone());
    assert!(user.ask_chain(&[Ground::increment()]).await.unwrap().is_agreed());
    user.use_permission(&[Ground::increment()]).await.unwrap();
    user.use_permission(&[Ground::increment(), Ground::increment()]).await.unwrap();
    assert_eq!(ground.count().await, 3);
    // The limit holds for a passkey as for any key.
    let error = user.use_permission(&[Ground::increment()]).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");

    // Without the precompile the validator asks a contract, which is not there.
    let error =
        client(passkey.clone().with_precompile(false)).use_permission(&[Ground::increment()]).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_) | Error::Network(_)), "{error}");
    // Another passkey is found out here.
    let other = Token(SigningKey::from_slice(&[8; 32]).unwrap()).passkey().with_precompile(true);
    let error = client(other).use_permission(&[Ground::increment()]).await.unwrap_err();
    assert!(matches!(error, Error::Passkey(PasskeyError::OtherKey { .. })), "{error}");

    // What the contract takes, and what not.
    let check = SignatureCheck::new(&deployment, Some(&session));
    let hash = B256::repeat_byte(0xfe);
    let right = WebAuthnSignature::decode(&passkey.sign(check, hash).await.unwrap()).unwrap();
    let ask = async |hash: B256, signature: &WebAuthnSignature| {
        let data = session.session_validator_init_data.clone();
        let call = validateSignatureWithDataCall { hash, signature: signature.encode(), data };
        let request = CallRequest::new(session.session_validator, call.abi_encode());
        bool::abi_decode(&ground.chain.node().call(&request).await.unwrap()).unwrap()
    };
    assert!(ask(hash, &right).await);
    assert!(!ask(B256::repeat_byte(0xfd), &right).await, "another challenge");
    let order =
        alloy_primitives::U256::from_be_bytes(hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"));
    assert!(!ask(hash, &WebAuthnSignature { s: order - right.s, ..right.clone() }).await, "the other s");
    let elsewhere = WebAuthnSignature { response_type_location: alloy_primitives::U256::from(2), ..right.clone() };
    assert!(!ask(hash, &elsewhere).await, "the type elsewhere");
    let far = WebAuthnSignature { response_type_location: alloy_primitives::U256::MAX, ..right.clone() };
    assert!(!ask(hash, &far).await, "the type outside");
    let mut data = right.authenticator_data.to_vec();
    data[32] = 0x01;
    assert!(!ask(hash, &WebAuthnSignature { authenticator_data: data.into(), ..right.clone() }).await, "unverified");
    let client_data_json = right.client_data_json.replace("app.", "evil.");
    assert!(!ask(hash, &WebAuthnSignature { client_data_json, ..right }).await, "another page");
}
