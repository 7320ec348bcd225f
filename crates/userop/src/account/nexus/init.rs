use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, Keccak256, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::Attesters;
use crate::abi::nexus::{
    BootstrapConfig, BootstrapPreValidationHookConfig, initNexusWithDefaultValidatorAndOtherModulesNoRegistryCall,
    initNexusWithSingleValidatorCall, initWithDefaultValidatorAndOtherModulesCall,
};
use crate::account::ModuleType;

/// What a Nexus account is created with; part of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NexusInit {
    /// An owner, and whom the module registry is asked about ([`AddressRule::OwnerSalt`](super::AddressRule)).
    Owner {
        /// The owner.
        owner: Address,
        /// The attesters, in ascending order, or the registry refuses them.
        attesters: Vec<Address>,
        /// How many of them have to vouch for a module.
        threshold: u8,
    },
    /// One validator (1.0.x).
    SingleValidator(SingleValidatorInit),
    /// The default validator and any other modules (1.2 and later).
    DefaultValidator(DefaultValidatorInit),
    /// A call of the bootstrap that is given as it is.
    Call(Bytes),
}

impl NexusInit {
    /// The owner's account with the attesters of a version of the libraries; one of them has to vouch.
    #[must_use]
    pub fn owner(owner: Address, attesters: Attesters) -> Self {
        Self::Owner { owner, attesters: attesters.addresses(), threshold: 1 }
    }

    /// `abi.encode(bootstrap, call)`; `None` for [`Owner`](Self::Owner), whose factory knows both itself.
    #[must_use]
    pub fn encode(&self, bootstrap: Address) -> Option<Bytes> {
        let call = match self {
            Self::Owner { .. } => return None,
            Self::SingleValidator(init) => init.encode(),
            Self::DefaultValidator(init) => init.encode(),
            Self::Call(call) => call.clone(),
        };
        Some((bootstrap, call).abi_encode_params().into())
    }
}

/// `initNexusWithSingleValidator`: one validator, and whom the module registry is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SingleValidatorInit {
    /// The validator.
    pub validator: Address,
    /// Its init data.
    pub data: Bytes,
    /// The module registry (ERC-7484), or zero.
    pub registry: Address,
    /// The attesters, in ascending order.
    pub attesters: Vec<Address>,
    /// How many of them have to vouch for a module.
    pub threshold: u8,
}

impl SingleValidatorInit {
    /// A validator without a registry.
    #[must_use]
    pub fn new(validator: Address, data: impl Into<Bytes>) -> Self {
        Self { validator, data: data.into(), ..Self::default() }
    }

    /// The call of the bootstrap.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        initNexusWithSingleValidatorCall {
            validator: self.validator,
            data: self.data.clone(),
            registry: self.registry,
            attesters: self.attesters.clone(),
            threshold: self.threshold,
        }
        .abi_encode()
        .into()
    }
}

/// `initNexusWithDefaultValidatorAndOtherModulesNoRegistry`: the default validator and any other modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultValidatorInit {
    /// The default validator's init data.
    pub default_validator_data: Bytes,
    /// Other validators with their init data.
    pub validators: Vec<(Address, Bytes)>,
    /// Executors with their init data.
    pub executors: Vec<(Address, Bytes)>,
    /// The hook with its init data; the zero address for none.
    pub hook: (Address, Bytes),
    /// Fallback handlers with `selector(4) ++ callType(1) ++ data`.
    pub fallbacks: Vec<(Address, Bytes)>,
    /// Pre-validation hooks with their init data.
    pub pre_validation_hooks: Vec<(ModuleType, Address, Bytes)>,
}

impl DefaultValidatorInit {
    /// The default validator alone, as the reference library writes it: no hook is the zero address with 32 zero bytes
    /// of data, which are part of the account's address.
    #[must_use]
    pub fn new(default_validator_data: impl Into<Bytes>) -> Self {
        Self {
            default_validator_data: default_validator_data.into(),
            validators: Vec::new(),
            executors: Vec::new(),
            hook: (Address::ZERO, Bytes::from_static(&[0; 32])),
            fallbacks: Vec::new(),
            pre_validation_hooks: Vec::new(),
        }
    }

    /// The call of the bootstrap.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        self.call().abi_encode().into()
    }

    /// The call of Startale's bootstrap, which has the same arguments under another name.
    #[must_use]
    pub fn encode_for_startale(&self) -> Bytes {
        let mut call = initWithDefaultValidatorAndOtherModulesCall::SELECTOR.to_vec();
        self.call().abi_encode_raw(&mut call);
        call.into()
    }

    fn call(&self) -> initNexusWithDefaultValidatorAndOtherModulesNoRegistryCall {
        let config = |(module, data): &(Address, Bytes)| BootstrapConfig { module: *module, data: data.clone() };
        let hook = |(hook, module, data): &(ModuleType, Address, Bytes)| BootstrapPreValidationHookConfig {
            hookType: hook.id(),
            module: *module,
            data: data.clone(),
        };
        initNexusWithDefaultValidatorAndOtherModulesNoRegistryCall {
            defaultValidatorInitData: self.default_validator_data.clone(),
            validators: self.validators.iter().map(config).collect(),
            executors: self.executors.iter().map(config).collect(),
            hook: config(&self.hook),
            fallbacks: self.fallbacks.iter().map(config).collect(),
            preValidationHooks: self.pre_validation_hooks.iter().map(hook).collect(),
        }
    }
}

/// `keccak256(owner ++ index ++ attesters ++ threshold)`, packed: an array's elements take 32 bytes each.
pub(super) fn owner_salt(owner: Address, index: U256, attesters: &[Address], threshold: u8) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(owner);
    hasher.update(index.to_be_bytes::<32>());
    for attester in attesters {
        hasher.update(attester.into_word());
    }
    hasher.update([threshold]);
    hasher.finalize()
}

/// `keccak256(initData ++ index)`.
pub(super) fn data_salt(init_data: &[u8], index: U256) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(init_data);
    hasher.update(index.to_be_bytes::<32>());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::nexus::NexusDeployment;
    use alloy_primitives::U256;

    #[test]
    fn startale_has_the_same_arguments_under_another_name() {
        let owner = Address::repeat_byte(7);
        let init = DefaultValidatorInit::new(owner.to_vec());
        let (nexus, startale) = (init.encode(), init.encode_for_startale());
        assert_eq!(nexus[4..], startale[4..]);
        assert_eq!(startale[..4], initWithDefaultValidatorAndOtherModulesCall::SELECTOR);
        assert_ne!(nexus[..4], startale[..4]);
        assert_eq!(NexusDeployment::STARTALE.owner_init(owner), NexusInit::Call(startale));
    }

    #[test]
    fn every_part_of_an_owner_changes_the_salt() {
        let (one, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let salts = [
            owner_salt(one, U256::ZERO, &[one, other], 1),
            owner_salt(other, U256::ZERO, &[one, other], 1),
            owner_salt(one, U256::from(1), &[one, other], 1),
            owner_salt(one, U256::ZERO, &[other, one], 1),
            owner_salt(one, U256::ZERO, &[one, other], 2),
            owner_salt(one, U256::ZERO, &[one], 1),
        ];
        for (index, salt) in salts.iter().enumerate() {
            assert!(!salts[..index].contains(salt), "{index}");
        }
    }
}
