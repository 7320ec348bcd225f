//! A local chain with a real bundler: anvil, alto and the contracts, for tests, the demo and development.
//!
//! - [`npm`]: the programs and the contracts' code, installed from npm packages by a lock file on first use.

mod entry_point;
mod error;
pub mod npm;

pub use entry_point::EntryPoint;
pub use error::Error;
