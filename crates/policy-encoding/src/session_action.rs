//! Actions by their purpose, with the bytes that the newer TypeScript builder (`buildSessionAction`) produces.

use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, Bytes, ChainId, Selector, U256, fixed_bytes};
use session_types::{PolicySet, abi};

use crate::{
    Condition, DecodeError, KnownPolicy, NotDeployed, Padding, Policy, PolicyError, Rule, SpendingLimits, Sudo,
    TimeFrame, TokenLimit, UniversalAction, UsageLimit,
};

/// Actions for one chain.
#[doc(alias = "SessionActionLike")]
#[doc(alias = "resolveSessionActions")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SessionAction {
    /// The chain.
    pub chain_id: ChainId,
    /// The actions.
    pub actions: Vec<abi::ActionData>,
}

/// What an action is for.
#[doc(alias(
    "BuildSessionActionTypes",
    "BuildSessionTransferActionParams",
    "BuildSessionTransferFromActionParams",
    "BuildSessionApproveActionParams",
    "BuildSessionCustomAction"
))]
#[doc(alias = "buildSessionAction")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// ERC-20 `transfer`.
    Transfer(TokenPurpose),
    /// ERC-20 `transferFrom`. Its bounds say nothing about whose tokens are taken.
    TransferFrom(TokenPurpose),
    /// ERC-20 `approve`.
    Approve(TokenPurpose),
    /// Any function.
    Custom {
        /// The function.
        selector: Selector,
        /// Its policies, in order; none means sudo.
        policies: Vec<PolicySpec>,
    },
}

/// Bounds of a token action; without any the action gets sudo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenPurpose {
    /// Who must receive the tokens or be the spender.
    #[doc(alias = "recipientAddress")]
    pub recipient: Option<Address>,
    /// The greatest amount of each call.
    #[doc(alias = "amountLimitPerAction")]
    pub amount_per_action: Option<U256>,
    /// The greatest amount of all calls together.
    #[doc(alias = "maxAmountLimit")]
    pub max_amount: Option<U256>,
    /// How often.
    pub usage_limit: Option<u128>,
    /// Not before, in seconds since 1970; now when only an end is given.
    pub valid_after: Option<u64>,
    /// Not after, in seconds since 1970; a day after the start when only a start is given.
    pub valid_until: Option<u64>,
}

/// A policy of a custom action.
#[doc(alias = "BuildActionPolicyParamTypes")]
#[doc(alias = "AbstractedBuildActionPolicyParamTypes")]
#[doc(alias = "buildActionPolicy")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicySpec {
    /// Everything.
    Sudo,
    /// Rules about the arguments.
    Universal {
        /// How much native value each call may send, in wei.
        value_limit_per_use: U256,
        /// At most 16 rules.
        rules: Vec<Rule>,
    },
    /// A time frame.
    TimeFrame {
        /// Not before, in seconds since 1970.
        valid_after: Option<u64>,
        /// Not after, in seconds since 1970.
        valid_until: Option<u64>,
    },
    /// A number of uses.
    UsageLimit(u128),
    /// Sums of the contract's own token: the builder puts the contract in place of whatever token is named.
    SpendingLimits(Vec<U256>),
}

