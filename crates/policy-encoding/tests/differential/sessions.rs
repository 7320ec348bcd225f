use alloy_primitives::{Address, B256, Bytes, Selector, U256};
use alloy_sol_types::SolCall as _;
use policy_encoding::{AccountSessions, Operation, SessionModule};
use session_contracts::Contract;
use session_contracts::evm::Evm;
use session_contracts::interface::{ISmartSession, IStandIn};
use session_types::abi::enable_sessions_calldata;
use session_types::{Deployment, PermissionId, PolicyKind, SlotKind, abi};

use super::{
    Answer, call, chain,
    generate::{ACCOUNT, Source},
    policies::operation,
};

/// Accepts every signature.
const VALIDATOR: Address = Address::repeat_byte(0x5e);

/// Asks `steps` questions in all and gives how many were asked.
pub(crate) fn run(source: &mut Source, steps: usize) -> usize {
    const EVERYTHING: u8 = 1;
    let mut start = chain();
    start.set_code(VALIDATOR, Contract::StandInValidator.runtime_code());
    start.call(Address::ZERO, VALIDATOR, U256::ZERO, IStandIn::setRuleCall { rule: EVERYTHING }.abi_encode());
    start.set_code(ACCOUNT, Contract::StandInAccount.runtime_code());
    let start = start.snapshot();
    let mut evm = chain();
    let mut asked = 0;
    while asked < steps {
        evm.restore(&start);
        let deployment = if source.chance(40) { Deployment::legacy() } else { Deployment::current() };
        let module = SessionModule::new(deployment).closed_world([VALIDATOR]);
        let mut state = AccountSessions::new(ACCOUNT);
        let sessions: Vec<_> = (0..1 + source.below(2)).map(|salt| session(source, &deployment, salt as u8)).collect();

        let enabled = match module.enable(&mut state, &sessions) {
            Ok(_) => Answer::Word(U256::ZERO),
            Err(refusal) => Answer::Revert(refusal.revert_data(deployment.generation).unwrap_or_default().into()),
        };
        let seen = match call(&mut evm, ACCOUNT, deployment.module, enable_sessions_calldata(&sessions).to_vec()) {
            Answer::Word(_) => Answer::Word(U256::ZERO),
            other => other,
        };
        assert_eq!(enabled, seen, "enabling {sessions:?}");
        asked += 1;
        for _ in 0..10 {
            let id = source.pick(&sessions).permission_id();
            let targets = sessions.iter().flat_map(|session| &session.actions).collect::<Vec<_>>();
            validate(source, &mut evm, &module, &mut state, id, &targets);
            asked += 1;
        }
    }
    asked
}

fn validate(
    source: &mut Source,
    evm: &mut Evm,
    module: &SessionModule,
    state: &mut AccountSessions,
    id: PermissionId,
    targets: &[&abi::ActionData],
) {
    let mut op = operation(source);
    if source.chance(70) && !targets.is_empty() {
        op.callData = fitting(source, targets);
    }
    // Fees and gas without effect on anything but gas policies; base fees are tried with those.
    op.signature = [&[0], id.as_slice(), &[1, 2, 3]].concat().into();
    evm.set_base_fee(0);

    let mut operation = Operation::new(op.callData.clone()).with_paymaster(op.paymasterAndData.clone());
    operation.account_gas_limits = op.accountGasLimits;
    operation.pre_verification_gas = op.preVerificationGas;
    operation.gas_fees = op.gasFees;
    let mut next = state.clone();
    let ours = match module.validate(&mut next, id, &operation, &mut Vec::new()) {
        Ok(window) => {
            *state = next;
            Answer::Word(window.validation_data())
        }
        Err(refusal) => {
            let endless = refusal
                .policy()
                .is_some_and(|policy| policy.reason.revert() == Some(&policy_encoding::check::Revert::OutOfGas));
            let data = refusal.revert_data(module.deployment().generation).unwrap_or_default();
            if endless { Answer::Halt } else { Answer::Revert(data.into()) }
        }
    };
    let question = format!("{op:?}");
    let check = ISmartSession::validateUserOpCall { op, userOpHash: B256::ZERO };
    let seen = call(evm, ACCOUNT, module.deployment().module, check.abi_encode());
    assert_eq!(ours, seen, "state {state:?} asked about {question}");
}

/// Calls that the session's actions are about.
fn fitting(source: &mut Source, targets: &[&abi::ActionData]) -> Bytes {
    let mut calls = Vec::new();
    for _ in 0..1 + source.below(2) {
        let action = *source.pick(targets);
        let mut data = source.call_data();
        if action.action_target_selector == session_types::VALUE_SELECTOR {
            data.truncate(source.below(5));
        } else if data.len() >= 4 {
            data[..4].copy_from_slice(action.action_target_selector.as_slice());
        }
        let target = if source.chance(90) { action.action_target } else { source.target() };
        calls.push(policy_encoding::Call::new(target, source.value(), data));
    }
    Operation::of(&calls).call_data
}

fn session(source: &mut Source, deployment: &Deployment, salt: u8) -> abi::Session {
    let actions = (0..source.below(4)).map(|_| action(source, deployment)).collect();
    abi::Session {
        session_validator: if source.chance(2) { Address::ZERO } else { VALIDATOR },
        session_validator_init_data: Bytes::from_static(&[7]),
        salt: B256::with_last_byte(salt),
        user_op_policies: if source.chance(60) { policies(source, deployment, SlotKind::UserOp) } else { Vec::new() },
        erc7739_policies: abi::Erc7739Data::default(),
        actions,
        permit_erc4337_paymaster: source.chance(30),
    }
}

fn action(source: &mut Source, deployment: &Deployment) -> abi::ActionData {
    let fallback = Address::with_last_byte(1);
    let (action_target, action_target_selector) = match source.below(20) {
        0 => (deployment.module, source.selector()),
        1 => (ACCOUNT, source.selector()),
        2 | 3 => (fallback, Selector::from([0, 0, 0, 1])),
        4 => (fallback, Selector::from([0, 0, 0, 2])),
        5 => (source.target(), source.selector()),
        _ => (*source.pick(&super::generate::TOKENS), source.selector()),
    };
    abi::ActionData {
        action_target_selector,
        action_target,
        action_policies: policies(source, deployment, SlotKind::Action),
    }
}

fn policies(source: &mut Source, deployment: &Deployment, slot: SlotKind) -> Vec<abi::PolicyData> {
    let mut policies = Vec::new();
    for _ in 0..source.below(4) {
        let kind = *source.pick(&PolicyKind::ALL);
        let Some(deployed) = deployment.policies.deployed(kind) else { continue };
        if !kind.fits(slot) && !source.chance(3) {
            continue;
        }
        let mut init_data = source.policy(kind).init_data(deployed.revision);
        if kind != PolicyKind::ArgPolicy && source.chance(3) {
            source.damage(&mut init_data);
        }
        policies.push(abi::PolicyData { policy: deployed.address, init_data: init_data.into() });
    }
    policies
}
