//! `policies/*.json`: a policy's answers, step by step.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, Selector, U256};
use anyhow::{Context as _, bail};
use policy_encoding::AnyPolicy;
use policy_encoding::check::{
    ActionCheck, Context, MessageCheck, Revert, Usage, UserOpCheck, VALIDATION_FAILED, Verdict, Window,
};
use policy_encoding::state::{StateError, StateReading};
use serde_json::Value;
use session_types::{PolicyKind, PolicyRevision};

use super::json::{address, bytes, hex, list, member, same, small, text, uint, word};
use crate::{Document, Tally};

pub(super) fn run(document: &Document, tally: &mut Tally) {
    match Setting::read(document.value()) {
        Ok(setting) => {
            for (label, case) in document.cases() {
                let mut states = HashMap::new();
                for (index, step) in list(case, "steps").unwrap_or_default().iter().enumerate() {
                    let outcome = setting.step(case, step, &mut states).map_err(|error| format!("{error:#}"));
                    tally.record(&format!("{label} step {index}"), outcome);
                }
            }
        }
        Err(error) => tally.record("head", Err(format!("{error:#}"))),
    }
}

/// `policy-state.json`: the same of several policies, with what their view functions answer.
pub(super) fn states(document: &Document, tally: &mut Tally) {
    let recordings = list(document.value(), "recordings").unwrap_or_default();
    for (place, recording) in recordings.iter().enumerate() {
        let setting = match Setting::read(recording) {
            Ok(setting) => setting,
            Err(error) => {
                tally.record(&format!("recording {place}"), Err(format!("{error:#}")));
                continue;
            }
        };
        for case in list(recording, "cases").unwrap_or_default() {
            let mut states = HashMap::new();
            for (index, step) in list(case, "steps").unwrap_or_default().iter().enumerate() {
                let outcome = setting.step(case, step, &mut states).map_err(|error| format!("{error:#}"));
                tally.record(&format!("{} step {index}", text(case, "id").unwrap_or_default()), outcome);
            }
        }
    }
}

struct Setting {
    kind: PolicyKind,
    revision: PolicyRevision,
    caller: Address,
    base_fee: U256,
}

/// By configuration, caller and account.
type States = HashMap<(B256, Address, Address), (AnyPolicy, Usage)>;

/// What a check or an initialisation came to.
#[derive(Debug, PartialEq)]
enum Outcome {
    Initialised,
    Answer(U256),
    Refused,
    Reverted(Option<Selector>, Bytes),
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(window) => Self::Answer(window.validation_data()),
            Err(refusal) => refusal.revert().map_or(Self::Refused, |revert| revert.into()),
        }
    }
}

impl From<&Revert> for Outcome {
    fn from(revert: &Revert) -> Self {
        Self::Reverted(revert.selector(), revert.data().into())
    }
}

impl Setting {
    fn read(value: &Value) -> anyhow::Result<Self> {
        let kind = match text(value, "policy")? {
            "sudo" => PolicyKind::Sudo,
            "universal_action" => PolicyKind::UniversalAction,
            "spending_limit" => PolicyKind::SpendingLimits,
            "value_limit" => PolicyKind::ValueLimit,
            "usage_limit" => PolicyKind::UsageLimit,
            "time_frame" => PolicyKind::TimeFrame,
            "arg_policy" => PolicyKind::ArgPolicy,
            "contract_whitelist" => PolicyKind::ContractWhitelist,
            "simple_gas" => PolicyKind::SimpleGas,
            other => bail!("unknown policy {other}"),
        };
        let revision = match text(value, "generation")? {
            "first" => PolicyRevision::V1,
            "second" => PolicyRevision::V2,
            other => bail!("unknown generation {other}"),
        };
        Ok(Self { kind, revision, caller: address(value, "caller")?, base_fee: uint(value, "base_fee")? })
    }

