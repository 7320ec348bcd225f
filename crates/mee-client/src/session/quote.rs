use super::use_permission::attach;
use super::{EnableOnChain, PrepareOptions, SessionActionError, SessionActions};
use crate::MeeError;
use crate::fusion::{FusionOptions, FusionQuote, SignedFusionQuote, Start};
use crate::node::Executed;
use crate::quote::{Payment, QuoteKind, QuoteOptions, SessionUse, UseMode, VerifiedQuote, batch};
use crate::wire::{QuoteType, SessionDetails, SignedQuote};

/// What a session quote is for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SessionQuoteOptions {
    /// Creates the account, installs the module, enables sessions.
    #[doc(alias = "PREPARE")]
    Prepare(Box<PrepareOptions>),
    /// Uses sessions that are enabled.
    #[doc(alias = "USE")]
    Use {
        /// What is done, and who pays.
        options: Box<QuoteOptions>,
        /// The sessions.
        session: SessionUse,
    },
}

/// A quote by what starts it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartedQuote {
    /// The account's key, or the session's.
    Simple(Box<VerifiedQuote>),
    /// Funds of the owner.
    Fusion(Box<FusionQuote>),
}

impl StartedQuote {
    /// What starts it.
    #[must_use]
    pub fn quote_type(&self) -> QuoteType {
        match self {
            Self::Simple(verified) => verified.quote().quote_type,
            Self::Fusion(fusion) => fusion.verified.quote().quote_type,
        }
    }
}

/// A quote about sessions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionQuote {
    /// The quote.
    pub quote: StartedQuote,
    /// The sessions that it enables.
    pub session_details: Option<Vec<SessionDetails>>,
}

/// The same before it is public.
pub(super) type Draft = SessionQuote;

/// A signed quote about sessions.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SignedSessionQuote {
    /// Signed by the account's key, or the session's.
    Simple(Box<SignedQuote>),
    /// Started with funds of the owner.
    Fusion(Box<SignedFusionQuote>),
}

impl SessionActions {
    /// A quote that prepares sessions or uses them. `None` when there is nothing to prepare.
    ///
    /// # Errors
    /// When a session would not work or is not enabled; else as [`MeeClient::quote`](crate::MeeClient::quote).
    #[doc(alias = "GetSessionQuoteParams")]
    #[doc(alias = "SessionQuoteMode")]
    #[doc(alias = "getSessionQuote")]
    pub async fn session_quote(&self, options: SessionQuoteOptions) -> Result<Option<SessionQuote>, MeeError> {
        match options {
            SessionQuoteOptions::Prepare(prepare) => self.prepared(*prepare).await,
            SessionQuoteOptions::Use { options, session } => self.used(*options, session).await.map(Some),
        }
    }

    /// Signs a session quote. A trigger transaction is sent each time this is called.
    ///
    /// # Errors
    /// As [`MeeClient::sign_quote`](crate::MeeClient::sign_quote) and
    /// [`MeeClient::sign_fusion_quote`](crate::MeeClient::sign_fusion_quote).
    #[doc(alias = "SignSessionQuoteParams")]
    #[doc(alias = "signSessionQuote")]
    pub async fn sign_session_quote(&self, quote: &SessionQuote) -> Result<SignedSessionQuote, MeeError> {
        Ok(match &quote.quote {
            StartedQuote::Simple(verified) => {
                SignedSessionQuote::Simple(Box::new(self.client.sign_quote(VerifiedQuote::clone(verified)).await?))
            }
            StartedQuote::Fusion(fusion) => {
                SignedSessionQuote::Fusion(Box::new(self.client.sign_fusion_quote(fusion).await?))
            }
        })
    }

    /// Hands a signed session quote over. Never repeated.
    ///
    /// # Errors
    /// As [`MeeClient::execute`](crate::MeeClient::execute).
    pub async fn execute_signed(&self, signed: &SignedSessionQuote) -> Result<Executed, MeeError> {
        match signed {
            SignedSessionQuote::Simple(signed) => self.client.execute(signed).await,
            SignedSessionQuote::Fusion(signed) => self.client.execute_fusion(signed).await,
        }
    }

    /// Signs a session quote and hands it over.
    ///
    /// # Errors
    /// As [`sign_session_quote`](Self::sign_session_quote) and [`execute_signed`](Self::execute_signed).
    #[doc(alias = "executeSessionQuote")]
    pub async fn execute_session_quote(&self, quote: &SessionQuote) -> Result<Executed, MeeError> {
        self.execute_signed(&self.sign_session_quote(quote).await?).await
    }

    async fn used(&self, options: QuoteOptions, mut session: SessionUse) -> Result<SessionQuote, MeeError> {
        if let Some(details) = session.details.iter().find(|details| details.can_enable()) {
            return Err(SessionActionError::NotEnabled { chain_id: details.chain_id() }.into());
        }
        session.mode = UseMode::Use;
        let verified = self.quote_by_session(options, session.clone()).await?;
        let verified = verified.map_quote(|quote| attach(quote, &session))?;
        Ok(SessionQuote { quote: StartedQuote::Simple(Box::new(verified)), session_details: None })
    }

    /// The quote that prepares an account; `None` when there is nothing to do.
    pub(super) async fn prepared(&self, prepare: PrepareOptions) -> Result<Option<SessionQuote>, MeeError> {
        let PrepareOptions { mut options, even_if_empty, enable, trigger, start } = prepare;
        let install = self.install_instructions().await?;
        let (enabling, session_details) = match enable {
            Some(enable) => self.enabling(enable, &mut options).await?,
            None => (Vec::new(), None),
        };
        let further = std::mem::take(&mut options.instructions);
        let nothing = install.is_empty() && enabling.is_empty() && further.is_empty();
        if nothing && !even_if_empty && trigger.is_none() {
            return Ok(None);
        }
        options.instructions = batch(install.into_iter().chain(further).collect())?;
        options.instructions.extend(enabling);
        let quote = match trigger {
            Some(trigger) => {
                let fusion = FusionOptions::new(options, trigger).starting_by(Start::Owner(start));
                StartedQuote::Fusion(Box::new(self.client.fusion_quote(fusion).await?))
            }
            None => {
                let kind = QuoteKind { may_be_empty: even_if_empty, ..QuoteKind::SIMPLE };
                StartedQuote::Simple(Box::new(self.client.quote_of(kind, options).await?))
            }
        };
        Ok(Some(SessionQuote { quote, session_details }))
    }

    async fn enabling(
        &self,
        enable: EnableOnChain,
        options: &mut QuoteOptions,
    ) -> Result<(Vec<crate::Instruction>, Option<Vec<SessionDetails>>), MeeError> {
        // Each call waits for the module on its own, so it needs an operation of its own.
        options.batch &= enable.batch_actions;
        let fee_token = match &options.payment {
            Payment::FeeToken(token) => Some(*token),
            Payment::Sponsored(_) => None,
        };
        let (instructions, details) = self.enable_instructions(enable, fee_token).await?;
        Ok((instructions, Some(details)))
    }
}
