//! The JSON of bundlers: strict in what is sent, tolerant in what is read.

pub(crate) mod lenient;
mod lookup;
mod operation;
pub(crate) mod quantity;
mod receipt;
mod state_override;

pub use lookup::{Fees, GasEstimate, KnownOperation};
#[cfg(feature = "rundler")]
pub(crate) use operation::WireAuthorization;
pub use operation::{PartialOperation, PartialPaymaster, WireOperation};
pub(crate) use quantity::Quantity;
pub use receipt::{
    AccountDeployed, OperationReverted, Outcome, PostOpRevertReason, ReceiptLog, RevertReason, TransactionReceipt,
    UserOperationEvent, UserOperationPrefundTooLow, UserOperationReceipt, UserOperationRevertReason,
};
pub use state_override::{AccountOverride, StateOverride, StorageOverride};
