//! Paymaster services: ERC-7677, and Biconomy's contexts and token fees behind the feature `biconomy`.

mod client;
mod error;
mod fields;
mod token;

#[cfg(feature = "biconomy")]
pub mod biconomy;

#[doc(alias = "createBicoPaymasterClient")]
pub use client::PaymasterClient;
pub use error::PaymasterError;
pub use fields::{PaymasterFields, Sponsor};
pub use token::Approval;
#[doc(alias("sendTokenPaymasterUserOp", "prepareTokenPaymasterUserOp", "getSupportedTokens"))]
pub use token::approve;
