#![doc = include_str!("../README.md")]

mod backoff;
mod bundlers;
mod client;
#[cfg(feature = "alloy-rpc-types")]
mod convert;
mod deadline;
mod endpoint;
mod error;
mod http;
mod limit;
mod node;
pub mod paymaster;
mod poller;
mod prepare;
mod prepared;
#[cfg(feature = "alloy-provider")]
mod provider;
mod request;
mod signed;
mod status;
mod submit;
pub mod vendor;
mod watch;
mod wire;

pub use alloy_rpc_client::RpcClient;
pub use userop;

pub use backoff::Backoff;
pub use bundlers::Bundlers;
pub use client::BundlerClient;
pub use deadline::Deadline;
pub use error::{AaCode, BundlerError, ErrorKind, ErrorResponse, Retry, RevertData, TransportFailure};
pub use http::{ConnectError, connect};
pub use limit::{LimitExceeded, Spending, SpendingLimit};
pub use node::{BlockHead, CallRequest, LogFilter, MinedOperation, NodeClient};
pub use poller::Polling;
pub use prepare::{FeeSource, Preparer, Sponsorship};
pub use prepared::PreparedOperation;
#[cfg(feature = "alloy-provider")]
pub use provider::BundlerProvider;
pub use request::{NonceSource, OperationRequest};
pub use signed::SignedOperation;
pub use status::{Progress, StatusMethod};
pub use wire::{
    AccountDeployed, AccountOverride, Fees, GasEstimate, KnownOperation, OperationReverted, Outcome, PartialOperation,
    PartialPaymaster, PostOpRevertReason, ReceiptLog, RevertReason, StateOverride, StorageOverride, TransactionReceipt,
    UserOperationEvent, UserOperationPrefundTooLow, UserOperationReceipt, UserOperationRevertReason, WireOperation,
};
