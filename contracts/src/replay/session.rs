use alloy_primitives::{Address, B256, FixedBytes};
use alloy_sol_types::{SolCall, SolError, sol};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::behaviour::{Answer, Expected};
use super::text::{ActionText, ContextText, Erc7739Text, OperationText, PolicyText, SessionText, all};
use super::{RecordingError, Verdict, call_and_keep, expect, published, read, stand_in_account};
use crate::evm::{Evm, Outcome};
use crate::interface::ISmartSession;
use crate::{Contract, Generation};

sol! {
    error UnsupportedCallType(bytes1 callType);
    error UnsupportedExecutionType();
}

#[derive(Debug, Deserialize)]
struct Recording {
    module_address: Address,
    chain_id: u64,
    session_validator: Address,
    #[serde(default)]
    base_fee: u64,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    account: Address,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    #[serde(flatten)]
    request: Request,
    expect: Expected,
}

#[derive(Debug)]
enum Request {
    Enable { call_data: Vec<u8>, permission_ids: Vec<B256> },
    Call(Vec<u8>),
    Validate(Box<ValidateText>),
}

#[derive(Debug, Deserialize)]
struct EnableText {
    sessions: Vec<SessionText>,
    #[serde(default)]
    permission_ids: Vec<B256>,
}

#[derive(Debug, Deserialize)]
struct ValidateText {
    #[serde(flatten)]
    op: OperationText,
    user_op_hash: B256,
}

/// Replays a recording of the session module (`"format": "session-behaviour/1"`): accounts and session validator are
/// stand-ins that accept what begins with 01. Only steps that pass change the state.
///
/// The recorded module is the current one; the first one differs in the error for call types that it does not know.
///
/// # Errors
/// When the recording is of another kind.
pub fn session_behaviour(recording: &Value, generation: Generation) -> Result<Vec<Verdict>, RecordingError> {
    let recording: Recording = read(recording)?;
    let mut evm = published();
    evm.set_chain_id(recording.chain_id);
    evm.set_base_fee(recording.base_fee);
    evm.set_code(recording.session_validator, Contract::StandInValidator.runtime_code());
    if generation == Generation::Legacy {
        // At the recorded address: digests and some errors name it.
        evm.set_code(recording.module_address, Contract::SmartSessionLegacy.runtime_code());
    }
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for case in &recording.cases {
        evm.restore(&start);
        stand_in_account(&mut evm, case.account);
        for (index, step) in case.steps.iter().enumerate() {
            let result = run(&mut evm, recording.module_address, case.account, step, generation);
            verdicts.push(Verdict { step: format!("{} step {index}", case.id), result });
        }
    }
    Ok(verdicts)
}

fn run(evm: &mut Evm, to: Address, account: Address, step: &Step, generation: Generation) -> Result<(), String> {
    match &step.request {
        Request::Enable { call_data, permission_ids } => {
            let outcome = call_and_keep(evm, account, to, call_data.clone(), Outcome::is_success);
            step.expect.compare(Answer::Anything, &outcome)?;
            let Some(returned) = outcome.returned() else { return Ok(()) };
            let ids = ISmartSession::enableSessionsCall::abi_decode_returns(returned);
            expect(ids.as_ref() == Ok(permission_ids), || format!("permission ids {permission_ids:?}"), &outcome)
        }
        Request::Call(call_data) => {
            let outcome = call_and_keep(evm, account, to, call_data.clone(), Outcome::is_success);
            step.expect.compare(Answer::Anything, &outcome)
        }
        Request::Validate(text) => {
            let call = ISmartSession::validateUserOpCall { op: text.op.packed(account), userOpHash: text.user_op_hash }
                .abi_encode();
            let passed = |outcome: &Outcome| Answer::ValidationData.is_yes(outcome);
            let outcome = call_and_keep(evm, account, to, call, passed);
            if generation == Generation::Legacy {
                return step.expect.in_first_generation().compare(Answer::ValidationData, &outcome);
            }
            step.expect.compare(Answer::ValidationData, &outcome)
        }
    }
}

