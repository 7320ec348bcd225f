#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
pub mod account;
mod authorization;
mod entry_point;
pub mod execution;
mod hash;
mod nonce;
mod operation;
mod pack;

pub use authorization::{Authorization, Delegation};
pub use entry_point::{EntryPoint, EntryPointVersion};
pub use execution::{Call, CallType, ExecType, Execution, ModeCode};
pub use hash::OperationHasher;
pub use nonce::{InvalidLane, Lanes, Nonce, NonceKey};
pub use operation::{Factory, GasField, OperationError, Paymaster, UserOperation};
