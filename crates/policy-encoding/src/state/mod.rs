//! What a policy's contract has stored: its limits as it keeps them, and how much of them is used.
//!
//! A [`StateReading`] gives the calls that ask a policy's contract and reads its answers as a [`PolicyState`], which says
//! what is left as [`Budget`]s and sets the counters of the evaluator ([`PolicyState::usage`]).
//!
//! ```
//! use alloy_primitives::{Address, B256, hex};
//! use policy_encoding::check::Context;
//! use policy_encoding::state::{Budget, StateReading, Unit};
//! use session_types::{Deployment, PolicyKind, PolicyRevision};
//!
//! let context = Context {
//!     config_id: B256::repeat_byte(1),
//!     caller: Deployment::current().module,
//!     account: Address::repeat_byte(2),
//!     revision: PolicyRevision::V2,
//! };
//! let reading = StateReading::new(PolicyKind::UsageLimit, &context, [])?;
//! assert_eq!(reading.calls()[0][..4], hex!("ed12b7f1"));
//!
//! // As the contract answers: the limit, and how much of it is used.
//! let mut answer = [0; 64];
//! (answer[31], answer[63]) = (10, 7);
//! let state = reading.decode(&[answer])?;
//! let [uses] = &state.budgets()[..] else { panic!() };
//! assert_eq!((uses.unit, uses.remaining().to::<u64>()), (Unit::Uses, 3));
//! assert_eq!(uses.to_string(), "3 of 10 uses left");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod budget;
mod getters;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use session_types::PolicyKind;

pub use budget::{Budget, Unit};
pub use getters::StateError;
#[doc(alias(
    "getTimeFramePolicyData",
    "getPolicyData",
    "getValueLimitConfig",
    "getActionConfig",
    "getUsageLimitConfig"
))]
pub use getters::StateReading;

use crate::{AnyPolicy, ArgPolicy, Policy as _, Rule, TimeFrame, UniversalAction, check::Usage};

/// What a policy's contract has stored for one session of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyState {
    /// The policy counts nothing: sudo, and the list of contracts, which only answers whether one is in it.
    Uncounted {
        /// Which of the two.
        kind: PolicyKind,
    },
    /// The window of time; nothing is counted.
    TimeFrame(TimeFrame),
    /// A number of uses.
    UsageLimit {
        /// How many are permitted.
        limit: u128,
        /// How many were made.
        used: u128,
    },
    /// A sum of native value.
    ValueLimit {
        /// What is permitted, in wei.
        limit: U256,
        /// What was sent, in wei.
        used: U256,
    },
    /// Sums of tokens: of those that were asked about.
    SpendingLimits(Vec<TokenState>),
    /// The rules, each with what is used of its limit.
    UniversalAction(UniversalAction),
    /// The rules and their tree, each rule with what is used of its limit.
    ArgPolicy(ArgPolicy),
    /// Sums of gas and of its cost.
    SimpleGas {
        /// The permitted gas.
        gas_limit: u128,
        /// The gas so far.
        gas_used: u128,
        /// The permitted cost, in wei.
        cost_limit: u128,
        /// The cost so far, in wei.
        cost_used: u128,
    },
}

/// What the spending limits policy has stored for a token, in the token's smallest unit.
#[doc(alias = "SpendingLimitPolicyData")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenState {
    /// The token.
    pub token: Address,
    /// The greatest sum of transfers and approvals; 0 for a token that is not listed.
    #[doc(alias = "spendingLimit")]
    pub limit: U256,
    /// What was transferred.
    #[doc(alias = "alreadySpent")]
    pub spent: U256,
    /// What was approved: it is never given back.
    #[doc(alias = "approvedAmount")]
    pub approved: U256,
}

impl TokenState {
    /// Transfers and approvals together: what counts against the limit.
    #[must_use]
    pub const fn used(&self) -> U256 {
        self.spent.saturating_add(self.approved)
    }
}

impl PolicyState {
    /// The policy's kind.
    #[must_use]
    pub const fn kind(&self) -> PolicyKind {
        match self {
            Self::Uncounted { kind } => *kind,
            Self::TimeFrame(_) => PolicyKind::TimeFrame,
            Self::UsageLimit { .. } => PolicyKind::UsageLimit,
            Self::ValueLimit { .. } => PolicyKind::ValueLimit,
            Self::SpendingLimits(_) => PolicyKind::SpendingLimits,
            Self::UniversalAction(_) => PolicyKind::UniversalAction,
            Self::ArgPolicy(_) => PolicyKind::ArgPolicy,
            Self::SimpleGas { .. } => PolicyKind::SimpleGas,
        }
    }

