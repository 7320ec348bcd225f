//! Kernel v3: an ERC-7579 account whose operations name the kind of validation in their nonce.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, Keccak256, U256, address, b256};
use alloy_sol_types::{Eip712Domain, SolCall, SolValue};

use super::nexus::erc1967_clone_init_code_hash;
use super::{Account, AccountError, ListKind, Module, ModuleType, ValidationMode, Validator, unprefixed};
use crate::abi::kernel as abi;
use crate::execution::EXECUTE_SELECTOR;
use crate::hash::{Words, eip712_digest};
use crate::{Call, EntryPoint, Factory, NonceKey};

/// `keccak256("Kernel(bytes32 hash)")`.
const KERNEL_TYPE_HASH: B256 = b256!("0x1547321c374afde8a591d972a084b071c594c275e36724931ff96c25f2999c83");

/// The contracts of one version of Kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelDeployment {
    /// The version in the account's EIP-712 domain.
    pub version: Cow<'static, str>,
    /// The entry point.
    pub entry_point: EntryPoint,
    /// The staked factory that calls the factory, where there is one.
    pub meta_factory: Option<Address>,
    /// The factory.
    pub factory: Address,
    /// The account's code.
    pub implementation: Address,
}

impl KernelDeployment {
    /// Kernel 0.3.3 at its published addresses.
    pub const V0_3_3: Self = Self {
        version: Cow::Borrowed("0.3.3"),
        entry_point: EntryPoint::V0_7,
        meta_factory: Some(address!("0xd703aaE79538628d27099B8c4f621bE4CCd142d5")),
        factory: address!("0x2577507b78c2008Ff367261CB6285d44ba5eF2E9"),
        implementation: address!("0xd6CEDDe84be40893d153Be9d467CD6aD37875b28"),
    };

    /// The address of the account of an initialisation and a salt.
    #[must_use]
    pub fn address(&self, init: &KernelInit, salt: B256) -> Address {
        let mut hasher = Keccak256::new();
        hasher.update(init.encode());
        hasher.update(salt);
        self.factory.create2(hasher.finalize(), erc1967_clone_init_code_hash(self.implementation))
    }

    /// What creates the account of an initialisation and a salt: the staked factory, or the factory itself.
    #[must_use]
    pub fn factory_call(&self, init: &KernelInit, salt: B256) -> Factory {
        let data = init.encode();
        match self.meta_factory {
            Some(meta) => {
                let call = abi::deployWithFactoryCall { factory: self.factory, createData: data, salt };
                Factory::new(meta, call.abi_encode())
            }
            None => Factory::new(self.factory, abi::createAccountCall { data, salt }.abi_encode()),
        }
    }
}

/// What a Kernel account is created with; part of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelInit {
    /// The root validator.
    pub root_validator: Address,
    /// Its init data.
    pub validator_data: Bytes,
    /// The root validator's hook; the zero address for none.
    pub hook: Address,
    /// The hook's init data.
    pub hook_data: Bytes,
    /// Calls that the account makes to itself at the end.
    pub init_config: Vec<Bytes>,
}

impl KernelInit {
    /// A root validator and nothing else.
    #[must_use]
    pub fn new(root_validator: Address, validator_data: impl Into<Bytes>) -> Self {
        let (hook, hook_data, init_config) = (Address::ZERO, Bytes::new(), Vec::new());
        Self { root_validator, validator_data: validator_data.into(), hook, hook_data, init_config }
    }

    /// The call of `initialize`.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        abi::initializeCall {
            rootValidator: validation_id(self.root_validator),
            hook: self.hook,
            validatorData: self.validator_data.clone(),
            hookData: self.hook_data.clone(),
            initConfig: self.init_config.clone(),
        }
        .abi_encode()
        .into()
    }
}

/// How a validator or executor is installed in Kernel, beside its own data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelHook {
    /// The hook of this module; the zero address for none.
    pub hook: Address,
    /// The hook's init data.
    pub data: Bytes,
}

