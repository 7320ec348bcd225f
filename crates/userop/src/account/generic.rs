use alloy_primitives::{Address, Bytes};
use alloy_sol_types::Eip712Domain;

use super::module::linked_uninstall_data;
use super::{Account, AccountError, Module, ValidationMode, Validator, prefixed, unprefixed};
use crate::{EntryPoint, Factory, NonceKey};

/// An ERC-7579 account in the manner of the reference implementation.
///
/// Nonce key: `validator(20) ++ lane(4)`. Modules get their data as it is, but for fallbacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generic {
    address: Address,
    entry_point: EntryPoint,
    factory: Option<Factory>,
    domain: Option<Eip712Domain>,
}

impl Generic {
    /// A deployed account that trusts entry point 0.7.
    #[must_use]
    pub const fn at(address: Address) -> Self {
        Self { address, entry_point: EntryPoint::V0_7, factory: None, domain: None }
    }

    /// With another entry point.
    #[must_use]
    pub const fn with_entry_point(mut self, entry_point: EntryPoint) -> Self {
        self.entry_point = entry_point;
        self
    }

    /// With what creates the account; `None` once it has code.
    #[must_use]
    pub fn with_factory(mut self, factory: impl Into<Option<Factory>>) -> Self {
        self.factory = factory.into();
        self
    }

    /// With the EIP-712 domain that the account answers with (ERC-5267).
    #[must_use]
    pub fn with_domain(mut self, domain: Eip712Domain) -> Self {
        self.domain = Some(domain);
        self
    }
}

impl Account for Generic {
    fn address(&self) -> Address {
        self.address
    }

    fn entry_point(&self) -> EntryPoint {
        self.entry_point
    }

    fn factory(&self) -> Option<&Factory> {
        self.factory.as_ref()
    }

    fn nonce_key(&self, validator: Validator, mode: ValidationMode, lane: u32) -> Result<NonceKey, AccountError> {
        match (validator, mode) {
            (Validator::Installed(validator), ValidationMode::Validate) => {
                Ok(NonceKey::validator_lane(validator, lane.to_be_bytes()))
            }
            (Validator::Default, _) => Err(AccountError::NoDefaultValidator),
            _ => Err(AccountError::Mode { mode }),
        }
    }

    fn lanes(&self) -> u32 {
        u32::MAX
    }

    fn install_data(&self, module: &Module, data: &[u8]) -> Result<Bytes, AccountError> {
        Ok(module.plain_install_data(data))
    }

    fn uninstall_data(&self, module: &Module, previous: Option<Address>, data: &[u8]) -> Result<Bytes, AccountError> {
        if self.list_of(module).is_none() {
            return Ok(module.plain_uninstall_data(data));
        }
        let previous = previous.ok_or(AccountError::PreviousNeeded { module: module.address() })?;
        Ok(linked_uninstall_data(previous, data))
    }

    fn wrap_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError> {
        match validator {
            Validator::Installed(validator) => Ok(prefixed(validator, signature)),
            Validator::Default => Err(AccountError::NoDefaultValidator),
        }
    }

    fn unwrap_enable_signature(&self, wrapped: &[u8]) -> Result<(Validator, Bytes), AccountError> {
        let (validator, signature) = unprefixed(wrapped)?;
        Ok((Validator::Installed(validator), signature))
    }

    fn domain(&self, _: u64) -> Option<Eip712Domain> {
        self.domain.clone()
    }
}
