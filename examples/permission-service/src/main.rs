//! A wallet's service that answers `wallet_grantPermissions` (ERC-7715): JSON-RPC over HTTP, on this machine only.
//!
//! A request becomes a session, the session is explained in words on the terminal, and when the confirmation policy that
//! was given at the start lets it pass, the owner signs. The answer's `context` is the grant's stored text: with it and
//! its own key the application acts, see `Grant::from_permission_response`. Nothing is sent: the session is enabled by its first use.
//!
//! `cargo run -p permission-service -- --confirm ask` beside `cargo xtask devnet`. The owner's key is read from the
//! environment variable `OWNER_KEY`; without it, it is that of the local chain.

mod json_rpc;
mod permissions;

use std::net::SocketAddr;
use std::sync::Arc;

use alloy_primitives::{Address, address};
use alloy_signer_local::PrivateKeySigner;
use anyhow::Context as _;
use clap::Parser;
use permissions::{Confirmation, Wallet};
use smart_sessions::session::Deployment;
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Owner};

/// The owner of the local chain's account, as every development node knows it.
const LOCAL_OWNER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const LOCAL_ACCOUNT: Address = address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402");

/// Answer wallet_grantPermissions (ERC-7715) for one account
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:7715")]
    listen: SocketAddr,
    /// The chain's node
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    node: String,
    /// Its bundler
    #[arg(long, default_value = "http://127.0.0.1:4337")]
    bundler: String,
    /// The account, a Nexus
    #[arg(long, default_value_t = LOCAL_ACCOUNT)]
    account: Address,
    /// Which requests are granted
    #[arg(long, value_enum, default_value_t = Confirmation::Refuse)]
    confirm: Confirmation,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let key = std::env::var("OWNER_KEY").unwrap_or_else(|_| LOCAL_OWNER.into());
    // The text itself must not appear in an error.
    let key = key.parse::<PrivateKeySigner>().ok().context("OWNER_KEY is not a private key")?;
    let chain = Chain::http(&arguments.node, &arguments.bundler, Deployment::current()).await?;
    let owner = Owner::nexus(chain, Nexus::at(NexusDeployment::LEGACY_A, arguments.account), key);
    owner.install_session_module().await?;

    let wallet = Arc::new(Wallet { owner, confirmation: arguments.confirm });
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    println!("http://{} grants permissions of {}", listener.local_addr()?, arguments.account);
    Ok(axum::serve(listener, json_rpc::router(wallet)).await?)
}

#[cfg(test)]
mod tests;
