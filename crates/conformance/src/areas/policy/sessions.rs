//! Whole operations through the session module: `validate-userop.json` and `policies/smart_session.json`.

use alloy_primitives::{Address, B256, Bytes, Selector, U256, address};
use anyhow::{Context as _, bail};
use policy_encoding::check::{VALIDATION_FAILED, Window};
use policy_encoding::{AccountSessions, Operation, SessionModule, SessionRefusal};
use serde_json::Value;
use session_types::{Deployment, EnvelopeError, PermissionId, SessionSignature, abi};

use super::json::{address, bytes, flag, hex, list, member, same, small, text, uint, word};
use crate::{Document, Tally};

/// The stand-in validators of both files: the first accepts, the second does not.
const VALIDATORS: [Address; 2] =
    [address!("5e55100000000000000000000000000000000001"), address!("5e55100000000000000000000000000000000002")];

pub(super) fn operations(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, operations_case(case).map_err(|error| format!("{error:#}")));
    }
}

fn operations_case(case: &Value) -> anyhow::Result<()> {
    let module = SessionModule::new(Deployment::current()).closed_world(VALIDATORS);
    let mut state = AccountSessions::new(address(case, "account")?);
    let sessions = list(case, "sessions")?.iter().map(session).collect::<anyhow::Result<Vec<_>>>()?;
    let enabled = module.enable(&mut state, &sessions).map(|_| U256::ZERO).map_err(|refusal| data(&module, &refusal));
    let expected = member(case, "enable")?;
    same(
        "enable",
        enabled,
        if expected.get("ok").is_some() { Ok(U256::ZERO) } else { Err(bytes(expected, "reverts")?) },
    )?;

    for (index, step) in list(case, "operations")?.iter().enumerate() {
        let operation = Operation::new(bytes(step, "callData")?).with_paymaster(bytes(step, "paymasterAndData")?);
        let sender = if step.get("sender").is_some() { address(step, "sender")? } else { state.account() };
        // The second stand-in refuses every signature, the first none.
        let accepted = |validator: Address, _: &[u8]| validator != VALIDATORS[1];
        let signature = bytes(step, "signature")?;
        let note = step.get("note").and_then(Value::as_str).unwrap_or_default();
        let outcome = validate(&module, &mut state, sender, &operation, &signature, accepted);
        let expected = member(step, "expected")?;
        let expected = if expected.get("reverts").is_some() {
            Err(bytes(expected, "reverts")?)
        } else {
            Ok(uint(expected, "validationData")?)
        };
        let seen = outcome.map_err(|refusal| data(&module, &refusal));
        same("operation", seen, expected).with_context(|| format!("operation {index} {note}"))?;
    }
    Ok(())
}

pub(super) fn steps(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        let mut state = match address(case, "account") {
            Ok(account) => AccountSessions::new(account),
            Err(error) => {
                tally.record(&label, Err(format!("{error:#}")));
                continue;
            }
        };
        for (index, step) in list(case, "steps").unwrap_or_default().iter().enumerate() {
            let outcome = run_step(document.value(), &mut state, step).map_err(|error| format!("{error:#}"));
            tally.record(&format!("{label} step {index}"), outcome);
        }
    }
}