    /// What is counted, in the policy's order: one budget for each limit that runs out.
    ///
    /// Limits of a single call (an argument's bound, the value of each call) do not run out and are not here.
    #[must_use]
    pub fn budgets(&self) -> Vec<Budget> {
        let one = |unit, limit, used| Budget { unit, limit, used };
        match self {
            Self::Uncounted { .. } | Self::TimeFrame(_) => Vec::new(),
            Self::UsageLimit { limit, used } => [one(Unit::Uses, U256::from(*limit), U256::from(*used))].into(),
            Self::ValueLimit { limit, used } => [one(Unit::Wei, *limit, *used)].into(),
            Self::SpendingLimits(tokens) => {
                tokens.iter().map(|state| one(Unit::Token(state.token), state.limit, state.used())).collect()
            }
            Self::UniversalAction(policy) => of_rules(policy.rules()),
            Self::ArgPolicy(policy) => of_rules(policy.rules()),
            Self::SimpleGas { gas_limit, gas_used, cost_limit, cost_used } => [
                one(Unit::Gas, U256::from(*gas_limit), U256::from(*gas_used)),
                one(Unit::GasCost, U256::from(*cost_limit), U256::from(*cost_used)),
            ]
            .into(),
        }
    }

    /// The counters, in the order in which `policy` keeps them. `None` when `policy` is of another kind, or has limits
    /// that were not read.
    #[must_use]
    pub fn usage(&self, policy: &AnyPolicy) -> Option<Usage> {
        Some(match (self, policy) {
            (Self::Uncounted { kind }, policy) if policy.kind() == Some(*kind) => Usage::NONE,
            (Self::TimeFrame(_), AnyPolicy::TimeFrame(_)) => Usage::NONE,
            (Self::UsageLimit { used, .. }, AnyPolicy::UsageLimit(_)) => Usage([U256::from(*used)].into()),
            (Self::ValueLimit { used, .. }, AnyPolicy::ValueLimit(_)) => Usage([*used].into()),
            (Self::SpendingLimits(tokens), AnyPolicy::SpendingLimits(policy)) => {
                let used = |token| tokens.iter().find(|state| state.token == token).map(TokenState::used);
                Usage(policy.tokens().iter().map(|entry| used(entry.token)).collect::<Option<_>>()?)
            }
            (Self::UniversalAction(state), AnyPolicy::UniversalAction(_)) => state.usage(),
            (Self::ArgPolicy(state), AnyPolicy::ArgPolicy(_)) => state.usage(),
            (Self::SimpleGas { gas_used, cost_used, .. }, AnyPolicy::SimpleGas(_)) => {
                Usage([U256::from(*gas_used), U256::from(*cost_used)].into())
            }
            _ => return None,
        })
    }

    /// Whether the contract's limits are those of `policy`, whatever is used of them. `None` when that cannot be told:
    /// the list of contracts, a policy of your own, tokens that were not asked about.
    #[must_use]
    pub fn is_configured_as(&self, policy: &AnyPolicy) -> Option<bool> {
        Some(match (self, policy) {
            (Self::Uncounted { kind: PolicyKind::ContractWhitelist }, _) | (_, AnyPolicy::Custom(_)) => return None,
            (Self::Uncounted { kind }, policy) => policy.kind() == Some(*kind),
            (Self::TimeFrame(seen), AnyPolicy::TimeFrame(policy)) => seen == policy,
            (Self::UsageLimit { limit, .. }, AnyPolicy::UsageLimit(policy)) => *limit == policy.limit(),
            (Self::ValueLimit { limit, .. }, AnyPolicy::ValueLimit(policy)) => *limit == policy.limit(),
            (Self::SpendingLimits(tokens), AnyPolicy::SpendingLimits(policy)) => {
                let limit = |token| policy.limit_of(token).map_or(U256::ZERO, |(_, limit)| limit);
                let read = |token| tokens.iter().any(|state| state.token == token);
                if !policy.tokens().iter().all(|entry| read(entry.token)) {
                    return None;
                }
                tokens.iter().all(|state| state.limit == limit(state.token))
            }
            (Self::UniversalAction(seen), AnyPolicy::UniversalAction(policy)) => {
                seen.value_limit_per_use() == policy.value_limit_per_use() && same_rules(seen.rules(), policy.rules())
            }
            (Self::ArgPolicy(seen), AnyPolicy::ArgPolicy(policy)) => {
                seen.value_limit_per_use() == policy.value_limit_per_use()
                    && (seen.root(), seen.nodes()) == (policy.root(), policy.nodes())
                    && same_rules(seen.rules(), policy.rules())
            }
            (Self::SimpleGas { gas_limit, cost_limit, .. }, AnyPolicy::SimpleGas(policy)) => {
                (*gas_limit, *cost_limit) == (policy.gas(), policy.cost())
            }
            _ => false,
        })
    }
}

fn of_rules(rules: &[Rule]) -> Vec<Budget> {
    let limited = (0_u8..).zip(rules).filter(|(_, rule)| rule.is_limited());
    let budget = |(rule, stored): (u8, &Rule)| Budget {
        unit: Unit::Argument { rule, offset: stored.offset() },
        limit: stored.limit(),
        used: stored.used(),
    };
    limited.map(budget).collect()
}

/// Whether two lists of rules are the same but for what is used of their limits.
fn same_rules(seen: &[Rule], granted: &[Rule]) -> bool {
    let set = |rule: &Rule| (rule.condition(), rule.offset(), rule.reference(), rule.is_limited(), rule.limit());
    seen.iter().map(set).eq(granted.iter().map(set))
}
