//! `sessions status`.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use futures_util::future::join_all;
use serde_json::{Value, json};
use smart_sessions::policy::Registry;
use smart_sessions::policy::explain::{amount, utc};
use smart_sessions::policy::state::Unit;
use smart_sessions::session::abi;
use smart_sessions::session::validator::OwnersData;
use smart_sessions::session::{ActionId, Deployment};
use smart_sessions::{
    ChainReader, Error, Grant, ListedAction, ListedSession, PolicyPlace, PolicyStatus, Remaining, SessionStatus,
    status_on,
};

use crate::arguments::{Generation, Status};
use crate::chains::{self, Node};
use crate::found::Findings;
use crate::grants::{self, Stored};
use crate::input::Input;
use crate::output::Report;
use crate::{Failure, session};

/// Tokens with their symbols and decimals.
type Tokens = [(Address, String, u8)];

/// Exit code when a part is missing because a node did not answer.
const UNANSWERED: u8 = 4;

pub(crate) fn run(part: &Status) -> Result<Report, Failure> {
    chains::block_on(async {
        let (nodes, failures) = chains::nodes(&part.rpc_urls).await?;
        if nodes.is_empty() {
            if let Some((_, failure)) = failures.into_iter().next() {
                return Err(failure);
            }
            return Err(Failure::input("no node was given", "give one by --rpc-url"));
        }
        let unanswered = failures.len();
        let failures = failures.iter().map(|(place, failure)| {
            let (problem, remedy) = failure.parts();
            json!({ "kind": "failed", "rpcUrl": place, "problem": problem, "remedy": remedy })
        });
        let failures: Vec<Value> = failures.collect();
        let (mut document, failed) = match (part.grants.is_empty(), part.account) {
            (true, Some(account)) => list(part, account, &nodes).await?,
            _ => of_grants(part, &nodes).await?,
        };
        if unanswered > 0 {
            document["failedNodes"] = failures.into();
        }
        Ok(Report::new(document).with_exit(if unanswered > 0 || failed { UNANSWERED } else { 0 }))
    })
}

/// What is left of grants: one request for each chain and generation.
async fn of_grants(part: &Status, nodes: &[Node]) -> Result<(Value, bool), Failure> {
    let chain_ids: Vec<_> = nodes.iter().map(|node| node.chain_id).collect();
    let mut stored = grants::read(&part.grants, part.account, part.generation, &chain_ids)?;
    stored.retain(|stored| part.permission.is_none_or(|id| stored.grant.permission_id == id));
    let (mut shown, mut failed) = (Vec::new(), false);
    for generation in Generation::ALL {
        let deployment = generation.deployment();
        let of: Vec<&Stored> = stored.iter().filter(|stored| stored.deployment.module == deployment.module).collect();
        let (mut readers, mut away) = (Vec::new(), BTreeMap::new());
        let wanted = nodes.iter().filter(|node| of.iter().any(|stored| stored.grant.chain_id == node.chain_id));
        let asked = wanted.map(async |node| (node.chain_id, reader(node, deployment).await));
        for (chain_id, answer) in join_all(asked).await {
            match answer {
                Ok(reader) => readers.push(reader),
                Err(failure) => drop(away.insert(chain_id, failure)),
            }
        }
        let grants: Vec<Grant> = of.iter().map(|stored| stored.grant.clone()).collect();
        for (grant, status) in grants.iter().zip(status_on(&readers, &grants).await) {
            failed |= status.is_err();
            let status = status.map_err(|error| {
                away.get(&grant.chain_id).map_or_else(|| error.to_string(), |failure| failure.parts().0.to_owned())
            });
            shown.push(of_grant(grant, generation, status, &part.tokens));
        }
    }
    Ok((json!({ "kind": "status", "grants": shown }), failed))
}

async fn reader(node: &Node, deployment: Deployment) -> Result<ChainReader, Failure> {
    ChainReader::connect(node.client.clone(), deployment).await.map_err(chains::of_error)
}