fn run_step(head: &Value, state: &mut AccountSessions, step: &Value) -> anyhow::Result<()> {
    let module = SessionModule::new(Deployment { module: address(head, "module_address")?, ..Deployment::current() })
        .on_chain(small(head, "chain_id")?)
        .with_base_fee(uint(head, "base_fee")?)
        .closed_world(VALIDATORS);
    let op = text(step, "op")?;
    let outcome = match op {
        "enable" => {
            let sessions = list(step, "sessions")?.iter().map(snake_session).collect::<anyhow::Result<Vec<_>>>()?;
            let outcome = module.enable(state, &sessions);
            if let (Ok(ids), Some(expected)) = (&outcome, step.get("permission_ids").and_then(Value::as_array)) {
                let seen: Vec<_> = ids.iter().map(ToString::to_string).collect();
                let expected: Vec<_> =
                    expected.iter().map(|id| id.as_str().unwrap_or_default().to_lowercase()).collect();
                same("permission ids", seen, expected)?;
            }
            outcome.map(|_| U256::ZERO)
        }
        "call" => call(&module, state, step)?,
        "validate" => {
            let sender = if step.get("sender").is_some() { address(step, "sender")? } else { state.account() };
            let operation =
                Operation::new(bytes(step, "call_data")?).with_paymaster(bytes(step, "paymaster_and_data")?);
            let accepted = |_: Address, signature: &[u8]| signature.first() == Some(&1);
            validate(&module, state, sender, &operation, &bytes(step, "signature")?, accepted)
        }
        other => bail!("unknown step {other}"),
    };
    let seen = outcome.map_err(|refusal| data(&module, &refusal));
    let expect = member(step, "expect")?;
    let expected = match text(expect, "result")? {
        "ok" if op != "validate" => Ok(U256::ZERO),
        "ok" => {
            let (valid_after, valid_until) = (small(expect, "valid_after")?, small(expect, "valid_until")?);
            let word = uint(expect, "validation_data")?;
            same("window", Window { valid_after, valid_until }.validation_data(), word)?;
            Ok(word)
        }
        "fail" => Ok(VALIDATION_FAILED),
        "revert" => {
            let data = bytes(expect, "data")?;
            if !expect["selector"].is_null() {
                same("selector", data.get(..4).map(Selector::from_slice), Some(hex(expect, "selector")?))?;
            }
            Err(data)
        }
        other => bail!("unknown result {other}"),
    };
    same(op, seen, expected)
}

fn data(module: &SessionModule, refusal: &SessionRefusal) -> Bytes {
    refusal.revert_data(module.deployment().generation).unwrap_or_default().into()
}

/// What the module answers to `validateUserOp`, session signature included. Only success changes the state.
fn validate(
    module: &SessionModule,
    state: &mut AccountSessions,
    sender: Address,
    operation: &Operation,
    signature: &[u8],
    accepts: impl Fn(Address, &[u8]) -> bool,
) -> Result<U256, SessionRefusal> {
    let mut next = state.clone();
    if sender != state.account() {
        return Err(SessionRefusal::Sender { sender, account: state.account() });
    }
    let envelope = SessionSignature::decode(signature).map_err(|error| match error {
        EnvelopeError::Mode(_) => SessionRefusal::Panic(0x21),
        _ => SessionRefusal::NoData,
    })?;
    if let SessionSignature::Enable { mode, enable_session, .. } = &envelope {
        // The stand-in accounts accept a signature by its first byte.
        module.enable_by_signature(&mut next, *mode, enable_session, |_, signature| signature.first() == Some(&1))?;
    }
    let permission = envelope.permission_id();
    let window = module.validate(&mut next, permission, operation, &mut Vec::new())?;
    let validator = next.permission(permission).and_then(|session| session.validator()).map(|(address, _)| *address);
    if !validator.is_some_and(|validator| accepts(validator, envelope.signature())) {
        return Ok(VALIDATION_FAILED);
    }
    *state = next;
    Ok(window.validation_data())
}

fn call(
    module: &SessionModule,
    state: &mut AccountSessions,
    step: &Value,
) -> anyhow::Result<Result<U256, SessionRefusal>> {
    let arguments = list(step, "arguments")?;
    let argument = |index: usize| arguments.get(index).with_context(|| format!("no argument {index}"));
    let id = |index: usize| anyhow::Ok(argument(index)?.as_str().context("not text")?.parse::<B256>()?);
    let permission = PermissionId(id(0)?);
    let policies = |list: &Value| {
        let list = list.as_array().context("not a list")?;
        list.iter().map(|policy| Ok(policy.as_str().context("not text")?.parse()?)).collect::<anyhow::Result<Vec<_>>>()
    };
    let outcome = match text(step, "function")? {
        "setPermit4337Paymaster" => {
            module.permit_paymaster(state, permission, argument(1)?.as_bool().context("neither true nor false")?)
        }
        "enableActionPolicies" => {
            let actions = argument(1)?.as_array().context("not a list")?;
            let actions = actions.iter().map(action).collect::<anyhow::Result<Vec<_>>>()?;
            module.enable_action_policies(state, permission, &actions)
        }
        "disableActionPolicies" => {
            module.disable_action_policies(state, permission, id(1)?.into(), &policies(argument(2)?)?)
        }
        "disableActionId" => module.disable_action(state, permission, id(1)?.into()),
        "enableUserOpPolicies" => {
            let list = argument(1)?.as_array().context("not a list")?;
            let list = list.iter().map(policy).collect::<anyhow::Result<Vec<_>>>()?;
            module.enable_user_op_policies(state, permission, &list)
        }
        "disableUserOpPolicies" => module.disable_user_op_policies(state, permission, &policies(argument(1)?)?),
        "removeSession" => {
            module.remove(state, permission);
            Ok(())
        }
        "revokeEnableSignature" => {
            module.revoke_enable_signature(state, permission);
            Ok(())
        }
        other => bail!("unknown function {other}"),
    };
    Ok(outcome.map(|()| U256::ZERO))
}

