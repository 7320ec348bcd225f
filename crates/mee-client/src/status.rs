//! How far a supertransaction is.

mod report;
mod state;
mod wait;

pub use report::{ExecutedOp, Report};
#[doc(alias = "transactionStatus")]
pub use state::Phase;
#[doc(alias = "parseTransactionStatus")]
pub use state::progress;
pub use state::{Progress, StatusMode};
pub use wait::{Event, Receipt, StatusError, Wait};