fn of_grant(grant: &Grant, generation: Generation, status: Result<SessionStatus, String>, tokens: &Tokens) -> Value {
    let head = |kind: &str| {
        json!({
            "kind": kind,
            "chainId": grant.chain_id,
            "account": grant.account,
            "permissionId": grant.permission_id,
            "generation": generation.name(),
            "description": grant.description,
        })
    };
    let status = match status {
        Ok(status) => status,
        Err(problem) => {
            let mut value = head("failed");
            value["problem"] = json!(problem);
            return value;
        }
    };
    let kind = match (status.is_enabled, status.is_exhausted()) {
        (false, _) => "not enabled",
        (true, true) => "exhausted",
        (true, false) => "enabled",
    };
    let mut value = head(kind);
    value["enableNonce"] = json!(status.enable_nonce.to_string());
    value["signatureCanEnable"] = json!(status.can_enable);
    value["expires"] = json!(status.expires());
    value["expiresUtc"] = json!(status.expires().map(utc));
    if status.is_enabled {
        value["asGranted"] = json!(status.is_as_granted());
        let differences =
            status.differences.iter().map(|difference| json!({ "tone": "unlimited", "text": difference.to_string() }));
        value["differences"] = differences.collect();
        let known = grant.session.iter().collect::<Vec<_>>();
        value["remaining"] = status.remaining().map(|left| remaining(&left, &known, tokens)).collect();
        let unreadable = status.unreadable().map(|(policy, reason)| {
            let place = place(policy.place, &known);
            json!({
                "tone": "unknown",
                "text": format!("what is left of policy {} {place} is not readable: {reason}", policy.policy),
                "policy": policy.policy,
                "place": policy.place.code(),
            })
        });
        value["notReadable"] = unreadable.collect();
    }
    value
}

/// What is left of a limit, as a sentence with its parts.
fn remaining(left: &Remaining, known: &[&abi::Session], tokens: &Tokens) -> Value {
    let mut value = budget(left, tokens);
    let policy = left.kind.map_or_else(|| "policy".to_owned(), |kind| format!("{kind} policy"));
    value["text"] = json!(format!("{} ({policy}, {})", in_words(left, tokens), place(left.place, known)));
    value["place"] = json!(left.place.code());
    if let PolicyPlace::Action(action) = left.place {
        value["actionId"] = json!(action);
    }
    value["policy"] = json!(left.policy);
    value
}

/// Amounts of tokens that are named on the command line are shown with their decimals.
fn in_words(left: &Remaining, tokens: &Tokens) -> String {
    let budget = left.budget;
    let named = |token| tokens.iter().find(|(address, ..)| *address == token);
    match budget.unit {
        Unit::Token(token) => named(token).map(|(_, symbol, decimals)| {
            let [remaining, limit] = [budget.remaining(), budget.limit].map(|units| amount(units, *decimals));
            format!("{remaining} of {limit} {symbol} left")
        }),
        _ => None,
    }
    .unwrap_or_else(|| budget.to_string())
}

fn budget(left: &Remaining, tokens: &Tokens) -> Value {
    let budget = left.budget;
    let mut value = json!({
        "tone": if budget.is_exhausted() { "spent" } else { "limit" },
        "text": in_words(left, tokens),
        "unit": budget.unit.code(),
        "limit": budget.limit.to_string(),
        "used": budget.used.to_string(),
        "remaining": budget.remaining().to_string(),
    });
    match budget.unit {
        Unit::Token(token) => value["token"] = json!(token),
        Unit::Argument { rule, offset } => {
            value["rule"] = json!(rule);
            value["offset"] = json!(offset);
        }
        _ => {}
    }
    value
}

fn place(place: PolicyPlace, known: &[&abi::Session]) -> String {
    let PolicyPlace::Action(id) = place else { return place.to_string() };
    match action(id, known) {
        Some((target, selector)) => format!("for {selector} of {target}"),
        None => place.to_string(),
    }
}

/// All sessions of an account, on all chains.
async fn list(part: &Status, account: Address, nodes: &[Node]) -> Result<(Value, bool), Failure> {
    let known = part.session.as_deref().map(|file| Findings::of(&Input::read(file)?)).transpose()?;
    let known: Vec<_> =
        known.map_or_else(Vec::new, |found| found.sessions.into_iter().map(|found| found.session).collect());
    let known: Vec<&abi::Session> = known.iter().collect();
    let generations = part.generation.map_or(Generation::ALL.to_vec(), |generation| vec![generation]);
    let asked = nodes.iter().map(async |node| (node, modules(part, account, node, &generations, &known).await));
    let (mut shown, mut failed) = (Vec::new(), false);
    for (node, answer) in join_all(asked).await {
        shown.push(match answer {
            Ok(modules) => json!({ "kind": "chain", "chainId": node.chain_id, "modules": modules }),
            // Of several chains one that fails keeps nothing back.
            Err(failure) if nodes.len() > 1 => {
                failed = true;
                let (problem, remedy) = failure.parts();
                json!({ "kind": "failed", "chainId": node.chain_id, "problem": problem, "remedy": remedy })
            }
            Err(failure) => return Err(failure),
        });
    }
    Ok((json!({ "kind": "status", "account": account, "chains": shown }), failed))
}

