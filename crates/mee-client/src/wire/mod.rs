//! What travels between the client and a node: the JSON of requests, quotes and reports.

mod authorization;
pub(crate) mod checksummed;
mod info;
mod metadata;
pub(crate) mod numbers;
mod quote;
mod request;
mod session;

pub(crate) use numbers::{decimal, decimal_u64};

#[doc(alias = "MeeAuthorization")]
pub use authorization::DelegationAuthorization;
#[doc(alias = "GetInfoPayload")]
pub use info::NodeInfo;
pub use info::{GasTokens, PaymentToken, SupportedChain};
pub use metadata::Metadata;
#[doc(alias = "GetQuotePayload")]
pub use quote::QuoteBody;
#[doc(alias = "SignedQuotePayload")]
pub use quote::SignedQuote;
pub use quote::{PaymentQuote, PricedUserOp, Quote, QuotedUserOp};
pub use request::{
    ChainVersion, PaymentInfo, QuoteRequest, QuoteType, Simulation, SimulationOverrides, StorageOverride,
    TokenOverride, TriggerInfo, UserOpRequest,
};
#[doc(alias = "GrantMeePermissionPayload")]
pub use session::SessionDetails;
pub use session::{ChainDigest, EnableSession, EnableSessionData, SessionToEnable};
