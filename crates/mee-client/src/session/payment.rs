//! The node is paid by a token transfer of the session's own operation, so the session must permit that transfer.

use alloy_primitives::{Address, B256, Selector, U256};
use alloy_sol_types::SolCall;
use policy_encoding::{AnyPolicy, Condition, KnownPolicy, NotDeployed, Padding, Registry, Rule, UniversalAction};
use session_types::{ActionData, ActionSlot, ActionTarget, Deployment, PolicyData};

use crate::abi::token::transferCall;

const RECIPIENT_OFFSET: u64 = 0;
const AMOUNT_OFFSET: u64 = 32;

/// What to do when the caller's own actions limit transfers of the fee token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnFeeTokenLimits {
    /// Refuse, since fees would count against them.
    #[default]
    Refuse,
    /// Raise the limits on the amount by the highest fee. The session key can then transfer that much more.
    Raise,
}

/// Why a session cannot pay its fees.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentPolicyError {
    /// Native tokens are not paid by a transfer call.
    #[error("a session cannot pay fees in native tokens")]
    NativeFeeToken,
    /// The caller's action pins the recipient, so a transfer to the node fails.
    #[error("an action pins the recipient of fee token transfers, the node could not be paid")]
    RecipientPinned,
    /// The caller's action pins the amount, so a fee of another amount fails.
    #[error("an action pins the amount of fee token transfers, the node could not be paid")]
    AmountPinned,
    /// The caller's action limits the amount, so fees would count against the limit.
    #[error("an action limits fee token transfers to {limit}, fees of up to {fee} would count against it")]
    AmountLimited {
        /// The caller's limit, in the token's smallest unit.
        limit: U256,
        /// The highest fee, in the token's smallest unit.
        fee: U256,
    },
    /// The caller's action has a policy that counts or judges fees in a way that cannot be combined.
    #[error("policy {policy} of the fee token transfer action would judge fees too")]
    OtherPolicy {
        /// The policy contract.
        policy: Address,
    },
    /// The raised limit is beyond any amount.
    #[error("limit and fee exceed 2^256 - 1")]
    Overflow,
    /// The deployment lacks the policy that limits fees.
    #[error(transparent)]
    NotDeployed(#[from] NotDeployed),
}

/// The actions, and one that permits transfers of the fee token up to `max_fee`, each and in total (in the token's
/// smallest unit).
///
/// An action of the caller's that already permits every fee is left as it is. One that limits fee token transfers is
/// treated as `limits` says; one under which fees cannot be paid at all is refused.
///
/// # Errors
/// See [`PaymentPolicyError`].
pub fn with_payment_action(
    actions: Vec<ActionData>,
    fee_token: Address,
    max_fee: U256,
    limits: OwnFeeTokenLimits,
    deployment: &Deployment,
) -> Result<Vec<ActionData>, PaymentPolicyError> {
    if fee_token.is_zero() {
        return Err(PaymentPolicyError::NativeFeeToken);
    }
    let transfer = ActionTarget::Exact { target: fee_token, selector: Selector::from(transferCall::SELECTOR) };
    let (mut all, mut found) = (Vec::with_capacity(actions.len() + 1), false);
    for action in actions {
        if action.target() != transfer {
            all.push(action);
            continue;
        }
        found = true;
        all.push(combined(&action, max_fee, limits, deployment)?);
    }
    if !found {
        let rule = Rule::new(AMOUNT_OFFSET, Condition::AtMost, max_fee).with_total(max_fee);
        let policy = UniversalAction::of([rule]).with_padding(Padding::GreaterThan);
        all.push(ActionData::new(transfer, [policy.on(&deployment.policies)?]));
    }
    Ok(all)
}

/// The caller's own fee token action, under which fees are paid as well.
fn combined(
    action: &ActionData,
    max_fee: U256,
    limits: OwnFeeTokenLimits,
    deployment: &Deployment,
) -> Result<ActionData, PaymentPolicyError> {
    let registry = Registry::new(deployment.policies);
    let mut policies: Vec<PolicyData<ActionSlot>> = Vec::new();
    for data in &action.as_ref().action_policies {
        let other = PaymentPolicyError::OtherPolicy { policy: data.policy };
        match registry.decode(data.policy, &data.init_data) {
            Some(Ok(AnyPolicy::Sudo(_) | AnyPolicy::TimeFrame(_) | AnyPolicy::ValueLimit(_))) => {
                policies.push(PolicyData::new(data.policy, data.init_data.clone()));
            }
            Some(Ok(AnyPolicy::UniversalAction(universal))) => {
                let init_data = raised(&universal, max_fee, limits)?.encode().into();
                policies.push(PolicyData::new(data.policy, init_data));
            }
            _ => return Err(other),
        }
    }
    Ok(ActionData::new(action.target(), policies))
}

