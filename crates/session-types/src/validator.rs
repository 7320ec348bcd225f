//! Contracts that check a session key's signatures, and what they check against.

use alloy_primitives::{Address, Bytes};

/// A session validator and the data it checks signatures against.
///
/// Any contract with `validateSignatureWithData(bytes32 hash, bytes signature, bytes data)` can stand here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionValidator {
    address: Address,
    init_data: Bytes,
}

impl SessionValidator {
    /// Any validator, with data in its own layout.
    #[must_use]
    pub const fn custom(address: Address, init_data: Bytes) -> Self {
        Self { address, init_data }
    }

    /// The validator contract.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// What it checks signatures against.
    #[must_use]
    pub const fn init_data(&self) -> &Bytes {
        &self.init_data
    }

    pub(crate) fn into_parts(self) -> (Address, Bytes) {
        (self.address, self.init_data)
    }
}
