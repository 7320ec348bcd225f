use std::collections::HashMap;

use alloy_primitives::{Address, U256};
use policy_encoding::{KnownPolicy, Sudo};
use session_types::{ActionData, Session, SessionValidator, UserOpSlot};

use super::payment::with_payment_action;
use super::{OwnFeeTokenLimits, SessionActionError, SessionActions, session_validator_init_data};
use crate::MeeError;
use crate::abi::token::decimalsCall;
use crate::quote::FeeToken;

/// How many whole fee tokens a session may pay when the caller names no limit.
const DEFAULT_WHOLE_TOKENS: u64 = 5;

/// An action on one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainAction {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// What is permitted.
    pub action: ActionData,
}

impl ChainAction {
    /// An action on a chain.
    #[must_use]
    pub const fn new(chain_id: u64, action: ActionData) -> Self {
        Self { chain_id, action }
    }
}

/// Actions on one chain that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainActions {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// What is permitted.
    pub actions: Vec<ActionData>,
}

impl ChainActions {
    /// Actions on a chain.
    #[must_use]
    pub fn new(chain_id: u64, actions: impl IntoIterator<Item = ActionData>) -> Self {
        Self { chain_id, actions: actions.into_iter().collect() }
    }
}

/// What a session is built of.
pub(super) struct Plan {
    pub(super) redeemer: Address,
    pub(super) fee_token: Option<FeeToken>,
    pub(super) max_payment_amount: Option<U256>,
    pub(super) limits: OwnFeeTokenLimits,
}

/// The groups of actions of one chain's session, in order.
pub(super) type Groups = Vec<Vec<ActionData>>;

impl SessionActions {
    /// The groups of each chain in the order in which the chains first appear, with the fee's action among those of the
    /// fee chain.
    pub(super) async fn plan(&self, plan: &Plan, groups: Vec<ChainActions>) -> Result<Vec<(u64, Groups)>, MeeError> {
        if groups.is_empty() {
            return Err(SessionActionError::NoActions.into());
        }
        let mut order: Vec<u64> = Vec::new();
        let mut by_chain: HashMap<u64, Groups> = HashMap::new();
        for ChainActions { chain_id, actions } in groups {
            if actions.is_empty() {
                return Err(SessionActionError::EmptyActions { chain_id }.into());
            }
            self.client.account().on(chain_id)?;
            if !order.contains(&chain_id) {
                order.push(chain_id);
            }
            by_chain.entry(chain_id).or_default().push(actions);
        }
        if let Some(fee_token) = plan.fee_token {
            let max_fee = match plan.max_payment_amount {
                Some(amount) => amount,
                None => self.default_payment(&fee_token).await?,
            };
            self.add_payment(&mut by_chain, &fee_token, max_fee, plan.limits)?;
            if !order.contains(&fee_token.chain_id) {
                // Without a session of its own the fee chain could not pay for the others.
                order.push(fee_token.chain_id);
            }
        }
        Ok(order.into_iter().filter_map(|chain_id| Some((chain_id, by_chain.remove(&chain_id)?))).collect())
    }

    fn add_payment(
        &self,
        by_chain: &mut HashMap<u64, Groups>,
        fee_token: &FeeToken,
        max_fee: U256,
        limits: OwnFeeTokenLimits,
    ) -> Result<(), SessionActionError> {
        let groups = by_chain.entry(fee_token.chain_id).or_default();
        let deployment = self.module.deployment();
        let combine = |actions| with_payment_action(actions, fee_token.address, max_fee, limits, deployment);
        let own = groups.iter().position(|group| {
            group.iter().any(|action| {
                action.as_ref().action_target == fee_token.address
                    && action.as_ref().action_target_selector == super::payment::transfer_selector()
            })
        });
        match groups.get_mut(own.unwrap_or_default()) {
            Some(group) => *group = combine(std::mem::take(group))?,
            None => groups.push(combine(Vec::new())?),
        }
        Ok(())
    }

    async fn default_payment(&self, fee_token: &FeeToken) -> Result<U256, MeeError> {
        if fee_token.address.is_zero() {
            return Err(SessionActionError::from(super::PaymentPolicyError::NativeFeeToken).into());
        }
        let chain = self.client.account().on(fee_token.chain_id)?.chain();
        let decimals = chain.view(fee_token.address, &decimalsCall {}).await?;
        U256::from(10)
            .checked_pow(U256::from(decimals))
            .and_then(|one| one.checked_mul(U256::from(DEFAULT_WHOLE_TOKENS)))
            .ok_or_else(|| SessionActionError::Decimals { decimals }.into())
    }

    /// A session with a salt of its own for these actions.
    pub(super) fn session(
        &self,
        plan: &Plan,
        chain_id: u64,
        salt: alloy_primitives::B256,
        actions: Vec<ActionData>,
    ) -> Result<Session, MeeError> {
        let suite = self.client.account().on(chain_id)?.suite();
        let deployment = self.module.deployment();
        let validator =
            SessionValidator::custom(suite.validator_address, session_validator_init_data(suite, plan.redeemer)?);
        // Paymasters are only let through together with a policy over user operations.
        let any = Sudo.on::<UserOpSlot>(&deployment.policies).map_err(SessionActionError::Policy)?;
        Session::builder(validator, salt)
            .user_op_policy(any)
            .actions(actions)
            .permit_paymaster()
            .build(deployment)
            .map_err(|source| SessionActionError::Session { chain_id, source }.into())
    }
}