fn policy(value: &Value) -> anyhow::Result<abi::PolicyData> {
    let data = if value.get("initData").is_some() { "initData" } else { "init_data" };
    Ok(abi::PolicyData { policy: address(value, "policy")?, init_data: bytes(value, data)? })
}

fn policies(value: &Value, name: &str) -> anyhow::Result<Vec<abi::PolicyData>> {
    list(value, name)?.iter().map(policy).collect()
}

pub(super) fn action(value: &Value) -> anyhow::Result<abi::ActionData> {
    Ok(abi::ActionData {
        action_target_selector: hex(value, "actionTargetSelector")?,
        action_target: address(value, "actionTarget")?,
        action_policies: policies(value, "actionPolicies")?,
    })
}

pub(super) fn session(value: &Value) -> anyhow::Result<abi::Session> {
    let messages = member(value, "erc7739Policies")?;
    let context = |value: &Value| {
        let names = list(value, "contentName")?.iter().map(|name| name.as_str().unwrap_or_default().to_owned());
        let app_domain_separator = word(value, "appDomainSeparator")?;
        anyhow::Ok(abi::Erc7739Context { app_domain_separator, content_names: names.collect() })
    };
    Ok(abi::Session {
        session_validator: address(value, "sessionValidator")?,
        session_validator_init_data: bytes(value, "sessionValidatorInitData")?,
        salt: word(value, "salt")?,
        user_op_policies: policies(value, "userOpPolicies")?,
        erc7739_policies: abi::Erc7739Data {
            allowed_erc7739_content: list(messages, "allowedERC7739Content")?
                .iter()
                .map(context)
                .collect::<anyhow::Result<_>>()?,
            erc1271_policies: policies(messages, "erc1271Policies")?,
        },
        actions: list(value, "actions")?.iter().map(action).collect::<anyhow::Result<_>>()?,
        permit_erc4337_paymaster: flag(value, "permitERC4337Paymaster")?,
    })
}

fn snake_session(value: &Value) -> anyhow::Result<abi::Session> {
    let messages = member(value, "erc7739_policies")?;
    let context = |value: &Value| {
        let names = list(value, "content_names")?.iter().map(|name| name.as_str().unwrap_or_default().to_owned());
        let app_domain_separator = word(value, "app_domain_separator")?;
        anyhow::Ok(abi::Erc7739Context { app_domain_separator, content_names: names.collect() })
    };
    let action = |value: &Value| {
        anyhow::Ok(abi::ActionData {
            action_target_selector: hex(value, "selector")?,
            action_target: address(value, "target")?,
            action_policies: policies(value, "policies")?,
        })
    };
    Ok(abi::Session {
        session_validator: address(value, "session_validator")?,
        session_validator_init_data: bytes(value, "session_validator_init_data")?,
        salt: word(value, "salt")?,
        user_op_policies: policies(value, "user_op_policies")?,
        erc7739_policies: abi::Erc7739Data {
            allowed_erc7739_content: list(messages, "allowed_content")?
                .iter()
                .map(context)
                .collect::<anyhow::Result<_>>()?,
            erc1271_policies: policies(messages, "erc1271_policies")?,
        },
        actions: list(value, "actions")?.iter().map(action).collect::<anyhow::Result<_>>()?,
        permit_erc4337_paymaster: flag(value, "permit_erc4337_paymaster")?,
    })
}
