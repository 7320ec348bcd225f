use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde_json::json;
use tokio::time::Instant;

use super::{FusionError, FusionQuote, Trigger};
use crate::node::Executed;
use crate::sign::{
    DelegationTerms, OnChainTrigger, Permit, SafeTransaction, SafeTransactionData, SignError, SignedDelegation,
    SigningRequest, TriggerTransaction, delegation_signature, on_chain_signature, read_facts, safe_domain_separator,
    safe_signature, send,
};
use crate::wire::{QuoteType, SignedQuote, TriggerInfo};
use crate::{Chain, MeeClient, MeeError};

/// A signed quote with its trigger.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SignedFusionQuote {
    /// The quote and its signature.
    pub signed: SignedQuote,
    /// The token trigger, fee included.
    pub trigger: Option<TriggerInfo>,
}

impl MeeClient {
    /// Starts a fusion quote with the account's key: signs a permit, or sends the trigger transaction and waits for it.
    ///
    /// A transaction is sent each time this is called.
    ///
    /// # Errors
    /// When the quote starts in another way, the key refuses, or the transaction fails or is not mined in time.
    #[doc(alias = "signFusionQuote")]
    #[doc(alias = "signPermitQuote")]
    #[doc(alias = "signOnChainQuote")]
    pub async fn sign_fusion_quote(&self, fusion: &FusionQuote) -> Result<SignedFusionQuote, MeeError> {
        let signature = match fusion.verified.quote().quote_type {
            QuoteType::Permit => self.permit_signature(fusion).await?,
            QuoteType::OnChain => {
                let transaction = self.trigger_transaction(fusion)?;
                let chain = self.account().on(fusion.trigger.chain_id())?.chain();
                let hash = match self.sender() {
                    Some(sender) => sender.send(chain, &transaction).await?,
                    None => send(self.account().signer(), chain, &transaction).await?,
                };
                self.wait_for_trigger(chain, hash).await?;
                on_chain_signature(hash, chain.id())
            }
            seen => return Err(SignError::WrongKind { expected: QuoteType::Permit, seen }.into()),
        };
        self.fusion_signed(fusion, signature)
    }

    /// The transaction that starts an on-chain fusion quote.
    ///
    /// # Errors
    /// When the approval would not cover the amount.
    pub fn trigger_transaction(&self, fusion: &FusionQuote) -> Result<TriggerTransaction, MeeError> {
        let hash = fusion.verified.quote().hash;
        Ok(self.on_chain_trigger(fusion)?.transaction(fusion.trigger.chain_id(), fusion.owner, hash))
    }

    /// The call that a Safe's owners approve so that a fusion quote starts.
    ///
    /// # Errors
    /// When the approval would not cover the amount or the trigger is a call.
    pub fn safe_call(&self, fusion: &FusionQuote) -> Result<SafeTransactionData, MeeError> {
        Ok(SafeTransactionData::new(&self.token_trigger(fusion, "Safe")?, fusion.verified.quote().hash))
    }

    /// A fusion quote with a Safe transaction that its owners signed.
    ///
    /// # Errors
    /// When the transaction's call is not the quote's.
    #[doc(alias = "signSafeQuote")]
    pub fn sign_by_safe(
        &self,
        fusion: &FusionQuote,
        transaction: &SafeTransaction,
    ) -> Result<SignedFusionQuote, MeeError> {
        if transaction.call != self.safe_call(fusion)? {
            let reason = "the Safe's call is not the quote's".to_owned();
            return Err(SignError::Trigger { reason }.into());
        }
        let separator = safe_domain_separator(fusion.owner, fusion.trigger.chain_id());
        self.fusion_signed(fusion, safe_signature(fusion.owner, separator, transaction))
    }

    /// What a delegator account signs so that a fusion quote starts; `enforcer` enforces exact execution.
    ///
    /// # Errors
    /// When the approval would not cover the amount or the trigger is a call.
    pub fn delegation_terms(&self, fusion: &FusionQuote, enforcer: Address) -> Result<DelegationTerms, MeeError> {
        let trigger = self.token_trigger(fusion, "delegation")?;
        Ok(DelegationTerms::exactly(&trigger, fusion.owner, enforcer, fusion.verified.quote().hash))
    }

    /// A fusion quote with a signed delegation.
    ///
    /// # Errors
    /// When the delegation is not for this quote.
    #[doc(alias = "signMMDtkQuote")]
    pub fn sign_by_delegation(
        &self,
        fusion: &FusionQuote,
        delegation: &SignedDelegation,
    ) -> Result<SignedFusionQuote, MeeError> {
        let enforcer = delegation.terms.caveats.first().map_or(Address::ZERO, |caveat| caveat.enforcer);
        if delegation.terms != self.delegation_terms(fusion, enforcer)? {
            let reason = "the delegation is not for this quote".to_owned();
            return Err(SignError::Trigger { reason }.into());
        }
        self.fusion_signed(fusion, delegation_signature(delegation))
    }

