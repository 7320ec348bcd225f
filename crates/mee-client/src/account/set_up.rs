//! What a new account is set up with: it decides the account's address.

use alloy_primitives::Bytes;
use userop::account::nexus::{DefaultValidatorInit, NexusInit, SingleValidatorInit};

use super::AccountError;
use crate::MeeVersionConfig;
use crate::sign::OwnerKey;

/// `abi.encode(address bootstrap, bytes call)`.
pub(super) fn init_data(suite: &MeeVersionConfig, key: &OwnerKey) -> Result<Bytes, AccountError> {
    let incomplete = |part| AccountError::IncompleteSuite { version: suite.version, part };
    let data = owner_data(suite, key)?;
    let init = if suite.version.has_default_validator() {
        NexusInit::DefaultValidator(DefaultValidatorInit::new(data))
    } else {
        let registry = suite.module_registry.as_ref().ok_or_else(|| incomplete("module registry"))?;
        NexusInit::SingleValidator(SingleValidatorInit {
            validator: suite.validator_address,
            data,
            registry: registry.registry_address,
            attesters: registry.attesters.clone(),
            threshold: registry.attester_threshold,
        })
    };
    init.encode(suite.bootstrap_address).ok_or_else(|| incomplete("bootstrap"))
}

/// How the owner validator is told of a key: the address (20 bytes), or from 3.0.0 on
/// `stateless validator(20) ++ 0x00 ++ key`.
pub(crate) fn owner_data(suite: &MeeVersionConfig, key: &OwnerKey) -> Result<Bytes, AccountError> {
    let parts = suite.submodules.as_ref();
    if !suite.version.has_stateless_owner_validators() {
        return Ok(key.address().to_vec().into());
    }
    let parts = parts.ok_or(AccountError::IncompleteSuite { version: suite.version, part: "submodules" })?;
    // The zero counts the callers that may skip nested hashing: none at set-up.
    Ok(match key {
        OwnerKey::Secp256k1(address) => [parts.eoa_stateless_validator.as_slice(), &[0], address.as_slice()].concat(),
        OwnerKey::P256 { x, y } => {
            [parts.p256_stateless_validator.as_slice(), &[0], x.as_slice(), y.as_slice()].concat()
        }
    }
    .into())
}
