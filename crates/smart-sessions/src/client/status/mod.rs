//! What chains have of sessions, and what they say to calls.

mod batch;
mod difference;
mod listing;
mod many;
mod policy;
mod reader;
mod session;
mod verdict;

pub(crate) use batch::{Answers, Asked, Batch};
pub use difference::Difference;
pub use listing::{ListedAction, ListedSession};
pub use many::status_on;
pub use policy::{PolicyPlace, PolicyStatus, Remaining, Unreadable};
pub use session::{ActionWindow, SessionStatus};
pub use verdict::ChainVerdict;
