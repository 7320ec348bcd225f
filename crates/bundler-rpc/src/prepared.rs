use alloy_primitives::{Address, B256, Bytes};
use userop::{EntryPoint, UserOperation};

use crate::{BundlerError, Fees, SignedOperation, SpendingLimit};

/// An operation that lacks nothing but its signature.
#[derive(Clone, Debug)]
pub struct PreparedOperation {
    operation: UserOperation,
    entry_point: EntryPoint,
    chain_id: u64,
    delegate: Option<Address>,
    limit: SpendingLimit,
    hash: B256,
}

impl PreparedOperation {
    /// The only way to get one: so each is within its limit.
    pub(crate) fn new(
        operation: UserOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        delegate: Option<Address>,
        limit: SpendingLimit,
    ) -> Result<Self, BundlerError> {
        limit.check(&operation, entry_point.version)?;
        // The authorization that goes along decides the delegate; without one it is what the sender's code says.
        let delegate = delegate.filter(|_| operation.authorization.is_none());
        // The hash does not cover the signature: the stub does no harm.
        let signed = match delegate {
            Some(delegate) => SignedOperation::delegated(operation.clone(), entry_point, chain_id, delegate)?,
            None => SignedOperation::new(operation.clone(), entry_point, chain_id)?,
        };
        Ok(Self { operation, entry_point, chain_id, delegate, limit, hash: signed.hash() })
    }

    /// What is to be signed, in the form that the account's validator wants.
    #[must_use]
    #[doc(alias = "userOpHash")]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The operation with its stub signature, to look at before signing.
    #[must_use]
    pub const fn operation(&self) -> &UserOperation {
        &self.operation
    }

    /// The fees.
    #[must_use]
    pub const fn fees(&self) -> Fees {
        Fees::of(&self.operation)
    }

    /// The operation with its final signature.
    ///
    /// # Errors
    /// When the entry point would refuse a field.
    pub fn sign(&self, signature: impl Into<Bytes>) -> Result<SignedOperation, BundlerError> {
        let operation = self.operation.clone().with_signature(signature);
        match self.delegate {
            Some(delegate) => SignedOperation::delegated(operation, self.entry_point, self.chain_id, delegate),
            None => SignedOperation::new(operation, self.entry_point, self.chain_id),
        }
    }

    /// The same operation with other fees, to replace it while it is pending: its hash is another one, so it must be
    /// signed anew, and a paymaster's data, which may cover the fees, must be fetched anew.
    ///
    /// # Errors
    /// When the entry point would refuse the fees, or they are above the absolute bounds of the spending limit.
    pub fn with_fees(&self, fees: Fees) -> Result<Self, BundlerError> {
        let operation = self.operation.clone().with_fees(fees.max_fee_per_gas, fees.max_priority_fee_per_gas);
        Self::new(operation, self.entry_point, self.chain_id, self.delegate, self.limit)
    }
}
