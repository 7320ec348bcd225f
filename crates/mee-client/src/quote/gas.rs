//! The client's gas limits, where it does not leave them to the node.

use alloy_primitives::U256;

use crate::instruction::Calls;

const CALL: u64 = 700_000;
pub(crate) const PAYMENT_CALL: u64 = 75_000;
pub(crate) const TRIGGER_CALL: u64 = 75_000;
const PAYMENT_VERIFICATION: u64 = 150_000;
const SESSION_ENABLE: u64 = 1_000_000;
const SESSION_USE: u64 = 250_000;

/// Gas for the calls of one operation.
pub(super) fn call_gas_limit(calls: &Calls) -> U256 {
    calls.gas_limits().iter().fold(U256::ZERO, |sum, limit| sum.saturating_add(limit.unwrap_or(U256::from(CALL))))
}

/// Gas for validating operations: fixed for sessions, since they are simulated with a stand-in signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerificationGas {
    pub(super) custom: Option<U256>,
    pub(super) by_session: bool,
    pub(super) sponsored: bool,
    pub(super) payment_chain: u64,
}

impl VerificationGas {
    /// For the payment. `None` leaves it to the node.
    pub(super) fn of_payment(self) -> U256 {
        let usual = if self.by_session && !self.sponsored { SESSION_ENABLE } else { PAYMENT_VERIFICATION };
        match self.custom {
            Some(custom) if !self.sponsored => custom,
            _ => U256::from(usual),
        }
    }

    /// For the operation with number `index` on its chain. `None` leaves it to the node.
    pub(super) fn of_operation(self, chain_id: u64, index: usize) -> Option<U256> {
        if !self.by_session {
            return self.custom;
        }
        // On the payment chain it is the payment that enables the session.
        let enables = index == 0 && (self.sponsored || chain_id != self.payment_chain);
        Some(if enables { self.custom.unwrap_or(U256::from(SESSION_ENABLE)) } else { U256::from(SESSION_USE) })
    }
}