impl Expected {
    fn in_first_generation(&self) -> Self {
        match self {
            Self::Revert { selector, .. } if *selector == Some(FixedBytes(UnsupportedCallType::SELECTOR)) => {
                let selector = UnsupportedExecutionType::SELECTOR;
                Self::Revert { selector: Some(FixedBytes(selector)), data: Some(selector.into()) }
            }
            other => other.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let step = Value::deserialize(deserializer)?;
        let op = step.get("op").and_then(Value::as_str).unwrap_or_default();
        match op {
            "enable" => {
                let text: EnableText = of(&step)?;
                let call = ISmartSession::enableSessionsCall { sessions: all(text.sessions) };
                Ok(Self::Enable { call_data: call.abi_encode(), permission_ids: text.permission_ids })
            }
            "call" => {
                let function = step.get("function").and_then(Value::as_str).unwrap_or_default();
                let arguments = step.get("arguments").unwrap_or(&Value::Null);
                management_call(function, arguments).map(Self::Call)
            }
            "validate" => Ok(Self::Validate(Box::new(of(&step)?))),
            other => Err(D::Error::custom(format!("step of an unknown kind `{other}`"))),
        }
    }
}

fn of<T: for<'a> Deserialize<'a>, E: serde::de::Error>(value: &Value) -> Result<T, E> {
    T::deserialize(value).map_err(E::custom)
}

fn management_call<E: serde::de::Error>(function: &str, arguments: &Value) -> Result<Vec<u8>, E> {
    use ISmartSession as M;
    Ok(match function {
        "removeSession" => {
            let (id,): (B256,) = of(arguments)?;
            M::removeSessionCall { permissionId: id }.abi_encode()
        }
        "revokeEnableSignature" => {
            let (id,): (B256,) = of(arguments)?;
            M::revokeEnableSignatureCall { permissionId: id }.abi_encode()
        }
        "setPermit4337Paymaster" => {
            let (id, enabled): (B256, bool) = of(arguments)?;
            M::setPermit4337PaymasterCall { permissionId: id, enabled }.abi_encode()
        }
        "enableUserOpPolicies" => {
            let (id, policies): (B256, Vec<PolicyText>) = of(arguments)?;
            M::enableUserOpPoliciesCall { permissionId: id, policies: all(policies) }.abi_encode()
        }
        "disableUserOpPolicies" => {
            let (id, policies): (B256, Vec<Address>) = of(arguments)?;
            M::disableUserOpPoliciesCall { permissionId: id, policies }.abi_encode()
        }
        "enableERC1271Policies" => {
            let (id, data): (B256, Erc7739Text) = of(arguments)?;
            M::enableERC1271PoliciesCall { permissionId: id, data: data.into() }.abi_encode()
        }
        "disableERC1271Policies" => {
            let (id, policies, contents): (B256, Vec<Address>, Vec<ContextText>) = of(arguments)?;
            M::disableERC1271PoliciesCall { permissionId: id, policies, contents: all(contents) }.abi_encode()
        }
        "enableActionPolicies" => {
            let (id, actions): (B256, Vec<ActionText>) = of(arguments)?;
            M::enableActionPoliciesCall { permissionId: id, actions: all(actions) }.abi_encode()
        }
        "disableActionPolicies" => {
            let (id, action, policies): (B256, B256, Vec<Address>) = of(arguments)?;
            M::disableActionPoliciesCall { permissionId: id, actionId: action, policies }.abi_encode()
        }
        "disableActionId" => {
            let (id, action): (B256, B256) = of(arguments)?;
            M::disableActionIdCall { permissionId: id, actionId: action }.abi_encode()
        }
        other => return Err(E::custom(format!("unknown management function `{other}`"))),
    })
}
