use alloy_primitives::Address;

use super::{ModuleType, ValidationMode};

/// Why an account cannot do what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The account has only validators that are installed.
    #[error("this account has no default validator: name an installed one")]
    NoDefaultValidator,
    /// The account does not know the validation mode.
    #[error("this account has no validation mode {mode:?}")]
    Mode {
        /// The mode.
        mode: ValidationMode,
    },
    /// More lanes than the account's nonce key can tell apart.
    #[error("lane {lane} is beyond the {lanes} lanes of this account's nonce key")]
    Lane {
        /// The lane, from zero.
        lane: u32,
        /// How many lanes there are.
        lanes: u32,
    },
    /// The account does not take modules of this type, or not in this form.
    #[error("this account does not take a module of type {module_type}")]
    Module {
        /// The module's type.
        module_type: ModuleType,
    },
    /// Uninstalling takes the module that stands before in the list.
    #[error("uninstalling {module} takes the module before it in the account's list")]
    PreviousNeeded {
        /// The module.
        module: Address,
    },
    /// The address depends on the creation code of the factory's proxy.
    #[error("the account's address depends on the proxy code of factory {factory}: read it from the chain")]
    ProxyCodeNeeded {
        /// The factory.
        factory: Address,
    },
    /// The proxy code is not the factory's.
    #[error("this is not the proxy code of factory {factory}")]
    ProxyCode {
        /// The factory.
        factory: Address,
    },
    /// The init value is for another kind of factory.
    #[error("factory {factory} is not initialised in this way")]
    Init {
        /// The factory.
        factory: Address,
    },
    /// Bytes that are too short to be a wrapped signature.
    #[error("expected a wrapped signature of at least {expected} bytes, saw {length}")]
    Signature {
        /// How many bytes are needed at least.
        expected: usize,
        /// How many there are.
        length: usize,
    },
    /// A part that does not fit the four bytes of its length.
    #[error("{length} bytes do not fit a four-byte length")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
}
