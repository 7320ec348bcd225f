use alloy_primitives::{Address, B256, Bytes, address};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::Value;

use super::text::{Number, OperationText};
use super::{RecordingError, Verdict, expect, published, read, word};
use crate::evm::{Evm, Outcome};
use crate::interface::IPolicy;

/// Who asks the policies in this recording; their errors name it.
const CALLER: Address = address!("0x00000000000000000000000000000000000c0ffe");

#[derive(Debug, Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    address: Address,
    init_data: Bytes,
    account: Address,
    config_id: B256,
    init: Done,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Step {
    Reinitialize { reinitialize: Bytes },
    UserOp { op: Box<OperationText>, expected: Done },
    Action { target: Option<Address>, value: Option<Number>, data: Bytes, expected: Done },
}

/// What a call comes to, in the recordings that state revert data as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    validation_data: Option<Number>,
    reverts: Option<Bytes>,
}

impl Done {
    pub(super) fn compare(&self, outcome: &Outcome) -> Result<(), String> {
        let held = match (&self.reverts, self.validation_data) {
            (Some(data), _) => outcome.reverted() == Some(data),
            (None, Some(number)) => word(outcome) == Some(number.0),
            (None, None) => outcome.is_success(),
        };
        expect(held, || format!("{self:?}"), outcome)
    }
}

/// Replays recorded checks of policies that are called directly (`policy-checks`): what a policy counted before it
/// failed stays counted.
///
/// # Errors
/// When the recording is of another kind.
pub fn policy_checks(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    let recording: Recording = read(recording)?;
    let mut evm = published();
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for case in &recording.cases {
        evm.restore(&start);
        let result = case.init.compare(&initialize(&mut evm, case, &case.init_data));
        verdicts.push(Verdict { step: format!("{} init", case.name), result });
        for (index, step) in case.steps.iter().enumerate() {
            verdicts.push(Verdict { step: format!("{} step {index}", case.name), result: run(&mut evm, case, step) });
        }
    }
    Ok(verdicts)
}

fn run(evm: &mut Evm, case: &Case, step: &Step) -> Result<(), String> {
    let id = case.config_id;
    let (call, expected) = match step {
        Step::Reinitialize { reinitialize } => {
            let outcome = initialize(evm, case, reinitialize);
            return expect(outcome.is_success(), || "the new configuration to be taken".to_owned(), &outcome);
        }
        Step::UserOp { op, expected } => {
            (IPolicy::checkUserOpPolicyCall { id, op: op.packed(case.account) }.abi_encode(), expected)
        }
        Step::Action { target, value, data, expected } => {
            let call = IPolicy::checkActionCall {
                id,
                account: case.account,
                target: target.unwrap_or_default(),
                value: value.unwrap_or_default().0,
                data: data.clone(),
            };
            (call.abi_encode(), expected)
        }
    };
    expected.compare(&evm.call(CALLER, case.address, Default::default(), call))
}

fn initialize(evm: &mut Evm, case: &Case, init_data: &Bytes) -> Outcome {
    let call = IPolicy::initializeWithMultiplexerCall {
        account: case.account,
        configId: case.config_id,
        initData: init_data.clone(),
    };
    evm.call(CALLER, case.address, Default::default(), call.abi_encode())
}
