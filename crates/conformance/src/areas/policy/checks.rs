//! `policy-checks.json`: a policy that is called directly keeps what it wrote before it answers "no".

use alloy_primitives::{Address, B256, Bytes, U256, address};
use anyhow::{Context as _, bail};
use policy_encoding::AnyPolicy;
use policy_encoding::check::{ActionCheck, Context, Revert, Usage, UserOpCheck, VALIDATION_FAILED, Verdict};
use serde_json::Value;
use session_types::{PolicyKind, PolicyRevision};

use super::json::{address, bytes, list, member, same, text, uint, word};
use crate::{Document, Tally};

/// Asked the policies when the cases were recorded.
const CALLER: Address = address!("00000000000000000000000000000000000c0ffe");

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, check(case).map_err(|error| format!("{error:#}")));
    }
}

/// A word that was answered, or revert data.
type Answer = Result<U256, Bytes>;

fn check(case: &Value) -> anyhow::Result<()> {
    let kind = match text(case, "policy")? {
        "universal" => PolicyKind::UniversalAction,
        "spendingLimits" => PolicyKind::SpendingLimits,
        "valueLimit" => PolicyKind::ValueLimit,
        "usageLimit" => PolicyKind::UsageLimit,
        "timeFrame" => PolicyKind::TimeFrame,
        "sudo" => PolicyKind::Sudo,
        "contractWhitelist" => PolicyKind::ContractWhitelist,
        "simpleGas" => PolicyKind::SimpleGas,
        "arg" => PolicyKind::ArgPolicy,
        other => bail!("unknown policy {other}"),
    };
    let first = text(case, "name")?.ends_with("-v1");
    let context = Context {
        config_id: word(case, "configId")?,
        caller: CALLER,
        account: address(case, "account")?,
        revision: if first { PolicyRevision::V1 } else { PolicyRevision::V2 },
    };
    let mut state = unset(kind)?;
    initialise(&mut state, kind, context, &bytes(case, "initData")?, Some(member(case, "init")?))?;

    for (index, step) in list(case, "steps")?.iter().enumerate() {
        run_step(&mut state, kind, context, step).with_context(|| format!("step {index}"))?;
    }
    Ok(())
}

fn unset(kind: PolicyKind) -> anyhow::Result<(AnyPolicy, Usage)> {
    let policy = AnyPolicy::unset(kind).context("unknown kind")?;
    let usage = policy.usage();
    Ok((policy, usage))
}

fn initialise(
    state: &mut (AnyPolicy, Usage),
    kind: PolicyKind,
    context: Context,
    data: &[u8],
    expected: Option<&Value>,
) -> anyhow::Result<()> {
    let outcome = match AnyPolicy::decode(kind, context.revision, data) {
        Ok(policy) => {
            let usage = policy.usage();
            *state = (policy, usage);
            None
        }
        Err(error) => Some(Bytes::from(error.revert(context).data())),
    };
    match expected {
        Some(expected) if expected.get("ok").is_none() => same("init", outcome, Some(bytes(expected, "reverts")?)),
        _ => same("init", outcome, None),
    }
}

fn run_step(state: &mut (AnyPolicy, Usage), kind: PolicyKind, context: Context, step: &Value) -> anyhow::Result<()> {
    if step.get("reinitialize").is_some() {
        return initialise(state, kind, context, &bytes(step, "reinitialize")?, step.get("expected"));
    }
    let (policy, usage) = state;
    let before = usage.clone();
    let verdict = if let Some(op) = step.get("op") {
        let (call_data, paymaster_and_data) = (bytes(op, "callData")?, bytes(op, "paymasterAndData")?);
        policy.check_user_op(
            usage,
            &UserOpCheck {
                context,
                call_data: &call_data,
                account_gas_limits: word(op, "accountGasLimits")?,
                pre_verification_gas: uint(op, "preVerificationGas")?,
                gas_fees: word(op, "gasFees")?,
                paymaster_and_data: &paymaster_and_data,
                base_fee: U256::ZERO,
            },
        )
    } else {
        // A null target is any target: the policy does not look at it.
        let target = if step.get("target").is_some_and(Value::is_string) {
            address(step, "target")?
        } else {
            Address::from_word(B256::repeat_byte(0xee))
        };
        let data = bytes(step, "data")?;
        policy.check_action(usage, &ActionCheck { context, target, value: uint(step, "value")?, data: &data })
    };
    let answer = answer(verdict);
    if answer.is_err() {
        *usage = before;
    }
    let expected = member(step, "expected")?;
    let expected = if expected.get("reverts").is_some() {
        Err(bytes(expected, "reverts")?)
    } else {
        Ok(uint(expected, "validationData")?)
    };
    same("answer", answer, expected)
}

fn answer(verdict: Verdict) -> Answer {
    match verdict {
        Ok(window) => Ok(window.validation_data()),
        Err(policy_encoding::check::Refusal::Slot) => Err(Revert::NoData.data().into()),
        Err(refusal) => refusal.revert().map_or(Ok(VALIDATION_FAILED), |revert| Err(revert.data().into())),
    }
}
