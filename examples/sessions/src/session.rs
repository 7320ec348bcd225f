//! Sessions and policies as data.

use policy::{
    AnyPolicy, Explainer, Explanation, Glossary, Registry,
    explain::{Line, Tone, Words},
};
use serde_json::{Value, json};
use smart_sessions::policy;
use smart_sessions::session::{ActionTarget, Deployment, abi};

/// Lines of an explanation: `tone` (`plain`, `limit`, `unlimited`, `unknown`), `text`, `children`.
pub(crate) fn lines(lines: &[Line]) -> Value {
    lines
        .iter()
        .map(|line| {
            let tone = match line.tone {
                Tone::Limit => "limit",
                Tone::Unlimited => "unlimited",
                Tone::Unknown => "unknown",
                _ => "plain",
            };
            json!({ "tone": tone, "text": line.text, "children": self::lines(&line.children) })
        })
        .collect()
}

/// Findings: `severity` (`note`, `warning`, `danger`, `critical`), `code`, `action` (from 0), `text`, `remedy`.
pub(crate) fn findings(explanation: &Explanation) -> Value {
    explanation
        .findings
        .iter()
        .map(|finding| {
            json!({
                "severity": finding.severity.to_string().to_lowercase(),
                "code": finding.kind.code(),
                "action": finding.action,
                "text": finding.text,
                "remedy": finding.remedy,
            })
        })
        .collect()
}

/// A session's members, each policy with its kind and what it says.
pub(crate) fn members(session: &abi::Session, deployment: &Deployment, glossary: &Glossary) -> Value {
    let registry = both_generations(deployment);
    let show = |data: &abi::PolicyData, words: &Words<'_>| policy(data, &registry, words);
    let whole = Words::new(glossary);
    let actions = session.actions.iter().map(|action| {
        let words =
            Words::of_action(glossary, ActionTarget::from_parts(action.action_target, action.action_target_selector));
        json!({
            "target": action.action_target,
            "selector": action.action_target_selector,
            "actionId": action.id(),
            "policies": action.action_policies.iter().map(|data| show(data, &words)).collect::<Value>(),
        })
    });
    let contents = &session.erc7739_policies;
    json!({
        "kind": "session",
        "permissionId": session.permission_id(),
        "sessionValidator": session.session_validator,
        "sessionValidatorInitData": session.session_validator_init_data,
        "salt": session.salt,
        "permitERC4337Paymaster": session.permit_erc4337_paymaster,
        "actions": actions.collect::<Value>(),
        "userOpPolicies": session.user_op_policies.iter().map(|data| show(data, &whole)).collect::<Value>(),
        "erc1271Policies": contents.erc1271_policies.iter().map(|data| show(data, &whole)).collect::<Value>(),
        "allowedERC7739Content": serde_json::to_value(&contents.allowed_erc7739_content).unwrap_or_default(),
    })
}

/// The policies of a deployment and those of both generations.
pub(crate) fn both_generations(deployment: &Deployment) -> Registry {
    Registry::new(deployment.policies)
        .with_set(&Deployment::current().policies)
        .with_set(&Deployment::legacy().policies)
}

/// A policy: its contract, its kind, its init data and what they say.
fn policy(data: &abi::PolicyData, registry: &Registry, words: &Words<'_>) -> Value {
    let known = registry.find(data.policy);
    let kind = known.map_or_else(|| "unknown policy".to_owned(), |(kind, _)| format!("{kind} policy"));
    let mut value = json!({ "kind": kind, "policy": data.policy, "initData": data.init_data });
    match registry.decode(data.policy, &data.init_data) {
        Some(Ok(policy)) => value["says"] = says(&policy, words),
        Some(Err(error)) => value["refusedInitData"] = json!(error.to_string()),
        None => {}
    }
    value
}

/// What a policy says.
pub(crate) fn says(policy: &AnyPolicy, words: &Words<'_>) -> Value {
    let said = policy.explain(words);
    if said.is_empty() { lines(&[Line::unlimited("it sets no limit")]) } else { lines(&said) }
}

/// A session in words, with its findings.
pub(crate) fn explain(explainer: &Explainer<'_>, session: &abi::Session) -> (Value, Value, Option<String>) {
    let explanation = explainer.explain(session);
    let worst = explanation.worst().map(|worst| worst.to_string().to_lowercase());
    (lines(&explanation.lines), findings(&explanation), worst)
}
