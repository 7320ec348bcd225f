use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::execution;

/// A call that the account is to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Call {
    /// The contract that is called.
    pub target: Address,
    /// Native value sent along, in wei.
    pub value: U256,
    /// The call data, selector included.
    pub data: Bytes,
}

impl Call {
    /// A call of `target`.
    #[must_use]
    pub fn new(target: Address, value: U256, data: impl Into<Bytes>) -> Self {
        Self { target, value, data: data.into() }
    }
}

/// The members of a user operation that the module and its policies look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// What the account is called with.
    pub call_data: Bytes,
    /// Verification gas (high half) and call gas.
    pub account_gas_limits: B256,
    /// Pre-verification gas.
    pub pre_verification_gas: U256,
    /// Priority fee (high half) and maximum fee, in wei per gas.
    pub gas_fees: B256,
    /// Paymaster, its two gas limits and its data; empty without a paymaster.
    pub paymaster_and_data: Bytes,
}

impl Operation {
    /// An operation that calls the account with `call_data`, without gas and paymaster.
    #[must_use]
    pub fn new(call_data: impl Into<Bytes>) -> Self {
        Self { call_data: call_data.into(), ..Self::default() }
    }

    /// An operation that makes the account execute a batch (ERC-7579).
    #[must_use]
    pub fn batch(calls: &[Call]) -> Self {
        Self::new(execute(1, &encode_batch(calls)))
    }

    /// An operation that makes the account execute calls: one as a single call, several as a batch.
    #[must_use]
    pub fn of(calls: &[Call]) -> Self {
        match calls {
            [call] => call.clone().into(),
            calls => Self::batch(calls),
        }
    }

    /// Sets the gas limits and fees, in gas and in wei per gas.
    #[must_use]
    pub fn with_gas(
        mut self,
        verification: u128,
        call: u128,
        pre_verification: U256,
        priority_fee: u128,
        max_fee: u128,
    ) -> Self {
        self.account_gas_limits = halves(verification, call);
        self.pre_verification_gas = pre_verification;
        self.gas_fees = halves(priority_fee, max_fee);
        self
    }

    /// Sets the paymaster field: address, two gas limits of 16 bytes, data.
    #[must_use]
    pub fn with_paymaster(mut self, paymaster_and_data: impl Into<Bytes>) -> Self {
        self.paymaster_and_data = paymaster_and_data.into();
        self
    }
}

impl From<Call> for Operation {
    /// The account executes a single call (ERC-7579).
    fn from(call: Call) -> Self {
        let mut data = Vec::with_capacity(52 + call.data.len());
        data.extend_from_slice(call.target.as_slice());
        data.extend_from_slice(&call.value.to_be_bytes::<32>());
        data.extend_from_slice(&call.data);
        Self::new(execute(0, &data))
    }
}

fn halves(high: u128, low: u128) -> B256 {
    crate::RefValue::range(high, low).word()
}

/// `execute(bytes32 mode, bytes)` with this call type.
fn execute(call_type: u8, execution: &[u8]) -> Vec<u8> {
    let padded = execution.len().next_multiple_of(32);
    let mut data = vec![0; 4 + 96 + padded];
    data[..4].copy_from_slice(&execution::EXECUTE);
    data[4] = call_type;
    data[67] = 0x40;
    put(&mut data, 68, execution.len());
    data[100..100 + execution.len()].copy_from_slice(execution);
    data
}

/// `abi((address,uint256,bytes)[])`.
fn encode_batch(calls: &[Call]) -> Vec<u8> {
    let tuple = |call: &Call| 128 + call.data.len().next_multiple_of(32);
    let mut data = vec![0; 64 + calls.iter().map(|call| 32 + tuple(call)).sum::<usize>()];
    put(&mut data, 0, 32);
    put(&mut data, 32, calls.len());
    let mut at = 64 + calls.len() * 32;
    for (index, call) in calls.iter().enumerate() {
        put(&mut data, 64 + index * 32, at - 64);
        data[at + 12..at + 32].copy_from_slice(call.target.as_slice());
        data[at + 32..at + 64].copy_from_slice(&call.value.to_be_bytes::<32>());
        put(&mut data, at + 64, 96);
        put(&mut data, at + 96, call.data.len());
        data[at + 128..at + 128 + call.data.len()].copy_from_slice(&call.data);
        at += tuple(call);
    }
    data
}

/// A number at the end of the zero word at `position`.
fn put(data: &mut [u8], position: usize, number: usize) {
    let bytes = number.to_be_bytes();
    data[position + 32 - bytes.len()..position + 32].copy_from_slice(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::{Execution, arguments, decode};

    #[test]
    fn batches_decode_to_their_calls() {
        let calls = [
            Call::new(Address::repeat_byte(1), U256::from(5), vec![1, 2, 3]),
            Call::new(Address::repeat_byte(2), U256::ZERO, vec![9; 64]),
            Call::new(Address::repeat_byte(3), U256::MAX, vec![]),
        ];
        let operation = Operation::batch(&calls);
        let (mode, data) = arguments(&operation.call_data).unwrap();
        let Ok(Execution::Batch(batch)) = decode(mode, data) else { panic!("not a batch") };
        let seen: Vec<_> = batch
            .map(|call| call.map(|call| Call::new(call.target, call.value, call.data.to_vec())).unwrap())
            .collect();
        assert_eq!(seen, calls);
    }
}
