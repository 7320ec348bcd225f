use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::sign::approved;
use super::{FusionError, TokenTrigger, Trigger, TriggerAmount};
use crate::abi::token::{balanceOfCall, transferFromCall};
use crate::account::Deployment;
use crate::composable::{ComposableCall, Constraint, InputParam};
use crate::instruction::{Instruction, PlainCall};
use crate::node::QuotePath;
use crate::quote::{Payer, Payment, QuoteKind, QuoteOptions, TRIGGER_CALL, VerifiedQuote, batch};
use crate::sign::{OnChainTrigger, PermitUnavailable, SignError, estimate, read_facts};
use crate::wire::{Metadata, QuoteType, TriggerInfo};
use crate::{MeeClient, MeeError};

/// Gas for validating the operations of a Safe's or a delegator's supertransaction.
const OTHER_OWNER_VERIFICATION: u64 = 200_000;

/// How an owner's key starts a supertransaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerStart {
    /// By a permit, or not at all: nothing is sent by the owner.
    #[default]
    Permit,
    /// By a permit when the token takes one, else by a transaction, which costs the owner gas.
    PermitOrTransaction,
    /// By a transaction.
    Transaction,
}

/// Whose funds start a supertransaction, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// Those of the account's key.
    Owner(OwnerStart),
    /// Those of a Safe that the key owns.
    Safe(Address),
    /// Those of a delegator account.
    Delegator(Address),
}

/// What is asked of a node, and what brings the funds in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FusionOptions {
    /// What is asked.
    pub options: QuoteOptions,
    /// What brings the funds in.
    pub trigger: Trigger,
    /// How it starts.
    pub start: Start,
}

impl FusionOptions {
    /// Starts by the owner's permit.
    #[must_use]
    pub fn new(options: QuoteOptions, trigger: impl Into<Trigger>) -> Self {
        Self { options, trigger: trigger.into(), start: Start::Owner(OwnerStart::Permit) }
    }

    /// Starts in this way.
    #[must_use]
    pub const fn starting_by(mut self, start: Start) -> Self {
        self.start = start;
        self
    }
}

/// A quote with the trigger that starts it, fee included.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FusionQuote {
    /// The quote.
    pub verified: VerifiedQuote,
    /// What brings the funds in.
    pub trigger: Trigger,
    /// The token trigger as the node is told it, fee included.
    pub info: Option<TriggerInfo>,
    /// Whose funds they are.
    pub owner: Address,
}

impl MeeClient {
    /// Asks for a quote that starts with funds outside of the account.
    ///
    /// # Errors
    /// When the funds cannot be brought in in the way that was asked for; else as [`quote`](Self::quote).
    #[doc(alias = "getFusionQuote")]
    pub async fn fusion_quote(&self, fusion: FusionOptions) -> Result<FusionQuote, MeeError> {
        let FusionOptions { mut options, trigger, start } = fusion;
        let owner = match start {
            Start::Owner(_) => self.account().owner(),
            Start::Safe(other) | Start::Delegator(other) => other,
        };
        let deployment = self.account().on(trigger.chain_id())?;
        let (instructions, info) = match &trigger {
            Trigger::Call { .. } => {
                if !matches!(start, Start::Owner(_)) {
                    return Err(FusionError::CallTrigger { start: start.name() }.into());
                }
                (batch(options.instructions)?, None)
            }
            Trigger::Token(token) => {
                check_fee_token(token, &options.payment)?;
                let info = self.trigger_info(token, owner, deployment).await?;
                let taking = self.take_in(token, &info, owner, deployment.address(), &options.instructions);
                (joined(taking, options.instructions, options.batch)?, Some(info))
            }
        };
        let quote_type = self.quote_type(start, &trigger, info.as_ref(), owner, deployment).await?;
        options.instructions = instructions;
        options.batch = false;
        options.payer = Some(Payer::Owner(owner));
        options.payment_gas_limit = options.payment_gas_limit.or(info.map(|info| info.gas_limit));
        if !matches!(start, Start::Owner(_)) {
            options.verification_gas_limit =
                options.verification_gas_limit.or(Some(U256::from(OTHER_OWNER_VERIFICATION)));
        }
        let path = if info.is_some() { QuotePath::QuotePermit } else { QuotePath::Quote };
        let sponsored = matches!(options.payment, Payment::Sponsored(_));
        let verified =
            self.quote_of(QuoteKind { quote_type, path, trigger: info, may_be_empty: false }, options).await?;
        let info = info.map(|info| with_fee(info, &trigger, &verified, sponsored)).transpose()?;
        Ok(FusionQuote { verified, trigger, info, owner })
    }

