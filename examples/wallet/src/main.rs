//! Two processes: an application that wants a session, and a wallet that holds the owner's key.
//!
//! `wallet request` is the application. It knows the owner's address, not the key: it plans a grant, writes the plan down
//! and starts `wallet sign`, which reads the plan, shows in words what would be granted and what is dangerous about it, asks,
//! and answers with a signature. The application checks the signature against the plan that it kept, and uses the session.
//!
//! Beside `cargo xtask devnet`: `cargo run -p wallet -- install`, once, then `cargo run -p wallet -- request`.

mod request;
mod sign;

use std::path::PathBuf;

use alloy_primitives::{Address, address};
use alloy_signer_local::PrivateKeySigner;
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use smart_sessions::session::Deployment;
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Owner};

/// A wallet, and an application that asks it
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The wallet: install the session module on the account
    Install(Place),
    /// The wallet: show a plan, ask, and print a signature
    Sign {
        /// The plan
        plan: PathBuf,
    },
    /// The application: ask the wallet for a session, and use it
    Request {
        #[command(flatten)]
        place: Place,
        /// The owner's address
        #[arg(long, default_value_t = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))]
        owner: Address,
        /// The largest number that the session may set
        #[arg(long, default_value_t = 100)]
        up_to: u64,
    },
}

/// A chain, and the account on it.
#[derive(Args, Debug)]
struct Place {
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    node: String,
    #[arg(long, default_value = "http://127.0.0.1:4337")]
    bundler: String,
    #[arg(long, default_value_t = address!("81a9BbCE91C02e8d066f7693DB5c2cB7a085A402"))]
    account: Address,
}

impl Place {
    async fn connect(&self) -> anyhow::Result<(Chain, Nexus)> {
        let chain = Chain::http(&self.node, &self.bundler, Deployment::current()).await?;
        Ok((chain, Nexus::at(NexusDeployment::LEGACY_A, self.account)))
    }
}

/// The owner's key, of which only the wallet knows. Without the variable it is that of the local chain.
fn owner_key() -> anyhow::Result<PrivateKeySigner> {
    const LOCAL: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let key = std::env::var("OWNER_KEY").unwrap_or_else(|_| LOCAL.into());
    // The text itself must not appear in an error.
    key.parse().ok().context("OWNER_KEY is not a private key")
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().role {
        Role::Install(place) => {
            let (chain, account) = place.connect().await?;
            Owner::nexus(chain, account, owner_key()?).install_session_module().await?;
            println!("the session module is installed");
            Ok(())
        }
        Role::Sign { plan } => sign::run(&plan, &owner_key()?),
        Role::Request { place, owner, up_to } => request::run(&place, owner, up_to).await,
    }
}
