//! Grants a session and uses it, on the chain that `cargo xtask devnet` starts.

use alloy_primitives::{U256, address};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use smart_sessions::policy::permission::{Permission, PermissionBuilder as _, at_most};
use smart_sessions::session::Deployment;
use smart_sessions::userop::{Call, account::Nexus, account::nexus::NexusDeployment};
use smart_sessions::{Chain, Grant, Owner, SessionClient};

sol! { function setNumber(uint256 number) external; }

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Where `cargo xtask devnet` listens, its account and that account's owner.
    let mut urls = std::env::args().skip(1);
    let node = urls.next().unwrap_or_else(|| "http://127.0.0.1:8545".into());
    let bundler = urls.next().unwrap_or_else(|| "http://127.0.0.1:4337".into());
    let chain = Chain::http(&node, &bundler, Deployment::current()).await?;
    let account = Nexus::at(NexusDeployment::LEGACY_A, address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402"));
    let owner_key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse::<PrivateKeySigner>()?;

    // The owner grants: the session key may call setNumber(n) with n up to 100, ten times.
    let owner = Owner::nexus(chain.clone(), account.clone(), owner_key);
    owner.install_session_module().await?;
    let session_key = PrivateKeySigner::random();
    let counter = address!("000000000000000000000000000000C0de000001");
    let permission =
        Permission::call::<setNumberCall>(counter).rule(|call| &mut call.number, at_most(U256::from(100))).uses(10);
    let session = chain.new_session(session_key.address()).allow(permission).build()?;
    let (grant, _receipt) = owner.grant(&session).await?;
    let stored = grant.to_text(); // to be handed to the holder of the session key

    // Elsewhere: the stored text and the session key are all it takes to act for the account.
    let grant = Grant::from_text(&stored, chain.chain_id())?;
    let session = SessionClient::new(chain, account, grant, session_key)?;
    let set_number = |number| Call::new(counter, setNumberCall { number: U256::from(number) }.abi_encode());
    let receipt = session.use_permission(&[set_number(7)]).await?;
    println!("done by operation {}", receipt.user_op_hash);
    if let Err(refusal) = session.use_permission(&[set_number(101)]).await {
        println!("101: {refusal}");
    }
    Ok(())
}
