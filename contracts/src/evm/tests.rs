use alloy_primitives::{Address, B256, Bytes, U256, address, hex};

use super::{Evm, Halt, Outcome};
use crate::Contract;

const ALICE: Address = address!("0x00000000000000000000000000000000000a11ce");
const COUNTER: Address = address!("0x0000000000000000000000000000000000000c01");

const GET_NUMBER: [u8; 4] = hex!("f2c9ecd8");
const INCREMENT_NUMBER: [u8; 4] = hex!("273ea3e3");
const REFUSE: [u8; 4] = hex!("62c69b80");
const DEPOSIT: [u8; 4] = hex!("d0e30db0");

fn counter() -> Evm {
    let mut evm = Evm::new();
    evm.set_code(COUNTER, Contract::Counter.runtime_code());
    evm
}

fn number(evm: &mut Evm) -> U256 {
    let outcome = evm.static_call(ALICE, COUNTER, GET_NUMBER);
    U256::from_be_slice(outcome.returned().unwrap())
}

#[test]
fn only_calls_that_return_change_the_state() {
    let mut evm = counter();
    let receipt = evm.execute(ALICE, COUNTER, U256::ZERO, INCREMENT_NUMBER);
    assert!(receipt.outcome.is_success());
    assert!(receipt.gas_used > 21_000 && receipt.gas_used < 60_000, "{}", receipt.gas_used);
    assert_eq!(receipt.logs.len(), 1);

    let refused = evm.call(ALICE, COUNTER, U256::ZERO, REFUSE);
    assert_eq!(&refused.reverted().unwrap()[4..], B256::from(U256::from(1)).as_slice());
    assert!(evm.static_call(ALICE, COUNTER, INCREMENT_NUMBER).is_success());
    assert_eq!(number(&mut evm), U256::from(1));
}

#[test]
fn restores_a_kept_state() {
    let mut evm = counter();
    let empty = evm.snapshot();
    for _ in 0..3 {
        evm.call(ALICE, COUNTER, U256::ZERO, INCREMENT_NUMBER);
    }
    assert_eq!(number(&mut evm), U256::from(3));
    evm.restore(&empty);
    assert_eq!(number(&mut evm), U256::ZERO);
}

#[test]
fn moves_value_that_is_there() {
    let mut evm = counter();
    let wei = U256::from(5);
    assert!(matches!(evm.call(ALICE, COUNTER, wei, DEPOSIT), Outcome::Halted(Halt::Refused(_))));
    evm.set_balance(ALICE, U256::from(7));
    assert!(evm.call(ALICE, COUNTER, wei, DEPOSIT).is_success());
    assert_eq!((evm.balance(ALICE), evm.balance(COUNTER)), (U256::from(2), wei));
}

#[test]
fn deploys_creation_code() {
    let mut evm = Evm::new();
    let code: Vec<u8> = (0..30_000_u16).map(|byte| (byte & 0x7f).to_le_bytes()[0]).collect();
    // PUSH2 length, PUSH1 12 (where the code begins), PUSH0, CODECOPY, PUSH2 length, PUSH0, RETURN
    let mut creation = hex!("617530600c5f396175305ff3").to_vec();
    creation.extend_from_slice(&code);
    assert!(evm.deploy(creation.clone()).is_err());
    evm.set_code_size_limit(40_000);
    let first = evm.deploy(creation.clone()).unwrap();
    let second = evm.deploy(creation).unwrap();
    assert_ne!(first, second);
    assert_eq!(evm.code(second), Bytes::from(code));
}

#[test]
fn shows_block_and_chain_to_contracts() {
    let mut evm = Evm::new();
    // TIMESTAMP, PUSH0, MSTORE; BASEFEE at 32; CHAINID at 64; RETURN 96 bytes
    evm.set_code(COUNTER, &hex!("425f52486020524660405260605ff3"));
    evm.set_timestamp(1_700_000_000);
    evm.set_base_fee(9);
    evm.set_chain_id(10);
    let outcome = evm.call(ALICE, COUNTER, U256::ZERO, []);
    let words: Vec<_> = outcome.returned().unwrap().chunks(32).map(U256::from_be_slice).collect();
    assert_eq!(words, [1_700_000_000_u64, 9, 10].map(U256::from));
}

#[test]
fn an_endless_loop_runs_out_of_gas() {
    let mut evm = Evm::new();
    evm.set_code(COUNTER, &hex!("5b5f56"));
    evm.set_gas_limit(100_000);
    assert_eq!(evm.call(ALICE, COUNTER, U256::ZERO, []), Outcome::Halted(Halt::OutOfGas));
}
