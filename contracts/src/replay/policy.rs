use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::Value;

use super::behaviour::{Answer, Expected};
use super::text::{Number, OperationText};
use super::{RecordingError, Verdict, call_and_keep, expect, published, read};
use crate::evm::Evm;
use crate::interface::IPolicy;

#[derive(Debug, Deserialize)]
struct Recording {
    policy_address: Address,
    caller: Address,
    #[serde(default)]
    base_fee: u64,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    config_id: B256,
    account: Address,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    account: Option<Address>,
    caller: Option<Address>,
    config_id: Option<B256>,
    #[serde(flatten)]
    question: Question,
    expect: Expected,
    /// What the policy's view functions answer after the step.
    #[serde(default)]
    reads: Vec<Read>,
}

#[derive(Debug, Deserialize)]
struct Read {
    calldata: Bytes,
    returned: Option<Bytes>,
    reverted: Option<Bytes>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Question {
    Init { init_data: Bytes },
    Action { target: Address, value: Number, calldata: Bytes },
    UserOp { user_op: Box<OperationText> },
    Erc1271 { request_sender: Address, hash: B256, signature: Bytes, timestamp: Option<u64> },
}

/// Replays recordings of what the policies' view functions answer (`"format": "policy-state/1"`): behaviour of several
/// policies, with questions after each step.
///
/// # Errors
/// When the recording is of another kind.
pub fn policy_state(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    #[derive(Deserialize)]
    struct Several {
        recordings: Vec<Value>,
    }
    let several: Several = read(recording)?;
    let mut verdicts = Vec::new();
    for recording in &several.recordings {
        verdicts.extend(policy_behaviour(recording)?);
    }
    Ok(verdicts)
}

/// Replays a recording of one policy (`"format": "policy-behaviour/1"`) against the contract that we place at the
/// policy's address. Only steps that pass change the state.
///
/// # Errors
/// When the recording is of another kind.
pub fn policy_behaviour(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    let recording: Recording = read(recording)?;
    let mut evm = published();
    evm.set_base_fee(recording.base_fee);
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for case in &recording.cases {
        evm.restore(&start);
        for (index, step) in case.steps.iter().enumerate() {
            let result = run(&mut evm, &recording, case, step);
            verdicts.push(Verdict { step: format!("{} step {index}", case.id), result });
        }
    }
    Ok(verdicts)
}

fn run(evm: &mut Evm, recording: &Recording, case: &Case, step: &Step) -> Result<(), String> {
    let account = step.account.unwrap_or(case.account);
    let caller = step.caller.unwrap_or(recording.caller);
    let id = step.config_id.unwrap_or(case.config_id);
    let (data, answer) = match &step.question {
        Question::Init { init_data } => {
            let call = IPolicy::initializeWithMultiplexerCall { account, configId: id, initData: init_data.clone() };
            (call.abi_encode(), Answer::Anything)
        }
        Question::Action { target, value, calldata } => {
            let call =
                IPolicy::checkActionCall { id, account, target: *target, value: value.0, data: calldata.clone() };
            (call.abi_encode(), Answer::ValidationData)
        }
        Question::UserOp { user_op } => {
            (IPolicy::checkUserOpPolicyCall { id, op: user_op.packed(account) }.abi_encode(), Answer::ValidationData)
        }
        Question::Erc1271 { request_sender, hash, signature, timestamp } => {
            if let Some(seconds) = timestamp {
                evm.set_timestamp(*seconds);
            }
            let (request_sender, hash, signature) = (*request_sender, *hash, signature.clone());
            let call =
                IPolicy::check1271SignedActionCall { id, requestSender: request_sender, account, hash, signature };
            (call.abi_encode(), Answer::Truth)
        }
    };
    let keep: fn(&_) -> bool = match answer {
        Answer::Anything => |outcome| Answer::Anything.is_yes(outcome),
        Answer::ValidationData => |outcome| Answer::ValidationData.is_yes(outcome),
        Answer::Truth => |outcome| Answer::Truth.is_yes(outcome),
    };
    let outcome = call_and_keep(evm, caller, recording.policy_address, data, keep);
    step.expect.compare(answer, &outcome)?;
    step.reads.iter().try_for_each(|read| {
        let outcome = evm.static_call(Address::ZERO, recording.policy_address, read.calldata.clone());
        let held = outcome.returned() == read.returned.as_ref() && outcome.reverted() == read.reverted.as_ref();
        expect(held, || format!("{read:?}"), &outcome)
    })
}
