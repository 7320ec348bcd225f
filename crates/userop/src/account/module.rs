use alloc::vec::Vec;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolValue;

use crate::CallType;

/// The type of a module: ERC-7579's four, and what accounts added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ModuleType {
    /// 0: several types in one installation (Nexus).
    Multi,
    /// 1: decides about operations and signatures.
    Validator,
    /// 2: makes the account do calls.
    Executor,
    /// 3: answers calls that the account does not know.
    Fallback,
    /// 4: runs before and after calls.
    Hook,
    /// 5: one condition of a permission (Kernel).
    Policy,
    /// 6: the signer of a permission (Kernel).
    Signer,
    /// 8: runs before a signature is checked (Nexus 1.2 and later).
    PreValidationHookErc1271,
    /// 9: runs before an operation is checked (Nexus 1.2 and later).
    PreValidationHookErc4337,
}

impl ModuleType {
    /// The number on chain.
    #[must_use]
    pub const fn id(self) -> U256 {
        U256::from_limbs([self.number(), 0, 0, 0])
    }

    const fn number(self) -> u64 {
        match self {
            Self::Multi => 0,
            Self::Validator => 1,
            Self::Executor => 2,
            Self::Fallback => 3,
            Self::Hook => 4,
            Self::Policy => 5,
            Self::Signer => 6,
            Self::PreValidationHookErc1271 => 8,
            Self::PreValidationHookErc4337 => 9,
        }
    }
}

impl core::fmt::Display for ModuleType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// A module, with what the account needs to know about it beside the module's own data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Module {
    /// A validator.
    Validator(Address),
    /// An executor.
    Executor(Address),
    /// The handler of one selector.
    Fallback {
        /// The module.
        address: Address,
        /// The selector that it answers.
        selector: [u8; 4],
        /// How it is called.
        call_type: CallType,
    },
    /// A hook.
    Hook {
        /// The module.
        address: Address,
        /// For which calls it runs; only Safe7579 has a choice.
        scope: HookScope,
    },
    /// A module of another type, which the account takes with its data as it is.
    Other {
        /// Its type.
        module_type: ModuleType,
        /// The module.
        address: Address,
    },
}

/// For which calls a hook runs (Safe7579).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HookScope {
    /// Only for the selector, instead of for all calls.
    pub only_selector: bool,
    /// The selector.
    pub selector: [u8; 4],
}

impl HookScope {
    /// All calls.
    pub const GLOBAL: Self = Self { only_selector: false, selector: [0; 4] };

    /// The calls of one selector.
    #[must_use]
    pub const fn selector(selector: [u8; 4]) -> Self {
        Self { only_selector: true, selector }
    }

    /// `hookType` on chain: 0 global, 1 per selector.
    #[must_use]
    pub const fn hook_type(self) -> u8 {
        if self.only_selector { 1 } else { 0 }
    }
}

impl Module {
    /// A hook for all calls.
    #[must_use]
    pub const fn hook(address: Address) -> Self {
        Self::Hook { address, scope: HookScope::GLOBAL }
    }

    /// The module's address.
    #[must_use]
    pub const fn address(&self) -> Address {
        match self {
            Self::Validator(address)
            | Self::Executor(address)
            | Self::Fallback { address, .. }
            | Self::Hook { address, .. }
            | Self::Other { address, .. } => *address,
        }
    }

    /// The module's type.
    #[must_use]
    pub const fn module_type(&self) -> ModuleType {
        match self {
            Self::Validator(_) => ModuleType::Validator,
            Self::Executor(_) => ModuleType::Executor,
            Self::Fallback { .. } => ModuleType::Fallback,
            Self::Hook { .. } => ModuleType::Hook,
            Self::Other { module_type, .. } => *module_type,
        }
    }

    /// The context of `isModuleInstalled`: the selector of a fallback, nothing for the others.
    #[must_use]
    pub fn context(&self) -> Bytes {
        match self {
            Self::Fallback { selector, .. } => Bytes::copy_from_slice(selector),
            _ => Bytes::new(),
        }
    }

    /// Install data of accounts that take a module's data as it is, but for `selector(4) ++ callType(1) ++ data` of
    /// fallbacks: Nexus, Startale and the reference implementation.
    pub(crate) fn plain_install_data(&self, data: &[u8]) -> Bytes {
        match self {
            Self::Fallback { selector, call_type, .. } => [&selector[..], &[call_type.as_byte()], data].concat().into(),
            _ => Bytes::copy_from_slice(data),
        }
    }

    /// Uninstall data of the same accounts: `selector(4) ++ data` of fallbacks.
    pub(crate) fn plain_uninstall_data(&self, data: &[u8]) -> Bytes {
        match self {
            Self::Fallback { selector, .. } => [&selector[..], data].concat().into(),
            _ => Bytes::copy_from_slice(data),
        }
    }
}

/// `abi.encode(address previous, bytes data)`: uninstall data of a module that stands in a list.
pub(crate) fn linked_uninstall_data(previous: Address, data: &[u8]) -> Bytes {
    (previous, Bytes::copy_from_slice(data)).abi_encode_params().into()
}

/// The init data of a module that is installed as several types at once (Nexus): `abi.encode(uint256[], bytes[])`.
#[must_use]
pub fn multi_type_init_data(parts: &[(ModuleType, Bytes)]) -> Bytes {
    let types: Vec<U256> = parts.iter().map(|(module_type, _)| module_type.id()).collect();
    let data: Vec<Bytes> = parts.iter().map(|(_, data)| data.clone()).collect();
    (types, data).abi_encode_params().into()
}
