//! The functions without a network.

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context as _, bail};
use mee_client::quote::nonce_storage_slot;
use mee_client::session::session_validator_init_data;
use mee_client::status::{ExecutedOp, StatusMode, progress};
use mee_client::{MeeVersion, MeeVersionConfig, SuperTxTree, error_text, mee_user_op_hash};
use serde_json::{Value, json};
use session_types::abi;
use userop::NonceKey;

use super::builders;
use super::json::{member, number, parse, small, without_bigints};
use super::steps::Outcome;

/// Runs a step that is a function of its arguments and of the time, in seconds; `None` for any other.
pub(super) fn run(step: &Value, now: u64) -> anyhow::Result<Option<Outcome>> {
    let action = member(step, "action")?.as_str().context("no action")?;
    let params = without_bigints(member(step, "params")?);
    let expects_error = step.get("error").is_some();
    let answer = match action {
        // An object without words gives its content instead of the name of its type.
        "parseErrorMessage" if step["result"] == "[object Object]" => {
            anyhow::ensure!(serde_json::from_str::<Value>(&error_text(&params))? == params, "content of {params}");
            return Ok(Some(Outcome::Compared));
        }
        "parseErrorMessage" => Ok(error_text(&params).into()),
        "parseTransactionStatus" => status(&params),
        "createMerkleTree" => tree(&params),
        "meeUserOpLeaf" => leaf(&params),
        "calculateNonceStorageSlot" => {
            Ok(json!(nonce_storage_slot(parse(&params, "sender")?, number(member(&params, "key")?)?)))
        }
        "getSessionValidatorInitData" => init_data(&params),
        "getMEEVersion" => {
            params.as_str().context("no version")?.parse::<MeeVersion>().map(|_| Value::Null).map_err(Into::into)
        }
        "nonceKey" => nonce_key(&params),
        "userOp" | "calldataArgument" => counted(action, &params),
        "addPaymentPolicyForActions" => return compare(step, builders::allow_fee(&params)),
        "buildSessionAction" => return compare(step, builders::session_action(&params, now)),
        // A policy without rules refuses every call, so it is not built.
        "buildActionPolicy" if params["rules"].as_array().is_some_and(Vec::is_empty) => {
            anyhow::ensure!(builders::policy(&params).is_err(), "a policy without rules was built");
            return Ok(Some(Outcome::Compared));
        }
        "buildActionPolicy" => return compare_policy(step, builders::policy(&params)),
        _ => return Ok(None),
    };
    match (answer, expects_error) {
        (Ok(answer), false) => Ok(Some(Outcome::Json(answer))),
        (Err(error), _) => Err(error),
        (Ok(answer), true) => bail!("expected an error, saw {answer}"),
    }
}

/// Results of the builders are compared as their types.
fn compare(step: &Value, seen: anyhow::Result<builders::Built>) -> anyhow::Result<Option<Outcome>> {
    match (seen, step.get("result")) {
        (Ok(seen), Some(expected)) => {
            let expected = builders::read(&without_bigints(expected))?;
            anyhow::ensure!(seen == expected, "expected {expected:?}, saw {seen:?}");
            Ok(Some(Outcome::Compared))
        }
        (Err(error), Some(_)) => Err(error),
        (Ok(seen), None) => bail!("expected an error, saw {seen:?}"),
        (Err(error), None) => Err(error),
    }
}

fn compare_policy(step: &Value, seen: anyhow::Result<abi::PolicyData>) -> anyhow::Result<Option<Outcome>> {
    let seen = seen?;
    let expected = member(step, "result")?;
    let expected = abi::PolicyData { policy: parse(expected, "policy")?, init_data: parse(expected, "initData")? };
    anyhow::ensure!(seen == expected, "expected {expected:?}, saw {seen:?}");
    Ok(Some(Outcome::Compared))
}

fn status(params: &Value) -> anyhow::Result<Value> {
    let user_ops: Vec<ExecutedOp> = serde_json::from_value(member(params, "userOps")?.clone())?;
    let mode = if params["mode"] == "fast-block" { StatusMode::FastBlock } else { StatusMode::Confirmed };
    let progress = progress(&user_ops, mode);
    Ok(json!({ "status": progress.phase.as_str(), "isFinalised": progress.is_final, "message": progress.message }))
}

fn tree(params: &Value) -> anyhow::Result<Value> {
    let leaves: Vec<B256> = serde_json::from_value(member(params, "leaves")?.clone())?;
    anyhow::ensure!(params["sortLeaves"] == true, "leaves are sorted");
    let tree = SuperTxTree::new(&leaves).context("no leaves")?;
    let proofs: Vec<_> = (0..leaves.len()).map(|index| tree.proof(index)).collect();
    Ok(json!({ "root": tree.root(), "proofs": proofs }))
}

fn leaf(params: &Value) -> anyhow::Result<Value> {
    let (lower, upper) = (small(params, "lowerBoundTimestamp")?, small(params, "upperBoundTimestamp")?);
    Ok(json!(mee_user_op_hash(parse(params, "userOpHash")?, lower, upper)))
}

fn init_data(params: &Value) -> anyhow::Result<Value> {
    let suite = MeeVersionConfig::published(parse(params, "meeVersion")?);
    Ok(json!(session_validator_init_data(&suite, parse::<Address>(params, "redeemer")?)?))
}

fn nonce_key(params: &Value) -> anyhow::Result<Value> {
    let lane = u32::try_from(small(params, "nowMs")? % 0x00ff_ffff)?;
    let [_, batch @ ..] = lane.to_be_bytes();
    let mode = u8::try_from(number(member(params, "validationMode")?)?)?;
    Ok(json!(NonceKey::batch_mode_validator(batch, mode, parse(params, "moduleAddress")?).0))
}

/// Numberings that begin at 1: positions in call data, and operations.
fn counted(action: &str, params: &Value) -> anyhow::Result<Value> {
    let index = number(params)?.checked_sub(U256::ONE).context("counted from 1")?;
    Ok(if action == "userOp" {
        json!(u64::try_from(index)?)
    } else {
        // A position is that of the rule that policies put on it.
        let rule = policy_encoding::Rule::argument(u8::try_from(index)?, policy_encoding::Condition::Equal, 0_u64);
        json!(rule.offset().to_string())
    })
}
