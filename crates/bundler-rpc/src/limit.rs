//! What an operation may cost at most.

use std::fmt;

use alloy_primitives::U256;
use userop::{EntryPointVersion, UserOperation};

use crate::BlockHead;

/// The most that an operation may cost. Checked on the finished operation, before a signer sees its hash.
///
/// Fees come from a node or a bundler, gas limits from a bundler or a paymaster service, and whoever answers may be wrong
/// or may earn from the answer: `preVerificationGas` is paid to the bundler whole. Two kinds of bounds stand against that.
///
/// Absolute ones are the caller's: [`with_max_cost`](Self::with_max_cost) and the others. Nothing but the caller knows
/// what a chain's coin is worth, so none is set at first.
///
/// The relative ones are on at first, and stop answers that cannot be: no fee above [`FEE_FACTOR`](Self::FEE_FACTOR)
/// times what the newest block charges (its base fee and one gwei), no more gas than a whole block has. They are
/// measured by the node's newest block, so a node that lies about that passes them. Fees and limits that the caller
/// gives are not measured.
///
/// A paymaster changes nothing: what it charges the account afterwards follows from the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendingLimit {
    /// The highest price of a unit of gas, in wei.
    pub max_fee_per_gas: Option<u128>,
    /// The highest priority fee of a unit of gas, in wei.
    pub max_priority_fee_per_gas: Option<u128>,
    /// All gas limits together, the paymaster's and `preVerificationGas` included.
    pub max_gas: Option<U256>,
    /// All gas limits at the highest price, in wei: what the entry point takes as a deposit before it runs the
    /// operation. What is not used is given back, so most operations cost less.
    #[doc(alias = "requiredPrefund")]
    pub max_cost: Option<U256>,
    /// Whether answers are measured by the newest block.
    pub is_measured: bool,
}

impl Default for SpendingLimit {
    fn default() -> Self {
        Self::MEASURED
    }
}

impl SpendingLimit {
    /// How many times the newest block's base fee, and one gwei, a measured fee may be.
    ///
    /// The gwei is for chains whose base fee is next to nothing and whose price is all priority fee.
    pub const FEE_FACTOR: u64 = 50;
    /// The bounds by the newest block, and no others: what is used when nothing is said.
    pub const MEASURED: Self = Self { is_measured: true, ..Self::NONE };
    /// No bounds at all: every answer is signed.
    pub const NONE: Self = Self {
        max_fee_per_gas: None,
        max_priority_fee_per_gas: None,
        max_gas: None,
        max_cost: None,
        is_measured: false,
    };

    /// With a highest price of a unit of gas, in wei.
    #[must_use]
    pub const fn with_max_fee_per_gas(mut self, wei: u128) -> Self {
        self.max_fee_per_gas = Some(wei);
        self
    }

    /// With a highest priority fee of a unit of gas, in wei.
    #[must_use]
    pub const fn with_max_priority_fee_per_gas(mut self, wei: u128) -> Self {
        self.max_priority_fee_per_gas = Some(wei);
        self
    }

    /// With a limit on all gas limits together.
    #[must_use]
    pub const fn with_max_gas(mut self, gas: U256) -> Self {
        self.max_gas = Some(gas);
        self
    }

    /// With a limit on what the operation may cost, in wei: all gas limits at the highest price.
    #[must_use]
    pub const fn with_max_cost(mut self, wei: U256) -> Self {
        self.max_cost = Some(wei);
        self
    }

    /// Without the bounds by the newest block, for chains whose prices or limits they do not fit.
    #[must_use]
    pub const fn without_measure(mut self) -> Self {
        self.is_measured = false;
        self
    }

    /// Checks the absolute bounds.
    ///
    /// # Errors
    /// The first bound that the operation is above.
    pub fn check(&self, operation: &UserOperation, version: EntryPointVersion) -> Result<(), LimitExceeded> {
        let fee = U256::from(operation.max_fee_per_gas);
        within(Spending::FeePerGas, fee, self.max_fee_per_gas.map(U256::from))?;
        let priority = U256::from(operation.max_priority_fee_per_gas);
        within(Spending::PriorityFeePerGas, priority, self.max_priority_fee_per_gas.map(U256::from))?;
        let gas = execution_gas(operation, version).saturating_add(operation.pre_verification_gas);
        within(Spending::Gas, gas, self.max_gas)?;
        // A product beyond 256 bits is above any limit.
        within(Spending::Cost, gas.saturating_mul(fee), self.max_cost)
    }

