use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall as _;
use policy_encoding::check::{
    ActionCheck, Context, MessageCheck, Revert, Usage, UserOpCheck, VALIDATION_FAILED, Verdict,
};
use policy_encoding::{AnyPolicy, Call, Operation};
use session_contracts::evm::Evm;
use session_contracts::interface::{IPolicy, PackedUserOperation};
use session_types::{Deployment, PolicyKind, SlotKind};

use super::{
    Answer, call, chain,
    generate::{ACCOUNT, Source},
};

const CALLER: Address = Address::repeat_byte(0xca);

impl From<&Revert> for Answer {
    fn from(revert: &Revert) -> Self {
        if *revert == Revert::OutOfGas { Self::Halt } else { Self::Revert(revert.data().into()) }
    }
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(window) => Self::Word(window.validation_data()),
            Err(refusal) => refusal.revert().map_or(Self::Word(VALIDATION_FAILED), Self::from),
        }
    }
}

struct Subject {
    kind: PolicyKind,
    address: Address,
    context: Context,
    state: (AnyPolicy, Usage),
}

/// Asks `steps` questions in all and gives how many were asked.
pub(crate) fn run(source: &mut Source, steps: usize) -> usize {
    let mut evm = chain();
    let mut asked = 0;
    let mut number = 0_u64;
    while asked < steps {
        number += 1;
        let deployment = if source.chance(40) { Deployment::legacy() } else { Deployment::current() };
        let kind = *source.pick(&PolicyKind::ALL);
        let Some(deployed) = deployment.policies.deployed(kind) else { continue };
        let context = Context {
            config_id: B256::from(U256::from(number)),
            caller: CALLER,
            account: ACCOUNT,
            revision: deployed.revision,
        };
        let unset = AnyPolicy::unset(kind).expect("a known kind");
        let usage = unset.usage();
        let mut subject = Subject { kind, address: deployed.address, context, state: (unset, usage) };
        if source.chance(95) {
            subject.initialise(&mut evm, source);
            asked += 1;
        }
        for _ in 0..8 {
            subject.ask(&mut evm, source);
            asked += 1;
        }
    }
    asked
}

impl Subject {
    fn initialise(&mut self, evm: &mut Evm, source: &mut Source) {
        let Context { config_id, account, revision, .. } = self.context;
        let mut data = source.policy(self.kind).init_data(revision);
        // Only bytes that leave a tree without circles: those have no end that is worth the time to wait for.
        if self.kind != PolicyKind::ArgPolicy && source.chance(15) {
            source.damage(&mut data);
        }
        let initialise =
            IPolicy::initializeWithMultiplexerCall { account, configId: config_id, initData: data.clone().into() };
        let seen = match call(evm, CALLER, self.address, initialise.abi_encode()) {
            Answer::Word(_) => Answer::Word(U256::ZERO),
            other => other,
        };
        let ours = match AnyPolicy::decode(self.kind, revision, &data) {
            Ok(policy) => {
                let usage = policy.usage();
                self.state = (policy, usage);
                Answer::Word(U256::ZERO)
            }
            Err(error) => Answer::from(&error.revert(self.context)),
        };
        assert_eq!(ours, seen, "{:?} {revision:?} initialised with {}", self.kind, Bytes::from(data));
    }

    fn ask(&mut self, evm: &mut Evm, source: &mut Source) {
        let slots = [SlotKind::Action, SlotKind::UserOp, SlotKind::Erc1271].map(|slot| (slot, self.kind.fits(slot)));
        let slots: Vec<_> = slots.into_iter().filter(|(_, fits)| *fits).map(|(slot, _)| slot).collect();
        let before = self.state.1.clone();
        let (ours, seen, question) = match source.pick(&slots) {
            SlotKind::Action => self.action(evm, source),
            SlotKind::UserOp => self.user_op(evm, source),
            SlotKind::Erc1271 => self.message(evm, source),
        };
        if !matches!(ours, Answer::Word(_)) {
            self.state.1 = before.clone();
        }
        assert_eq!(ours, seen, "{:?} with {before:?} asked about {question}", self.state.0);
    }

