//! `sessions explain`.

use serde_json::{Value, json};
use smart_sessions::policy::Explainer;

use crate::arguments::Explain;
use crate::found::Findings;
use crate::input::Input;
use crate::output::Report;
use crate::{Failure, session};

pub(crate) fn run(part: &Explain) -> Result<Report, Failure> {
    let findings = Findings::of(&Input::read(&part.input)?)?;
    let glossary = part.names.glossary();
    let sessions = findings.sessions.iter().map(|found| {
        let deployment = found.deployment(part.names.generation);
        let mut explainer = Explainer::new(&deployment, &glossary).on_chains(found.chains.iter().copied());
        if let Some(account) = found.account {
            explainer = explainer.of_account(account);
        }
        let (lines, findings, worst) = session::explain(&explainer, &found.session);
        json!({
            "kind": "session",
            "permissionId": found.session.permission_id(),
            "generation": format!("{:?}", deployment.generation).to_lowercase(),
            "account": found.account,
            "chainIds": found.chains,
            "permits": lines,
            "worst": worst,
            "findings": findings,
        })
    });
    let sessions: Value = sessions.collect();
    Ok(Report::new(json!({ "kind": "explanation", "source": findings.source, "sessions": sessions })))
}
