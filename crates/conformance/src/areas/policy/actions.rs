//! Actions as the TypeScript builders make them: `action-configs.json`, `session-actions.json`, `fee-actions.json`
//! and the list `prepare` of `accounts/legacy-sessions.json`.

use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context as _, bail, ensure};
use policy_encoding::legacy::{LegacyAction, LegacyRequest, action_config};
use policy_encoding::session_action::{PolicySpec, Purpose, SessionAction, TokenPurpose, allow_fee};
use policy_encoding::{CallShape, Condition, Padding, Policy as _, Rule, TokenLimit, UniversalAction};
use serde_json::Value;
use session_types::text::{BigInt, Value as Text, reference_value};
use session_types::{Deployment, PolicyRevision, abi};

use super::json::{address, bytes, flag, hex, list, member, number, rule, same, small, text, uint, word};
use super::sessions::{action, session};
use crate::{Document, Tally};

/// Runs `build`, which fails exactly when the case expects an error.
fn outcome<T: PartialEq + std::fmt::Debug>(
    seen: anyhow::Result<T>,
    expected: &Value,
    read: impl Fn(&Value) -> anyhow::Result<T>,
) -> anyhow::Result<()> {
    match expected.get("ok") {
        Some(ok) => same("result", seen?, read(ok)?),
        None => {
            ensure!(expected.get("error").is_some(), "neither ok nor error is expected");
            ensure!(seen.is_err(), "expected an error, saw {seen:?}");
            Ok(())
        }
    }
}

pub(super) fn configs(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, config(case).map_err(|error| format!("{error:#}")));
    }
}

fn config(case: &Value) -> anyhow::Result<()> {
    let value_limit = match member(case, "valueLimit")? {
        Value::Null => U256::ZERO,
        limit => number(limit)?,
    };
    let build = || {
        let rules = list(case, "rules")?.iter().map(legacy_rule).collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::Ok(action_config(value_limit, rules)?)
    };
    let expected = member(case, "expected")?;
    if expected.get("error").is_some() {
        return outcome(build(), expected, |_| bail!("no result"));
    }
    let policy = build()?;
    same("value limit", policy.value_limit_per_use(), uint(expected, "valueLimitPerUse")?)?;
    same("number of rules", U256::from(policy.rules().len()), uint(expected, "length")?)?;
    same("init data", Bytes::from(policy.encode()), bytes(expected, "initData")?)?;
    let rules = list(expected, "rules")?.iter().map(rule).collect::<anyhow::Result<Vec<_>>>()?;
    same("rules", policy.rules(), &rules[..policy.rules().len()])?;
    let decoded = UniversalAction::decode(PolicyRevision::V1, &policy.encode())?;
    same("decoded", (decoded.padding(), &decoded), (&Padding::Zero, &policy))
}

/// A rule with a place counted in words and a reference value of any kind.
fn legacy_rule(value: &Value) -> anyhow::Result<Rule> {
    let usage = member(value, "usage")?;
    Ok(Rule::from_parts(
        Condition::from_code(small(value, "condition")?).context("unknown condition")?,
        u64::from(small::<u32>(value, "offsetIndex")?) * 32,
        flag(value, "isLimited")?,
        reference(member(value, "ref")?)?,
        uint(usage, "limit")?,
        uint(usage, "used")?,
    ))
}

fn reference(value: &Value) -> anyhow::Result<B256> {
    let kind = value.get("type").and_then(Value::as_str);
    let inner = value.get("value").unwrap_or(value);
    let plain = |value: &Value| -> anyhow::Result<Text<'static>> {
        Ok(match value {
            Value::Bool(flag) => Text::Bool(*flag),
            Value::Number(number) => Text::Number(number.as_f64().context("not a number")?),
            Value::String(text) => Text::string(text.clone()),
            Value::Object(object) => match (object.get("bigint"), object.get("raw")) {
                (Some(number), _) => Text::BigInt(BigInt::parse(number.as_str().context("not text")?)?),
                (None, Some(raw)) => {
                    Text::object([("raw", Text::string(raw.as_str().context("not text")?.to_owned()))])
                }
                (None, None) => bail!("unknown value {value}"),
            },
            _ => bail!("unknown value {value}"),
        })
    };
    let value = match (kind, inner) {
        (Some("bigint"), Value::String(text)) => Text::BigInt(BigInt::parse(text)?),
        (Some("number"), Value::String(text)) => Text::Number(text.parse()?),
        (_, value) => plain(value)?,
    };
    Ok(reference_value(&value)?.parse()?)
}

pub(in crate::areas) fn session_actions(value: &Value) -> anyhow::Result<Vec<SessionAction>> {
    let entry = |entry: &Value| {
        let actions = list(entry, "actions")?.iter().map(action).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(SessionAction::new(small(entry, "chainId")?, actions))
    };
    value.as_array().context("not a list")?.iter().map(entry).collect()
}

