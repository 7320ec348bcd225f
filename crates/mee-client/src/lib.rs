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
#[doc(alias = "createMeeClient")]
pub use client::MeeClient;
pub use client::MeeClientBuilder;
pub use clock::{Clock, ClockLanes, CountingLanes, LaneSource, RandomSalts, SaltSource, SystemClock};
pub use error::MeeError;
#[doc(alias = "createMerkleTree")]
pub use hash::SuperTxTree;
pub use hash::mee_user_op_hash;
#[doc(alias = "parseErrorMessage")]
pub use http::error_text;
pub use http::{ApiKey, HttpRequest, HttpResponse, HttpTransport, Method, ReqwestTransport, TransportFailure};
pub use instruction::{Calls, Instruction, PlainCall};
#[doc(alias("UseMeePermissionPayload", "result"))]
pub use node::Executed;
pub use node::{DEFAULT_NODE, NodeApi, ReadRetries, STAGING_NODE};
pub use quote::{FeeToken, Payment, QuoteOptions, Sponsor, VerifiedQuote};
#[doc(alias = "MEEVersion")]
pub use version::MeeVersion;
#[doc(alias("getMEEVersion", "MEEVersionConfig"))]
pub use version::MeeVersionConfig;
pub use version::{ComposabilityVersion, ModuleRegistry, SimpleSigning, Submodules, UnknownVersion};
