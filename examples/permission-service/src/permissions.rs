//! From a request to a signed grant.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_signer_local::PrivateKeySigner;
use clap::ValueEnum;
use smart_sessions::policy::erc7715::{PermissionRequest, PermissionResponse};
use smart_sessions::policy::{Explanation, Severity};
use smart_sessions::userop::account::Nexus;
use smart_sessions::{Owner, PlanError, SignatureForm};

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
    /// All of the requests are granted, as they stand, or none.
    pub(crate) async fn grant_permissions(
        &self,
        requests: Vec<PermissionRequest>,
    ) -> Result<Vec<PermissionResponse>, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or_default();
        if requests.is_empty() || requests.iter().any(|request| request.expiry <= now) {
            return Err(Error::new(Error::INVALID_PARAMS, "nothing is asked for, or nothing that still could be used"));
        }
        let plan = self.owner.plan_requests(&requests).map_err(rpc_error)?.prepare().await.map_err(rpc_error)?;
        let explanation = plan.explanation();
        println!("\n{explanation}");
        if !self.agrees(&explanation).await {
            println!("refused");
            return Err(refused(&explanation));
        }
        let plan = plan.accept(explanation.findings);
        let grants = self.owner.sign_plan(&plan, SignatureForm::PersonalMessage).await.map_err(rpc_error)?;
        println!("granted");
        Ok(grants.iter().zip(&requests).map(|(grant, request)| grant.to_permission_response(request)).collect())
    }

    async fn agrees(&self, explanation: &Explanation) -> bool {
        match self.confirmation {
            Confirmation::Refuse => false,
            Confirmation::Unremarkable => explanation.worst().is_none_or(|worst| worst <= Severity::Note),
            Confirmation::Ask => tokio::task::spawn_blocking(ask).await.unwrap_or(false),
        }
    }
}

/// What the caller is told of an error.
fn rpc_error(error: smart_sessions::Error) -> Error {
    let code = match &error {
        smart_sessions::Error::OtherChain { .. } => Error::CHAIN_DISCONNECTED,
        smart_sessions::Error::OtherAccount { .. } => Error::UNAUTHORIZED,
        smart_sessions::Error::Plan(PlanError::Request { .. } | PlanError::NotMapped { .. }) => Error::INVALID_PARAMS,
        _ => Error::INTERNAL,
    };
    Error::new(code, error.to_string())
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