    /// Checks what was asked for against the newest block.
    ///
    /// # Errors
    /// The first bound that the operation is above.
    pub(crate) fn measure(
        &self,
        operation: &UserOperation,
        version: EntryPointVersion,
        measure: Measure,
    ) -> Result<(), LimitExceeded> {
        if !self.is_measured {
            return Ok(());
        }
        if measure.fees {
            // Chains without a base fee have no measure.
            let allowed = measure.block.base_fee_per_gas.map(|base| {
                const GWEI: u64 = 1_000_000_000;
                U256::from(base).saturating_add(U256::from(GWEI)).saturating_mul(U256::from(Self::FEE_FACTOR))
            });
            let highest = operation.max_fee_per_gas.max(operation.max_priority_fee_per_gas);
            within(Spending::MeasuredFee, U256::from(highest), allowed)?;
        }
        if measure.gas {
            let block = measure.block.gas_limit.filter(|limit| !limit.is_zero());
            within(Spending::MeasuredGas, execution_gas(operation, version), block)?;
            within(Spending::MeasuredPreVerificationGas, operation.pre_verification_gas, block)?;
        }
        Ok(())
    }
}

/// What of an operation was asked for, and the block to measure it by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measure {
    pub(crate) fees: bool,
    pub(crate) gas: bool,
    pub(crate) block: BlockHead,
}

/// The gas that the entry point may use, and charges for: 0.6 counts validation three times with a paymaster.
fn execution_gas(operation: &UserOperation, version: EntryPointVersion) -> U256 {
    let paymaster = operation.paymaster.as_ref();
    let times = if !version.is_packed() && paymaster.is_some() { 3_u8 } else { 1 };
    let own = U256::from(operation.verification_gas_limit).saturating_mul(U256::from(times));
    let own = own.saturating_add(U256::from(operation.call_gas_limit));
    let others = paymaster.filter(|_| version.is_packed()).map_or(U256::ZERO, |paymaster| {
        U256::from(paymaster.verification_gas_limit).saturating_add(U256::from(paymaster.post_op_gas_limit))
    });
    own.saturating_add(others)
}

fn within(what: Spending, asked: U256, allowed: Option<U256>) -> Result<(), LimitExceeded> {
    match allowed {
        Some(allowed) if asked > allowed => Err(LimitExceeded { what, asked, allowed }),
        _ => Ok(()),
    }
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spending {
    /// The price of a unit of gas, by [`SpendingLimit::max_fee_per_gas`].
    FeePerGas,
    /// The priority fee, by [`SpendingLimit::max_priority_fee_per_gas`].
    PriorityFeePerGas,
    /// All gas limits together, by [`SpendingLimit::max_gas`].
    Gas,
    /// All gas limits at the highest price, by [`SpendingLimit::max_cost`].
    Cost,
    /// The price of a unit of gas, by the newest block.
    MeasuredFee,
    /// The gas limits but for `preVerificationGas`, by the newest block.
    MeasuredGas,
    /// `preVerificationGas`, by the newest block.
    MeasuredPreVerificationGas,
}

/// An operation would cost more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// What is too much.
    pub what: Spending,
    /// What the operation asks for: gas, or wei for fees and costs.
    pub asked: U256,
    /// What it may ask for at most, in the same unit.
    pub allowed: U256,
}

impl LimitExceeded {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self.what {
            Spending::FeePerGas | Spending::PriorityFeePerGas | Spending::Cost => {
                "raise the spending limit, or try again when fees are lower"
            }
            Spending::Gas => "raise the spending limit, or make fewer calls at once",
            Spending::MeasuredFee | Spending::MeasuredGas | Spending::MeasuredPreVerificationGas => {
                "ask another node or bundler; if this is usual on the chain, set bounds of your own instead of those by \
                 the newest block"
            }
        }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, asked, allowed } = self;
        match what {
            Spending::FeePerGas => write!(f, "gas would be paid with up to {asked} wei each, allowed are {allowed}"),
            Spending::PriorityFeePerGas => write!(f, "the priority fee would be {asked} wei, allowed are {allowed}"),
            Spending::Gas => write!(f, "the operation may use {asked} gas, allowed are {allowed}"),
            Spending::Cost => write!(f, "the operation may cost {asked} wei, allowed are {allowed}"),
            Spending::MeasuredFee => write!(
                f,
                "gas would be paid with up to {asked} wei each, by the newest block no more than {allowed} are plausible"
            ),
            Spending::MeasuredGas => write!(f, "the operation may use {asked} gas, a whole block has {allowed}"),
            Spending::MeasuredPreVerificationGas => {
                write!(f, "the bundler wants {asked} gas beyond what is measured, a whole block has {allowed}")
            }
        }?;
        f.write_str(": nothing was signed")
    }
}

