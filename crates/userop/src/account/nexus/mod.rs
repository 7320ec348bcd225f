//! Nexus: an ERC-7579 account in two generations, 1.0.x and 1.2 and later.

mod delegated;
mod deployment;
mod enable;
mod init;
mod proxy;

pub use delegated::{EMERGENCY_UNINSTALL_TYPE_HASH, initialize_signing_hash};
#[doc(alias = "getMEEVersion")]
pub use deployment::NexusDeployment;
pub use deployment::{AddressRule, Attesters};
#[doc(alias = "MODULE_ENABLE_MODE_TYPE_HASH")]
pub use enable::EnableType;
pub use enable::{EnableData, ModuleEnable};
pub use init::{DefaultValidatorInit, NexusInit, SingleValidatorInit};
pub use proxy::{ERC1967_CLONE_LENGTH, ProxyCode, erc1967_clone_init_code_hash};

use alloc::borrow::Cow;
use alloc::vec::Vec;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{Eip712Domain, SolCall};

use super::module::linked_uninstall_data;
use super::{Account, AccountError, Module, ModuleType, ValidationMode, Validator, prefixed, unprefixed};
use crate::abi::account as abi;
use crate::{Call, EntryPoint, Factory, NonceKey};

/// A Nexus account: a deployment of its contracts and an address.
///
/// Nonce key: `batch(3) ++ mode(1) ++ validator(20)`; the zero address stands for the default validator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "toNexusAccount")]
#[doc(alias = "createNexusClient")]
pub struct Nexus {
    deployment: NexusDeployment,
    address: Address,
    factory: Option<Factory>,
}

impl Nexus {
    /// The account of an init value and an index, which its first operation creates.
    ///
    /// `proxy` is needed by [`AddressRule::NexusProxy`] only.
    ///
    /// # Errors
    /// When the init value is for another kind of factory, or the proxy code is needed and missing.
    pub fn counterfactual(
        deployment: NexusDeployment,
        init: &NexusInit,
        index: U256,
        proxy: Option<&ProxyCode>,
    ) -> Result<Self, AccountError> {
        let address = deployment.address(init, index, proxy)?;
        let factory = Some(deployment.factory_call(init, index)?);
        Ok(Self { deployment, address, factory })
    }

    /// An account whose address is known, with the factory call that creates it.
    #[must_use]
    pub const fn with_known_address(deployment: NexusDeployment, address: Address, factory: Factory) -> Self {
        Self { deployment, address, factory: Some(factory) }
    }

    /// An account that is deployed, or a key account that delegates to the implementation (EIP-7702).
    #[must_use]
    #[doc(alias = "accountAddress")]
    pub const fn at(deployment: NexusDeployment, address: Address) -> Self {
        Self { deployment, address, factory: None }
    }

    /// The same account now that it has code. Ask the chain (`eth_getCode`) and keep only a yes.
    #[must_use]
    pub fn deployed(mut self) -> Self {
        self.factory = None;
        self
    }

    /// The account's contracts.
    #[must_use]
    pub const fn deployment(&self) -> &NexusDeployment {
        &self.deployment
    }

    /// The calls that install a session module as the references do: the installation, then the owner's validator is
    /// told to trust the module's ERC-1271 requests (`addSafeSender`), without which enabling sessions is refused by
    /// validators that nest (ERC-7739).
    ///
    /// # Errors
    /// When the account does not take such modules.
    #[doc(alias = "installModule")]
    pub fn install_with_safe_sender(
        &self,
        module: &Module,
        data: &[u8],
        owner_validator: Address,
    ) -> Result<Vec<Call>, AccountError> {
        let sender = abi::addSafeSenderCall { sender: module.address() };
        Ok(Vec::from([self.install(module, data)?, Call::new(owner_validator, sender.abi_encode())]))
    }

    /// The call that changes the account's code; delegated key accounts refuse it. The address stays.
    #[must_use]
    #[doc(alias = "upgradeSmartAccount")]
    pub fn upgrade(&self, implementation: Address, data: impl Into<Bytes>) -> Call {
        let call = abi::upgradeToAndCallCall { newImplementation: implementation, data: data.into() };
        Call::new(self.address, call.abi_encode())
    }

