//! Paymaster services: ERC-7677, and Biconomy's contexts and token fees behind the feature `biconomy`.

mod client;
mod error;
mod fields;
mod token;

#[cfg(feature = "biconomy")]
pub mod biconomy;

pub use client::PaymasterClient;
pub use error::PaymasterError;
pub use fields::{PaymasterFields, Sponsor};
pub use token::{Approval, approve};
