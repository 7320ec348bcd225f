//! Taking sessions back.

mod carry;
mod owner;
mod plan;
mod report;
mod step;

pub use carry::revoke_on;
pub use plan::{RevokeNote, RevokePlan};
pub use report::{ChainRevocation, RevokeReport, StepOutcome, StepReport};
pub use step::{Revocation, RevokeStep, SignedGrant, UnusedSignatures};
