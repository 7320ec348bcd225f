//! The application: it has a session key, and no other.

use std::process::Stdio;

use alloy_primitives::{Address, U256, address, hex};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use anyhow::{Context as _, ensure};
use smart_sessions::policy::permission::{Permission, PermissionBuilder as _, at_most};
use smart_sessions::userop::Call;
use smart_sessions::{GrantPlan, SessionClient};

use crate::Place;

const COUNTER: Address = address!("000000000000000000000000000000C0de000001");

sol! {
    function setNumber(uint256 number) external;
}

/// Asks the wallet for a session and sets the number to the largest that it permits.
pub(crate) async fn run(place: &Place, owner: Address, up_to: u64) -> anyhow::Result<()> {
    let (chain, account) = place.connect().await?;
    let key = PrivateKeySigner::random();
    let numbers =
        Permission::call::<setNumberCall>(COUNTER).rule(|call| &mut call.number, at_most(U256::from(up_to))).uses(10);
    let session = chain.new_session(key.address()).allow(numbers).build()?;
    let plan = GrantPlan::builder().nexus_session(&chain, &account, session).owned_by(owner).prepare().await?;
    ensure!(plan.without_module().next().is_none(), "the session module is not installed (remedy: wallet install)");

    let signature = ask_wallet(&plan).await?;
    let grant = plan.with_signature(&signature)?.pop().context("the plan is empty")?;
    println!("granted: {}", grant.permission_id);
    let session = SessionClient::new(chain, account, grant, key)?;
    let call = Call::new(COUNTER, setNumberCall { number: U256::from(up_to) }.abi_encode());
    println!("used by operation {}", session.use_permission(&[call]).await?.user_op_hash);
    Ok(())
}

/// Hands the plan to the wallet's process, which asks its user on the terminal.
async fn ask_wallet(plan: &GrantPlan) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("plan.json");
    std::fs::write(&file, plan.to_text())?;
    let wallet = tokio::process::Command::new(std::env::current_exe()?)
        .arg("sign")
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .context("the wallet cannot be started")?;
    let output = wallet.wait_with_output().await?;
    ensure!(output.status.success(), "the wallet did not sign");
    hex::decode(output.stdout.trim_ascii()).context("the wallet's answer is no signature")
}
