//! A local chain with a real bundler: anvil, alto and the contracts, for tests, the demo and development.
//!
//! - [`Devnet`]: node, bundler and all contracts on free ports, gone when dropped;
//! - [`Chain`]: the node's own powers: money, code, time;
//! - [`Key`]: funded keys by what they are for;
//! - [`scripted`]: a server that answers what a test tells it to;
//! - [`proxy`]: a proxy that spoils requests and answers by a seed;
//! - [`npm`]: the programs and the contracts' code, installed from npm packages by a lock file on first use.

mod chain;
mod devnet;
mod entry_point;
mod error;
mod http;
mod key;
pub mod npm;
pub mod proxy;
mod rpc;
pub mod scripted;
mod supervisor;

pub use chain::{Chain, DETERMINISTIC_DEPLOYER, Receipt};
pub use devnet::{Devnet, DevnetBuilder, Hardfork, NexusDeployment};
pub use entry_point::EntryPoint;
pub use error::Error;
pub use key::Key;
pub use rpc::JsonRpc;

/// The URL of a server on this machine.
pub(crate) fn local_url(port: u16) -> url::Url {
    match url::Url::parse(&format!("http://127.0.0.1:{port}")) {
        Ok(url) => url,
        Err(_) => unreachable!("a port always makes a valid URL"),
    }
}
