//! Generated policies, sessions and calls, through the evaluator and through contracts in an in-process EVM: every
//! answer, window and revert must be the same.
//!
//! Left out is what no recording of the deployed contracts decides: which of two faults of one call is reported, and
//! how an `execute` whose own encoding is cut reverts.
//!
//! `DIFFERENTIAL_SEED` repeats a run, `DIFFERENTIAL_STEPS` sets how many questions each test asks.

mod generate;
mod policies;
mod sessions;

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolValue as _;
use generate::Source;
use session_contracts::evm::{Evm, Outcome};

/// What was asked for, and what came of it.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Word(U256),
    Revert(Bytes),
    /// The contract did not come to an end.
    Halt,
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Returned(data) => Self::Word(U256::abi_decode(&data).unwrap_or_default()),
            Outcome::Reverted(data) => Self::Revert(data),
            Outcome::Halted(_) => Self::Halt,
        }
    }
}

fn seed() -> u64 {
    let given = std::env::var("DIFFERENTIAL_SEED").ok();
    given.map_or_else(
        || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64,
        |seed| seed.parse().expect("DIFFERENTIAL_SEED is a number"),
    )
}

fn steps(default: usize) -> usize {
    std::env::var("DIFFERENTIAL_STEPS").map_or(default, |steps| steps.parse().expect("DIFFERENTIAL_STEPS is a number"))
}

/// The contracts at their published addresses.
fn chain() -> Evm {
    let mut evm = Evm::new();
    for placement in session_contracts::placements() {
        evm.set_code(placement.address, placement.code);
    }
    // Enough for anything honest; a tree that contains itself runs out of it soon.
    evm.set_gas_limit(20_000_000);
    evm
}

fn call(evm: &mut Evm, from: Address, to: Address, data: Vec<u8>) -> Answer {
    evm.call(from, to, U256::ZERO, data).into()
}

#[test]
fn single_policies() {
    let seed = seed();
    println!("DIFFERENTIAL_SEED={seed}");
    let asked = policies::run(&mut Source::new(seed), steps(16_000));
    println!("{asked} steps, no difference");
}

#[test]
fn whole_sessions() {
    let seed = seed();
    println!("DIFFERENTIAL_SEED={seed}");
    let asked = sessions::run(&mut Source::new(seed), steps(6_000));
    println!("{asked} steps, no difference");
}
