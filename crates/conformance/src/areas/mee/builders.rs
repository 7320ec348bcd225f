//! The reference's builders of session actions, as the recording calls them.

use alloy_primitives::{Address, Selector};
use anyhow::{Context as _, bail, ensure};
use policy_encoding::session_action::{Purpose, SessionAction, allow_fee as allow};
use policy_encoding::{KnownPolicy as _, SpendingLimits, TokenLimit};
use serde_json::{Value, json};
use session_types::{ActionSlot, Deployment, abi};

use super::json::{list, member, number, parse, small};
use crate::areas::policy::actions;

pub(super) type Built = Vec<SessionAction>;

pub(super) fn read(value: &Value) -> anyhow::Result<Built> {
    actions::session_actions(value)
}

pub(super) fn allow_fee(params: &Value) -> anyhow::Result<Built> {
    let fee = member(params, "feeToken")?;
    let mut built = read(member(params, "sessionActions")?)?;
    let payment = number(member(params, "maxPaymentAmount")?)?;
    allow(&mut built, parse(fee, "address")?, small(fee, "chainId")?, payment, &Deployment::current().policies)?;
    Ok(built)
}

pub(super) fn session_action(params: &Value, clock: u64) -> anyhow::Result<Built> {
    let data = member(params, "data")?;
    let Some(policies) = data.get("policies").and_then(Value::as_array) else { return actions::build(params, clock) };
    // Given policies replace those that the purpose would make.
    let selector: Selector = match params["type"].as_str() {
        Some("transfer") => [0xa9, 0x05, 0x9c, 0xbb].into(),
        Some("transferFrom") => [0x23, 0xb8, 0x72, 0xdd].into(),
        Some("approve") => [0x09, 0x5e, 0xa7, 0xb3].into(),
        Some("custom") => parse(data, "functionSignature")?,
        other => bail!("unknown action {other:?}"),
    };
    let target: Address = parse(data, "contractAddress")?;
    let one = |value: &Value| {
        if value.get("policy").is_some() {
            return Ok(abi::PolicyData { policy: parse(value, "policy")?, init_data: parse(value, "initData")? });
        }
        of_contract(value, selector, target, clock)
    };
    let action_policies = policies.iter().map(one).collect::<anyhow::Result<Vec<_>>>()?;
    let action = abi::ActionData { action_target_selector: selector, action_target: target, action_policies };
    let chains = list(data, "chainIds")?.iter();
    chains.map(|chain| Ok(SessionAction::new(chain.as_u64().context("no chain")?, vec![action.clone()]))).collect()
}

pub(super) fn policy(params: &Value) -> anyhow::Result<abi::PolicyData> {
    if params["type"] == "spendingLimits" {
        let limit = |value: &Value| Ok(TokenLimit::new(parse(value, "token")?, number(member(value, "limit")?)?));
        let limits = list(params, "tokenLimits")?.iter().map(limit).collect::<anyhow::Result<Vec<_>>>()?;
        let data = SpendingLimits::new(limits)?.on::<ActionSlot>(&Deployment::current().policies)?;
        return Ok(abi::PolicyData { policy: data.policy(), init_data: data.init_data().clone() });
    }
    of_contract(params, Selector::ZERO, Address::repeat_byte(1), 0)
}

fn of_contract(value: &Value, selector: Selector, target: Address, clock: u64) -> anyhow::Result<abi::PolicyData> {
    let spec = actions::spec(&with_numbers(value)?)?;
    let purpose = Purpose::Custom { selector, policies: vec![spec] };
    let mut built = purpose.build(target, &[1], &Deployment::current().policies, clock)?;
    let mut action = built.pop().and_then(|mut entry| entry.actions.pop()).context("no action")?;
    ensure!(action.action_policies.len() == 1, "{} policies", action.action_policies.len());
    action.action_policies.pop().context("no policy")
}

/// Rules with the names of the other vectors: conditions as numbers, `offset`, `ref`.
fn with_numbers(value: &Value) -> anyhow::Result<Value> {
    let mut value = value.clone();
    for rule in value.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        let names = ["equal", "greaterThan", "lessThan", "greaterThanOrEqual", "lessThanOrEqual", "notEqual"];
        let condition = names.iter().position(|name| rule["condition"] == *name).context("unknown condition")?;
        let mut renamed = json!({
            "condition": condition, "offset": rule["calldataOffset"], "ref": rule["comparisonValue"],
        });
        for name in ["isLimited", "usage"] {
            if let Some(member) = rule.get(name) {
                renamed[name] = member.clone();
            }
        }
        *rule = renamed;
    }
    Ok(value)
}
