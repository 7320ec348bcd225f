use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use userop::EntryPoint;

use super::RequestError;
use crate::abi::entry_point::getNonceCall;
use crate::abi::{helper, token};
use crate::composable::{ComposableCall, Constraint, Fetcher, InputParam, NativeValue};
use crate::instruction::Instruction;
use crate::wire::{Metadata, SimulationOverrides, StorageOverride, TokenOverride};

/// How native tokens are also named.
const NATIVE_MARKER: Address = Address::repeat_byte(0xee);

/// Sweeps what is left of a token once other operations are through.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanUp {
    /// The token; zero for the chain's native token.
    pub token: Address,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// Who receives it.
    pub recipient: Address,
    /// How much, in the token's smallest unit; all that is there when absent.
    pub amount: Option<U256>,
    /// Gas for the sweep; the client's default when absent.
    pub gas_limit: Option<U256>,
    /// The operations to wait for, counted from 0 without the payment; the last one of the chain when empty.
    ///
    /// The account's nonce is looked at on the clean-up's own chain: an operation on another chain is never seen there.
    pub depends_on: Vec<usize>,
}

impl CleanUp {
    /// Sends all that is left of a token to `recipient`.
    #[must_use]
    pub const fn new(token: Address, chain_id: u64, recipient: Address) -> Self {
        Self { token, chain_id, recipient, amount: None, gas_limit: None, depends_on: Vec::new() }
    }

    /// Sends this much instead, in the token's smallest unit.
    #[must_use]
    pub const fn with_amount(mut self, amount: U256) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Waits for these operations, counted from 0 without the payment.
    #[must_use]
    pub fn after(mut self, operations: impl IntoIterator<Item = usize>) -> Self {
        self.depends_on.extend(operations);
        self
    }

    /// Limits the gas of the sweep.
    #[must_use]
    pub const fn with_gas_limit(mut self, gas_limit: U256) -> Self {
        self.gas_limit = Some(gas_limit);
        self
    }

    pub(super) fn is_native(&self) -> bool {
        self.token.is_zero() || self.token == NATIVE_MARKER
    }

    /// The sweep as an instruction of `account`, waiting for `dependencies`.
    pub(super) fn instruction(
        &self,
        account: Address,
        owner: Address,
        forwarder: Address,
        dependencies: &[Dependency],
    ) -> Instruction {
        let amount = self.amount.filter(|amount| !amount.is_zero());
        let mut call = if self.is_native() {
            let value = amount.map_or(NativeValue::BalanceOf(account), NativeValue::Wei);
            ComposableCall::typed(forwarder, &helper::forwardCall { recipient: self.recipient }).with_value(value)
        } else {
            let recipient = InputParam::raw(self.recipient.abi_encode().into());
            let amount = amount.map_or_else(
                || InputParam::balance(self.token, account),
                |amount| InputParam::raw(amount.abi_encode().into()),
            );
            ComposableCall::new(self.token, token::transferCall::SELECTOR.into(), [recipient, amount])
        };
        call.gas_limit = self.gas_limit;
        call.conditions.extend(dependencies.iter().map(|dependency| dependency.condition(account)));
        let overrides = SimulationOverrides {
            token_overrides: vec![TokenOverride {
                token_address: self.token,
                account_address: account,
                chain_id: self.chain_id,
                balance: amount.unwrap_or(U256::ONE),
            }],
            custom_overrides: dependencies
                .iter()
                .map(|dependency| dependency.storage_override(account, self.chain_id))
                .collect(),
        };
        let words = Metadata::transfer(self.token, owner, self.recipient, amount, self.chain_id);
        Instruction::composable(self.chain_id, [call]).with_metadata([words]).with_simulation_overrides(overrides)
    }
}

/// The nonce of an operation that another one waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency(pub U256);

impl Dependency {
    fn key(self) -> U256 {
        self.0 >> 64
    }

    /// The nonce that the account has once the operation is through.
    const fn next(self) -> U256 {
        self.0.saturating_add(U256::ONE)
    }

    /// Holds once the operation is through.
    pub(super) fn condition(self, account: Address) -> InputParam {
        let key = self.key().wrapping_to();
        let data: Bytes = getNonceCall { sender: account, key }.abi_encode().into();
        let fetcher = Fetcher::StaticCall { target: EntryPoint::V0_7.address, data };
        InputParam::constrained(fetcher, Constraint::AtLeast(self.next()))
    }

    /// Has a simulation believe that the operation is through.
    pub(super) fn storage_override(self, account: Address, chain_id: u64) -> StorageOverride {
        let sequence = self.next() & U256::from(u64::MAX);
        StorageOverride {
            contract_address: EntryPoint::V0_7.address,
            storage_slot: nonce_storage_slot(account, self.key()),
            chain_id,
            value: sequence.into(),
        }
    }
}

/// Where the entry point (0.7) stores the next sequence of a nonce key: `keccak256(key ++ keccak256(sender ++ 1))`, each
/// a 32-byte word.
#[must_use]
pub fn nonce_storage_slot(sender: Address, key: U256) -> B256 {
    let inner = keccak256((sender, U256::ONE).abi_encode());
    keccak256((key, inner).abi_encode())
}

/// The dependencies of a clean-up, as the nonces of the operations it waits for.
pub(super) fn dependencies(clean_up: &CleanUp, operations: &[(u64, U256)]) -> Result<Vec<Dependency>, RequestError> {
    let chain_id = clean_up.chain_id;
    if clean_up.depends_on.is_empty() {
        let last = operations.iter().rev().find(|(chain, _)| *chain == chain_id);
        let (_, nonce) = last.ok_or(RequestError::CleanUpWithoutOperation { chain_id })?;
        return Ok(vec![Dependency(*nonce)]);
    }
    let find = |&index: &usize| {
        let unknown = RequestError::UnknownDependency { index, count: operations.len() };
        operations.get(index).map(|(_, nonce)| Dependency(*nonce)).ok_or(unknown)
    };
    clean_up.depends_on.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two operations on chain 1, then two on chain 2.
    const OPERATIONS: [(u64, U256); 4] = [(1, nonce(10)), (1, nonce(11)), (2, nonce(20)), (2, nonce(21))];

    const fn nonce(nonce: u64) -> U256 {
        U256::from_limbs([nonce, 0, 0, 0])
    }

    fn clean_up(chain_id: u64) -> CleanUp {
        CleanUp::new(Address::repeat_byte(1), chain_id, Address::repeat_byte(2))
    }

    #[test]
    fn waits_for_the_last_operation_of_its_own_chain() {
        let waits = |chain_id| dependencies(&clean_up(chain_id), &OPERATIONS);
        // The very last one is on the other chain, where the clean-up's chain would never see it.
        assert_eq!(waits(1), Ok(vec![Dependency(nonce(11))]));
        assert_eq!(waits(2), Ok(vec![Dependency(nonce(21))]));
        assert_eq!(waits(3), Err(RequestError::CleanUpWithoutOperation { chain_id: 3 }));
    }

    #[test]
    fn waits_for_what_it_is_told_to_wait_for() {
        let waits = |operations: &[usize]| dependencies(&clean_up(1).after(operations.iter().copied()), &OPERATIONS);
        assert_eq!(waits(&[0, 3]), Ok(vec![Dependency(nonce(10)), Dependency(nonce(21))]));
        assert_eq!(waits(&[4]), Err(RequestError::UnknownDependency { index: 4, count: 4 }));
    }
}
