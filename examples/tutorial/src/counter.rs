//! The contract that the tutorial calls.

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall as _, sol};
use session_contracts::Contract;
use smart_sessions::bundler::NodeClient;
use smart_sessions::userop::Call;

use crate::chain::Ground;

sol! {
    function incrementNumber() external;
    function decrementNumber() external;
    function setNumber(uint256 number) external;
    function numbers(address caller) external view returns (uint256);
}

/// The usual deterministic deployer: takes `salt ++ creation code`.
const DEPLOYER: Address = address!("4e59b44847b379578588920ca78fbf26c0b4956c");

/// The counter, for calls by the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter(pub(crate) Address);

impl Counter {
    /// The counter that stands on our own chain, or the one that the deterministic deployer makes elsewhere.
    pub(crate) fn on(ground: &Ground) -> Self {
        if ground.devnet.is_some() { Self(session_contracts::address::COUNTER) } else { Self::deterministic() }
    }

    /// Where the deterministic deployer puts the counter on any chain.
    fn deterministic() -> Self {
        Self(DEPLOYER.create2(B256::ZERO, keccak256(creation_code())))
    }

    /// The call that deploys it there.
    pub(crate) fn deployment() -> Call {
        Call::new(DEPLOYER, [B256::ZERO.as_slice(), &creation_code()].concat())
    }

    pub(crate) fn increment() -> Bytes {
        incrementNumberCall {}.abi_encode().into()
    }

    pub(crate) fn decrement() -> Bytes {
        decrementNumberCall {}.abi_encode().into()
    }

    pub(crate) fn set(number: u64) -> Bytes {
        setNumberCall { number: U256::from(number) }.abi_encode().into()
    }

    /// The number of a caller.
    pub(crate) async fn number(&self, node: &NodeClient, caller: Address) -> anyhow::Result<U256> {
        Ok(node.call_sol(self.0, &numbersCall { caller }).await?)
    }
}

/// Code that returns the counter's code: `PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN`.
fn creation_code() -> Vec<u8> {
    let code = Contract::Counter.runtime_code();
    let [.., high, low] = code.len().to_be_bytes();
    let mut creation = vec![0x61, high, low, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x3d, 0xf3];
    creation.extend_from_slice(code);
    creation
}
