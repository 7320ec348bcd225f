//! How far a supertransaction is.

mod report;
mod state;
mod wait;

pub use report::{ExecutedOp, Report};
pub use state::{Phase, Progress, StatusMode, progress};
pub use wait::{Event, Receipt, StatusError, Wait};
