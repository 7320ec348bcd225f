//! From instructions to a quote request, and from a quote to one that can be signed.

mod assemble;
mod batch;
mod clean_up;
mod delegation;
mod gas;
mod options;
mod request_error;
mod retry;
mod verify;

pub use clean_up::{CleanUp, Dependency, nonce_storage_slot};
pub use options::{
    Delegation, FeeToken, GasTank, HOSTED_TANK, Payer, Payment, QuoteOptions, SessionUse, Sponsor, UseMode,
};
pub use request_error::RequestError;
pub use verify::{Check, Checks, Mismatch, VerifiedQuote, verify};

pub(crate) use assemble::QuoteKind;
pub(crate) use batch::{batch, resolve};
pub(crate) use gas::TRIGGER_CALL;
