//! Sessions as the legacy TypeScript flow asks for them (`grantPermission`, sdk 0.0.29 to abstractjs 0.3.0).

use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, B256, Selector, U256};
use session_types::{ActionData, ActionTarget, Deployment, Owners, PolicySet, Session, SessionError, SessionValidator};

use crate::{
    CallShape, DecodeError, KnownPolicy, NotDeployed, PolicyError, Rule, SpendingLimits, Sudo, TimeFrame, TokenLimit,
    UniversalAction, UsageLimit, ValueLimit,
};

/// What a legacy request permits on one contract.
///
/// Its policies come in this order: rules, sudo, value limit, usage limit, token limits. Sudo is there when it is asked
/// for **and when there are no rules**: such a request permits any arguments. All policies must agree, so sudo next to
/// others adds nothing.
#[doc(alias = "ResolvedActionPolicyInfo")]
#[doc(alias = "AbiToPoliciesInfoParams")]
#[doc(alias = "ActionPolicyInfo")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LegacyAction {
    /// The contract.
    #[doc(alias = "contractAddress")]
    pub contract: Address,
    /// The functions: one, or those of a whole ABI, each of which becomes an action.
    #[doc(alias = "functionSelector")]
    pub selectors: Vec<Selector>,
    /// Rules about the arguments; their offsets are places counted in words. With a whole ABI there are none.
    pub rules: Vec<Rule>,
    /// Native value: for each call (with rules) and in all; 0 is no limit policy.
    pub value_limit: U256,
    /// How often; 0 is no limit.
    pub usage_limit: u128,
    /// Sums of tokens; empty is no limit.
    pub token_limits: Vec<TokenLimit>,
    /// Permits everything.
    pub sudo: bool,
    /// The libraries ignore it, see [`LegacyTimes`].
    #[doc(alias = "sessionValidAfter")]
    pub valid_after: u64,
    /// The libraries ignore it, see [`LegacyTimes`].
    #[doc(alias = "sessionValidUntil")]
    pub valid_until: u64,
}

/// What becomes of the times of a legacy request.
#[doc(alias = "ONE_YEAR_FROM_NOW_IN_SECONDS")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LegacyTimes {
    /// As in the libraries: they have no effect at all. Reproduces their bytes.
    #[default]
    Ignored,
    /// They become a time frame of each action.
    Honoured,
}

/// A legacy request for a session.
#[doc(alias = "sessionRequestedInfo")]
#[doc(alias = "FullCreateSessionDataParams")]
#[doc(alias = "CreateSessionDataParams")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LegacyRequest {
    /// The address of the session key.
    #[doc(alias = "sessionKeyData")]
    #[doc(alias = "sessionPublicKey")]
    pub session_key: Address,
    /// 32 random bytes.
    #[doc(alias = "generateSalt")]
    pub salt: B256,
    /// What the session permits.
    #[doc(alias = "actionPoliciesInfo")]
    pub actions: Vec<LegacyAction>,
    /// Permits a paymaster, with sudo as the policy for operations.
    pub paymaster: bool,
    /// What becomes of the times.
    pub times: LegacyTimes,
}