    fn step(&self, case: &Value, step: &Value, states: &mut States) -> anyhow::Result<()> {
        let op = text(step, "op")?;
        let user_op = step.get("user_op");
        let either = |name: &str| step.get(name).map_or_else(|| address(case, name), |_| address(step, name));
        let context = Context {
            config_id: if step.get("config_id").is_some() {
                word(step, "config_id")?
            } else {
                word(case, "config_id")?
            },
            caller: if step.get("caller").is_some() { address(step, "caller")? } else { self.caller },
            account: match user_op {
                Some(user_op) => address(user_op, "sender")?,
                None => either("account")?,
            },
            revision: self.revision,
        };
        let key = (context.config_id, context.caller, context.account);
        let unset = || AnyPolicy::unset(self.kind).map(|policy| (policy.clone(), policy.usage()));
        let (policy, mut usage) = match states.get(&key) {
            Some(state) => state.clone(),
            None => unset().context("unknown kind")?,
        };

        let outcome = match op {
            "init" => match AnyPolicy::decode(self.kind, self.revision, &bytes(step, "init_data")?) {
                Ok(policy) => {
                    let usage = policy.usage();
                    states.insert(key, (policy, usage));
                    Outcome::Initialised
                }
                Err(error) => (&error.revert(context)).into(),
            },
            "action" => {
                let data = bytes(step, "calldata")?;
                let (target, value) = (address(step, "target")?, uint(step, "value")?);
                policy.check_action(&mut usage, &ActionCheck { context, target, value, data: &data }).into()
            }
            "user_op" => {
                let op = user_op.context("no user_op")?;
                let (call_data, paymaster_and_data) = (bytes(op, "call_data")?, bytes(op, "paymaster_and_data")?);
                let check = UserOpCheck {
                    context,
                    call_data: &call_data,
                    account_gas_limits: word(op, "account_gas_limits")?,
                    pre_verification_gas: uint(op, "pre_verification_gas")?,
                    gas_fees: word(op, "gas_fees")?,
                    paymaster_and_data: &paymaster_and_data,
                    base_fee: self.base_fee,
                };
                policy.check_user_op(&mut usage, &check).into()
            }
            "erc1271" => {
                let (requester, hash) = (address(step, "request_sender")?, word(step, "hash")?);
                let timestamp = if step.get("timestamp").is_some() { small(step, "timestamp")? } else { 0 };
                policy.check_message(&MessageCheck { context, requester, hash, timestamp }).into()
            }
            other => bail!("unknown step {other}"),
        };
        // Only what passes is kept: a caller turns everything else into a revert.
        if let Outcome::Answer(_) = outcome {
            states.insert(key, (policy, usage));
        }
        same(op, outcome, expected(op, member(step, "expect")?)?)?;
        match (step.get("reads"), states.get(&key)) {
            (Some(_), Some((policy, usage))) => self.reads(&context, list(step, "reads")?, policy, usage),
            _ => Ok(()),
        }
    }

    /// What the contract tells of its state is what our own evaluation comes to.
    fn reads(&self, context: &Context, reads: &[Value], policy: &AnyPolicy, usage: &Usage) -> anyhow::Result<()> {
        let tokens = match policy {
            AnyPolicy::SpendingLimits(limits) => limits.tokens().iter().map(|entry| entry.token).collect(),
            _ => Vec::new(),
        };
        let reading = match StateReading::new(self.kind, context, tokens) {
            Ok(reading) => reading,
            Err(StateError::NoGetter { .. }) if self.revision == PolicyRevision::V1 => {
                anyhow::ensure!(reads.iter().all(|read| read.get("reverted").is_some()), "it can be read");
                return Ok(());
            }
            Err(error) => bail!(error),
        };
        let mut answers = Vec::new();
        for call in reading.calls() {
            let asked = |read: &&Value| bytes(read, "calldata").is_ok_and(|recorded| recorded == *call);
            let read = reads.iter().find(asked).with_context(|| format!("no answer to {call}"))?;
            answers.push(bytes(read, "returned")?);
        }
        let state = reading.decode(&answers)?;
        same("counters", state.usage(policy).as_ref(), Some(usage))?;
        let knows = self.kind != PolicyKind::ContractWhitelist;
        same("configured", state.is_configured_as(policy), knows.then_some(true))
    }
}

fn expected(op: &str, expect: &Value) -> anyhow::Result<Outcome> {
    Ok(match text(expect, "result")? {
        "ok" if op == "init" => Outcome::Initialised,
        "ok" if expect.get("validation_data").is_none() => Outcome::Answer(U256::ZERO),
        "ok" => {
            let word = uint(expect, "validation_data")?;
            if expect.get("valid_until").is_some() {
                let (valid_after, valid_until) = (small(expect, "valid_after")?, small(expect, "valid_until")?);
                same("window", Window { valid_after, valid_until }.validation_data(), word)?;
            }
            Outcome::Answer(word)
        }
        "fail" => {
            if expect.get("validation_data").is_some() {
                same("answer", uint(expect, "validation_data")?, VALIDATION_FAILED)?;
            }
            Outcome::Refused
        }
        "revert" => {
            let selector = match expect.get("selector") {
                None | Some(Value::Null) => None,
                Some(_) => Some(hex(expect, "selector")?),
            };
            Outcome::Reverted(selector, bytes(expect, "data")?)
        }
        other => bail!("unknown result {other}"),
    })
}