    /// Starts the module-enable mode: see [`ModuleEnable`].
    ///
    /// The operation's nonce key names the module that validates it, normally the new one, with
    /// [`ValidationMode::ModuleEnable`].
    #[must_use]
    pub fn enable_module(&self, module: Address, module_type: ModuleType, init_data: impl Into<Bytes>) -> ModuleEnable {
        ModuleEnable {
            enable_type: self.deployment.enable_type,
            module,
            module_type: module_type.id(),
            init_data: init_data.into(),
        }
    }

    /// Whether the account has a default validator, reached by the zero address (1.2 and later).
    const fn has_default_validator(&self) -> bool {
        self.deployment.default_validator.is_some()
    }

    const fn validator_address(&self, validator: Validator) -> Result<Address, AccountError> {
        match validator {
            Validator::Installed(address) => Ok(address),
            Validator::Default if self.has_default_validator() => Ok(Address::ZERO),
            Validator::Default => Err(AccountError::NoDefaultValidator),
        }
    }
}

impl Account for Nexus {
    fn address(&self) -> Address {
        self.address
    }

    fn entry_point(&self) -> EntryPoint {
        self.deployment.entry_point
    }

    fn factory(&self) -> Option<&Factory> {
        self.factory.as_ref()
    }

    fn nonce_key(&self, validator: Validator, mode: ValidationMode, lane: u32) -> Result<NonceKey, AccountError> {
        let mode = match mode {
            ValidationMode::Validate => 0,
            ValidationMode::ModuleEnable => 1,
            ValidationMode::Prepare if self.has_default_validator() => 2,
            ValidationMode::Prepare => return Err(AccountError::Mode { mode }),
        };
        let [0, batch @ ..] = lane.to_be_bytes() else {
            return Err(AccountError::Lane { lane, lanes: self.lanes() });
        };
        Ok(NonceKey::batch_mode_validator(batch, mode, self.validator_address(validator)?))
    }

    fn lanes(&self) -> u32 {
        1 << 24
    }

    fn install_data(&self, module: &Module, data: &[u8]) -> Result<Bytes, AccountError> {
        self.check(module)?;
        Ok(module.plain_install_data(data))
    }

    fn uninstall_data(&self, module: &Module, previous: Option<Address>, data: &[u8]) -> Result<Bytes, AccountError> {
        self.check(module)?;
        if self.list_of(module).is_none() {
            return Ok(module.plain_uninstall_data(data));
        }
        let previous = previous.ok_or(AccountError::PreviousNeeded { module: module.address() })?;
        Ok(linked_uninstall_data(previous, data))
    }

    fn wrap_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError> {
        Ok(prefixed(self.validator_address(validator)?, signature))
    }

    fn unwrap_enable_signature(&self, wrapped: &[u8]) -> Result<(Validator, Bytes), AccountError> {
        let (validator, signature) = unprefixed(wrapped)?;
        let default = validator.is_zero() && self.has_default_validator();
        Ok((if default { Validator::Default } else { Validator::Installed(validator) }, signature))
    }

    fn domain(&self, chain_id: u64) -> Option<Eip712Domain> {
        Some(Eip712Domain::new(
            Some(self.deployment.domain_name.clone()),
            Some(self.deployment.domain_version.clone()),
            Some(U256::from(chain_id)),
            Some(self.address),
            None,
        ))
    }
}

impl Nexus {
    const fn check(&self, module: &Module) -> Result<(), AccountError> {
        let module_type = module.module_type();
        let known = match module_type {
            ModuleType::Policy | ModuleType::Signer => false,
            ModuleType::PreValidationHookErc1271 | ModuleType::PreValidationHookErc4337 => self.has_default_validator(),
            _ => true,
        };
        if known { Ok(()) } else { Err(AccountError::Module { module_type }) }
    }

    /// The same account with another version in its EIP-712 domain, as read from the account (ERC-5267).
    #[must_use]
    pub fn with_domain_version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.deployment.domain_version = version.into();
        self
    }
}
