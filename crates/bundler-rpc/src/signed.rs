use std::sync::Arc;

use alloy_primitives::{Address, B256};
use serde_json::value::{RawValue, to_raw_value};
use userop::{EntryPoint, OperationHasher, UserOperation};

use crate::{BundlerError, PartialOperation};

/// A signed operation for one entry point on one chain, with its hash and its bytes on the wire, both computed once.
///
/// The hash identifies the operation wherever it is sent: what this crate waits for and looks up is this hash, never
/// one that a server names. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct SignedOperation(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    operation: UserOperation,
    entry_point: EntryPoint,
    chain_id: u64,
    hash: B256,
    params: Box<RawValue>,
}

impl SignedOperation {
    /// Takes an operation whose signature is final.
    ///
    /// # Errors
    /// When the entry point would refuse a field (a gas value of more than 120 bits, a paymaster signature before 0.9,
    /// the EIP-7702 marker before 0.8), or the delegate that the hash covers is not known.
    pub fn new(operation: UserOperation, entry_point: EntryPoint, chain_id: u64) -> Result<Self, BundlerError> {
        let hash = OperationHasher::new(entry_point, chain_id).hash(&operation).map_err(invalid)?;
        Self::with_hash(operation, entry_point, chain_id, hash)
    }

    /// As [`new`](Self::new), for a sender whose code delegates to `delegate` already (EIP-7702).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn delegated(
        operation: UserOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        delegate: Address,
    ) -> Result<Self, BundlerError> {
        let hash = OperationHasher::new(entry_point, chain_id).hash_delegated(&operation, delegate).map_err(invalid)?;
        Self::with_hash(operation, entry_point, chain_id, hash)
    }

    fn with_hash(
        operation: UserOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        hash: B256,
    ) -> Result<Self, BundlerError> {
        operation.validate(entry_point.version).map_err(invalid)?;
        let partial = PartialOperation::from(&operation);
        let params = to_raw_value(&(partial.wire(entry_point.version), entry_point.address)).map_err(invalid)?;
        Ok(Self(Arc::new(Inner { operation, entry_point, chain_id, hash, params })))
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &UserOperation {
        &self.0.operation
    }

    /// The entry point it is for.
    #[must_use]
    pub fn entry_point(&self) -> EntryPoint {
        self.0.entry_point
    }

    /// The chain it is for.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.0.chain_id
    }

    /// Its hash, computed here.
    #[must_use]
    #[doc(alias = "userOpHash")]
    pub fn hash(&self) -> B256 {
        self.0.hash
    }

    /// The parameters of `eth_sendUserOperation`: what goes out, byte for byte, at every attempt.
    #[must_use]
    pub fn params(&self) -> &RawValue {
        &self.0.params
    }
}

fn invalid(error: impl std::fmt::Display) -> BundlerError {
    BundlerError::Request { method: "eth_sendUserOperation".into(), reason: error.to_string() }
}
