//! The two processes, with the answers of a user.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use alloy_primitives::U256;
use alloy_sol_types::{SolCall as _, sol};
use session_contracts::address::COUNTER;
use smart_sessions::userop::account::Account as _;
use testkit::{Devnet, Key};

sol! {
    function numbers(address caller) external view returns (uint256);
}

/// The application asks, and the user types `answer`.
fn request(devnet: &Devnet, owner_key: Key, answer: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wallet"))
        .args(["request", "--node", devnet.rpc_url().as_str(), "--bundler", devnet.bundler_url().as_str()])
        .env("OWNER_KEY", owner_key.secret().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropped at once: the input ends after the answer.
    writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_shows_asks_and_signs() {
    let devnet = Devnet::start().await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap().address();
    let number = async || {
        let call = numbersCall { caller: account }.abi_encode();
        U256::from_be_slice(&devnet.chain().call(COUNTER, call).await.unwrap())
    };

    let early = request(&devnet, Key::Owner, "yes");
    assert!(!early.status.success() && text(&early.stderr).contains("remedy: wallet install"), "{early:?}");
    let place = ["install", "--node", devnet.rpc_url().as_str(), "--bundler", devnet.bundler_url().as_str()];
    let installed = Command::new(env!("CARGO_BIN_EXE_wallet")).args(place).output().unwrap();
    assert!(installed.status.success(), "{installed:?}");

    let declined = request(&devnet, Key::Owner, "no");
    assert!(!declined.status.success() && text(&declined.stderr).contains("the wallet did not sign"), "{declined:?}");
    let stranger = request(&devnet, Key::Stranger, "yes");
    assert!(text(&stranger.stderr).contains("the plan is for another owner"), "{stranger:?}");
    assert_eq!(number().await, U256::ZERO);

    let agreed = request(&devnet, Key::Owner, "yes");
    let (shown, done) = (text(&agreed.stderr), text(&agreed.stdout));
    assert!(agreed.status.success(), "{done}{shown}");
    assert!(shown.contains("at most 100") && shown.contains("at most 10 calls"), "{shown}");
    assert!(done.contains("used by operation 0x"), "{done}");
    assert_eq!(number().await, U256::from(100));
}
