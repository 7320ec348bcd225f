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
#[doc(alias(
    "SPENDING_LIMITS_POLICY_ADDRESS",
    "BuildSpendingLimitsActionPolicyParams",
    "AbstractedBuildSpendingLimitsActionPolicyParams",
    "getSpendingLimitsPolicy",
    "tokenLimits"
))]
pub use spending_limits::SpendingLimits;
#[doc(alias = "SpendingLimitsParams")]
pub use spending_limits::TokenLimit;
#[doc(alias("SudoPolicyData", "BuildSudoActionPolicyParams", "SUDO_POLICY_ADDRESS", "getSudoPolicy"))]
pub use sudo::Sudo;
#[doc(alias(
    "TIME_FRAME_POLICY_ADDRESS",
    "TimeFrameConfig",
    "BuildTimeFrameActionPolicyParams",
    "getTimeFramePolicy",
    "timeframe"
))]
pub use time_frame::TimeFrame;
#[doc(alias(
    "BuildUniversalActionPolicyParams",
    "UNIVERSAL_ACTION_POLICY_ADDRESS",
    "UniversalPolicyAbi",
    "UniversalPolicyData",
    "universal",
    "getUniversalActionPolicy",
    "ActionConfig",
    "RawActionConfig",
    "UniActionPolicy"
))]
pub use universal::UniversalAction;
pub use universal::{Padding, RuleList};
#[doc(alias(
    "USAGE_LIMIT_POLICY_ADDRESS",
    "UsageLimitConfig",
    "BuildUsageLimitActionPolicyParams",
    "getUsageLimitPolicy"
))]
pub use usage_limit::UsageLimit;
#[doc(alias("VALUE_LIMIT_POLICY_ADDRESS", "ValueLimitConfig", "getValueLimitPolicy"))]
pub use value_limit::ValueLimit;
