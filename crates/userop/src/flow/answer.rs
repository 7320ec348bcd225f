use alloy_primitives::{Address, Bytes, U256};

use crate::Paymaster;

/// Gas limits, as far as they are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GasEstimate {
    /// `callGasLimit`.
    pub call: Option<u128>,
    /// `verificationGasLimit`.
    pub verification: Option<u128>,
    /// `preVerificationGas`.
    pub pre_verification: Option<U256>,
    /// `paymasterVerificationGasLimit`.
    pub paymaster_verification: Option<u128>,
    /// `paymasterPostOpGasLimit`.
    pub paymaster_post_op: Option<u128>,
}

impl GasEstimate {
    /// The three limits of every operation.
    #[must_use]
    pub const fn new(call: u128, verification: u128, pre_verification: U256) -> Self {
        Self {
            call: Some(call),
            verification: Some(verification),
            pre_verification: Some(pre_verification),
            paymaster_verification: None,
            paymaster_post_op: None,
        }
    }

    /// Every limit raised by `percent` of itself, rounded up; at the highest value that there is at most.
    #[must_use]
    pub fn with_headroom(self, percent: u16) -> Self {
        let raise = |value: u128| {
            let percent = u128::from(percent);
            // Hundreds and the rest apart, so that only results that do not fit saturate.
            let rest = (value % 100).saturating_mul(percent).div_ceil(100);
            value.saturating_add((value / 100).saturating_mul(percent)).saturating_add(rest)
        };
        let hundred = U256::from(100);
        Self {
            call: self.call.map(raise),
            verification: self.verification.map(raise),
            pre_verification: self.pre_verification.map(|value| {
                let (quotient, rest) = value.div_rem(hundred);
                let percent = U256::from(percent);
                value
                    .saturating_add(quotient.saturating_mul(percent))
                    .saturating_add(rest.saturating_mul(percent).div_ceil(hundred))
            }),
            paymaster_verification: self.paymaster_verification.map(raise),
            paymaster_post_op: self.paymaster_post_op.map(raise),
        }
    }
}

/// What a paymaster answers (ERC-7677), for estimating or for good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymasterAnswer {
    /// The paymaster contract.
    pub address: Address,
    /// What it is given.
    pub data: Bytes,
    /// Whether data for estimating is the final data already.
    pub is_final: bool,
    /// Gas limits, those of the paymaster among them.
    pub gas: GasEstimate,
}

impl PaymasterAnswer {
    /// The paymaster fields; limits that are left out are those of `before`.
    pub(super) fn paymaster(self, before: Option<&Paymaster>) -> Paymaster {
        let kept = |own: Option<u128>, before: Option<u128>| own.or(before).unwrap_or(0);
        Paymaster::new(self.address, self.data).with_gas(
            kept(self.gas.paymaster_verification, before.map(|before| before.verification_gas_limit)),
            kept(self.gas.paymaster_post_op, before.map(|before| before.post_op_gas_limit)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_rounds_up_and_does_not_overflow() {
        let estimate = GasEstimate::new(101, u128::MAX, U256::from(7)).with_headroom(10);
        assert_eq!(estimate.call, Some(112));
        assert_eq!(estimate.verification, Some(u128::MAX));
        assert_eq!(estimate.pre_verification, Some(U256::from(8)));
        assert_eq!(GasEstimate::new(101, 5, U256::MAX).with_headroom(0), GasEstimate::new(101, 5, U256::MAX));
    }
}
