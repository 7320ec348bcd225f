use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};
use session_types::PolicyRevision;

use crate::{
    AnyPolicy, ArgPolicy, Condition, ContractWhitelist, DecodeError, Policy as _, PolicyError, Rule, SpendingLimits,
    Sudo, TimeFrame, TokenLimit, UniversalAction, UsageLimit, ValueLimit,
};

/// A policy as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum PolicySpec {
    /// [`Sudo`]
    Sudo,
    /// [`UniversalAction`]
    UniversalAction {
        /// How much native value each call may send, in wei.
        value_limit_per_use: U256,
        /// The rules.
        rules: Vec<RuleSpec>,
    },
    /// [`ArgPolicy`], as its init data.
    ArgumentTree {
        /// The init data.
        init_data: Bytes,
    },
    /// [`SpendingLimits`]
    SpendingLimits {
        /// The tokens and their limits.
        tokens: Vec<(Address, U256)>,
    },
    /// [`ValueLimit`]
    ValueLimit {
        /// In wei.
        limit: U256,
    },
    /// [`UsageLimit`]
    UsageLimit {
        /// How often.
        limit: U256,
    },
    /// [`TimeFrame`]
    TimeFrame {
        /// Not before, in seconds since 1970; 0 for no bound.
        valid_after: u64,
        /// Not after, in seconds since 1970; 0 for no bound.
        valid_until: u64,
    },
    /// [`ContractWhitelist`]
    ContractWhitelist {
        /// The contracts.
        targets: Vec<Address>,
    },
}

/// A rule as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSpec {
    /// The number of the [condition](Condition), 0 to 6.
    pub condition: u8,
    /// Where the word begins, in bytes after the selector.
    pub offset: u64,
    /// What it is compared with.
    pub reference: B256,
    /// The limit of the sum over all calls, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<U256>,
    /// How much of it counts as used.
    #[serde(default, skip_serializing_if = "U256::is_zero")]
    pub used: U256,
}

/// Why a policy as JSON is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// There is no such condition.
    #[error("condition {0}, expected 0 to 6")]
    Condition(u8),
    /// A number of uses that does not fit in 128 bits.
    #[error("{0} uses do not fit in 128 bits")]
    Uses(U256),
    /// The policy cannot be built.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Its contract would refuse it.
    #[error(transparent)]
    Refused(#[from] DecodeError),
}

impl TryFrom<&PolicySpec> for AnyPolicy {
    type Error = SpecError;

    fn try_from(spec: &PolicySpec) -> Result<Self, SpecError> {
        Ok(match spec {
            PolicySpec::Sudo => Sudo.into(),
            PolicySpec::UniversalAction { value_limit_per_use, rules } => {
                let rules = rules.iter().map(Rule::try_from).collect::<Result<Vec<_>, _>>()?;
                UniversalAction::new(rules)?.with_value_limit(*value_limit_per_use).into()
            }
            PolicySpec::ArgumentTree { init_data } => ArgPolicy::decode(PolicyRevision::V2, init_data)?.into(),
            PolicySpec::SpendingLimits { tokens } => {
                SpendingLimits::new(tokens.iter().map(|(token, limit)| TokenLimit::new(*token, *limit)))?.into()
            }
            PolicySpec::ValueLimit { limit } => ValueLimit::new(*limit)?.into(),
            PolicySpec::UsageLimit { limit } => {
                UsageLimit::new(u128::try_from(*limit).map_err(|_| SpecError::Uses(*limit))?)?.into()
            }
            PolicySpec::TimeFrame { valid_after, valid_until } => TimeFrame::new(*valid_after, *valid_until)?.into(),
            PolicySpec::ContractWhitelist { targets } => ContractWhitelist::new(targets.iter().copied())?.into(),
        })
    }
}

impl TryFrom<&RuleSpec> for Rule {
    type Error = SpecError;

    fn try_from(spec: &RuleSpec) -> Result<Self, SpecError> {
        let condition = Condition::from_code(spec.condition).ok_or(SpecError::Condition(spec.condition))?;
        let rule = Self::new(spec.offset, condition, crate::RefValue::raw(spec.reference));
        Ok(match spec.limit {
            Some(limit) => rule.with_usage(limit, spec.used),
            None => rule,
        })
    }
}

impl PolicySpec {
    /// The policy as JSON; `None` for policies that it has no form for.
    #[must_use]
    pub fn of(policy: &AnyPolicy) -> Option<Self> {
        Some(match policy {
            AnyPolicy::Sudo(_) => Self::Sudo,
            AnyPolicy::UniversalAction(policy) => Self::UniversalAction {
                value_limit_per_use: policy.value_limit_per_use(),
                rules: policy.rules().iter().map(RuleSpec::from).collect(),
            },
            AnyPolicy::ArgPolicy(policy) => {
                Self::ArgumentTree { init_data: policy.init_data(PolicyRevision::V2).into() }
            }
            AnyPolicy::SpendingLimits(policy) => Self::SpendingLimits {
                tokens: policy.tokens().iter().map(|entry| (entry.token, entry.limit)).collect(),
            },
            AnyPolicy::ValueLimit(policy) => Self::ValueLimit { limit: policy.limit() },
            AnyPolicy::UsageLimit(policy) => Self::UsageLimit { limit: U256::from(policy.limit()) },
            AnyPolicy::TimeFrame(policy) => {
                let window = policy.window();
                Self::TimeFrame { valid_after: window.valid_after, valid_until: window.valid_until }
            }
            AnyPolicy::ContractWhitelist(policy) => Self::ContractWhitelist { targets: policy.targets().to_vec() },
            AnyPolicy::SimpleGas(_) | AnyPolicy::Custom(_) => return None,
        })
    }
}

impl From<&Rule> for RuleSpec {
    fn from(rule: &Rule) -> Self {
        let limited = rule.is_limited();
        Self {
            condition: rule.condition().code(),
            offset: rule.offset(),
            reference: rule.reference(),
            limit: limited.then(|| rule.limit()),
            used: if limited { rule.used() } else { U256::ZERO },
        }
    }
}