/// An action that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SessionActionError {
    /// A batch of fewer than two.
    #[error("a batch of {count} actions, expected at least 2")]
    BatchTooSmall {
        /// How many there are.
        count: usize,
    },
    /// A batch over several chains.
    #[error("a batch on chains {first} and {other}, expected one chain")]
    SeveralChains {
        /// The chain of the first action.
        first: ChainId,
        /// Another chain.
        other: ChainId,
    },
    /// The universal action policy is full.
    #[error("no room for the fee rule: all 16 places are taken")]
    NoRoomForFee,
    /// The sum of a limit and the payment does not fit in 256 bits.
    #[error("limit {limit} and payment {payment} do not fit in 256 bits")]
    FeeOverflow {
        /// The limit.
        limit: U256,
        /// The payment.
        payment: U256,
    },
    /// No actions for the chain of the fee token.
    #[error("no actions on chain {chain_id}, where the fee is paid")]
    NoActionsOnFeeChain {
        /// The chain of the fee token.
        chain_id: ChainId,
    },
    /// A policy that cannot be built.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A policy whose contract would refuse it.
    #[error(transparent)]
    Refused(#[from] DecodeError),
    /// The deployment has no contract for a policy.
    #[error(transparent)]
    NotDeployed(#[from] NotDeployed),
}

const TRANSFER: Selector = fixed_bytes!("a9059cbb");
const TRANSFER_FROM: Selector = fixed_bytes!("23b872dd");
const APPROVE: Selector = fixed_bytes!("095ea7b3");
const DAY: u64 = 86_400;

fn data<P: KnownPolicy>(policy: &P, set: &PolicySet) -> Result<abi::PolicyData, NotDeployed> {
    let deployed = set.deployed(P::KIND).ok_or(NotDeployed { kind: P::KIND })?;
    Ok(abi::PolicyData { policy: deployed.address, init_data: Bytes::from(policy.init_data(deployed.revision)) })
}

fn time_frame(after: Option<u64>, until: Option<u64>, now: u64) -> Result<Option<TimeFrame>, PolicyError> {
    if after.is_none() && until.is_none() {
        return Ok(None);
    }
    let after = after.unwrap_or(now);
    let until = until.unwrap_or_else(|| after.saturating_add(DAY));
    TimeFrame::new(after, until).map(Some)
}

impl Purpose {
    /// The action on `contract`, once for each chain. `now` stands in for a missing start, in seconds since 1970.
    ///
    /// # Errors
    /// When a policy cannot be built.
    pub fn build(
        &self,
        contract: Address,
        chains: &[ChainId],
        set: &PolicySet,
        now: u64,
    ) -> Result<Vec<SessionAction>, SessionActionError> {
        let (action_target_selector, mut action_policies) = match self {
            Self::Transfer(token) => (TRANSFER, token.policies(0, set, now)?),
            Self::TransferFrom(token) => (TRANSFER_FROM, token.policies(1, set, now)?),
            Self::Approve(token) => (APPROVE, token.policies(0, set, now)?),
            Self::Custom { selector, policies } => {
                let policies = policies.iter().map(|policy| policy.build(contract, set, now));
                (*selector, policies.collect::<Result<Vec<_>, _>>()?)
            }
        };
        if action_policies.is_empty() {
            action_policies.push(data(&Sudo, set)?);
        }
        let action = abi::ActionData { action_target_selector, action_target: contract, action_policies };
        Ok(chains.iter().map(|chain_id| SessionAction { chain_id: *chain_id, actions: vec![action.clone()] }).collect())
    }
}

impl TokenPurpose {
    /// `recipient` is the place of the recipient's argument; the amount comes next.
    fn policies(&self, recipient: u8, set: &PolicySet, now: u64) -> Result<Vec<abi::PolicyData>, SessionActionError> {
        let mut rules = Vec::new();
        if let Some(address) = self.recipient {
            rules.push(Rule::argument(recipient, Condition::Equal, address));
        }
        let amount = recipient + 1;
        match (self.max_amount, self.amount_per_action) {
            (Some(max), each) => {
                rules.push(Rule::argument(amount, Condition::AtMost, each.unwrap_or(max)).with_total(max));
            }
            (None, Some(each)) => rules.push(Rule::argument(amount, Condition::AtMost, each)),
            (None, None) => {}
        }
        let mut policies = Vec::new();
        if !rules.is_empty() {
            policies.push(data(&UniversalAction::new(rules)?.with_padding(Padding::GreaterThan), set)?);
        }
        if let Some(limit) = self.usage_limit {
            policies.push(data(&UsageLimit::new(limit)?, set)?);
        }
        if let Some(frame) = time_frame(self.valid_after, self.valid_until, now)? {
            policies.push(data(&frame, set)?);
        }
        Ok(policies)
    }
}

impl PolicySpec {
    fn build(&self, contract: Address, set: &PolicySet, now: u64) -> Result<abi::PolicyData, SessionActionError> {
        Ok(match self {
            Self::Sudo => data(&Sudo, set)?,
            Self::Universal { value_limit_per_use, rules } => {
                let policy = UniversalAction::new(rules.clone())?.with_value_limit(*value_limit_per_use);
                data(&policy.with_padding(Padding::GreaterThan), set)?
            }
            Self::TimeFrame { valid_after, valid_until } => {
                data(&time_frame(*valid_after, *valid_until, now)?.ok_or(PolicyError::NoBound)?, set)?
            }
            Self::UsageLimit(limit) => data(&UsageLimit::new(*limit)?, set)?,
            Self::SpendingLimits(limits) => {
                data(&SpendingLimits::new(limits.iter().map(|limit| TokenLimit::new(contract, *limit)))?, set)?
            }
        })
    }
}

impl SessionAction {
    /// Actions for a chain.
    #[must_use]
    pub const fn new(chain_id: ChainId, actions: Vec<abi::ActionData>) -> Self {
        Self { chain_id, actions }
    }

    /// Joins actions of one chain.
    ///
    /// # Errors
    /// For fewer than two, or for several chains.
    #[doc(alias = "BuildBatchSessionActions")]
    pub fn batch(parts: impl IntoIterator<Item = Self>) -> Result<Self, SessionActionError> {
        let mut parts = parts.into_iter();
        let mut whole = parts.next().ok_or(SessionActionError::BatchTooSmall { count: 0 })?;
        let mut count = 1;
        for part in parts {
            count += 1;
            if part.chain_id != whole.chain_id {
                return Err(SessionActionError::SeveralChains { first: whole.chain_id, other: part.chain_id });
            }
            whole.actions.extend(part.actions);
        }
        if count < 2 { Err(SessionActionError::BatchTooSmall { count }) } else { Ok(whole) }
    }
}

/// Lets the session pay up to `payment` units of `token` as a fee: raises the amount limits of the token's transfer
/// actions on that chain, or adds such an action.
///
/// A rule "equal", "less than" or "at most" about the amount is raised by the payment, and so is its limit of the sum;
/// other rules about the amount are left as they are. A rule is added where there is none about the amount. Without a
/// universal action policy for the token's transfers a new action is added: next to an existing one for the same
/// function it adds its policy to it.
///
/// # Errors
/// When there are no actions for the chain, no room for a rule, or a sum that does not fit.
#[doc(alias = "addFeeAction")]
pub fn allow_fee(
    session_actions: &mut [SessionAction],
    token: Address,
    chain_id: ChainId,
    payment: U256,
    set: &PolicySet,
) -> Result<(), SessionActionError> {
    let universal = UniversalAction::KIND;
    let is_universal = |policy: &abi::PolicyData| set.find(policy.policy).is_some_and(|(kind, _)| kind == universal);
    let mut raised = false;
    for session_action in session_actions.iter_mut().filter(|entry| entry.chain_id == chain_id) {
        for action in &mut session_action.actions {
            if action.action_target != token || action.action_target_selector != TRANSFER {
                continue;
            }
            for policy in action.action_policies.iter_mut().filter(|policy| is_universal(policy)) {
                raise(policy, payment, set)?;
                raised = true;
            }
        }
    }
    if raised {
        return Ok(());
    }
    let rule = Rule::argument(1, Condition::AtMost, payment).with_total(payment);
    let policy = UniversalAction::of([rule]).with_padding(Padding::GreaterThan);
    let action = abi::ActionData {
        action_target_selector: TRANSFER,
        action_target: token,
        action_policies: vec![data(&policy, set)?],
    };
    let first = session_actions.iter_mut().find(|entry| entry.chain_id == chain_id);
    first.ok_or(SessionActionError::NoActionsOnFeeChain { chain_id })?.actions.push(action);
    Ok(())
}

fn raise(data: &mut abi::PolicyData, payment: U256, set: &PolicySet) -> Result<(), SessionActionError> {
    const AMOUNT: u64 = 32;
    let revision = set.find(data.policy).map_or(session_types::PolicyRevision::V2, |(_, revision)| revision);
    let policy = UniversalAction::decode(revision, &data.init_data)?;
    let add = |limit: U256| limit.checked_add(payment).ok_or(SessionActionError::FeeOverflow { limit, payment });
    let mut rules = policy.rules().to_vec();
    if rules.iter().any(|rule| rule.offset() == AMOUNT) {
        for rule in rules.iter_mut().filter(|rule| rule.offset() == AMOUNT) {
            if matches!(rule.condition(), Condition::Equal | Condition::LessThan | Condition::AtMost) {
                let reference = add(U256::from_be_bytes(rule.reference().0))?;
                *rule = Rule::from_parts(
                    rule.condition(),
                    AMOUNT,
                    rule.is_limited(),
                    reference.into(),
                    add(rule.limit())?,
                    rule.used(),
                );
            }
        }
    } else {
        if rules.len() == UniversalAction::MAX_RULES {
            return Err(SessionActionError::NoRoomForFee);
        }
        rules.push(Rule::argument(1, Condition::AtMost, payment));
    }
    let raised = UniversalAction::new(rules)?
        .with_value_limit(policy.value_limit_per_use())
        .with_padding(policy.padding().clone());
    data.init_data = raised.encode().into();
    Ok(())
}
