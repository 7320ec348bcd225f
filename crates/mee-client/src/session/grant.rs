use alloy_primitives::{Address, Bytes, U256};
use futures_util::future::try_join_all;
use session_types::abi::{Nonce, SessionDigest};
use session_types::{ChainSession, EnableMode, MultiChainGrant, Session, SmartSessionMode};

use super::build::Plan;
use super::typed_data::multi_chain_session_typed_data;
use super::{ChainAction, ChainActions, OwnFeeTokenLimits, SessionActionError, SessionActions};
use crate::MeeError;
use crate::quote::FeeToken;
use crate::sign::{SignError, SigningRequest};
use crate::wire::{ChainDigest, EnableSession, EnableSessionData, SessionDetails, SessionToEnable};

/// What is granted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GrantOptions {
    /// The address of the session key.
    pub redeemer: Address,
    /// What it may do, chain by chain.
    pub actions: Vec<ChainAction>,
    /// The token that its fees are paid with; `None` when others pay.
    pub fee_token: Option<FeeToken>,
    /// The most that it may pay in fees, each and in total, in the token's smallest unit. Five whole tokens when absent.
    pub max_payment_amount: Option<U256>,
    /// What to do when the actions limit transfers of the fee token.
    pub own_fee_token_limits: OwnFeeTokenLimits,
}

impl GrantOptions {
    /// Grants actions to a session key.
    #[must_use]
    pub fn new(redeemer: Address, actions: impl IntoIterator<Item = ChainAction>) -> Self {
        Self {
            redeemer,
            actions: actions.into_iter().collect(),
            fee_token: None,
            max_payment_amount: None,
            own_fee_token_limits: OwnFeeTokenLimits::Refuse,
        }
    }

    /// Lets the session key pay fees with a token.
    #[must_use]
    pub const fn with_fee_token(mut self, fee_token: FeeToken) -> Self {
        self.fee_token = Some(fee_token);
        self
    }

    /// Limits the fees, each and in total, in the token's smallest unit.
    #[must_use]
    pub const fn with_max_payment_amount(mut self, amount: U256) -> Self {
        self.max_payment_amount = Some(amount);
        self
    }

    /// Says what to do when the actions limit transfers of the fee token.
    #[must_use]
    pub const fn with_own_fee_token_limits(mut self, limits: OwnFeeTokenLimits) -> Self {
        self.own_fee_token_limits = limits;
        self
    }
}

#[derive(Clone, Copy)]
enum Form {
    TypedData,
    Personal,
}

impl SessionActions {
    /// Grants sessions on every chain of the actions by one signature over typed data.
    ///
    /// # Errors
    /// When a session would not work, a chain cannot be asked, the module computes another digest, or the owner refuses.
    #[doc(alias = "PrepareForGrantingPermissionResponse")]
    #[doc(alias = "grantMeePermissionTypedDataSign")]
    #[doc(alias = "grantPermissionTypedDataSign")]
    pub async fn grant_permission_typed_data_sign(
        &self,
        options: GrantOptions,
    ) -> Result<Vec<SessionDetails>, MeeError> {
        self.grant(options, Form::TypedData).await
    }

    /// Grants sessions on every chain of the actions by one signature over a personal message.
    ///
    /// # Errors
    /// As [`grant_permission_typed_data_sign`](Self::grant_permission_typed_data_sign).
    #[doc(alias = "grantMeePermissionPersonalSign")]
    #[doc(alias = "grantPermissionPersonalSign")]
    pub async fn grant_permission_personal_sign(&self, options: GrantOptions) -> Result<Vec<SessionDetails>, MeeError> {
        self.grant(options, Form::Personal).await
    }