/// The session modules of a chain, with the account's sessions.
async fn modules(
    part: &Status,
    account: Address,
    node: &Node,
    generations: &[Generation],
    known: &[&abi::Session],
) -> Result<Vec<Value>, Failure> {
    let mut modules = Vec::new();
    for generation in generations {
        let deployment = generation.deployment();
        let reader = match ChainReader::connect(node.client.clone(), deployment).await {
            Ok(reader) => reader,
            Err(Error::NoSessionModule { .. }) => continue,
            Err(error) => return Err(chains::of_error(error)),
        };
        modules.push(json!({
            "kind": "session module",
            "generation": generation.name(),
            "module": deployment.module,
            "permissions": permissions(&reader, account, part, known).await.map_err(chains::of_error)?,
        }));
    }
    if modules.is_empty() {
        let problem = format!("chain {} has no session module of the generations asked for", node.chain_id);
        return Err(Failure::input(problem, "choose the other generation, or a node of a chain that has it"));
    }
    Ok(modules)
}

async fn permissions(
    reader: &ChainReader,
    account: Address,
    part: &Status,
    known: &[&abi::Session],
) -> Result<Vec<Value>, Error> {
    let registry = &session::both_generations(reader.deployment());
    let tokens = &part.tokens;
    let Some(permission_id) = part.permission else {
        let listed = reader.sessions(account, known.iter().copied()).await?;
        return Ok(listed.iter().map(|session| permission(session, known, registry, tokens)).collect());
    };
    if let Some(session) = reader.session(account, permission_id, known.iter().copied()).await? {
        return Ok(vec![permission(&session, known, registry, tokens)]);
    }
    let chain_id = reader.chain_id();
    let bare = Grant { account, chain_id, permission_id, session: None, enable: None, description: None };
    let nonce = reader.status(&bare).await?.enable_nonce.to_string();
    Ok(vec![json!({ "kind": "not enabled", "permissionId": permission_id, "enableNonce": nonce })])
}

fn permission(session: &ListedSession, known: &[&abi::Session], registry: &Registry, tokens: &Tokens) -> Value {
    let policies =
        |policies: &[PolicyStatus]| policies.iter().map(|listed| policy(listed, registry, tokens)).collect::<Value>();
    let show = |listed: &ListedAction| {
        let mut value = json!({ "kind": "action", "actionId": listed.id });
        if let Some((target, selector)) = action(listed.id, known) {
            value["target"] = json!(target);
            value["selector"] = json!(selector);
        }
        value["policies"] = policies(&listed.policies);
        value
    };
    let keys = OwnersData::decode(&session.validator_data).ok().map(|keys| keys.owners);
    json!({
        "kind": "enabled",
        "permissionId": session.permission_id,
        "enableNonce": session.enable_nonce.to_string(),
        "sessionValidator": session.validator,
        "sessionValidatorInitData": session.validator_data,
        "sessionKeys": keys,
        "actions": session.actions.iter().map(show).collect::<Value>(),
        "userOpPolicies": policies(&session.user_op_policies),
        "erc1271Policies": policies(&session.erc1271_policies),
    })
}

fn policy(listed: &PolicyStatus, registry: &Registry, tokens: &Tokens) -> Value {
    let known = registry.find(listed.policy);
    let kind = known.map_or_else(|| "unknown policy".to_owned(), |(kind, _)| format!("{kind} policy"));
    let mut value = json!({ "kind": kind, "policy": listed.policy });
    let left: Vec<_> = listed.remaining().map(|left| budget(&left, tokens)).collect();
    if !left.is_empty() {
        value["remaining"] = left.into();
    }
    if let Err(reason) = &listed.state {
        value["notReadable"] = json!(reason.to_string());
    }
    value
}

/// The action behind an id: a fallback, or one of a stored session.
fn action(id: ActionId, known: &[&abi::Session]) -> Option<(String, String)> {
    match id {
        ActionId::GENERIC_FALLBACK => return Some(("generic fallback".to_owned(), "any function".to_owned())),
        ActionId::ADMIN_FALLBACK => return Some(("admin fallback".to_owned(), "any function".to_owned())),
        _ => {}
    }
    let mut actions = known.iter().flat_map(|session| &session.actions);
    let action = actions.find(|action| action.id() == id)?;
    Some((action.action_target.to_string(), action.action_target_selector.to_string()))
}
