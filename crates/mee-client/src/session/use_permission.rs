use alloy_primitives::U256;
use session_types::PermissionId;

use super::{SessionActionError, SessionActions};
use crate::node::Executed;
use crate::quote::{Payment, QuoteOptions, SessionUse, UseMode, VerifiedQuote};
use crate::wire::{Quote, SessionDetails, Simulation};
use crate::{Instruction, MeeError};

/// What is done with granted sessions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UsePermission {
    /// The sessions, at least one for each chain that something is done on, the fee chain included.
    pub session_details: Vec<SessionDetails>,
    /// Whether they are enabled by this.
    pub mode: UseMode,
    /// What is done.
    #[doc(alias = "InstructionLike")]
    pub instructions: Vec<Instruction>,
    /// Who pays.
    pub payment: Payment,
    /// Which sessions to use, where there are several for a chain.
    pub chosen: Vec<PermissionId>,
    /// Whether the instructions of one chain become one operation.
    pub batch: bool,
    /// How the node simulates.
    pub simulation: Option<Simulation>,
    /// Gas for validating an operation that enables a session; 1000000 when absent.
    pub verification_gas_limit: Option<U256>,
}

impl UsePermission {
    /// Does something with granted sessions.
    #[must_use]
    pub fn new(
        session_details: Vec<SessionDetails>,
        mode: UseMode,
        instructions: impl IntoIterator<Item = Instruction>,
        payment: impl Into<Payment>,
    ) -> Self {
        Self {
            session_details,
            mode,
            instructions: instructions.into_iter().collect(),
            payment: payment.into(),
            chosen: Vec::new(),
            batch: true,
            simulation: None,
            verification_gas_limit: None,
        }
    }

    /// Uses this session where there are several for a chain.
    #[doc(alias = "indexWithinChain")]
    #[must_use]
    pub fn choosing(mut self, permission: PermissionId) -> Self {
        self.chosen.push(permission);
        self
    }

    /// Makes each instruction an operation of its own.
    #[must_use]
    pub const fn without_batching(mut self) -> Self {
        self.batch = false;
        self
    }

    /// Sets the gas for validating an operation that enables a session.
    #[must_use]
    pub const fn with_verification_gas_limit(mut self, gas: U256) -> Self {
        self.verification_gas_limit = Some(gas);
        self
    }

    /// Tells the node how to simulate.
    #[must_use]
    pub fn with_simulation(mut self, simulation: Simulation) -> Self {
        self.simulation = Some(simulation);
        self
    }
}

impl SessionActions {
    /// Does something with granted sessions: asks for a quote, signs it with the session key, hands it over.
    ///
    /// With [`UseMode::EnableAndUse`] the first operation of each chain, the payment included, carries what enables the
    /// session there; the others only use it.
    ///
    /// # Errors
    /// [`SessionActionError::NothingToEnable`] before any request when the sessions were enabled by calls; else as
    /// [`MeeClient::quote`](crate::MeeClient::quote), [`MeeClient::sign_quote`](crate::MeeClient::sign_quote) and
    /// [`MeeClient::execute`](crate::MeeClient::execute).
    #[doc(alias = "useMeePermission")]
    #[doc(alias = "usePermission")]
    pub async fn use_permission(&self, usage: UsePermission) -> Result<Executed, MeeError> {
        if usage.mode == UseMode::EnableAndUse && !usage.session_details.iter().any(SessionDetails::can_enable) {
            return Err(SessionActionError::NothingToEnable.into());
        }
        let session = SessionUse { details: usage.session_details, mode: usage.mode, chosen: usage.chosen };
        let mut options = QuoteOptions::new(usage.instructions, usage.payment);
        options.batch = usage.batch;
        options.simulation = usage.simulation;
        options.verification_gas_limit = usage.verification_gas_limit;
        let verified = self.quote_by_session(options, session.clone()).await?;
        let mut signed = self.client.sign_quote(verified).await?;
        signed.quote = attach(signed.quote, &session)?;
        self.client.execute(&signed).await
    }

    /// A quote whose operations are validated by sessions.
    pub(super) async fn quote_by_session(
        &self,
        mut options: QuoteOptions,
        session: SessionUse,
    ) -> Result<VerifiedQuote, MeeError> {
        options.module = Some(self.module.deployment().module);
        options.short_encoding = true;
        options.session = Some(session);
        self.client.quote(options).await
    }
}

/// The quote with each operation's session: only the first of a chain enables, and a gas tank's payment has none.
pub(super) fn attach(quote: Quote, session: &SessionUse) -> Result<Quote, MeeError> {
    let mut seen: Vec<u64> = Vec::new();
    let mut details = Vec::new();
    for (index, op) in quote.user_ops.iter().enumerate() {
        if index == 0 && quote.payment_info.sponsored {
            details.push(None);
            continue;
        }
        let first = !seen.contains(&op.chain_id);
        seen.push(op.chain_id);
        details.push(Some(session.mode.apply(session.on(op.chain_id)?, first)));
    }
    quote
        .with_session_details(&details)
        .map_err(|error| MeeError::Answer { endpoint: "quote".to_owned(), reason: error.to_string() })
}