    /// The sessions that would be granted, with each chain's present nonce. Nothing is signed.
    ///
    /// # Errors
    /// As [`grant_permission_typed_data_sign`](Self::grant_permission_typed_data_sign), but for the owner.
    pub async fn preview_grant(&self, options: GrantOptions) -> Result<MultiChainGrant, MeeError> {
        let plan = Plan {
            redeemer: options.redeemer,
            fee_token: options.fee_token,
            max_payment_amount: options.max_payment_amount,
            limits: options.own_fee_token_limits,
        };
        // All actions of a chain make one group, so that the fee's comes last.
        let mut groups: Vec<ChainActions> = Vec::new();
        for ChainAction { chain_id, action } in options.actions {
            match groups.iter_mut().find(|group| group.chain_id == chain_id) {
                Some(group) => group.actions.push(action),
                None => groups.push(ChainActions::new(chain_id, [action])),
            }
        }
        let mut sessions = Vec::new();
        for (chain_id, groups) in self.plan(&plan, groups).await? {
            let salt = self.client.salts().salt();
            sessions.push((chain_id, self.session(&plan, chain_id, salt, groups.concat())?));
        }
        let entries = sessions.into_iter().map(|(chain_id, session)| self.entry(chain_id, session));
        let entries = try_join_all(entries).await?;
        Ok(MultiChainGrant::new(EnableMode::UnsafeEnable, entries).map_err(SessionActionError::Grant)?)
    }

    async fn entry(&self, chain_id: u64, session: Session) -> Result<ChainSession<Session>, MeeError> {
        let deployment = self.client.account().on(chain_id)?;
        let (account, module) = (deployment.address(), self.module.deployment().module);
        let permission_id = session.permission_id();
        let nonce = deployment.chain().ask_module(module, &Nonce { permission_id, account }).await?;
        let entry = ChainSession { chain_id, account, module, nonce, session };
        let mode = EnableMode::UnsafeEnable;
        let session = entry.session.as_abi().clone();
        let call = SessionDigest { permission_id, account, session, mode: SmartSessionMode::from(mode).to_byte() };
        let on_chain = deployment.chain().ask_module(module, &call).await?;
        let computed = entry.digest(mode);
        if on_chain != computed {
            return Err(SessionActionError::Digest { chain_id, computed, on_chain }.into());
        }
        Ok(entry)
    }

    async fn grant(&self, options: GrantOptions, form: Form) -> Result<Vec<SessionDetails>, MeeError> {
        let grant = self.preview_grant(options).await?;
        let digest = grant.digest();
        let typed_data = multi_chain_session_typed_data(&grant);
        let request = match form {
            Form::TypedData => SigningRequest::TypedData(&typed_data),
            Form::Personal => SigningRequest::PersonalMessage(digest.as_slice()),
        };
        let signature = self.client.account().signer().sign(request).await.map_err(SignError::Signer)?;
        let digests: Vec<_> = grant
            .chain_digests()
            .map(|digest| ChainDigest { chain_id: digest.chain_id, session_digest: Some(digest.session_digest) })
            .collect();
        (0..).zip(grant.entries()).map(|(index, entry)| self.details(index, entry, &digests, &signature)).collect()
    }

    fn details(
        &self,
        index: u8,
        entry: &ChainSession<Session>,
        digests: &[ChainDigest],
        signature: &Bytes,
    ) -> Result<SessionDetails, MeeError> {
        Ok(SessionDetails {
            mode: SmartSessionMode::UnsafeEnable,
            permission_id: entry.session.permission_id(),
            signature: SessionDetails::STAND_IN_SIGNATURE,
            enable_session_data: EnableSessionData {
                enable_session: EnableSession {
                    chain_digest_index: index,
                    hashes_and_chain_ids: digests.to_vec(),
                    session_to_enable: SessionToEnable {
                        session: entry.session.as_abi().clone(),
                        chain_id: entry.chain_id,
                        names_chain_in_actions: true,
                    },
                    permission_enable_sig: signature.clone(),
                },
                validator: self.client.account().on(entry.chain_id)?.suite().default_validator_address,
                account_type: "nexus".to_owned(),
            },
        })
    }
}
