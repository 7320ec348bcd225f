use alloc::string::String;

use alloy_primitives::{B256, Bytes, U256, hex, keccak256};

use crate::abi::DecodeError;
use crate::abi::codec::{self, inline_struct};

/// A passkey on P-256, as the WebAuthn validator stores it: `abi.encode((uint256 x, uint256 y), bytes32 credential)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebAuthnKey {
    /// The public key's first coordinate.
    pub x: U256,
    /// The public key's second coordinate.
    pub y: U256,
    /// The keccak-256 hash of the credential id's text.
    pub credential_id_hash: B256,
}

inline_struct!(WebAuthnKey { x: U256, y: U256, credential_id_hash: B256 });

/// Why bytes are no public key on P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("public key of {length} bytes, expected 64, or 65 with first byte 4")]
pub struct WebAuthnKeyError {
    /// How many bytes there are.
    pub length: usize,
}

impl WebAuthnKey {
    /// A key from its uncompressed form: 64 bytes x and y, or 65 with the first byte 4.
    ///
    /// # Errors
    /// When the bytes have another form.
    pub fn new(public_key: &[u8], credential_id: &str) -> Result<Self, WebAuthnKeyError> {
        let error = WebAuthnKeyError { length: public_key.len() };
        let coordinates = match public_key.len() {
            65 => public_key.strip_prefix(&[4]).ok_or(error)?,
            64 => public_key,
            _ => return Err(error),
        };
        let (x, y) = coordinates.split_at(32);
        Ok(Self { x: U256::from_be_slice(x), y: U256::from_be_slice(y), credential_id_hash: keccak256(credential_id) })
    }

    /// The init data, 96 bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        codec::encode(&[], self).into()
    }

    /// Reads init data.
    ///
    /// # Errors
    /// When there are less than 96 bytes.
    pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(data)
    }
}

/// A passkey's signature, as the WebAuthn validator reads it: `abi.encode(bytes authenticatorData, string
/// clientDataJSON, uint256 responseTypeLocation, uint256 r, uint256 s, bool usePrecompiled)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WebAuthnSignature {
    /// What the authenticator signed beside the client data.
    pub authenticator_data: Bytes,
    /// The client data, as text.
    pub client_data_json: String,
    /// Where the member `type` begins in the client data.
    pub response_type_location: U256,
    /// First half of the signature.
    pub r: U256,
    /// Second half of the signature.
    pub s: U256,
    /// Whether the chain's P-256 precompile is asked.
    pub use_precompiled: bool,
}

inline_struct!(WebAuthnSignature {
    authenticator_data: Bytes,
    client_data_json: String,
    response_type_location: U256,
    r: U256,
    s: U256,
    use_precompiled: bool
});

impl WebAuthnSignature {
    /// What stands for a passkey's signature in gas estimation: well formed, of no key in use.
    #[doc(alias = "getWebauthnValidatorMockSignature")]
    #[must_use]
    pub fn stub() -> Self {
        Self {
            authenticator_data: Bytes::from_static(&hex!(
                "49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97631d00000000"
            )),
            client_data_json: STUB_CLIENT_DATA.into(),
            response_type_location: U256::from(1),
            r: U256::from_be_bytes(hex!("635bc6d0f68ff895cae8a288ecf7542a6a9cd555df784b73e1e2ea7e9104b1db")),
            s: U256::from_be_bytes(hex!("15e9015d280cb19527881c625fee43fd3a405d5b0d199a8c8e6589a7381209e4")),
            use_precompiled: false,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        codec::encode(&[], self).into()
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(data)
    }
}

/// A browser's answer, with the member that Chromium adds now and then.
const STUB_CLIENT_DATA: &str = r#"{"type":"webauthn.get","challenge":"tbxXNFS9X_4Byr1cMwqKrIGB-_30a0QhZ6y7ucM0BOE","origin":"http://localhost:3000","crossOrigin":false, "other_keys_can_be_added_here":"do not compare clientDataJSON against a template. See https://goo.gl/yabPex"}"#;