    /// Hands a started fusion quote over to the node. Never repeated.
    ///
    /// # Errors
    /// As [`NodeApi::execute`](crate::NodeApi::execute).
    pub async fn execute_fusion(&self, signed: &SignedFusionQuote) -> Result<Executed, MeeError> {
        self.node().execute(&signed.signed, signed.trigger.as_ref()).await
    }

    /// Starts a fusion quote and hands it over.
    ///
    /// # Errors
    /// As [`sign_fusion_quote`](Self::sign_fusion_quote) and [`execute_fusion`](Self::execute_fusion).
    #[doc(alias = "executeFusionQuote")]
    pub async fn start_fusion(&self, fusion: &FusionQuote) -> Result<Executed, MeeError> {
        self.execute_fusion(&self.sign_fusion_quote(fusion).await?).await
    }

    async fn permit_signature(&self, fusion: &FusionQuote) -> Result<Bytes, MeeError> {
        let (Trigger::Token(token), Some(info)) = (&fusion.trigger, &fusion.info) else {
            return Err(FusionError::CallTrigger { start: "permit" }.into());
        };
        let amount = approved(info)?;
        let deployment = self.account().on(token.chain_id)?;
        let facts = read_facts(deployment.chain(), token.token, fusion.owner).await?.map_err(SignError::Permit)?;
        let parties = (token.token, fusion.owner, deployment.address());
        let permit = Permit::new(facts, parties, amount, token.chain_id, fusion.verified.quote().hash);
        let request = SigningRequest::TypedData(permit.typed_data());
        let signature = self.account().signer().sign(request).await.map_err(SignError::Signer)?;
        // The account that is asked first decides on the form.
        let quote = fusion.verified.quote();
        let first = quote.user_ops.get(usize::from(quote.payment_info.sponsored)).ok_or(SignError::NoOperation)?;
        let version = self.account().on(first.chain_id)?.suite().version;
        Ok(permit.encode(&signature, version)?)
    }

    fn on_chain_trigger(&self, fusion: &FusionQuote) -> Result<OnChainTrigger, MeeError> {
        match &fusion.trigger {
            Trigger::Call { call, .. } => Ok(OnChainTrigger::Call(call.clone())),
            Trigger::Token(_) => self.token_trigger(fusion, "transaction"),
        }
    }

    fn token_trigger(&self, fusion: &FusionQuote, start: &'static str) -> Result<OnChainTrigger, MeeError> {
        let (Trigger::Token(token), Some(info)) = (&fusion.trigger, &fusion.info) else {
            return Err(FusionError::CallTrigger { start }.into());
        };
        let deployment = self.account().on(token.chain_id)?;
        Ok(if token.token.is_zero() {
            OnChainTrigger::Forward {
                forwarder: deployment.suite().eth_forwarder_address,
                recipient: token.recipient.unwrap_or(deployment.address()),
                amount: info.amount,
            }
        } else {
            OnChainTrigger::Approve { token: token.token, spender: deployment.address(), amount: approved(info)? }
        })
    }

    fn fusion_signed(&self, fusion: &FusionQuote, signature: Bytes) -> Result<SignedFusionQuote, MeeError> {
        let signed = self.signed(fusion.verified.quote().clone(), signature)?;
        Ok(SignedFusionQuote { signed, trigger: fusion.info })
    }

    async fn wait_for_trigger(&self, chain: &Chain, hash: B256) -> Result<(), MeeError> {
        let (timeout, confirmations) = self.trigger_wait();
        let end = Instant::now() + timeout;
        loop {
            match tokio::time::timeout_at(end, is_confirmed(chain, hash, confirmations)).await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Err(error @ MeeError::Sign(_))) => return Err(error),
                // A server that does not answer now may do so later; the transaction is on its way.
                Ok(Ok(false) | Err(_)) | Err(_) => {}
            }
            if Instant::now() >= end {
                return Err(SignError::TriggerPending { hash, seconds: timeout.as_secs() }.into());
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

async fn is_confirmed(chain: &Chain, hash: B256, confirmations: u64) -> Result<bool, MeeError> {
    let Some(receipt) = chain.receipt(hash).await? else { return Ok(false) };
    let number = |name: &str| receipt.get(name)?.as_str()?.parse::<U256>().ok();
    if number("status") == Some(U256::ZERO) {
        return Err(SignError::TriggerFailed { hash }.into());
    }
    let head: U64 = chain.request("eth_blockNumber", json!([])).await?;
    let mined_in = number("blockNumber").unwrap_or_default();
    Ok(U256::from(head).saturating_add(U256::ONE).saturating_sub(mined_in) >= U256::from(confirmations))
}

/// What is approved: it must cover what is taken.
pub(super) fn approved(info: &TriggerInfo) -> Result<U256, SignError> {
    match info.approval_amount {
        Some(approval) if approval < info.amount => Err(SignError::ApprovalTooSmall { approval, amount: info.amount }),
        Some(approval) => Ok(approval),
        None => Ok(info.amount),
    }
}
