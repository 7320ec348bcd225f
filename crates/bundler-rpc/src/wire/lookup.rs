use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use userop::UserOperation;

use super::{PartialOperation, lenient, quantity};

/// An operation that a bundler knows (`eth_getUserOperationByHash`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KnownOperation {
    /// The operation.
    pub user_operation: PartialOperation,
    /// The entry point it is for.
    pub entry_point: Address,
    /// The block that holds it; `None` while it is pending.
    #[serde(default, with = "quantity::optional")]
    pub block_number: Option<u64>,
    /// The block that holds it; `None` while it is pending.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub block_hash: Option<B256>,
    /// The transaction that carries it; `None` while it is pending.
    #[serde(default, deserialize_with = "lenient::hash")]
    pub transaction_hash: Option<B256>,
}

impl KnownOperation {
    /// Whether it is still waiting to be mined.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.transaction_hash.is_none() && self.block_hash.is_none()
    }
}

/// What gas an operation will need (`eth_estimateUserOperationGas`). A limit that the bundler leaves out, or answers
/// with null, is `None`; zero stays zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GasEstimate {
    /// Gas the bundler is paid beyond what is measured.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub pre_verification_gas: Option<U256>,
    /// Gas for validation; some bundlers call it `verificationGas` for 0.6.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub verification_gas_limit: Option<u128>,
    /// The name that some bundlers give it for 0.6.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub verification_gas: Option<u128>,
    /// Gas for the call.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub call_gas_limit: Option<u128>,
    /// Gas for asking the paymaster.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub paymaster_verification_gas_limit: Option<u128>,
    /// Gas for the paymaster's work after the call.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub paymaster_post_op_gas_limit: Option<u128>,
}

impl GasEstimate {
    /// Fills what the operation leaves open; what it has stays, so explicit limits and a paymaster's own are kept.
    pub fn fill(&self, operation: &mut PartialOperation) {
        let PartialOperation { call_gas_limit, verification_gas_limit, pre_verification_gas, paymaster, .. } =
            operation;
        *call_gas_limit = call_gas_limit.or(self.call_gas_limit);
        *verification_gas_limit = verification_gas_limit.or(self.verification_gas_limit).or(self.verification_gas);
        *pre_verification_gas = pre_verification_gas.or(self.pre_verification_gas);
        if let Some(paymaster) = paymaster {
            paymaster.verification_gas_limit =
                paymaster.verification_gas_limit.or(self.paymaster_verification_gas_limit);
            paymaster.post_op_gas_limit = paymaster.post_op_gas_limit.or(self.paymaster_post_op_gas_limit);
        }
    }
}

/// The two prices of an operation, in wei per unit of gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fees {
    /// Highest price of a unit of gas.
    #[serde(with = "quantity")]
    pub max_fee_per_gas: u128,
    /// Highest priority fee of a unit of gas.
    #[serde(with = "quantity")]
    pub max_priority_fee_per_gas: u128,
}

impl Fees {
    /// The fees of an operation.
    #[must_use]
    pub const fn of(operation: &UserOperation) -> Self {
        Self {
            max_fee_per_gas: operation.max_fee_per_gas,
            max_priority_fee_per_gas: operation.max_priority_fee_per_gas,
        }
    }

    /// The higher of both, one by one.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            max_fee_per_gas: self.max_fee_per_gas.max(other.max_fee_per_gas),
            max_priority_fee_per_gas: self.max_priority_fee_per_gas.max(other.max_priority_fee_per_gas),
        }
    }

    /// The least fees with which a bundler lets an operation replace a pending one: 10 % more on both, rounded up.
    #[must_use]
    pub const fn bumped(self) -> Self {
        const fn bump(fee: u128) -> u128 {
            let more = fee.saturating_add(fee.div_ceil(10));
            // A fee of zero could otherwise never grow.
            if more == fee { fee.saturating_add(1) } else { more }
        }
        Self {
            max_fee_per_gas: bump(self.max_fee_per_gas),
            max_priority_fee_per_gas: bump(self.max_priority_fee_per_gas),
        }
    }

    /// The fees times `percent` / 100, rounded up.
    #[must_use]
    pub const fn scaled(self, percent: u32) -> Self {
        const fn scale(fee: u128, percent: u32) -> u128 {
            // Widening a u32 into a u128 loses nothing; `From` is not const.
            fee.saturating_mul(percent as u128).div_ceil(100)
        }
        Self {
            max_fee_per_gas: scale(self.max_fee_per_gas, percent),
            max_priority_fee_per_gas: scale(self.max_priority_fee_per_gas, percent),
        }
    }
}
