#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
pub mod account;
mod authorization;
mod bundle;
mod entry_point;
mod event;
pub mod execution;
pub mod flow;
mod hash;
mod nonce;
mod operation;
mod pack;
mod validation;

#[doc(alias = "eip7702Auth")]
pub use authorization::Authorization;
pub use authorization::Delegation;
pub use bundle::{BundleError, HandleOps};
pub use entry_point::{EntryPoint, EntryPointVersion};
pub use event::{EntryPointEvent, EntryPointFailure};
pub use execution::{Call, CallType, ExecType, Execution, ModeCode};
pub use hash::OperationHasher;
pub use nonce::{InvalidLane, Lanes, Nonce, NonceKey};
pub use operation::{Factory, GasField, OperationError, Paymaster, UserOperation};
pub use validation::{Authorizer, ValidationData, Window};