pub(super) fn purposes(document: &Document, tally: &mut Tally) {
    let clock = small(document.value(), "clock").unwrap_or_default();
    for (label, case) in document.cases() {
        let check = || {
            let seen = build(member(case, "parameters")?, clock);
            outcome(seen, member(case, "expected")?, session_actions)
        };
        tally.record(&label, check().map_err(|error| format!("{error:#}")));
    }
}

pub(in crate::areas) fn build(parameters: &Value, clock: u64) -> anyhow::Result<Vec<SessionAction>> {
    let data = member(parameters, "data")?;
    let kind = text(parameters, "type")?;
    if kind == "batch" {
        let parts = data.get("actions").or(Some(data)).context("no actions")?;
        let parts = session_actions(parts)?;
        return Ok(vec![SessionAction::batch(parts)?]);
    }
    let chains = list(data, "chainIds")?;
    let chains = chains.iter().map(|chain| chain.as_u64().context("no chain")).collect::<anyhow::Result<Vec<_>>>()?;
    let purpose = match kind {
        "transfer" => Purpose::Transfer(token(data)?),
        "transferFrom" => Purpose::TransferFrom(token(data)?),
        "approve" => Purpose::Approve(token(data)?),
        "custom" => {
            let policies = data.get("policies").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let policies = policies.iter().map(spec).collect::<anyhow::Result<_>>()?;
            Purpose::Custom { selector: hex(data, "functionSignature")?, policies }
        }
        other => bail!("unknown action {other}"),
    };
    Ok(purpose.build(address(data, "contractAddress")?, &chains, &Deployment::current().policies, clock)?)
}

fn optional<T>(
    value: &Value,
    name: &str,
    read: impl Fn(&Value, &str) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => read(value, name).map(Some),
    }
}

fn token(data: &Value) -> anyhow::Result<TokenPurpose> {
    Ok(TokenPurpose {
        recipient: optional(data, "recipientAddress", address)?,
        amount_per_action: optional(data, "amountLimitPerAction", uint)?,
        max_amount: optional(data, "maxAmountLimit", uint)?,
        usage_limit: optional(data, "usageLimit", small)?,
        valid_after: optional(data, "validAfter", small)?,
        valid_until: optional(data, "validUntil", small)?,
    })
}

pub(in crate::areas) fn spec(value: &Value) -> anyhow::Result<PolicySpec> {
    Ok(match text(value, "type")? {
        "sudo" => PolicySpec::Sudo,
        "usageLimit" => PolicySpec::UsageLimit(small(value, "limit")?),
        "timeframe" => PolicySpec::TimeFrame {
            valid_after: optional(value, "validAfter", small)?,
            valid_until: optional(value, "validUntil", small)?,
        },
        "spendingLimits" => {
            let limits = list(value, "tokenLimits")?.iter().map(|entry| uint(entry, "limit"));
            PolicySpec::SpendingLimits(limits.collect::<anyhow::Result<_>>()?)
        }
        "universal" => PolicySpec::Universal {
            value_limit_per_use: optional(value, "valueLimitPerUse", uint)?.unwrap_or_default(),
            rules: list(value, "rules")?.iter().map(builder_rule).collect::<anyhow::Result<_>>()?,
        },
        other => bail!("unknown policy {other}"),
    })
}

/// A rule of the newer builder: members may be missing, and its reference is any number, boolean or hex text.
fn builder_rule(value: &Value) -> anyhow::Result<Rule> {
    let reference = member(value, "ref").or_else(|_| member(value, "comparisionValue"))?;
    let word = match reference {
        Value::Bool(flag) => B256::with_last_byte(u8::from(*flag)),
        Value::String(text) if text.starts_with("0x") => {
            let bytes: Bytes = text.parse()?;
            ensure!(bytes.len() <= 32, "more than a word");
            B256::left_padding_from(&bytes)
        }
        other => number(other)?.into(),
    };
    let offset = match value.get("offset") {
        Some(offset) => u64::try_from(number(offset)?)?,
        None => u64::from(small::<u32>(value, "offsetIndex")?) * 32,
    };
    let usage = value.get("usage");
    let counter = |name: &str| usage.map_or(Ok(None), |usage| optional(usage, name, uint));
    Ok(Rule::from_parts(
        Condition::from_code(small(value, "condition")?).context("unknown condition")?,
        offset,
        value.get("isLimited").and_then(Value::as_bool).unwrap_or_default(),
        word,
        counter("limit")?.unwrap_or_default(),
        counter("used")?.unwrap_or_default(),
    ))
}

