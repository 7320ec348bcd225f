//! ERC-7579 accounts: what depends on the sender of an operation.
//!
//! [`Account`] is the open trait; [`Nexus`] (with Startale, which is Nexus with other constants), [`Safe7579`],
//! [`Kernel`] and [`Generic`] implement it. All
//! of it is computed from arguments: what has to be read from the chain (is there code, which modules are installed,
//! the sequence of a nonce) is given as calls to make and answers to hand back.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod erc7739;
mod error;
mod generic;
pub mod kernel;
mod module;
mod module_list;
pub mod nexus;
pub mod safe7579;

pub use error::AccountError;
#[doc(alias = "erc7579-implementation")]
pub use generic::Generic;
pub use kernel::Kernel;
#[doc(alias(
    "moduleInitData",
    "getUsePermissionModuleInitData",
    "getUsePermissionInitData",
    "UsePermissionModuleGetInitDataArgs",
    "signerAddress",
    "SmartSessionModule"
))]
pub use module::Module;
pub use module::{HookScope, ModuleType, multi_type_init_data};
#[doc(alias("getInstalledValidators", "getInstalledExecutors", "getPreviousModule"))]
pub use module_list::ModuleList;
pub use module_list::{ListKind, ModuleListError};
pub use nexus::Nexus;
pub use safe7579::Safe7579;

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{Eip712Domain, SolCall};

use crate::abi::account as abi;
use crate::{Call, EntryPoint, ExecType, Execution, Factory, NonceKey};

/// Which of an account's validators is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validator {
    /// The one that the account has without installing it: Nexus from 1.2 on and Startale call it default, Kernel root.
    #[default]
    #[doc(alias = "root")]
    Default,
    /// An installed validator module.
    Installed(Address),
}

impl From<Address> for Validator {
    fn from(module: Address) -> Self {
        Self::Installed(module)
    }
}

/// How an account treats an operation before it runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValidationMode {
    /// The validator checks the signature.
    #[default]
    Validate,
    /// The signature brings a module with it, which is installed first.
    #[doc(alias = "MODULE_ENABLE_MODE")]
    ModuleEnable,
    /// The account is initialised first (EIP-7702, Nexus 1.2 and later).
    #[doc(alias = "PREP")]
    Prepare,
}

/// An ERC-7579 account: everything about an operation that depends on its sender.
///
/// Implement it for an account that this crate does not know; the feature `conformance` has checks for it. The trait can be
/// used as `dyn Account`.
#[doc(alias = "getAccount")]
pub trait Account {
    /// The account's address, deployed or not.
    fn address(&self) -> Address;

    /// The entry point that the account trusts.
    fn entry_point(&self) -> EntryPoint {
        EntryPoint::V0_7
    }

    /// How the account is created; `None` once it has code.
    #[doc(alias = "getFactoryArgs")]
    fn factory(&self) -> Option<&Factory>;

    /// The nonce key for a validator, a mode and a lane.
    ///
    /// # Errors
    /// When the account has no such mode or default validator, or cannot tell so many lanes apart.
    #[doc(alias = "getNonce")]
    fn nonce_key(&self, validator: Validator, mode: ValidationMode, lane: u32) -> Result<NonceKey, AccountError>;

    /// How many lanes [`nonce_key`](Self::nonce_key) can tell apart.
    fn lanes(&self) -> u32;

    /// The call data of an operation that runs `execution`.
    fn encode_execution(&self, execution: &Execution, exec_type: ExecType) -> Bytes {
        execution.encode(exec_type)
    }

    /// The call data of an operation that makes `calls`: single for exactly one, batch otherwise, undone as a whole when
    /// one fails.
    #[doc(alias = "encodeCalls")]
    fn encode_calls(&self, calls: &[Call]) -> Bytes {
        self.encode_execution(&Execution::of_calls(calls), ExecType::Revert)
    }

    /// The `initData` of `installModule` for a module's own `data`.
    ///
    /// # Errors
    /// When the account does not take such modules.
    #[doc(alias = "encodeModuleInstallationData")]
    fn install_data(&self, module: &Module, data: &[u8]) -> Result<Bytes, AccountError>;

    /// Whether a module stands in a list, so that uninstalling it takes the module before it.
    fn list_of(&self, module: &Module) -> Option<ListKind> {
        match module.module_type() {
            ModuleType::Validator => Some(ListKind::Validators),
            ModuleType::Executor => Some(ListKind::Executors),
            _ => None,
        }
    }

    /// The `deInitData` of `uninstallModule` for a module's own `data`; `previous` is the module before it in its list.
    ///
    /// # Errors
    /// When the account does not take such modules, or `previous` is needed and missing.
    #[doc(alias = "encodeModuleUninstallationData")]
    fn uninstall_data(&self, module: &Module, previous: Option<Address>, data: &[u8]) -> Result<Bytes, AccountError>;

    /// The call that installs a module: to the account itself, from an operation's calls.
    ///
    /// # Errors
    /// When the account does not take such modules.
    #[doc(alias = "installModules")]
    #[doc(alias = "installModule")]
    fn install(&self, module: &Module, data: &[u8]) -> Result<Call, AccountError> {
        let call = abi::installModuleCall {
            moduleTypeId: module.module_type().id(),
            module: module.address(),
            initData: self.install_data(module, data)?,
        };
        Ok(Call::new(self.address(), call.abi_encode()))
    }