    async fn trigger_info(
        &self,
        token: &TokenTrigger,
        owner: Address,
        deployment: &Deployment,
    ) -> Result<TriggerInfo, MeeError> {
        let amount = match token.amount {
            TriggerAmount::Exactly(amount) => amount,
            TriggerAmount::MaxAvailable if token.token.is_zero() => max_native(token, owner, deployment).await?,
            TriggerAmount::MaxAvailable => deployment.chain().view(token.token, &balanceOfCall { owner }).await?,
        };
        if amount.is_zero() {
            return Err(FusionError::NoAmount.into());
        }
        Ok(TriggerInfo {
            token_address: token.token,
            chain_id: token.chain_id,
            gas_limit: token.gas_limit.unwrap_or(U256::from(TRIGGER_CALL)),
            amount,
            approval_amount: token.approval_amount,
            recipient_address: token.recipient,
        })
    }

    /// The instruction that takes approved tokens in; native tokens come by the forwarder alone.
    fn take_in(
        &self,
        token: &TokenTrigger,
        info: &TriggerInfo,
        owner: Address,
        account: Address,
        others: &[Instruction],
    ) -> Option<Instruction> {
        if token.token.is_zero() {
            return None;
        }
        let recipient = token.recipient.unwrap_or(account);
        let all = token.amount == TriggerAmount::MaxAvailable;
        let composable = all || others.iter().any(|instruction| instruction.calls.is_composable());
        let amount = (!all).then_some(info.amount);
        let words = Metadata::transfer(token.token, owner, recipient, amount, token.chain_id);
        let instruction = if composable {
            let amount = amount.map_or_else(
                || InputParam {
                    constraints: vec![Constraint::AtLeast(U256::ONE)],
                    ..InputParam::allowance(token.token, owner, account)
                },
                |amount| InputParam::raw(amount.abi_encode().into()),
            );
            let parties = InputParam::raw((owner, recipient).abi_encode().into());
            let call = ComposableCall::new(token.token, transferFromCall::SELECTOR.into(), [parties, amount]);
            Instruction::composable(token.chain_id, [call.with_gas_limit(info.gas_limit)])
        } else {
            let call = transferFromCall { from: owner, to: recipient, amount: info.amount };
            let call = PlainCall::new(token.token, call.abi_encode().into()).with_gas_limit(info.gas_limit);
            Instruction::new(token.chain_id, [call])
        };
        Some(instruction.with_metadata([words]))
    }

    async fn quote_type(
        &self,
        start: Start,
        trigger: &Trigger,
        info: Option<&TriggerInfo>,
        owner: Address,
        deployment: &Deployment,
    ) -> Result<QuoteType, MeeError> {
        let owner_start = match start {
            Start::Safe(_) => return Ok(QuoteType::Safe),
            Start::Delegator(_) => return Ok(QuoteType::Delegation),
            Start::Owner(owner_start) => owner_start,
        };
        let token = match (trigger, owner_start) {
            (_, OwnerStart::Transaction) => return Ok(QuoteType::OnChain),
            (Trigger::Token(token), _) if !token.token.is_zero() => token,
            (_, OwnerStart::PermitOrTransaction) => return Ok(QuoteType::OnChain),
            (_, OwnerStart::Permit) => return Err(FusionError::CallTrigger { start: "permit" }.into()),
        };
        if let Err(error) = info.map_or(Ok(U256::ZERO), approved) {
            // The transaction would approve as little, which is refused when it is to be sent.
            return if owner_start == OwnerStart::PermitOrTransaction {
                Ok(QuoteType::OnChain)
            } else {
                Err(error.into())
            };
        }
        let listed = self.info().await?.payment_token(token.chain_id, token.token);
        let permit = if listed.is_some_and(|listed| listed.permit_enabled != Some(true)) {
            Err(PermitUnavailable::NotListed { token: token.token })
        } else {
            read_facts(deployment.chain(), token.token, owner).await?.map(drop)
        };
        match permit {
            Ok(()) => Ok(QuoteType::Permit),
            Err(_) if owner_start == OwnerStart::PermitOrTransaction => Ok(QuoteType::OnChain),
            Err(reason) => Err(SignError::Permit(reason).into()),
        }
    }
}

