#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod abi;
pub mod account;
mod chain;
mod client;
mod clock;
pub mod composable;
mod error;
pub mod fusion;
mod hash;
mod http;
mod instruction;
mod node;
pub mod quote;
pub mod session;
pub mod sign;
pub mod status;
mod version;
pub mod wire;

pub use account::{ChainConfiguration, Deployment, MultichainAccount};
pub use chain::Chain;
pub use client::{MeeClient, MeeClientBuilder};
pub use clock::{Clock, ClockLanes, CountingLanes, LaneSource, RandomSalts, SaltSource, SystemClock};
pub use error::MeeError;
pub use hash::{SuperTxTree, mee_user_op_hash};
pub use http::{
    ApiKey, HttpRequest, HttpResponse, HttpTransport, Method, ReqwestTransport, TransportFailure, error_text,
};
pub use instruction::{Calls, Instruction, PlainCall};
pub use node::{DEFAULT_NODE, Executed, NodeApi, ReadRetries, STAGING_NODE};
pub use quote::{FeeToken, Payment, QuoteOptions, Sponsor, VerifiedQuote};
pub use version::{
    ComposabilityVersion, MeeVersion, MeeVersionConfig, ModuleRegistry, SimpleSigning, Submodules, UnknownVersion,
};
