//! What a new account is set up with: it decides the account's address.

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolValue};

use super::AccountError;
use crate::MeeVersionConfig;
use crate::sign::OwnerKey;

alloy_sol_types::sol! {
    struct BootstrapConfig { address module; bytes data; }
    struct HookConfig { uint256 hookType; address module; bytes data; }
    function initNexusWithSingleValidator(address validator, bytes data, address registry, address[] attesters, uint8 threshold) external;
    function initNexusWithDefaultValidatorAndOtherModulesNoRegistry(
        bytes defaultValidatorInitData,
        BootstrapConfig[] validators,
        BootstrapConfig[] executors,
        BootstrapConfig hook,
        BootstrapConfig[] fallbacks,
        HookConfig[] preValidationHooks
    ) external payable;
    function createAccount(bytes initData, bytes32 salt) external payable returns (address);
}

/// `abi.encode(address bootstrap, bytes call)`.
pub(super) fn init_data(suite: &MeeVersionConfig, key: &OwnerKey) -> Result<Bytes, AccountError> {
    let data = owner_data(suite, key)?;
    let call = if suite.version.has_default_validator() {
        initNexusWithDefaultValidatorAndOtherModulesNoRegistryCall {
            defaultValidatorInitData: data,
            validators: Vec::new(),
            executors: Vec::new(),
            // A zero word, not nothing: it is part of the address.
            hook: BootstrapConfig { module: Address::ZERO, data: B256::ZERO.into() },
            fallbacks: Vec::new(),
            preValidationHooks: Vec::new(),
        }
        .abi_encode()
    } else {
        let registry = suite
            .module_registry
            .as_ref()
            .ok_or(AccountError::IncompleteSuite { version: suite.version, part: "module registry" })?;
        initNexusWithSingleValidatorCall {
            validator: suite.validator_address,
            data,
            registry: registry.registry_address,
            attesters: registry.attesters.clone(),
            threshold: registry.attester_threshold,
        }
        .abi_encode()
    };
    Ok((suite.bootstrap_address, Bytes::from(call)).abi_encode_params().into())
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
