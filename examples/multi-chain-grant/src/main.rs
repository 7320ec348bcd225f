//! One signature for sessions on two chains; on each of them the first use enables the session.
//!
//! The owner's account has the same address on both chains. What is signed covers both sessions with their chains, so
//! that neither can be used elsewhere; a grant for a chain holds the digests of all of them, and the one signature.
//!
//! Beside `cargo xtask devnet` and `cargo xtask devnet --chain-id 31338 --port 8546 --bundler-port 4338`:
//! `cargo run -p multi-chain-grant`; node and bundler of each of two other chains as arguments.

use alloy_primitives::{Address, U256, address};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use anyhow::ensure;
use smart_sessions::policy::permission::{Permission, at_most};
use smart_sessions::session::Deployment;
use smart_sessions::userop::Call;
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Grant, GrantPlan, Owner, SessionClient, SignatureForm};

const COUNTER: Address = address!("000000000000000000000000000000C0de000001");
const LOCAL_CHAINS: [&str; 4] =
    ["http://127.0.0.1:8545", "http://127.0.0.1:4337", "http://127.0.0.1:8546", "http://127.0.0.1:4338"];

sol! {
    function setNumber(uint256 number) external;
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut urls: Vec<String> = std::env::args().skip(1).collect();
    if urls.is_empty() {
        urls = LOCAL_CHAINS.map(Into::into).into();
    }
    ensure!(urls.len().is_multiple_of(2), "expected node and bundler of each chain");
    let account = Nexus::at(NexusDeployment::LEGACY_A, address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402"));
    let owner_key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse::<PrivateKeySigner>()?;
    let mut owners = Vec::new();
    for urls in urls.chunks_exact(2) {
        let chain = Chain::http(&urls[0], &urls[1], Deployment::current()).await?;
        owners.push(Owner::nexus(chain, account.clone(), owner_key.clone()));
    }

    let session_key = PrivateKeySigner::random();
    let plan = plan(&owners, session_key.address()).await?;
    println!("{}", plan.explanation());
    let grants = plan.sign(&owner_key, SignatureForm::PersonalMessage).await?;
    println!("{} grants by one signature over {}", grants.len(), plan.digest());
    for (owner, grant) in owners.iter().zip(grants) {
        let chain_id = grant.chain_id;
        let session = session(owner, grant, &session_key)?;
        let receipt = session.use_permission(&[set_number(7)]).await?;
        println!("chain {chain_id}: enabled and used by operation {}", receipt.user_op_hash);
    }
    Ok(())
}

type LocalOwner = Owner<Nexus, PrivateKeySigner>;

/// The same permission on every chain: `setNumber(n)` with n up to 100.
async fn plan(owners: &[LocalOwner], session_key: Address) -> anyhow::Result<GrantPlan> {
    let mut plan = GrantPlan::builder();
    for owner in owners {
        owner.install_session_module().await?;
        let numbers =
            Permission::call::<setNumberCall>(COUNTER).rule(|call| &mut call.number, at_most(U256::from(100)));
        plan = plan.sessions_of(owner, [owner.chain().new_session(session_key).allow(numbers).build()?]);
    }
    Ok(plan.prepare().await?)
}

/// What the holder of the session key has on one chain.
fn session(
    owner: &LocalOwner,
    grant: Grant,
    session_key: &PrivateKeySigner,
) -> anyhow::Result<SessionClient<Nexus, PrivateKeySigner>> {
    Ok(SessionClient::new(owner.chain().clone(), owner.account().clone(), grant, session_key.clone())?)
}

fn set_number(number: u64) -> Call {
    Call::new(COUNTER, setNumberCall { number: U256::from(number) }.abi_encode())
}

#[cfg(test)]
mod tests;
