//! From a request to a signed grant.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use clap::ValueEnum;
use smart_sessions::Owner;
use smart_sessions::policy::erc7715::{PermissionRequest, PermissionResponse};
use smart_sessions::policy::{Explainer, Explanation, Glossary, Severity};
use smart_sessions::session::{EnableMode, Session};
use smart_sessions::userop::account::{Account as _, Nexus};

use crate::json_rpc::Error;

/// Which requests are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Confirmation {
    /// None
    Refuse,
    /// Those that a person agrees to on the terminal
    Ask,
    /// Those in which nothing worse than a note is found, without asking
    Unremarkable,
}

/// The owner of an account, and what the owner agrees to.
pub(crate) struct Wallet {
    pub(crate) owner: Owner<Nexus, PrivateKeySigner>,
    pub(crate) confirmation: Confirmation,
}

impl Wallet {
    /// All of the requests are granted, or none.
    pub(crate) async fn grant_permissions(
        &self,
        requests: Vec<PermissionRequest>,
    ) -> Result<Vec<PermissionResponse>, Error> {
        let mut sessions = Vec::new();
        for request in &requests {
            let session = self.session(request)?;
            self.confirm(&session).await?;
            sessions.push(session);
        }
        let mut responses = Vec::new();
        for (mut granted, session) in requests.into_iter().zip(sessions) {
            let grant = self.owner.sign_grant(&session, EnableMode::Enable).await;
            let grant = grant.map_err(|error| Error::new(Error::INTERNAL, error.to_string()))?;
            granted.address = Some(grant.account);
            responses.push(PermissionResponse::new(granted, grant.to_text().into_bytes().into()));
        }
        Ok(responses)
    }

    /// The session that holds all of a request: less than was asked for must not be answered as if it were granted.
    fn session(&self, request: &PermissionRequest) -> Result<Session, Error> {
        let invalid = |message: String| Error::new(Error::INVALID_PARAMS, message);
        let (account, chain) = (self.owner.account().address(), self.owner.chain());
        if request.chain_id.to::<u64>() != chain.chain_id() {
            let message = format!("connected to chain {}, not to {}", chain.chain_id(), request.chain_id);
            return Err(Error::new(Error::CHAIN_DISCONNECTED, message));
        }
        if let Some(other) = request.address.filter(|address| *address != account) {
            return Err(Error::new(Error::UNAUTHORIZED, format!("{other} is not an account of this wallet")));
        }
        if request.expiry <= unix_time() {
            return Err(invalid(format!("the permission would have expired at {}", request.expiry)));
        }
        // A random salt: the same request twice makes two sessions, each with limits of its own.
        let mapped =
            request.to_session(chain.deployment(), B256::random()).map_err(|error| invalid(error.to_string()))?;
        if let Some(left_out) = mapped.not_mapped.first() {
            let (index, kind, reason) = (left_out.index, &left_out.kind, left_out.reason);
            return Err(invalid(format!("permission {index} ({kind}) cannot be granted: {reason}")));
        }
        Ok(mapped.session)
    }

    /// Shows what is asked for, and decides.
    async fn confirm(&self, session: &Session) -> Result<(), Error> {
        let (account, chain) = (self.owner.account().address(), self.owner.chain());
        let glossary = Glossary::new();
        let explainer = Explainer::new(chain.deployment(), &glossary).of_account(account).on_chains([chain.chain_id()]);
        let explanation = explainer.explain(session);
        println!("\n{explanation}");
        let agreed = match self.confirmation {
            Confirmation::Refuse => false,
            Confirmation::Unremarkable => explanation.worst().is_none_or(|worst| worst <= Severity::Note),
            Confirmation::Ask => tokio::task::spawn_blocking(ask).await.unwrap_or(false),
        };
        println!("{}", if agreed { "granted" } else { "refused" });
        if agreed { Ok(()) } else { Err(refused(&explanation)) }
    }
}

/// The refusal names what was found, and nothing about the account.
fn refused(explanation: &Explanation) -> Error {
    let worst = explanation.findings.first().map(|finding| format!(": {}", finding.text)).unwrap_or_default();
    Error::new(Error::USER_REJECTED, format!("the owner did not agree{worst}"))
}

fn ask() -> bool {
    print!("Grant this? Type yes: ");
    let mut answer = String::new();
    let asked = std::io::stdout().flush().and_then(|()| std::io::stdin().read_line(&mut answer));
    asked.is_ok() && answer.trim() == "yes"
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default()
}