pub(super) fn fees(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        let check = || {
            let fee = member(case, "feeToken")?;
            let build = || {
                let mut actions = session_actions(member(case, "sessionActions")?)?;
                let (token, chain_id) = (address(fee, "address")?, small(fee, "chainId")?);
                let payment = uint(case, "maxPaymentAmount")?;
                allow_fee(&mut actions, token, chain_id, payment, &Deployment::current().policies)?;
                anyhow::Ok(actions)
            };
            outcome(build(), member(case, "expected")?, session_actions)
        };
        tally.record(&label, check().map_err(|error| format!("{error:#}")));
    }
}

pub(super) fn prepare(document: &Document, tally: &mut Tally) {
    for (label, case) in document.list("prepare") {
        tally.record(&label, prepare_case(case).map_err(|error| format!("{error:#}")));
    }
}

fn prepare_case(case: &Value) -> anyhow::Result<()> {
    let deployment = Deployment::legacy();
    let paymaster = flag(case, "withPaymaster")?;
    let build = || {
        let requests = member(case, "request")?.as_array().context("not a list")?;
        let sessions = requests.iter().map(|request| {
            let request = LegacyRequest { paymaster, ..legacy_request(request)? };
            anyhow::Ok(request.session(&deployment)?)
        });
        sessions.collect::<anyhow::Result<Vec<_>>>()
    };
    let expected = member(case, "result")?;
    if expected.get("error").is_some() {
        return outcome(build().map(|_| ()), expected, |_| Ok(()));
    }
    let sessions = build()?;
    let ids: Vec<_> = sessions.iter().map(|session| session.permission_id().0).collect();
    let id = |id: &Value| anyhow::Ok(id.as_str().context("not text")?.parse::<B256>()?);
    let expected_ids = list(expected, "permissionIds")?.iter().map(id).collect::<anyhow::Result<Vec<_>>>()?;
    same("permission ids", ids, expected_ids)?;
    let call = member(expected, "action")?;
    same("target", deployment.module, address(call, "target")?)?;
    same("call data", abi::enable_sessions_calldata(&sessions), bytes(call, "callData")?)?;
    if expected.get("sessions").is_some() {
        let expected = list(expected, "sessions")?.iter().map(session).collect::<anyhow::Result<Vec<_>>>()?;
        same("sessions", sessions.into_iter().map(Into::into).collect::<Vec<abi::Session>>(), expected)?;
    }
    Ok(())
}

fn legacy_request(value: &Value) -> anyhow::Result<LegacyRequest> {
    let actions = list(value, "actionPoliciesInfo")?.iter().map(legacy_action).collect::<anyhow::Result<_>>()?;
    Ok(LegacyRequest::new(address(value, "sessionPublicKey")?, word(value, "salt")?, actions))
}

fn legacy_action(value: &Value) -> anyhow::Result<LegacyAction> {
    let contract: Address = address(value, "contractAddress")?;
    let base = if let Some(abi) = value.get("abi") {
        let abi: alloy_json_abi::JsonAbi = serde_json::from_value(with_defaults(abi))?;
        // In the order of the ABI, not of its names.
        let mut functions = Vec::new();
        for item in value["abi"].as_array().context("not a list")? {
            if item["type"] == "function" {
                let name = text(item, "name")?;
                let inputs = item["inputs"].as_array().map_or(0, Vec::len);
                let overloads = abi.function(name).context("no function")?;
                let function = overloads.iter().find(|function| function.inputs.len() == inputs);
                functions.push(CallShape::try_from(function.context("no overload")?)?);
            }
        }
        LegacyAction::of_functions(contract, &functions)
    } else {
        LegacyAction::new(contract, hex(value, "functionSelector")?)
    };
    let limit = |name: &str| Ok::<_, anyhow::Error>(optional(value, name, uint)?.unwrap_or_default());
    let token = |entry: &Value| anyhow::Ok(TokenLimit::new(address(entry, "token")?, uint(entry, "limit")?));
    let each = |name: &str| value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    Ok(LegacyAction {
        rules: each("rules").iter().map(legacy_rule).collect::<anyhow::Result<_>>()?,
        value_limit: limit("valueLimit")?,
        usage_limit: u128::try_from(limit("usageLimit")?)?,
        token_limits: each("tokenLimits").iter().map(token).collect::<anyhow::Result<_>>()?,
        sudo: value.get("sudo").and_then(Value::as_bool).unwrap_or_default(),
        valid_after: optional(value, "validAfter", small)?.unwrap_or_default(),
        valid_until: optional(value, "validUntil", small)?.unwrap_or_default(),
        ..base
    })
}

/// Events of these ABIs leave out a member that the strict reader wants; only functions matter here.
fn with_defaults(abi: &Value) -> Value {
    let functions = abi.as_array().map_or(&[][..], Vec::as_slice).iter().filter(|item| item["type"] == "function");
    Value::Array(functions.cloned().collect())
}
