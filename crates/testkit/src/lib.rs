//! A local chain with a real bundler: anvil, alto and the contracts, for tests, the demo and development.
//!
//! - [`Devnet`]: node, bundler and all contracts on free ports, gone when dropped;
//! - [`Chain`]: the node's own powers: money, code, time;
//! - [`Key`]: funded keys by what they are for;
//! - [`npm`]: the programs and the contracts' code, installed from npm packages by a lock file on first use.

mod chain;
mod devnet;
mod entry_point;
mod error;
mod key;
pub mod npm;
mod rpc;
mod supervisor;

pub use chain::{Chain, DETERMINISTIC_DEPLOYER, Receipt};
pub use devnet::{Devnet, DevnetBuilder, Hardfork, NexusDeployment};
pub use entry_point::EntryPoint;
pub use error::Error;
pub use key::Key;
pub use rpc::JsonRpc;
