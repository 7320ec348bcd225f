use alloc::{sync::Arc, vec::Vec};

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    ArgPolicy, ContractWhitelist, DecodeError, Policy, SimpleGas, SpendingLimits, Sudo, TimeFrame, UniversalAction,
    UsageLimit, ValueLimit,
    check::{ActionCheck, MessageCheck, Usage, UserOpCheck, Verdict},
    explain::{Limits, Line, Words},
};

/// Any policy, known at run time only.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyPolicy {
    /// Everything is permitted.
    Sudo(Sudo),
    /// Rules about parameters.
    UniversalAction(UniversalAction),
    /// Rules joined by and, or, not.
    ArgPolicy(ArgPolicy),
    /// Sums of ERC-20 tokens.
    SpendingLimits(SpendingLimits),
    /// A sum of native value.
    ValueLimit(ValueLimit),
    /// A number of uses.
    UsageLimit(UsageLimit),
    /// A time window.
    TimeFrame(TimeFrame),
    /// A list of contracts.
    ContractWhitelist(ContractWhitelist),
    /// Sums of gas and gas cost.
    SimpleGas(SimpleGas),
    /// A policy of the user's own.
    Custom(Arc<dyn Policy + Send + Sync>),
}

macro_rules! each {
    ($any:expr, $policy:ident => $result:expr) => {
        match $any {
            AnyPolicy::Sudo($policy) => $result,
            AnyPolicy::UniversalAction($policy) => $result,
            AnyPolicy::ArgPolicy($policy) => $result,
            AnyPolicy::SpendingLimits($policy) => $result,
            AnyPolicy::ValueLimit($policy) => $result,
            AnyPolicy::UsageLimit($policy) => $result,
            AnyPolicy::TimeFrame($policy) => $result,
            AnyPolicy::ContractWhitelist($policy) => $result,
            AnyPolicy::SimpleGas($policy) => $result,
            AnyPolicy::Custom($policy) => $result,
        }
    };
}

impl AnyPolicy {
    /// The policy that a contract of this kind and revision stores when it is initialised with `init_data`.
    ///
    /// # Errors
    /// When the contract would refuse the data.
    pub fn decode(kind: PolicyKind, revision: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            PolicyKind::Sudo => Self::Sudo(Sudo::decode(revision, init_data)?),
            PolicyKind::UniversalAction => Self::UniversalAction(UniversalAction::decode(revision, init_data)?),
            PolicyKind::ArgPolicy => Self::ArgPolicy(ArgPolicy::decode(revision, init_data)?),
            PolicyKind::SpendingLimits => Self::SpendingLimits(SpendingLimits::decode(revision, init_data)?),
            PolicyKind::ValueLimit => Self::ValueLimit(ValueLimit::decode(revision, init_data)?),
            PolicyKind::UsageLimit => Self::UsageLimit(UsageLimit::decode(revision, init_data)?),
            PolicyKind::TimeFrame => Self::TimeFrame(TimeFrame::decode(revision, init_data)?),
            PolicyKind::ContractWhitelist => Self::ContractWhitelist(ContractWhitelist::decode(revision, init_data)?),
            PolicyKind::SimpleGas => Self::SimpleGas(SimpleGas::decode(revision, init_data)?),
            kind => return Err(DecodeError::UnknownKind(kind)),
        })
    }

    /// What a contract of this kind stores before it is initialised: it answers checks all the same. `None`
    /// for a kind that this crate does not know.
    #[must_use]
    pub const fn unset(kind: PolicyKind) -> Option<Self> {
        Some(match kind {
            PolicyKind::Sudo => Self::Sudo(Sudo),
            PolicyKind::UniversalAction => Self::UniversalAction(UniversalAction::UNSET),
            PolicyKind::ArgPolicy => Self::ArgPolicy(ArgPolicy::UNSET),
            PolicyKind::SpendingLimits => Self::SpendingLimits(SpendingLimits::UNSET),
            PolicyKind::ValueLimit => Self::ValueLimit(ValueLimit::UNSET),
            PolicyKind::UsageLimit => Self::UsageLimit(UsageLimit::UNSET),
            PolicyKind::TimeFrame => Self::TimeFrame(TimeFrame::UNSET),
            PolicyKind::ContractWhitelist => Self::ContractWhitelist(ContractWhitelist::UNSET),
            PolicyKind::SimpleGas => Self::SimpleGas(SimpleGas::UNSET),
            _ => return None,
        })
    }

    /// The policy's kind; `None` for a policy of the user's own.
    #[must_use]
    pub const fn kind(&self) -> Option<PolicyKind> {
        Some(match self {
            Self::Sudo(_) => PolicyKind::Sudo,
            Self::UniversalAction(_) => PolicyKind::UniversalAction,
            Self::ArgPolicy(_) => PolicyKind::ArgPolicy,
            Self::SpendingLimits(_) => PolicyKind::SpendingLimits,
            Self::ValueLimit(_) => PolicyKind::ValueLimit,
            Self::UsageLimit(_) => PolicyKind::UsageLimit,
            Self::TimeFrame(_) => PolicyKind::TimeFrame,
            Self::ContractWhitelist(_) => PolicyKind::ContractWhitelist,
            Self::SimpleGas(_) => PolicyKind::SimpleGas,
            Self::Custom(_) => return None,
        })
    }

    /// See [`Policy::name`].
    #[must_use]
    pub fn name(&self) -> &str {
        each!(self, policy => policy.name())
    }

    /// See [`Policy::fits`].
    #[must_use]
    pub fn fits(&self, slot: SlotKind) -> bool {
        each!(self, policy => policy.fits(slot))
    }

    /// See [`Policy::init_data`].
    #[must_use]
    pub fn init_data(&self, revision: PolicyRevision) -> Vec<u8> {
        each!(self, policy => policy.init_data(revision))
    }

    /// See [`Policy::usage`].
    #[must_use]
    pub fn usage(&self) -> Usage {
        each!(self, policy => policy.usage())
    }

    /// See [`Policy::check_action`].
    ///
    /// # Errors
    /// The refusal.
    pub fn check_action(&self, usage: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        each!(self, policy => policy.check_action(usage, call))
    }

    /// See [`Policy::check_user_op`].
    ///
    /// # Errors
    /// The refusal.
    pub fn check_user_op(&self, usage: &mut Usage, op: &UserOpCheck<'_>) -> Verdict {
        each!(self, policy => policy.check_user_op(usage, op))
    }

    /// See [`Policy::check_message`].
    ///
    /// # Errors
    /// The refusal.
    pub fn check_message(&self, message: &MessageCheck) -> Verdict {
        each!(self, policy => policy.check_message(message))
    }

    /// See [`Policy::explain`].
    #[must_use]
    pub fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        each!(self, policy => policy.explain(words))
    }

    /// See [`Policy::limits`].
    #[must_use]
    pub fn limits(&self) -> Limits {
        each!(self, policy => policy.limits())
    }
}

macro_rules! conversions {
    ($($policy:ident)*) => {$(
        impl From<$policy> for AnyPolicy {
            fn from(policy: $policy) -> Self {
                Self::$policy(policy)
            }
        }
    )*};
}

conversions!(
    Sudo UniversalAction ArgPolicy SpendingLimits ValueLimit UsageLimit TimeFrame ContractWhitelist SimpleGas
);
