//! The README's program does what the README says, and is the README's.

use std::process::Command;

use alloy_primitives::U256;
use alloy_sol_types::{SolCall as _, sol};
use session_contracts::address::COUNTER;
use testkit::{Devnet, Key};
use userop::account::Account as _;

sol! {
    function numbers(address caller) external view returns (uint256);
}

#[tokio::test]
async fn a_session_is_granted_used_and_limited() {
    let devnet = Devnet::start().await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap().address();
    // Twice: what the first run left does not stop a second one.
    for _ in 0..2 {
        let mut program = Command::new(env!("CARGO_BIN_EXE_quickstart"));
        let output = program.args([devnet.rpc_url().as_str(), devnet.bundler_url().as_str()]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with("done by operation 0x"), "{text}");
        assert!(text.contains("101: not permitted, nothing was sent: "), "{text}");
    }
    let number = devnet.chain().call(COUNTER, numbersCall { caller: account }.abi_encode()).await.unwrap();
    assert_eq!(U256::from_be_slice(&number), U256::from(7));
}

#[test]
fn the_readme_shows_this_program() {
    let shown = include_str!("../../../README.md").split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(shown, Some(include_str!("../src/main.rs")), "copy src/main.rs into the README");
}
