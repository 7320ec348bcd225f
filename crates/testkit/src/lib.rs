//! A local chain with a real bundler: anvil, alto and the contracts, for tests, the demo and development.
//!
//! - [`Devnet`]: node, bundler and all contracts on free ports, gone when dropped;
//! - [`Chain`]: the node's own powers: money, code, time;
//! - [`Key`]: funded keys by what they are for;
//! - [`mee`]: a MEE node that executes on local chains;
//! - [`scripted`]: a server that answers what a test tells it to;
//! - [`postgres`]: a throw-away PostgreSQL server;
//! - [`proxy`]: a proxy that spoils requests and answers by a seed;
//! - [`npm`]: the programs and the contracts' code, installed from npm packages by a lock file on first use.
//!
//! The program `devnet` (`cargo xtask devnet`) starts the same for people.
//!
//! # What it needs and what it takes
//!
//! Node 20.11 or later with npm, and on first use a network that reaches npm's registry: about ten seconds and 230 MB
//! below `target/devnet`. After that a start takes about 1.3 s on an idle machine, of which the bundler is all but 0.2 s,
//! and 250 MB of memory. Tests that need no bundler leave it out with [`DevnetBuilder::without_bundler`]; tests that do are
//! best written as few functions with several steps, since a test runner may give each function a process, and with it a
//! devnet, of its own.
//!
//! The packages have been tried on Linux on x86-64. On other systems the node's package for that system is installed by
//! its version alone, as the lock file does not have it; Windows is not supported.
//!
//! | environment variable | meaning |
//! |---|---|
//! | `DEVNET_DIR` | the folder for packages and logs, in place of `target/devnet`; checkouts can share one |
//! | `DEVNET_ANVIL` | an `anvil` to use in place of the installed one |
//! | `DEVNET_POSTGRES` | the folder of PostgreSQL's `initdb` and `postgres`, in place of Debian's |
//!
//! # How nothing is left behind
//!
//! Node, bundler and database server are children of a small Node process, the leader of a process group of its own, whose standard input
//! is a pipe that only this process holds. When this process ends, in whatever way, the system closes the pipe, and the
//! supervisor kills its group. Logs are removed on an ordinary drop and kept after a panic or a failed start.

mod chain;
mod devnet;
mod entry_point;
mod error;
mod http;
mod key;
pub mod mee;
pub mod npm;
pub mod postgres;
pub mod proxy;
mod rpc;
pub mod scripted;
mod supervisor;

pub use chain::{Chain, DETERMINISTIC_DEPLOYER, Receipt};
pub use devnet::{Devnet, DevnetBuilder, Hardfork, KernelDeployment, NexusDeployment, SafeDeployment};
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
