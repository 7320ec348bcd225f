//! Replays recorded behaviour of the deployed contracts against ours, step by step.
//!
//! One function for each kind of recording; each takes the parsed file and gives a [`Verdict`] for every step.

mod behaviour;
mod checks;
mod digests;
mod erc1271;
mod operations;
mod owner;
mod policy;
mod session;
mod text;

use alloy_primitives::{Address, Bytes, U256};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use checks::policy_checks;
pub use digests::{compressions, digests};
pub use erc1271::session_signatures;
pub use operations::operations;
pub use owner::owner_signatures;
pub use policy::{policy_behaviour, policy_state};
pub use session::session_behaviour;

use crate::evm::{Evm, Outcome};
use crate::{Contract, placements};

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The case and the step in it.
    pub step: String,
    /// What was expected and seen, when they differ.
    pub result: Result<(), String>,
}

/// The recording is not of the kind that it should be.
#[derive(Debug, thiserror::Error)]
#[error("not a recording of this kind: {0}")]
pub struct RecordingError(#[from] serde_json::Error);

/// All our contracts at their published addresses.
fn published() -> Evm {
    let mut evm = Evm::new();
    for placement in placements() {
        evm.set_code(placement.address, placement.code);
    }
    evm
}

fn read<T: DeserializeOwned>(recording: &Value) -> Result<T, RecordingError> {
    Ok(T::deserialize(recording)?)
}

/// Keeps the change only when the outcome is one that the module would let stand.
fn call_and_keep(evm: &mut Evm, from: Address, to: Address, data: Vec<u8>, keep: fn(&Outcome) -> bool) -> Outcome {
    let data = Bytes::from(data);
    let outcome = evm.static_call(from, to, data.clone());
    if keep(&outcome) { evm.call(from, to, U256::ZERO, data) } else { outcome }
}

fn stand_in_account(evm: &mut Evm, account: Address) {
    evm.set_code(account, Contract::StandInAccount.runtime_code());
}

/// The one word that a check returns.
fn word(outcome: &Outcome) -> Option<U256> {
    match outcome {
        Outcome::Returned(data) => <[u8; 32]>::try_from(&data[..]).ok().map(U256::from_be_bytes),
        _ => None,
    }
}

fn expect(held: bool, expected: impl FnOnce() -> String, seen: &Outcome) -> Result<(), String> {
    if held { Ok(()) } else { Err(format!("expected {}, saw {seen:?}", expected())) }
}