    /// The call that uninstalls a module: to the account itself, from an operation's calls.
    ///
    /// # Errors
    /// When the account does not take such modules, or `previous` is needed and missing (see [`ModuleList`]).
    #[doc(alias = "uninstallModules")]
    #[doc(alias = "uninstallFallback")]
    #[doc(alias = "uninstallModule")]
    fn uninstall(&self, module: &Module, previous: Option<Address>, data: &[u8]) -> Result<Call, AccountError> {
        let call = abi::uninstallModuleCall {
            moduleTypeId: module.module_type().id(),
            module: module.address(),
            deInitData: self.uninstall_data(module, previous, data)?,
        };
        Ok(Call::new(self.address(), call.abi_encode()))
    }

    /// The question whether a module is installed; the answer is an ABI `bool`.
    #[doc(alias = "isModuleInstalled")]
    fn is_module_installed(&self, module: &Module) -> Call {
        let call = abi::isModuleInstalledCall {
            moduleTypeId: module.module_type().id(),
            module: module.address(),
            additionalContext: module.context(),
        };
        Call::new(self.address(), call.abi_encode())
    }

    /// The hash that a validator checks when the account is asked about `hash` (ERC-1271).
    ///
    /// Validators that nest by ERC-7739 put a hash of their own on top: see [`erc7739`].
    ///
    /// # Errors
    /// When the account has no such validator.
    fn signing_hash(&self, validator: Validator, hash: B256, chain_id: u64) -> Result<B256, AccountError> {
        let _ = (validator, chain_id);
        Ok(hash)
    }

    /// A validator's signature in the form that the account's `isValidSignature` takes (ERC-1271).
    ///
    /// # Errors
    /// When the account has no such validator.
    #[doc(alias = "encode1271Signature")]
    fn wrap_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError>;

    /// A validator's signature as a session module passes it to the account, to enable sessions (`permissionEnableSig`).
    ///
    /// # Errors
    /// When the account has no such validator.
    #[doc(alias = "permissionEnableSig")]
    fn wrap_enable_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError> {
        self.wrap_signature(validator, signature)
    }

    /// Undoes [`wrap_enable_signature`](Self::wrap_enable_signature).
    ///
    /// # Errors
    /// When the bytes are too short for a validator's name.
    fn unwrap_enable_signature(&self, wrapped: &[u8]) -> Result<(Validator, Bytes), AccountError>;

    /// The account's EIP-712 domain, when it has a known one.
    fn domain(&self, chain_id: u64) -> Option<Eip712Domain>;
}

/// `validator(20) ++ signature`.
pub(crate) fn prefixed(validator: Address, signature: &[u8]) -> Bytes {
    [validator.as_slice(), signature].concat().into()
}

/// Reads `validator(20) ++ signature`.
pub(crate) fn unprefixed(wrapped: &[u8]) -> Result<(Address, Bytes), AccountError> {
    let (validator, signature) =
        wrapped.split_first_chunk::<20>().ok_or(AccountError::Signature { expected: 20, length: wrapped.len() })?;
    Ok((Address::from(*validator), Bytes::copy_from_slice(signature)))
}

/// The signature of an account that is not deployed yet: `abi.encode(factory, factoryData, signature) ++ 0x6492…`
/// (ERC-6492). The account's own wrapping comes first.
#[must_use]
pub fn wrap_erc6492(factory: &Factory, signature: &[u8]) -> Bytes {
    use alloy_sol_types::SolValue;
    let mut out: Vec<u8> =
        (factory.address(), factory.data().clone(), Bytes::copy_from_slice(signature)).abi_encode_params();
    out.extend_from_slice(&ERC6492_MAGIC);
    out.into()
}

/// Ends a signature of an account that is not deployed yet (ERC-6492): `0x6492` sixteen times.
const ERC6492_MAGIC: [u8; 32] = {
    let mut magic = [0x64; 32];
    let mut index = 1;
    while index < 32 {
        magic[index] = 0x92;
        index += 2;
    }
    magic
};

/// The call data of `isValidSignature(hash, signature)` (ERC-1271), for an account's wrapped signature.
#[must_use]
pub fn is_valid_signature(hash: B256, signature: impl Into<Bytes>) -> Bytes {
    abi::isValidSignatureCall { hash, signature: signature.into() }.abi_encode().into()
}

/// Whether an answer to `isValidSignature` says yes: `0x1626ba7e` first in its word.
#[must_use]
pub fn accepts_signature(answer: &[u8]) -> bool {
    answer.starts_with(&[0x16, 0x26, 0xba, 0x7e])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::bytes;
    use alloy_sol_types::SolValue;

    #[test]
    fn signature_of_an_account_to_be_carries_its_factory() {
        let factory = Factory::new(Address::repeat_byte(7), bytes!("0102"));
        let wrapped = wrap_erc6492(&factory, &[9; 65]);
        let (body, magic) = wrapped.split_at(wrapped.len() - 32);
        assert_eq!(magic, [0x64, 0x92].repeat(16));
        let (address, data, signature) = <(Address, Bytes, Bytes)>::abi_decode_params(body).unwrap();
        assert_eq!((address, data, signature), (factory.address(), bytes!("0102"), Bytes::from([9; 65])));
    }

    #[test]
    fn only_the_magic_value_accepts() {
        let mut answer = [0; 32];
        answer[..4].copy_from_slice(&[0x16, 0x26, 0xba, 0x7e]);
        assert!(accepts_signature(&answer));
        assert!(!accepts_signature(&[0xff; 32]) && !accepts_signature(&[]));
    }
}
