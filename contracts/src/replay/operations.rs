use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::Value;

use super::checks::Done;
use super::text::{OperationText, SessionText, all};
use super::{RecordingError, Verdict, published, read, stand_in_account};
use crate::Contract;
use crate::address::current::SMART_SESSION;
use crate::interface::{ISmartSession, IStandIn};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recording {
    /// What each stand-in does, in words.
    session_validators: BTreeMap<Address, String>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    account: Address,
    sessions: Vec<SessionText>,
    enable: Done,
    operations: Vec<Operation>,
}

#[derive(Debug, Deserialize)]
struct Operation {
    #[serde(flatten)]
    op: OperationText,
    expected: Done,
}

/// Replays recorded validations by the session module (`validate-userop`): the account enables the sessions, then asks
/// about each operation on the state that the one before left.
///
/// # Errors
/// When the recording is of another kind.
pub fn operations(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    const EVERYTHING: u8 = 1;
    const NOTHING: u8 = 2;
    let recording: Recording = read(recording)?;
    let mut evm = published();
    for (address, words) in &recording.session_validators {
        evm.set_code(*address, Contract::StandInValidator.runtime_code());
        let rule = if words == "accepts everything" { EVERYTHING } else { NOTHING };
        evm.call(Address::ZERO, *address, Default::default(), IStandIn::setRuleCall { rule }.abi_encode());
    }
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for case in recording.cases {
        evm.restore(&start);
        stand_in_account(&mut evm, case.account);
        let call = ISmartSession::enableSessionsCall { sessions: all(case.sessions) };
        let outcome = evm.call(case.account, SMART_SESSION, Default::default(), call.abi_encode());
        verdicts.push(Verdict { step: format!("{}: enable", case.name), result: case.enable.compare(&outcome) });
        for (index, operation) in case.operations.iter().enumerate() {
            let call =
                ISmartSession::validateUserOpCall { op: operation.op.packed(case.account), userOpHash: B256::ZERO };
            let outcome = evm.call(case.account, SMART_SESSION, Default::default(), call.abi_encode());
            let result = operation.expected.compare(&outcome);
            verdicts.push(Verdict { step: format!("{}: operation {index}", case.name), result });
        }
    }
    Ok(verdicts)
}