/// The rules, under which a fee passes too.
fn raised(
    universal: &UniversalAction,
    max_fee: U256,
    limits: OwnFeeTokenLimits,
) -> Result<UniversalAction, PaymentPolicyError> {
    let mut rules = Vec::new();
    for rule in universal.rules() {
        let reference = U256::from_be_bytes(rule.reference().0);
        match (rule.offset(), rule.condition()) {
            (RECIPIENT_OFFSET, _) => return Err(PaymentPolicyError::RecipientPinned),
            (AMOUNT_OFFSET, Condition::AtMost | Condition::LessThan) => {
                // Without a total, a limit above every fee does not stand in the way.
                let fits =
                    if rule.condition() == Condition::AtMost { reference >= max_fee } else { reference > max_fee };
                if fits && !rule.is_limited() {
                    rules.push(*rule);
                    continue;
                }
                if limits == OwnFeeTokenLimits::Refuse {
                    let limit = if rule.is_limited() { rule.limit() } else { reference };
                    return Err(PaymentPolicyError::AmountLimited { limit, fee: max_fee });
                }
                let add = |amount: U256| amount.checked_add(max_fee).ok_or(PaymentPolicyError::Overflow);
                rules.push(Rule::from_parts(
                    rule.condition(),
                    rule.offset(),
                    rule.is_limited(),
                    B256::from(add(reference)?),
                    add(rule.limit())?,
                    rule.used(),
                ));
            }
            // Any other rule may or may not let a fee through: that is not known before the fee is.
            _ => return Err(PaymentPolicyError::AmountPinned),
        }
    }
    let policy = UniversalAction::new(rules).map_err(|_| PaymentPolicyError::Overflow)?;
    Ok(policy.with_value_limit(universal.value_limit_per_use()).with_padding(universal.padding().clone()))
}

pub(super) const fn transfer_selector() -> Selector {
    Selector::new(transferCall::SELECTOR)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use policy_encoding::{Sudo, UsageLimit};

    use super::*;

    const DEPLOYMENT: Deployment = Deployment::current();
    const TOKEN: Address = Address::repeat_byte(0x70);
    const FEE: U256 = U256::from_limbs([1000, 0, 0, 0]);

    fn transfers(rules: &[Rule]) -> ActionData {
        let policy = UniversalAction::new(rules.to_vec()).unwrap();
        action([policy.on(&DEPLOYMENT.policies).unwrap()])
    }

    fn action(policies: impl IntoIterator<Item = PolicyData<ActionSlot>>) -> ActionData {
        ActionData::new(ActionTarget::Exact { target: TOKEN, selector: transfer_selector() }, policies)
    }

    fn combine(action: ActionData, limits: OwnFeeTokenLimits) -> Result<Vec<ActionData>, PaymentPolicyError> {
        with_payment_action(vec![action], TOKEN, FEE, limits, &DEPLOYMENT)
    }

    fn rules(action: &ActionData) -> Vec<Rule> {
        let data = &action.as_ref().action_policies[0];
        match Registry::new(DEPLOYMENT.policies).decode(data.policy, &data.init_data) {
            Some(Ok(AnyPolicy::UniversalAction(policy))) => policy.rules().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_without_fee_token_transfers_gets_an_action_for_fees() {
        let all = with_payment_action(Vec::new(), TOKEN, FEE, OwnFeeTokenLimits::Refuse, &DEPLOYMENT).unwrap();
        let expected = Rule::new(32, Condition::AtMost, FEE).with_total(FEE);
        assert_eq!((all.len(), rules(&all[0])), (1, vec![expected]));
    }

    #[test]
    fn own_limits_are_raised_only_when_the_caller_says_so() {
        let limited = Rule::new(32, Condition::AtMost, 50_u64).with_total(U256::from(200));
        let refused = combine(transfers(&[limited]), OwnFeeTokenLimits::Refuse);
        assert_eq!(refused, Err(PaymentPolicyError::AmountLimited { limit: U256::from(200), fee: FEE }));
        let raised = combine(transfers(&[limited]), OwnFeeTokenLimits::Raise).unwrap();
        let expected = Rule::new(32, Condition::AtMost, 1050_u64).with_total(U256::from(1200));
        assert_eq!(rules(&raised[0]), [expected]);
    }

    #[test]
    fn what_lets_every_fee_through_is_left_as_it_is() {
        let wide = transfers(&[Rule::new(32, Condition::AtMost, 5000_u64)]);
        assert_eq!(combine(wide.clone(), OwnFeeTokenLimits::Refuse), Ok(vec![wide]));
        let sudo = action([Sudo.on(&DEPLOYMENT.policies).unwrap()]);
        assert_eq!(combine(sudo.clone(), OwnFeeTokenLimits::Refuse), Ok(vec![sudo]));
    }

    #[test]
    fn what_keeps_the_node_from_being_paid_is_refused_even_when_limits_may_be_raised() {
        let raise = OwnFeeTokenLimits::Raise;
        let pinned = transfers(&[Rule::new(0, Condition::Equal, Address::repeat_byte(1))]);
        assert_eq!(combine(pinned, raise), Err(PaymentPolicyError::RecipientPinned));
        let exact = transfers(&[Rule::new(32, Condition::Equal, 50_u64)]);
        assert_eq!(combine(exact, raise), Err(PaymentPolicyError::AmountPinned));
        let counted = UsageLimit::new(2).unwrap().on(&DEPLOYMENT.policies).unwrap();
        let policy = counted.policy();
        assert_eq!(combine(action([counted]), raise), Err(PaymentPolicyError::OtherPolicy { policy }));
        let unknown = PolicyData::new(Address::repeat_byte(9), Bytes::new());
        let policy = unknown.policy();
        assert_eq!(combine(action([unknown]), raise), Err(PaymentPolicyError::OtherPolicy { policy }));
        let native = with_payment_action(Vec::new(), Address::ZERO, FEE, raise, &DEPLOYMENT);
        assert_eq!(native, Err(PaymentPolicyError::NativeFeeToken));
    }

    #[test]
    fn a_limit_that_cannot_be_raised_is_refused() {
        let all = transfers(&[Rule::new(32, Condition::AtMost, 1_u64).with_total(U256::MAX)]);
        assert_eq!(combine(all, OwnFeeTokenLimits::Raise), Err(PaymentPolicyError::Overflow));
    }
}
