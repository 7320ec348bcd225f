//! `sessions check`.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, hex};
use serde_json::{Value, json};
use smart_sessions::policy::check::Window;
use smart_sessions::policy::explain::utc;
use smart_sessions::policy::module::{EnabledSession, InstalledPolicy, Place};
use smart_sessions::policy::{AccountSessions, Evaluation, Operation, SessionModule};
use smart_sessions::session::{ActionId, Generation, PermissionId};

use crate::arguments::{Check, Used, UsedPlace};
use crate::found::{Findings, Found};
use crate::input::Input;
use crate::output::Report;
use crate::{Failure, session};

/// Refused.
const REFUSED: u8 = 1;
/// Policies of which nothing is known decide.
const DEPENDS: u8 = 3;

pub(crate) fn run(part: &Check) -> Result<Report, Failure> {
    let findings = Findings::of(&Input::read(&part.input)?)?;
    let found = choose(&findings, part.permission)?;
    let deployment = found.deployment(part.names.generation);
    let module = SessionModule::new(deployment).with_registry(session::both_generations(&deployment));
    let permission = found.session.permission_id();
    // Rules see the account only where a call goes to it: any other address will do when none is known.
    let account = part.account.or(found.account).unwrap_or(Address::repeat_byte(0xac));
    let time = match part.time {
        Some(time) => time,
        None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
    };

    let mut state = AccountSessions::new(account);
    let verdict = match module.enable(&mut state, [&found.session]) {
        // The module would not even enable it.
        Err(refusal) => Evaluation::Refused(refusal),
        Ok(_) => {
            if let Some(enabled) = state.permission_mut(permission) {
                part.used.iter().try_for_each(|used| set(enabled, found, used))?;
            }
            let operation = Operation::of(&part.calls).with_paymaster(part.paymaster.clone().unwrap_or_default());
            module.evaluate(&state, permission, &operation, time)
        }
    };
    let context = json!({
        "permissionId": permission,
        "generation": format!("{:?}", deployment.generation).to_lowercase(),
        "account": part.account.or(found.account),
        "time": time,
        "timeUtc": utc(time),
    });
    Ok(report(context, verdict, permission, deployment.generation))
}

/// The session that is meant.
fn choose(findings: &Findings, permission: Option<PermissionId>) -> Result<&Found, Failure> {
    let ids = || {
        let ids = findings.sessions.iter().map(|found| found.session.permission_id().to_string());
        ids.collect::<Vec<_>>().join(", ")
    };
    match (permission, findings.sessions.as_slice()) {
        (None, [found]) => Ok(found),
        (None, _) => Err(Failure::input(
            format!("the {} holds {} sessions", findings.source, findings.sessions.len()),
            format!("choose one by --permission: {}", ids()),
        )),
        (Some(id), sessions) => sessions.iter().find(|found| found.session.permission_id() == id).ok_or_else(|| {
            Failure::input(
                format!("the {} does not hold permission {id}", findings.source),
                format!("it holds {}", ids()),
            )
        }),
    }
}

/// Sets the counters of the policies that are meant; at least one must be.
fn set(enabled: &mut EnabledSession, found: &Found, used: &Used) -> Result<(), Failure> {
    let is_meant = |policy: &InstalledPolicy| policy.policy().is_some_and(|known| known.kind() == Some(used.policy));
    let mut meant: Vec<alloy_primitives::B256> = Vec::new();
    let user_op = enabled.user_op_policies().iter().filter(|policy| is_meant(policy));
    if used.place == UsedPlace::Everywhere || used.place == UsedPlace::UserOp {
        meant.extend(user_op.map(InstalledPolicy::config_id));
    }
    let chosen: Option<ActionId> = match used.place {
        UsedPlace::Action(number) => {
            Some(found.session.actions.get(number - 1).map(|action| action.id()).ok_or_else(|| {
                let problem = format!("--used names action {number}, the session has {}", found.session.actions.len());
                Failure::input(problem, "`sessions explain` numbers the actions")
            })?)
        }
        _ => None,
    };
    if used.place != UsedPlace::UserOp {
        let actions = enabled.actions().iter().filter(|action| chosen.is_none_or(|chosen| chosen == action.id()));
        let policies = actions.flat_map(|action| action.policies()).filter(|policy| is_meant(policy));
        meant.extend(policies.map(InstalledPolicy::config_id));
    }
    let mut any = false;
    for policy in enabled.policies_mut().filter(|policy| is_meant(policy) && meant.contains(&policy.config_id())) {
        let counters = policy.usage().0.len();
        if used.counters.len() > counters {
            let problem = format!("--used gives {} numbers for the {} policy", used.counters.len(), used.policy);
            return Err(Failure::input(problem, format!("it counts {counters}")));
        }
        any = true;
        for (index, value) in used.counters.iter().enumerate() {
            *policy.usage_mut().counter(index) = *value;
        }
    }
    let problem = || format!("--used names the {} policy, the session has none there", used.policy);
    any.then_some(()).ok_or_else(|| Failure::input(problem(), "`sessions explain` shows the policies"))
}

