//! Safe with the ERC-7579 adapter.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, Keccak256, U256, address, b256, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolValue};

use super::module::linked_uninstall_data;
use super::{Account, AccountError, Module, ModuleType, ValidationMode, Validator, prefixed, unprefixed};
use crate::abi::safe as abi;
use crate::hash::{Words, eip712_digest};
use crate::{EntryPoint, Factory, NonceKey};

/// `keccak256("SafeMessage(bytes message)")`.
const SAFE_MESSAGE_TYPE_HASH: B256 = b256!("0x60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca");
/// `keccak256("EIP712Domain(uint256 chainId,address verifyingContract)")`.
const SAFE_DOMAIN_TYPE_HASH: B256 = b256!("0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218");

/// The contracts of a Safe with the ERC-7579 adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafeDeployment {
    /// The entry point.
    pub entry_point: EntryPoint,
    /// Safe's proxy factory.
    pub proxy_factory: Address,
    /// Safe's code.
    pub singleton: Address,
    /// The adapter.
    pub adapter: Address,
    /// What makes a new Safe use the adapter.
    pub launchpad: Address,
}

impl SafeDeployment {
    /// Safe 1.4.1 with the second adapter and launchpad, at their published addresses.
    pub const V2: Self = Self {
        entry_point: EntryPoint::V0_7,
        proxy_factory: address!("0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67"),
        singleton: address!("0x41675C099F32341bf84BFc5382aF534df5C7461a"),
        adapter: address!("0x7579F2AD53b01c3D8779Fe17928e0D48885B0003"),
        launchpad: address!("0x75798463024bda64d83c94a64bc7d7eab41300ef"),
    };

    /// Safe's `setup` of an initialisation.
    #[must_use]
    pub fn initializer(&self, init: &SafeInit) -> Bytes {
        let list = |modules: &[(Address, Bytes)]| -> Vec<abi::ModuleInit> {
            modules.iter().map(|(module, data)| abi::ModuleInit { module: *module, initData: data.clone() }).collect()
        };
        let add = abi::addSafe7579Call {
            safe7579: self.adapter,
            validators: list(&init.validators),
            executors: list(&init.executors),
            fallbacks: list(&init.fallbacks),
            hooks: list(&init.hooks),
            attesters: init.attesters.clone(),
            threshold: init.attester_threshold,
        };
        abi::setupCall {
            owners: init.owners.clone(),
            threshold: init.threshold,
            to: self.launchpad,
            data: add.abi_encode().into(),
            fallbackHandler: self.adapter,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        }
        .abi_encode()
        .into()
    }

    /// The address of the Safe of an initialisation and a salt: `proxy` is the creation code of the factory's proxies
    /// (`proxyCreationCode()`).
    #[must_use]
    pub fn address(&self, init: &SafeInit, salt: U256, proxy: &[u8]) -> Address {
        let mut hasher = Keccak256::new();
        hasher.update(keccak256(self.initializer(init)));
        hasher.update(salt.to_be_bytes::<32>());
        let salt = hasher.finalize();
        let mut hasher = Keccak256::new();
        hasher.update(proxy);
        hasher.update(self.singleton.into_word());
        self.proxy_factory.create2(salt, hasher.finalize())
    }

    /// What creates the Safe of an initialisation and a salt.
    #[must_use]
    pub fn factory_call(&self, init: &SafeInit, salt: U256) -> Factory {
        let call = abi::createProxyWithNonceCall {
            singleton: self.singleton,
            initializer: self.initializer(init),
            saltNonce: salt,
        };
        Factory::new(self.proxy_factory, call.abi_encode())
    }
}

/// What a Safe with the adapter is created with; part of its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeInit {
    /// Safe's own owners.
    pub owners: Vec<Address>,
    /// How many of them have to sign.
    pub threshold: U256,
    /// Validators with their init data.
    pub validators: Vec<(Address, Bytes)>,
    /// Executors with their init data.
    pub executors: Vec<(Address, Bytes)>,
    /// Fallback handlers with their install data.
    pub fallbacks: Vec<(Address, Bytes)>,
    /// Hooks with their install data.
    pub hooks: Vec<(Address, Bytes)>,
    /// Whom the module registry is asked about.
    pub attesters: Vec<Address>,
    /// How many attesters have to vouch for a module.
    pub attester_threshold: u8,
}

/// A Safe with the ERC-7579 adapter.
///
/// Nonce key: `validator(20) ++ lane(4)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safe7579 {
    deployment: SafeDeployment,
    address: Address,
    factory: Option<Factory>,
}

impl Safe7579 {
    /// The Safe of an initialisation and a salt, which its first operation creates: see [`SafeDeployment::address`].
    #[must_use]
    pub fn counterfactual(deployment: SafeDeployment, init: &SafeInit, salt: U256, proxy: &[u8]) -> Self {
        let address = deployment.address(init, salt, proxy);
        let factory = Some(deployment.factory_call(init, salt));
        Self { deployment, address, factory }
    }

    /// A Safe that is deployed.
    #[must_use]
    pub const fn at(deployment: SafeDeployment, address: Address) -> Self {
        Self { deployment, address, factory: None }
    }

