//! Our own Solidity for tests and the demo: compiled code, addresses, and an in-process EVM to run it.
//!
//! The contracts are written from the public ABI and from recorded behaviour of the deployed ones. They exist so that
//! a local chain or a test can offer what the session module and its policies offer on a public chain.
//!
//! - [`Contract`]: the compiled runtime code of each;
//! - [`placements`]: which code a local chain needs at which address;
//! - `evm` (feature `evm`, on by default): an in-process EVM that runs them without a node;
//! - [`interface`]: their functions, for encoding calls;
//! - `replay` (feature `evm`): recorded behaviour of the deployed contracts, run against ours;
//! - [`mee`]: signatures that our MEE owner validators read;
//! - [`compile`]: how the Solidity becomes the code that is kept.

pub mod address;
pub mod compile;
mod contract;
#[cfg(feature = "evm")]
pub mod evm;
pub mod interface;
pub mod mee;
mod placement;
#[cfg(feature = "evm")]
pub mod replay;

pub use contract::Contract;
pub use placement::{Generation, Placement, placements};