fn report(context: Value, verdict: Evaluation, permission: PermissionId, generation: Generation) -> Report {
    let mut value = context;
    let (kind, exit) = match verdict {
        Evaluation::Permitted { window, state } => {
            value["window"] = window_of(window);
            value["usedAfter"] = counters(&state, permission);
            ("permitted", 0)
        }
        Evaluation::DependsOnChain { unknown, window, state } => {
            let unknown =
                unknown.iter().map(|answer| json!({ "policy": answer.policy, "place": place(&answer.place) }));
            value["unknownPolicies"] = unknown.collect();
            value["window"] = window_of(window);
            value["usedAfter"] = counters(&state, permission);
            ("depends on the chain", DEPENDS)
        }
        Evaluation::Refused(refusal) => {
            value["reason"] = json!(refusal.to_string());
            value["refusal"] = json!(refusal.code());
            if let Some(policy) = refusal.policy() {
                value["policy"] = json!(policy.policy);
                value["policyRefusal"] = json!(policy.reason.code());
                value["policyKind"] = json!(policy.kind.map(|kind| kind.to_string()));
                value["place"] = place(&policy.place);
            }
            let revert = refusal.revert_data(generation);
            value["moduleRevertsWith"] = json!(revert.map(hex::encode_prefixed));
            ("refused", REFUSED)
        }
        // A verdict that this program is older than.
        _ => ("depends on the chain", DEPENDS),
    };
    let mut document = json!({ "kind": kind });
    if let (Some(document), Value::Object(members)) = (document.as_object_mut(), value) {
        document.extend(members);
    }
    Report::new(document).with_exit(exit)
}

fn window_of(window: Window) -> Value {
    let time = |seconds: u64| (seconds != 0 && seconds != Window::LAST_MOMENT).then(|| utc(seconds));
    json!({
        "validAfter": window.valid_after,
        "validUntil": window.valid_until,
        "from": time(window.valid_after),
        "until": time(window.valid_until),
    })
}

fn place(place: &Place) -> Value {
    match place {
        Place::Call { index, target, selector } => {
            json!({ "kind": "call", "index": index, "target": target, "selector": selector })
        }
        _ => json!({ "kind": "operation" }),
    }
}

/// The counters after the operation, of policies that count.
fn counters(state: &AccountSessions, permission: PermissionId) -> Value {
    let Some(enabled) = state.permission(permission) else { return Value::Null };
    let show = |place: Value, policy: &InstalledPolicy| {
        let used = &policy.usage().0;
        let kind = policy.policy()?.kind()?;
        let used: Vec<String> = used.iter().map(ToString::to_string).collect();
        (!used.is_empty()).then(|| json!({ "kind": format!("{kind} policy"), "of": place, "used": used }))
    };
    let whole = enabled.user_op_policies().iter().filter_map(|policy| show(json!("operation"), policy));
    let actions = enabled
        .actions()
        .iter()
        .flat_map(|action| action.policies().iter().filter_map(move |policy| show(json!(action.id()), policy)));
    whole.chain(actions).collect()
}