    /// The same account now that it has code.
    #[must_use]
    pub fn deployed(mut self) -> Self {
        self.factory = None;
        self
    }

    /// The account's contracts.
    #[must_use]
    pub const fn deployment(&self) -> &SafeDeployment {
        &self.deployment
    }

    /// What the Safe's own owners sign for a 32-byte message: the EIP-712 digest of `SafeMessage(bytes message)`.
    #[must_use]
    pub fn safe_message_hash(&self, hash: B256, chain_id: u64) -> B256 {
        let mut domain = Words::<3>::new();
        domain.push(SAFE_DOMAIN_TYPE_HASH);
        domain.number(U256::from(chain_id));
        domain.address(self.address);
        let mut message = Words::<2>::new();
        message.push(SAFE_MESSAGE_TYPE_HASH);
        message.push(keccak256(hash));
        eip712_digest(domain.hash(), message.hash())
    }
}

impl Account for Safe7579 {
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
        let data = Bytes::copy_from_slice(data);
        match module {
            Module::Validator(_) | Module::Executor(_) => Ok(data),
            Module::Fallback { selector, call_type, .. } => {
                Ok((selector_word(*selector), call_type_word(call_type.as_byte()), data).abi_encode_params().into())
            }
            Module::Hook { .. } => hook_data(module, data),
            Module::Other { module_type, .. } => Err(AccountError::Module { module_type: *module_type }),
        }
    }

    fn uninstall_data(&self, module: &Module, previous: Option<Address>, data: &[u8]) -> Result<Bytes, AccountError> {
        match module {
            Module::Validator(address) | Module::Executor(address) => {
                let previous = previous.ok_or(AccountError::PreviousNeeded { module: *address })?;
                Ok(linked_uninstall_data(previous, data))
            }
            Module::Fallback { selector, .. } => {
                Ok((selector_word(*selector), Bytes::copy_from_slice(data)).abi_encode_params().into())
            }
            Module::Hook { .. } => hook_data(module, Bytes::copy_from_slice(data)),
            Module::Other { module_type, .. } => Err(AccountError::Module { module_type: *module_type }),
        }
    }

    fn signing_hash(&self, validator: Validator, hash: B256, chain_id: u64) -> Result<B256, AccountError> {
        match validator {
            Validator::Installed(validator) if validator == self.address => Ok(self.safe_message_hash(hash, chain_id)),
            Validator::Installed(_) => Ok(hash),
            Validator::Default => Err(AccountError::NoDefaultValidator),
        }
    }

    /// `validator(20) ++ signature`. With the Safe itself as the validator its owners sign; their signatures are then
    /// of the personal-message form, which Safe marks by 31 and 32 instead of 27 and 28.
    fn wrap_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError> {
        match validator {
            Validator::Installed(validator) if validator == self.address => {
                let mut signature = signature.to_vec();
                for part in signature.chunks_exact_mut(65) {
                    if matches!(part[64], 27 | 28) {
                        part[64] += 4;
                    }
                }
                Ok(prefixed(validator, &signature))
            }
            Validator::Installed(validator) => Ok(prefixed(validator, signature)),
            Validator::Default => Err(AccountError::NoDefaultValidator),
        }
    }

    fn unwrap_enable_signature(&self, wrapped: &[u8]) -> Result<(Validator, Bytes), AccountError> {
        let (validator, signature) = unprefixed(wrapped)?;
        Ok((Validator::Installed(validator), signature))
    }

    fn domain(&self, chain_id: u64) -> Option<Eip712Domain> {
        Some(Eip712Domain::new(
            Some("rhinestone safe7579".into()),
            Some("v1.0.0".into()),
            Some(U256::from(chain_id)),
            Some(self.address),
            None,
        ))
    }
}

/// `abi.encode(uint8 hookType, bytes4 selector, bytes data)`.
fn hook_data(module: &Module, data: Bytes) -> Result<Bytes, AccountError> {
    let Module::Hook { scope, .. } = module else {
        return Err(AccountError::Module { module_type: ModuleType::Hook });
    };
    Ok((U256::from(scope.hook_type()), selector_word(scope.selector), data).abi_encode_params().into())
}

/// A `bytes4` in its word.
fn selector_word(selector: [u8; 4]) -> B256 {
    B256::right_padding_from(&selector)
}

/// A `bytes1` in its word.
fn call_type_word(call_type: u8) -> B256 {
    B256::right_padding_from(&[call_type])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_the_hashes_of_their_texts() {
        assert_eq!(SAFE_MESSAGE_TYPE_HASH, keccak256("SafeMessage(bytes message)"));
        assert_eq!(SAFE_DOMAIN_TYPE_HASH, keccak256("EIP712Domain(uint256 chainId,address verifyingContract)"));
    }

    #[test]
    fn contract_signatures_of_owners_keep_their_mark() {
        let account = Safe7579::at(SafeDeployment::V2, Address::repeat_byte(1));
        let mut signature = [5; 130];
        (signature[64], signature[129]) = (0, 28);
        let wrapped = account.wrap_signature(account.address().into(), &signature).unwrap();
        assert_eq!((wrapped[20 + 64], wrapped[20 + 129]), (0, 32));
    }
}