/// A legacy request that makes no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LegacyError {
    /// A policy that cannot be built.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A policy whose contract would refuse it.
    #[error(transparent)]
    Refused(#[from] DecodeError),
    /// The deployment has no contract for a policy.
    #[error(transparent)]
    NotDeployed(#[from] NotDeployed),
    /// The session key cannot be an owner.
    #[error(transparent)]
    Key(#[from] session_types::validator::OwnersError),
    /// The module would refuse the session.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl LegacyAction {
    /// Permits one function, without rules: any arguments.
    #[must_use]
    pub fn new(contract: Address, selector: Selector) -> Self {
        Self {
            contract,
            selectors: vec![selector],
            rules: Vec::new(),
            value_limit: U256::ZERO,
            usage_limit: 0,
            token_limits: Vec::new(),
            sudo: false,
            valid_after: 0,
            valid_until: 0,
        }
    }

    /// Permits each of these functions, without rules.
    #[doc(alias = "abi")]
    #[doc(alias = "abiToPoliciesInfo")]
    #[must_use]
    pub fn of_functions<'a>(contract: Address, functions: impl IntoIterator<Item = &'a CallShape>) -> Self {
        let selectors = functions.into_iter().map(CallShape::selector).collect();
        Self { selectors, ..Self::new(contract, Selector::ZERO) }
    }

    /// Whether the libraries ignore times that this request names.
    #[must_use]
    pub const fn names_times(&self) -> bool {
        self.valid_after != 0 || self.valid_until != 0
    }

    /// The actions, one for each function.
    ///
    /// # Errors
    /// When a policy cannot be built.
    #[doc(alias = "createActionData")]
    pub fn actions(&self, set: &PolicySet, times: LegacyTimes) -> Result<Vec<ActionData>, LegacyError> {
        let mut policies = Vec::new();
        if !self.rules.is_empty() {
            policies.push(action_config(self.value_limit, self.rules.clone())?.on(set)?);
        }
        if self.sudo || self.rules.is_empty() {
            policies.push(Sudo.on(set)?);
        }
        if !self.value_limit.is_zero() {
            policies.push(ValueLimit::new(self.value_limit)?.on(set)?);
        }
        if self.usage_limit != 0 {
            policies.push(UsageLimit::new(self.usage_limit)?.on(set)?);
        }
        if !self.token_limits.is_empty() {
            policies.push(SpendingLimits::new(self.token_limits.iter().copied())?.on(set)?);
        }
        if times == LegacyTimes::Honoured && self.names_times() {
            policies.push(TimeFrame::new(self.valid_after, self.valid_until)?.on(set)?);
        }
        let target = self.contract;
        let exact = |selector: &Selector| ActionTarget::from_parts(target, *selector);
        Ok(self.selectors.iter().map(|selector| ActionData::new(exact(selector), policies.iter().cloned())).collect())
    }
}

impl LegacyRequest {
    /// A session for one key, as the libraries create it for a client without paymaster.
    #[must_use]
    pub const fn new(session_key: Address, salt: B256, actions: Vec<LegacyAction>) -> Self {
        Self { session_key, salt, actions, paymaster: false, times: LegacyTimes::Ignored }
    }

    /// The session: the Ownable validator with the one key, threshold 1.
    ///
    /// # Errors
    /// When a policy cannot be built or the module would refuse the session.
    #[doc(alias("applyDefaults", "PreparePermissionParameters", "PreparePermissionResponse", "getPermissionAction"))]
    #[doc(alias = "preparePermission")]
    #[doc(alias = "grantPermission")]
    pub fn session(&self, deployment: &Deployment) -> Result<Session, LegacyError> {
        let owners = Owners::single(self.session_key)?;
        let mut builder = Session::builder(SessionValidator::owners(deployment, &owners), self.salt);
        for action in &self.actions {
            builder = builder.actions(action.actions(&deployment.policies, self.times)?);
        }
        if self.paymaster {
            builder = builder.user_op_policy(Sudo.on(&deployment.policies)?).permit_paymaster();
        }
        Ok(builder.build(deployment)?)
    }
}

/// The universal action policy of legacy rules: padded with "equal to zero" at offset 0.
///
/// Takes an empty list like the libraries, whose result the contract refuses at every call.
///
/// # Errors
/// For more than 16 rules.
#[doc(alias = "createActionConfig")]
#[doc(alias = "toActionConfig")]
pub fn action_config(value_limit_per_use: U256, rules: Vec<Rule>) -> Result<UniversalAction, PolicyError> {
    let policy = if rules.is_empty() { UniversalAction::UNSET } else { UniversalAction::new(rules)? };
    Ok(policy.with_value_limit(value_limit_per_use))
}
