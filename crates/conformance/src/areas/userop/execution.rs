use alloy_primitives::B256;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use userop::execution::with_execute_user_op;
use userop::{Call, CallType, ExecType, Execution, ModeCode};

use super::json::{address, bytes, bytes_or_empty, member, number_or_zero, text};
use crate::{Document, Tally};

/// Lists of calls, single or batch by their number.
pub(super) fn calls(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, listed(case));
    }
}

/// Each form of execution by name, and the mode bytes of the reference library.
pub(super) fn forms(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, form(case));
    }
    let quirks = document.value().get("referenceQuirk").and_then(|quirk| quirk.get("cases")).and_then(Value::as_array);
    for (index, case) in quirks.into_iter().flatten().enumerate() {
        tally.record(&format!("referenceQuirk[{index}]"), inverted(case));
    }
}

fn listed(case: &Value) -> Result<()> {
    let calls = read_calls(case)?;
    let execution = match text(case, "kind")? {
        "batch" => Execution::Batch(calls),
        _ => Execution::of_calls(calls),
    };
    let expected = member(case, "expected")?;
    let mode: B256 = text(expected, "mode")?.parse()?;
    check(&execution, ModeCode(mode), &bytes(expected, "callData")?)
}

fn form(case: &Value) -> Result<()> {
    let mode = ModeCode(text(case, "mode")?.parse()?);
    let expected = bytes(case, "callData")?;
    if text(case, "form")? == "executeUserOp" {
        let inner = bytes(case, "innerCallData")?;
        ensure!(with_execute_user_op(&inner) == expected, "executeUserOp: expected {expected}");
        ensure!(Execution::decode(&expected)? == Execution::decode(&inner)?, "the wrapped call reads back differently");
        return Ok(());
    }
    let calls = read_calls(case)?;
    let execution = match text(case, "form")? {
        "single" => Execution::Single(calls.into_iter().next().context("no call")?),
        "batch" => Execution::Batch(calls),
        "delegatecall" => {
            let call = calls.into_iter().next().context("no call")?;
            Execution::Delegate { target: call.to, data: call.data }
        }
        other => anyhow::bail!("unknown form {other}"),
    };
    let inner = bytes(case, "executionCalldata")?;
    ensure!(execution.execution_calldata() == inner, "executionCalldata: expected {inner}");
    ensure!(Execution::decode_calldata(mode, &inner)? == execution, "executionCalldata reads back differently");
    let tries = matches!(text(case, "execType")?, "try");
    ensure!((mode.exec_type() == Some(ExecType::Try)) == tries, "exec type of {:?}", mode);
    check(&execution, mode, &expected)
}

fn check(execution: &Execution, mode: ModeCode, expected: &alloy_primitives::Bytes) -> Result<()> {
    let exec_type = mode.exec_type().context("exec type")?;
    ensure!(ModeCode::new(execution.call_type(), exec_type) == mode, "mode: expected {mode:?}");
    let seen = execution.encode(exec_type);
    ensure!(seen == *expected, "expected {expected}, saw {seen}");
    ensure!(Execution::decode(expected)? == (mode, execution.clone()), "reads back differently");
    Ok(())
}

/// The reference library writes the byte of the other exec type when `revertOnError` is set: its `true` is our `Try`.
fn inverted(case: &Value) -> Result<()> {
    let mode = ModeCode(text(case, "abstractjs_1_2_3")?.parse()?);
    let tries = member(case, "revertOnError")?.as_bool() == Some(true);
    let expected = if tries { ExecType::Try } else { ExecType::Revert };
    ensure!(mode.exec_type() == Some(expected), "expected {expected:?}, saw {mode:?}");
    let call_type = match text(case, "type")? {
        "call" => CallType::Single,
        "batchcall" => CallType::Batch,
        "delegatecall" => CallType::Delegate,
        _ => CallType::Static,
    };
    let (mut selector, mut payload) = ([0; 4], [0; 22]);
    fill(&mut selector, &bytes_or_empty(case, "selector")?)?;
    fill(&mut payload, &bytes_or_empty(case, "data")?)?;
    let seen = ModeCode::new(call_type, expected).with_context(selector, payload);
    ensure!(seen == mode, "expected {mode:?}, saw {seen:?}");
    ensure!((mode.selector(), mode.payload()) == (selector, payload), "the context reads back differently");
    Ok(())
}

fn fill(field: &mut [u8], bytes: &[u8]) -> Result<()> {
    field.get_mut(..bytes.len()).context("too long for its field")?.copy_from_slice(bytes);
    Ok(())
}

fn read_calls(case: &Value) -> Result<Vec<Call>> {
    let calls = member(case, "calls")?.as_array().context("calls")?;
    calls
        .iter()
        .map(|call| {
            let to = address(call, "to").or_else(|_| address(call, "target"))?;
            Ok(Call { to, value: number_or_zero(call, "value")?, data: bytes_or_empty(call, "data")? })
        })
        .collect()
}