    fn action(&mut self, evm: &mut Evm, source: &mut Source) -> (Answer, Answer, String) {
        let (mut target, value, data) = (source.target(), source.value(), source.call_data());
        if self.kind != PolicyKind::SpendingLimits && source.chance(5) {
            target = Address::ZERO;
        }
        let question = format!("{target} {value} {}", Bytes::from(data.clone()));
        let (context, (policy, usage)) = (self.context, &mut self.state);
        let ours = policy.check_action(usage, &ActionCheck { context, target, value, data: &data });
        let check = IPolicy::checkActionCall {
            id: context.config_id,
            account: context.account,
            target,
            value,
            data: data.into(),
        };
        (ours.into(), call(evm, CALLER, self.address, check.abi_encode()), question)
    }

    fn user_op(&mut self, evm: &mut Evm, source: &mut Source) -> (Answer, Answer, String) {
        let op = operation(source);
        let base_fee = source.below(10) as u64;
        evm.set_base_fee(base_fee);
        let (context, (policy, usage)) = (self.context, &mut self.state);
        let ours = policy.check_user_op(
            usage,
            &UserOpCheck {
                context,
                call_data: &op.callData,
                account_gas_limits: op.accountGasLimits,
                pre_verification_gas: op.preVerificationGas,
                gas_fees: op.gasFees,
                paymaster_and_data: &op.paymasterAndData,
                base_fee: U256::from(base_fee),
            },
        );
        let question = format!("{op:?}");
        let check = IPolicy::checkUserOpPolicyCall { id: context.config_id, op };
        (ours.into(), call(evm, CALLER, self.address, check.abi_encode()), question)
    }

    fn message(&mut self, evm: &mut Evm, source: &mut Source) -> (Answer, Answer, String) {
        let (requester, hash, timestamp) = (source.target(), source.word(), source.below(2000) as u64);
        evm.set_timestamp(timestamp);
        let (context, (policy, _)) = (self.context, &self.state);
        let ours = match policy.check_message(&MessageCheck { context, requester, hash, timestamp }) {
            Ok(_) => Answer::Word(U256::from(1)),
            Err(refusal) => refusal.revert().map_or(Answer::Word(U256::ZERO), Answer::from),
        };
        let check = IPolicy::check1271SignedActionCall {
            id: context.config_id,
            requestSender: requester,
            account: context.account,
            hash,
            signature: Bytes::new(),
        };
        (ours, call(evm, CALLER, self.address, check.abi_encode()), format!("a message at {timestamp}"))
    }
}

/// An operation of a few calls, or of something else.
pub(crate) fn operation(source: &mut Source) -> PackedUserOperation {
    let mut calls = Vec::new();
    for _ in 0..source.below(4) {
        let (target, value, data) = (source.target(), source.value(), source.call_data());
        calls.push(Call::new(target, value, data));
    }
    let mut call_data = Operation::of(&calls).call_data.to_vec();
    match source.below(20) {
        0 => call_data = other_function(source),
        1 => call_data[4] = source.bytes(1)[0],
        2 => call_data[5] = source.below(3) as u8,
        _ => {}
    }
    let paymaster_and_data = match source.below(4) {
        0 => {
            let length = source.below(80);
            let mut data = source.bytes(length);
            // Small limits, so that the sums stay near the limits.
            data.iter_mut().enumerate().filter(|(place, _)| ![35, 51].contains(place)).for_each(|(_, byte)| *byte = 0);
            data
        }
        _ => Vec::new(),
    };
    PackedUserOperation {
        sender: ACCOUNT,
        nonce: U256::ZERO,
        initCode: Bytes::new(),
        callData: call_data.into(),
        accountGasLimits: source.halves(),
        preVerificationGas: source.number(),
        gasFees: source.halves(),
        paymasterAndData: paymaster_and_data.into(),
        signature: Bytes::new(),
    }
}

/// Anything but an `execute`.
fn other_function(source: &mut Source) -> Vec<u8> {
    let mut data = source.call_data();
    if data.starts_with(&[0xe9, 0xae, 0x5c, 0x53]) {
        data[0] = 0;
    }
    data
}