impl std::error::Error for LimitExceeded {}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;
    use userop::Paymaster;

    use super::*;

    const V0_7: EntryPointVersion = EntryPointVersion::V0_7;

    fn operation() -> UserOperation {
        UserOperation::new(Address::ZERO, U256::ZERO, Vec::new()).with_gas(100, 20, U256::from(3)).with_fees(1_000, 10)
    }

    fn exceeded(limit: SpendingLimit, operation: &UserOperation) -> Option<(Spending, u64, u64)> {
        let exceeded = limit.check(operation, V0_7).err()?;
        Some((exceeded.what, exceeded.asked.to(), exceeded.allowed.to()))
    }

    #[test]
    fn each_bound_holds_exactly() {
        type With = fn(u64) -> SpendingLimit;
        const ONLY: SpendingLimit = SpendingLimit::NONE;
        let fee: With = |limit| ONLY.with_max_fee_per_gas(limit.into());
        let priority: With = |limit| ONLY.with_max_priority_fee_per_gas(limit.into());
        let gas: With = |limit| ONLY.with_max_gas(U256::from(limit));
        let cost: With = |limit| ONLY.with_max_cost(U256::from(limit));
        for (what, asked, limit) in [
            (Spending::FeePerGas, 1_000, fee),
            (Spending::PriorityFeePerGas, 10, priority),
            (Spending::Gas, 123, gas),
            (Spending::Cost, 123_000, cost),
        ] {
            assert_eq!(exceeded(limit(asked), &operation()), None);
            assert_eq!(exceeded(limit(asked - 1), &operation()), Some((what, asked, asked - 1)));
        }
        assert_eq!(SpendingLimit::default().check(&operation(), V0_7), Ok(()));
    }

    #[test]
    fn a_paymasters_gas_counts_as_the_entry_point_counts_it() {
        let paymaster = Paymaster::new(Address::repeat_byte(1), Vec::new()).with_gas(1_000, 2_000);
        let operation = operation().with_paymaster(paymaster);
        let limit = SpendingLimit::NONE.with_max_gas(U256::ZERO);
        assert_eq!(limit.check(&operation, V0_7).unwrap_err().asked, U256::from(3_123));
        assert_eq!(Some(U256::from(3_123_000)), operation.required_prefund());
        assert_eq!(limit.check(&operation, EntryPointVersion::V0_6).unwrap_err().asked, U256::from(163));
    }

    #[test]
    fn what_cannot_be_counted_is_too_much() {
        let operation = operation().with_gas(u128::MAX, u128::MAX, U256::MAX);
        let limit = SpendingLimit::NONE.with_max_cost(U256::MAX - U256::ONE);
        assert_eq!(limit.check(&operation, V0_7).unwrap_err().what, Spending::Cost);
    }

    #[test]
    fn answers_are_measured_by_the_newest_block() {
        let block = BlockHead {
            base_fee_per_gas: Some(1_000_000_000),
            gas_limit: Some(U256::from(120)),
            ..BlockHead::default()
        };
        let all = Measure { fees: true, gas: true, block };
        let measure = |operation: UserOperation, measure| {
            SpendingLimit::MEASURED.measure(&operation, V0_7, measure).err().map(|exceeded| exceeded.what)
        };
        assert_eq!(measure(operation(), all), None);
        let dear = operation().with_fees(100_000_000_001, 0);
        assert_eq!(measure(operation().with_fees(100_000_000_000, 0), all), None);
        assert_eq!(measure(dear.clone(), all), Some(Spending::MeasuredFee));
        assert_eq!(measure(dear.clone(), Measure { fees: false, ..all }), None);
        assert_eq!(SpendingLimit::NONE.measure(&dear, V0_7, all), Ok(()));
        let large = operation().with_gas(101, 20, U256::ZERO);
        assert_eq!(measure(large.clone(), all), Some(Spending::MeasuredGas));
        assert_eq!(measure(large, Measure { gas: false, ..all }), None);
        let greedy = operation().with_gas(1, 1, U256::from(121));
        assert_eq!(measure(greedy, all), Some(Spending::MeasuredPreVerificationGas));
        // A node that says nothing about its blocks gives no measure.
        assert_eq!(measure(dear, Measure { block: BlockHead::default(), ..all }), None);
    }
}
