//! Paymaster services.

mod error;

pub use error::PaymasterError;
