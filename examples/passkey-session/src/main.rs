//! A passkey as session key: each use of the session is confirmed on the user's device.
//!
//! The session's validator is the WebAuthn validator, set up with the passkey's public key. For every operation the
//! authenticator signs a challenge, the operation's hash, and the library checks what it answers before anything is sent. Here
//! a software authenticator takes the place of the device; in an application it is a page that calls
//! `navigator.credentials.get` and hands the answer over.
//!
//! The local chain needs the P-256 precompile: `cargo run -p passkey-session` beside
//! `cargo xtask devnet --hardfork osaka`; endpoints of another local chain as arguments.

mod authenticator;

use alloy_primitives::{Address, U256, address};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use anyhow::ensure;
use authenticator::SoftwareAuthenticator;
use smart_sessions::policy::permission::{Permission, at_most};
use smart_sessions::session::Deployment;
use smart_sessions::userop::Call;
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Authenticator, Chain, Grant, Owner, Passkey, RelyingParty, SessionClient};

const COUNTER: Address = address!("000000000000000000000000000000C0de000001");

sol! {
    function setNumber(uint256 number) external;
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut urls = std::env::args().skip(1);
    let node = urls.next().unwrap_or_else(|| "http://127.0.0.1:8545".into());
    let bundler = urls.next().unwrap_or_else(|| "http://127.0.0.1:4337".into());
    let chain = Chain::http(&node, &bundler, Deployment::current()).await?;
    ensure!(
        chain.has_p256_precompile().await?,
        "this chain has no P-256 precompile (remedy: cargo xtask devnet --hardfork osaka)"
    );
    let account = Nexus::at(NexusDeployment::LEGACY_A, address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402"));
    let owner_key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse::<PrivateKeySigner>()?;

    // The registration, once: the device makes a key pair and shows the public key.
    let website = RelyingParty::new("example.org", "https://app.example.org");
    let device = SoftwareAuthenticator::register(&website, "demo credential");
    let passkey = Passkey::new(device.public_key()?, device)?.with_relying_party(website).with_precompile(true);

    let owner = Owner::nexus(chain.clone(), account.clone(), owner_key);
    owner.install_session_module().await?;
    let grant = grant_numbers(&owner, &passkey).await?;
    let session = SessionClient::new(chain, account, grant, passkey)?;
    let receipt = session.use_permission(&[set_number(7)]).await?;
    println!("confirmed on the device and done by operation {}", receipt.user_op_hash);
    if let Err(refusal) = session.use_permission(&[set_number(101)]).await {
        println!("101: {refusal}");
    }
    Ok(())
}

/// The owner lets the passkey call `setNumber(n)` with n up to 100.
async fn grant_numbers<F: Authenticator>(
    owner: &Owner<Nexus, PrivateKeySigner>,
    passkey: &Passkey<F>,
) -> anyhow::Result<Grant> {
    let numbers = Permission::call::<setNumberCall>(COUNTER).rule(|call| &mut call.number, at_most(U256::from(100)));
    let session = owner.chain().new_session(passkey).allow(numbers).build()?;
    let (grant, _receipt) = owner.grant(&session).await?;
    Ok(grant)
}

fn set_number(number: u64) -> Call {
    Call::new(COUNTER, setNumberCall { number: U256::from(number) }.abi_encode())
}

#[cfg(test)]
mod tests;
