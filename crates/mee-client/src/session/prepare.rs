use alloy_primitives::B256;

use super::quote::{Draft, StartedQuote};
use super::{EnableOnChain, SessionActions};
use crate::fusion::{OwnerStart, Trigger};
use crate::quote::{Payment, QuoteOptions};
use crate::wire::SessionDetails;
use crate::{Instruction, MeeError};

/// What makes an account ready for sessions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PrepareOptions {
    /// Who pays, and everything else about the quote. Its instructions are done after the module is installed; they are
    /// composable where it is.
    pub options: QuoteOptions,
    /// Whether the options' instructions are meant even when there are none: the node is then paid for nothing.
    pub even_if_empty: bool,
    /// Sessions to enable by calls.
    pub enable: Option<EnableOnChain>,
    /// What brings funds in.
    pub trigger: Option<Trigger>,
    /// How the owner's key starts a trigger.
    pub start: OwnerStart,
}

impl PrepareOptions {
    /// Creates the account and installs the module, where they are missing.
    #[must_use]
    pub fn new(payment: impl Into<Payment>) -> Self {
        Self {
            options: QuoteOptions::new([], payment),
            even_if_empty: false,
            enable: None,
            trigger: None,
            start: OwnerStart::Permit,
        }
    }

    /// Brings funds in, by a permit or as `start` says.
    #[must_use]
    pub fn with_trigger(mut self, trigger: impl Into<Trigger>, start: OwnerStart) -> Self {
        self.trigger = Some(trigger.into());
        self.start = start;
        self
    }

    /// Enables sessions by calls.
    #[must_use]
    pub fn with_sessions(mut self, enable: EnableOnChain) -> Self {
        self.enable = Some(enable);
        self
    }

    /// Does more once the module is installed.
    #[doc(alias = "additionalInstructions")]
    #[must_use]
    pub fn with_instructions(mut self, instructions: impl IntoIterator<Item = Instruction>) -> Self {
        self.options.instructions.extend(instructions);
        self
    }
}

/// A supertransaction that prepares an account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prepared {
    /// The supertransaction.
    pub hash: B256,
    /// The sessions that it enables, to be used with [`UseMode::Use`](crate::quote::UseMode::Use).
    pub session_details: Option<Vec<SessionDetails>>,
}

impl SessionActions {
    /// Creates the account, installs the module and enables sessions, where that is missing, by one supertransaction.
    /// `None` when there is nothing to do.
    ///
    /// # Errors
    /// When a chain or the node fails, a session would not work, or the owner refuses.
    #[doc(alias = "prepareInstallSmartSessions")]
    #[doc(alias = "prepareForPermissions")]
    pub async fn prepare_for_permissions(&self, prepare: PrepareOptions) -> Result<Option<Prepared>, MeeError> {
        let Some(Draft { quote, session_details }) = self.prepared(prepare).await? else { return Ok(None) };
        let executed = match quote {
            StartedQuote::Simple(quote) => {
                let signed = self.client.sign_quote(*quote).await?;
                self.client.execute(&signed).await?
            }
            StartedQuote::Fusion(fusion) => self.client.start_fusion(&fusion).await?,
        };
        Ok(Some(Prepared { hash: executed.hash, session_details }))
    }
}
