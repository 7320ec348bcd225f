use alloc::{vec, vec::Vec};

use alloy_primitives::U256;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy, PolicyError,
    check::{Refusal, Revert, Usage, UserOpCheck, Verdict, Window},
    condition::range_bounds,
    explain::{self, Line, Words},
    word,
};

/// Permits operations up to a sum of gas and a sum of gas cost.
///
/// Init data: `uint128` gas, `uint128` cost in wei, 32 bytes; the contract ignores what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SimpleGas {
    gas: u128,
    cost: u128,
}

impl SimpleGas {
    /// The state before initialisation: reverts every check.
    pub const UNSET: Self = Self { gas: 0, cost: 0 };

    /// Permits operations that ask for `gas` gas and `cost` wei for it in all.
    ///
    /// # Errors
    /// [`PolicyError::ZeroLimit`] when either is 0.
    pub const fn new(gas: u128, cost: u128) -> Result<Self, PolicyError> {
        if gas == 0 || cost == 0 { Err(PolicyError::ZeroLimit) } else { Ok(Self { gas, cost }) }
    }

    /// The permitted gas over all operations.
    #[must_use]
    pub const fn gas(self) -> u128 {
        self.gas
    }

    /// The permitted gas cost over all operations, in wei.
    #[must_use]
    pub const fn cost(self) -> u128 {
        self.cost
    }
}

impl Policy for SimpleGas {
    fn name(&self) -> &'static str {
        "gas limit"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::SimpleGas.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        [self.gas.to_be_bytes(), self.cost.to_be_bytes()].concat()
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        // Unlike the other contracts this one answers short data with its "not initialised" error.
        let word = word::word(init_data, 0).map_err(|_| DecodeError::ZeroLimit)?;
        let (gas, cost) = range_bounds(word);
        Self::new(gas, cost).map_err(|_| DecodeError::ZeroLimit)
    }

    /// Two counters: the gas and the wei so far.
    fn usage(&self) -> Usage {
        Usage(vec![U256::ZERO; 2])
    }

    fn check_user_op(&self, usage: &mut Usage, op: &UserOpCheck<'_>) -> Verdict {
        if self.gas == 0 {
            return Err(Revert::NotInitialized(op.context).into());
        }
        let (verification, call) = range_bounds(op.account_gas_limits);
        let (paymaster_verification, post_op) = op
            .paymaster_and_data
            .get(20..52)
            .map_or((0, 0), |limits| range_bounds(alloy_primitives::B256::from_slice(limits)));
        // Four 128-bit numbers cannot overflow 256 bits; what is added to them can.
        let limits: U256 = [verification, call, paymaster_verification, post_op].into_iter().map(U256::from).sum();
        let amount = limits.checked_add(op.pre_verification_gas).ok_or(Revert::OVERFLOW)?;
        let gas = usage.at(0).checked_add(amount).ok_or(Revert::OVERFLOW)?;
        if gas > U256::from(self.gas) {
            return Err(Refusal::Gas { limit: self.gas, used: usage.at(0), amount });
        }

        let (priority, max) = range_bounds(op.gas_fees);
        let (priority, max) = (U256::from(priority), U256::from(max));
        let price =
            if priority == max { max } else { max.min(priority.checked_add(op.base_fee).ok_or(Revert::OVERFLOW)?) };
        let amount = amount.checked_mul(price).ok_or(Revert::OVERFLOW)?;
        let cost = usage.at(1).checked_add(amount).ok_or(Revert::OVERFLOW)?;
        if cost > U256::from(self.cost) {
            return Err(Refusal::Cost { limit: self.cost, used: usage.at(1), amount });
        }
        *usage.counter(0) = gas;
        *usage.counter(1) = cost;
        Ok(Window::UNBOUNDED)
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::simple_gas(*self, words)
    }
}
