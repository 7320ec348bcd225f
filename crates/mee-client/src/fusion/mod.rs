//! Supertransactions that start with funds outside of the account: a permit, a transaction, a Safe, a delegation.

mod error;
mod quote;
mod sign;
mod trigger;

pub use error::FusionError;
pub use quote::{FusionOptions, FusionQuote, OwnerStart, Start};
pub use sign::SignedFusionQuote;
pub use trigger::{TokenTrigger, Trigger, TriggerAmount};
