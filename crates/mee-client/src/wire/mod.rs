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

pub use authorization::DelegationAuthorization;
pub use info::{GasTokens, NodeInfo, PaymentToken, SupportedChain};
pub use metadata::Metadata;
pub use quote::{PaymentQuote, PricedUserOp, Quote, QuoteBody, QuotedUserOp, SignedQuote};
pub use request::{
    ChainVersion, PaymentInfo, QuoteRequest, QuoteType, Simulation, SimulationOverrides, StorageOverride,
    TokenOverride, TriggerInfo, UserOpRequest,
};
pub use session::{ChainDigest, EnableSession, EnableSessionData, SessionDetails, SessionToEnable};
