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

#[doc(alias = "cleanUps")]
pub use clean_up::CleanUp;
pub use clean_up::Dependency;
#[doc(alias = "calculateNonceStorageSlot")]
pub use clean_up::nonce_storage_slot;
#[doc(alias = "FeeTokenInfo")]
pub use options::FeeToken;
#[doc(alias("SponsorshipOptionsParams", "sponsorshipOptions"))]
pub use options::GasTank;
#[doc(alias = "GetQuoteParams")]
pub use options::QuoteOptions;
#[doc(alias = "smartSessionMode")]
pub use options::UseMode;
pub use options::{Delegation, HOSTED_TANK, Payer, Payment, SessionUse, Sponsor};
pub use request_error::RequestError;
pub use verify::{Check, Checks, Mismatch, VerifiedQuote, verify};

pub(crate) use assemble::QuoteKind;
pub(crate) use batch::{batch, resolve};
pub(crate) use gas::TRIGGER_CALL;