impl Start {
    const fn name(self) -> &'static str {
        match self {
            Self::Owner(_) => "owner",
            Self::Safe(_) => "Safe",
            Self::Delegator(_) => "delegation",
        }
    }
}

fn check_fee_token(token: &TokenTrigger, payment: &Payment) -> Result<(), FusionError> {
    match payment {
        Payment::FeeToken(fee) if (fee.address, fee.chain_id) != (token.token, token.chain_id) => {
            Err(FusionError::OtherFeeToken {
                fee_token: fee.address,
                fee_chain: fee.chain_id,
                token: token.token,
                chain_id: token.chain_id,
            })
        }
        _ => Ok(()),
    }
}

fn joined(
    taking: Option<Instruction>,
    instructions: Vec<Instruction>,
    all: bool,
) -> Result<Vec<Instruction>, MeeError> {
    if all {
        return Ok(batch(taking.into_iter().chain(instructions).collect())?);
    }
    // What takes the funds in goes together with what uses them first.
    let mut instructions = instructions.into_iter();
    let mut joined = batch(taking.into_iter().chain(instructions.next()).collect())?;
    joined.extend(instructions);
    Ok(joined)
}

/// The trigger with the fee on top, unless the fee comes out of it or somebody else pays.
fn with_fee(
    info: TriggerInfo,
    trigger: &Trigger,
    verified: &VerifiedQuote,
    sponsored: bool,
) -> Result<TriggerInfo, FusionError> {
    let exact = matches!(trigger, Trigger::Token(TokenTrigger { amount: TriggerAmount::Exactly(_), .. }));
    if sponsored || !exact {
        return Ok(info);
    }
    let fee = verified.quote().payment_info.token_wei_amount;
    let amount = info.amount.checked_add(fee).ok_or(FusionError::Overflow)?;
    Ok(TriggerInfo { amount, ..info })
}

/// All native tokens but twice what the trigger's gas may cost at twice the price.
async fn max_native(token: &TokenTrigger, owner: Address, deployment: &Deployment) -> Result<U256, MeeError> {
    let chain = deployment.chain();
    let balance = chain.balance(owner).await?;
    let forward = OnChainTrigger::Forward {
        forwarder: deployment.suite().eth_forwarder_address,
        recipient: token.recipient.unwrap_or(deployment.address()),
        amount: U256::from(100),
    };
    let gas = estimate(chain, &forward.bare_transaction(chain.id(), owner)).await?;
    let price = chain.gas_price().await?;
    let reserve = U256::from(gas).saturating_mul(price).saturating_mul(U256::from(4));
    match balance.checked_sub(reserve).filter(|rest| !rest.is_zero()) {
        Some(rest) => Ok(rest),
        None => Err(FusionError::NotEnoughNative { balance, reserve }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::{FeeToken, Sponsor};

    #[test]
    fn the_fee_is_paid_in_the_token_that_comes_in() {
        let (token, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let trigger = TokenTrigger::new(token, 1, U256::from(5));
        let check = |payment: Payment| check_fee_token(&trigger, &payment);
        assert_eq!(check(FeeToken::new(token, 1).into()), Ok(()));
        assert_eq!(check(Sponsor::Hosted.into()), Ok(()));
        // The fee is added to the amount: of another token, or on another chain, it would be a sum of two things.
        for fee in [FeeToken::new(other, 1), FeeToken::new(token, 2)] {
            let refused =
                FusionError::OtherFeeToken { fee_token: fee.address, fee_chain: fee.chain_id, token, chain_id: 1 };
            assert_eq!(check(fee.into()), Err(refused));
        }
    }
}