/// A Kernel v3 account.
///
/// Nonce key: `mode(1) ++ type(1) ++ validator(20) ++ lane(2)`, type 0 being the root validator and 1 an installed one.
/// (module-sdk writes type 0 with the address of an installed validator: the account then asks its root validator.)
///
/// A validator with a hook of its own needs its call data behind the selector of `executeUserOp`: see
/// [`with_execute_user_op`](crate::execution::with_execute_user_op).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    deployment: KernelDeployment,
    address: Address,
    factory: Option<Factory>,
}

impl Kernel {
    /// The account of an initialisation and a salt, which its first operation creates.
    #[must_use]
    pub fn counterfactual(deployment: KernelDeployment, init: &KernelInit, salt: B256) -> Self {
        let address = deployment.address(init, salt);
        let factory = Some(deployment.factory_call(init, salt));
        Self { deployment, address, factory }
    }

    /// An account that is deployed.
    #[must_use]
    pub const fn at(deployment: KernelDeployment, address: Address) -> Self {
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
    pub const fn deployment(&self) -> &KernelDeployment {
        &self.deployment
    }

    /// Install data with a hook:
    /// validators `hook(20) ++ abi.encode(bytes data, bytes hookData, bytes selectorData)`, executors without the last,
    /// fallbacks `selector(4) ++ hook(20) ++ abi.encode(bytes callType ++ data, bytes hookData)`, others their data.
    ///
    /// A validator that is not the root one may only call what it is granted: `selectors` are those four bytes each
    /// (Kernel reads the first), `execute` unless given otherwise.
    #[must_use]
    pub fn install_data_with_hook(
        &self,
        module: &Module,
        data: &[u8],
        hook: &KernelHook,
        selector: Option<[u8; 4]>,
    ) -> Bytes {
        let selector = Bytes::copy_from_slice(&selector.unwrap_or(EXECUTE_SELECTOR));
        let own = Bytes::copy_from_slice(data);
        match module {
            Module::Validator(_) => {
                let fields = (own, hook.data.clone(), selector).abi_encode_params();
                [hook.hook.as_slice(), &fields].concat().into()
            }
            _ => Self::two_fields(module, data, hook),
        }
    }

    /// Install data as module-sdk writes it: validators get the two fields of executors, without the selector that
    /// they are granted. For reading and comparing what that library made; the account needs the third field.
    #[must_use]
    pub fn install_data_as_module_sdk(module: &Module, data: &[u8], hook: &KernelHook) -> Bytes {
        Self::two_fields(module, data, hook)
    }

    fn two_fields(module: &Module, data: &[u8], hook: &KernelHook) -> Bytes {
        let encode = |own: Vec<u8>| (Bytes::from(own), hook.data.clone()).abi_encode_params();
        match module {
            Module::Validator(_) | Module::Executor(_) => {
                [hook.hook.as_slice(), &encode(data.to_vec())].concat().into()
            }
            Module::Fallback { selector, call_type, .. } => {
                let own = [&[call_type.as_byte()], data].concat();
                [&selector[..], hook.hook.as_slice(), &encode(own)].concat().into()
            }
            _ => Bytes::copy_from_slice(data),
        }
    }

    /// The call that lets an installed validator call a selector of the account, or no longer.
    #[must_use]
    pub fn grant_access(&self, validator: Address, selector: [u8; 4], allow: bool) -> Call {
        let call = abi::grantAccessCall { vId: validation_id(validator), selector: selector.into(), allow };
        Call::new(self.address, call.abi_encode())
    }

    /// The call that changes the account's code. The address stays.
    #[must_use]
    pub fn upgrade(&self, implementation: Address) -> Call {
        Call::new(self.address, abi::upgradeToCall { newImplementation: implementation }.abi_encode())
    }
}

/// `0x01 ++ validator`: the name of a validator among Kernel's validations.
fn validation_id(validator: Address) -> FixedBytes<21> {
    let mut id = FixedBytes::ZERO;
    id[0] = 1;
    id[1..].copy_from_slice(validator.as_slice());
    id
}

impl Account for Kernel {
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
            ValidationMode::Prepare => return Err(AccountError::Mode { mode }),
        };
        let [0, 0, lane @ ..] = lane.to_be_bytes() else {
            return Err(AccountError::Lane { lane, lanes: self.lanes() });
        };
        Ok(match validator {
            Validator::Default => NonceKey::mode_kind_validator_lane(mode, 0, Address::ZERO, lane),
            Validator::Installed(validator) => NonceKey::mode_kind_validator_lane(mode, 1, validator, lane),
        })
    }

    fn lanes(&self) -> u32 {
        1 << 16
    }

    fn install_data(&self, module: &Module, data: &[u8]) -> Result<Bytes, AccountError> {
        check(module)?;
        Ok(self.install_data_with_hook(module, data, &KernelHook::default(), None))
    }

    fn list_of(&self, _: &Module) -> Option<ListKind> {
        None
    }

    fn uninstall_data(&self, module: &Module, _: Option<Address>, data: &[u8]) -> Result<Bytes, AccountError> {
        check(module)?;
        Ok(module.plain_uninstall_data(data))
    }

    fn signing_hash(&self, _: Validator, hash: B256, chain_id: u64) -> Result<B256, AccountError> {
        let mut words = Words::<2>::new();
        words.push(KERNEL_TYPE_HASH);
        words.push(hash);
        Ok(eip712_digest(self.eip712_domain(chain_id).separator(), words.hash()))
    }

    fn wrap_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError> {
        Ok(match validator {
            Validator::Default => [&[0], signature].concat().into(),
            Validator::Installed(validator) => [&validation_id(validator)[..], signature].concat().into(),
        })
    }

    fn unwrap_enable_signature(&self, wrapped: &[u8]) -> Result<(Validator, Bytes), AccountError> {
        match wrapped {
            [0, signature @ ..] => Ok((Validator::Default, Bytes::copy_from_slice(signature))),
            [1, rest @ ..] => {
                let (validator, signature) = unprefixed(rest)?;
                Ok((Validator::Installed(validator), signature))
            }
            _ => Err(AccountError::Signature { expected: 1, length: wrapped.len() }),
        }
    }

    fn domain(&self, chain_id: u64) -> Option<Eip712Domain> {
        Some(self.eip712_domain(chain_id))
    }
}

