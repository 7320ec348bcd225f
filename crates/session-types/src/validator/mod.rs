//! Contracts that check a session key's signatures, and what they check against.

mod mee;
mod owners;
mod signing;
mod webauthn;

use alloy_primitives::{Address, Bytes};

pub use mee::{EOA_STATELESS_VALIDATOR, MEE_K1_VALIDATOR, MEE_STX_VALIDATOR, MeeSessionKey};
#[doc(alias = "getOwnableValidatorMockSignature")]
pub use owners::OWNER_STUB_SIGNATURE;
pub use owners::{Owners, OwnersData, OwnersError, SIGNATURE_LENGTH};
pub use signing::SessionSigner;
#[doc(alias = "getIsValidSignatureStateless")]
pub use signing::SigningForm;
#[doc(alias = "PublicKey")]
pub use webauthn::WebAuthnKey;
pub use webauthn::WebAuthnKeyError;
#[doc(alias("getWebauthnValidatorSignature", "WebauthnValidatorSignature"))]
pub use webauthn::WebAuthnSignature;

use crate::Deployment;

/// A session validator and the data it checks signatures against.
///
/// Any contract with `validateSignatureWithData(bytes32 hash, bytes signature, bytes data)` (selector `0x940d3840`) can
/// stand here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionValidator {
    address: Address,
    init_data: Bytes,
}

impl SessionValidator {
    /// Any validator, with data in its own layout.
    #[must_use]
    pub const fn custom(address: Address, init_data: Bytes) -> Self {
        Self { address, init_data }
    }

    /// A list of keys, of which a number must sign.
    #[doc(alias = "getOwnableValidator")]
    #[must_use]
    pub fn owners(deployment: &Deployment, owners: &Owners) -> Self {
        Self::custom(deployment.ownable_validator.address, owners.encode())
    }

    /// A passkey.
    ///
    /// The data are those of the validator's installation on an account; whether the deployed contract takes the same
    /// as session data is not proven, so try it on the chain before relying on it.
    #[doc(alias = "WEBAUTHN_VALIDATOR_ADDRESS")]
    #[doc(alias = "WebauthnCredential")]
    #[doc(alias = "getWebAuthnValidator")]
    #[must_use]
    pub fn webauthn(deployment: &Deployment, key: &WebAuthnKey) -> Self {
        Self::custom(deployment.webauthn_validator, key.encode())
    }

    /// The account's own MEE validator, with one key.
    #[must_use]
    pub fn mee(validator: Address, key: &MeeSessionKey) -> Self {
        Self::custom(validator, key.encode())
    }

    /// The validator contract.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// What it checks signatures against.
    #[must_use]
    pub const fn init_data(&self) -> &Bytes {
        &self.init_data
    }

    pub(crate) fn into_parts(self) -> (Address, Bytes) {
        (self.address, self.init_data)
    }
}
