//! The policies, one file each.

mod contract_whitelist;
mod simple_gas;
mod spending_limits;
mod sudo;
mod time_frame;
mod universal;
mod usage_limit;
mod value_limit;

pub mod arg;

pub use arg::{ArgPolicy, Expr};
pub use contract_whitelist::ContractWhitelist;
pub use simple_gas::SimpleGas;
pub use spending_limits::{SpendingLimits, TokenLimit};
pub use sudo::Sudo;
pub use time_frame::TimeFrame;
pub use universal::{Padding, RuleList, UniversalAction};
pub use usage_limit::UsageLimit;
pub use value_limit::ValueLimit;
