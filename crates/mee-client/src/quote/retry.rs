//! Operations that are tried again when they fail on chain.
//!
//! A word in a storage contract says whether one try went through. The first operation clears it, each try sets it
//! and runs only while it is clear, and each further try waits for the one before.

use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolValue};

use super::RequestError;
use crate::abi::helper;
use crate::composable::{ComposableCall, Constraint, Fetcher, InputParam};
use crate::instruction::{Calls, Instruction};
use crate::wire::{Metadata, SimulationOverrides, StorageOverride};

pub(super) const NAMESPACE_STORAGE: Address = address!("0x0000000671eb337E12fe5dB0e788F32e1D71B183");
const WRITE_GAS: u64 = 100_000;

/// The tries of one instruction.
#[derive(Clone, Debug)]
pub(super) struct Tries {
    /// Clears the word.
    pub(super) clear: Instruction,
    /// The first try; the further ones are the same within a longer window.
    pub(super) first: Instruction,
    /// How many further tries there are.
    pub(super) further: u32,
}

impl Tries {
    /// Splits an instruction of `account` into its tries. `distinction` must differ between the instructions of a
    /// supertransaction; milliseconds since the Unix epoch do for one.
    pub(super) fn new(instruction: Instruction, account: Address, distinction: u64) -> Result<Self, RequestError> {
        let chain_id = instruction.chain_id;
        let mut first = instruction;
        let further = std::mem::take(&mut first.retries);
        let Calls::Composable(calls) = &mut first.calls else {
            return Err(RequestError::RetryOfPlainCalls { chain_id });
        };
        let namespace = keccak256((account, account).abi_encode_packed());
        let slot = keccak256((account, account, U256::from(distinction)).abi_encode_packed());
        let read = helper::readStorageCall { namespace, slot }.abi_encode().into();
        let is_clear = InputParam::constrained(
            Fetcher::StaticCall { target: NAMESPACE_STORAGE, data: read },
            Constraint::Equal(B256::ZERO),
        );
        calls.push(write(account, slot, true).when(is_clear));
        let words = || Metadata::custom("Write Storage on-chain action", chain_id);
        first.metadata.push(words());
        // A simulation after the first try would find the word still clear.
        let is_set = StorageOverride {
            contract_address: NAMESPACE_STORAGE,
            storage_slot: keccak256((keccak256((namespace, slot).abi_encode()), U256::ZERO).abi_encode()),
            chain_id,
            value: B256::from(U256::ONE),
        };
        first
            .simulation_overrides
            .extend(SimulationOverrides { token_overrides: Vec::new(), custom_overrides: vec![is_set] });
        let clear = Instruction::composable(chain_id, [write(account, slot, false)]).with_metadata([words()]);
        Ok(Self { clear, first, further })
    }
}

fn write(account: Address, slot: B256, value: bool) -> ComposableCall {
    let call = helper::writeStorageCall { slot, value: B256::from(U256::from(value)), account };
    ComposableCall::typed(NAMESPACE_STORAGE, &call).with_gas_limit(U256::from(WRITE_GAS))
}
