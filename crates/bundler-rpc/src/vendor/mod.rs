//! Methods beyond the standard, one module for each bundler or service that has them.

#[cfg(feature = "alchemy")]
pub mod alchemy;
#[cfg(feature = "biconomy")]
pub mod biconomy;
#[cfg(feature = "debug")]
pub mod debug;
#[cfg(feature = "pimlico")]
pub mod pimlico;
#[cfg(feature = "rundler")]
pub mod rundler;

#[cfg(any(feature = "pimlico", feature = "biconomy"))]
mod prices;
#[cfg(any(feature = "pimlico", feature = "biconomy"))]
pub use prices::{GasPrices, Speed};