impl Kernel {
    fn eip712_domain(&self, chain_id: u64) -> Eip712Domain {
        Eip712Domain::new(
            Some("Kernel".into()),
            Some(self.deployment.version.clone()),
            Some(U256::from(chain_id)),
            Some(self.address),
            None,
        )
    }
}

const fn check(module: &Module) -> Result<(), AccountError> {
    match module.module_type() {
        ModuleType::Multi | ModuleType::PreValidationHookErc1271 | ModuleType::PreValidationHookErc4337 => {
            Err(AccountError::Module { module_type: module.module_type() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    #[test]
    fn type_hash_is_that_of_its_text() {
        assert_eq!(KERNEL_TYPE_HASH, keccak256("Kernel(bytes32 hash)"));
    }

    #[test]
    fn root_and_installed_validators_have_different_keys() {
        let account = Kernel::at(KernelDeployment::V0_3_3, Address::repeat_byte(1));
        let validator = Address::repeat_byte(2);
        let root = account.nonce_key(Validator::Default, ValidationMode::Validate, 3).unwrap();
        assert_eq!(root.0[..2], [0, 0]);
        let installed = account.nonce_key(validator.into(), ValidationMode::Validate, 3).unwrap();
        assert_eq!((&installed.0[..2], &installed.0[22..]), (&[0, 1][..], &[0, 3][..]));
        let lane = account.nonce_key(Validator::Default, ValidationMode::Validate, 1 << 16);
        assert_eq!(lane, Err(AccountError::Lane { lane: 1 << 16, lanes: 1 << 16 }));
    }

    #[test]
    fn secondary_validator_is_granted_execute() {
        let account = Kernel::at(KernelDeployment::V0_3_3, Address::repeat_byte(1));
        let data = account.install_data(&Module::Validator(Address::repeat_byte(2)), &[7]).unwrap();
        let (own, hook, selector) = <(Bytes, Bytes, Bytes)>::abi_decode_params(&data[20..]).unwrap();
        assert_eq!((own.len(), hook.len(), &selector[..]), (1, 0, &EXECUTE_SELECTOR[..]));
    }
}
