use std::boxed::Box;
use std::string::String;

use alloy_primitives::{B256, Bytes};
use session_types::validator::WebAuthnKey;

/// Why a passkey cannot sign for a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// The public key is no point of P-256.
    #[error("the passkey's public key is no point of P-256")]
    PublicKey,
    /// The session is for another key.
    #[error("the session's validator is set up with {seen}, expected the passkey x {:#x}, y {:#x}", expected.x, expected.y)]
    OtherKey {
        /// The passkey.
        expected: Box<WebAuthnKey>,
        /// The session validator's data.
        seen: Bytes,
    },
    /// The authenticator gave no assertion.
    #[error("authenticator: {0}")]
    Authenticator(String),
    /// The client data are no JSON object with a type, a challenge and an origin.
    #[error("the client data cannot be read: {0}")]
    ClientData(String),
    /// The client data are of something else than an assertion.
    #[error("client data of type {seen:?}, expected \"webauthn.get\"")]
    Type {
        /// Their type.
        seen: String,
    },
    /// The authenticator signed another challenge.
    #[error("the authenticator signed the challenge {seen:?}, expected {expected:?}")]
    Challenge {
        /// The operation's hash in base64url.
        expected: String,
        /// What was signed.
        seen: String,
    },
    /// The client data begin otherwise than the validator reads them.
    #[error("the client data do not begin with {expected:?}, as the validator wants it")]
    Order {
        /// How they should begin.
        expected: String,
    },
    /// The assertion was made for another page.
    #[error("an assertion for {seen:?}, expected {expected:?}")]
    Origin {
        /// The relying party's origin.
        expected: String,
        /// The page's.
        seen: String,
    },
    /// The assertion was made for another relying party.
    #[error("an assertion for the relying party with hash {seen}, expected {expected}")]
    RelyingParty {
        /// SHA-256 of the relying party's id.
        expected: B256,
        /// What stands in the assertion.
        seen: B256,
    },
    /// The authenticator data are too short.
    #[error("authenticator data of {length} bytes, expected at least 37")]
    AuthenticatorData {
        /// How many bytes there are.
        length: usize,
    },
    /// The user was not there, or was not verified by fingerprint, face, or PIN: the validator wants both.
    #[error(
        "authenticator data with flags {flags:#04x}, expected user presence (0x01) and user verification (0x04) (remedy: ask with userVerification \"required\")"
    )]
    Unverified {
        /// The flags.
        flags: u8,
    },
    /// The bytes are no ECDSA signature in DER.
    #[error("{length} bytes that are no ECDSA signature in DER")]
    Signature {
        /// How many bytes there are.
        length: usize,
    },
    /// The signature is not the passkey's over these data.
    #[error("the signature is not the passkey's over what the authenticator answered")]
    OtherSignature,
}
