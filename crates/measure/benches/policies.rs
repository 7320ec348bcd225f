//! Policies: encoding beside a copy, checks beside one block of keccak.

use std::hint::black_box;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolValue, sol};
use policy_encoding::check::{ActionCheck, Context};
use policy_encoding::permission::{Permission, PermissionBuilder as _, at_most, equal_to};
use policy_encoding::{
    AnyPolicy, Call, Condition, Explainer, Glossary, KnownPolicy as _, Operation, Policy as _, Rule, Sudo, Token,
    UniversalAction,
};
use session_types::{Deployment, PolicyRevision, Session, SessionValidator};

sol! {
    struct AbiUsage { uint256 limit; uint256 used; }
    struct AbiRule { uint8 condition; uint64 offset; bool limited; bytes32 reference; AbiUsage usage; }
    struct AbiRules { uint256 length; AbiRule[16] rules; }
    struct AbiConfig { uint256 valueLimitPerUse; AbiRules paramRules; }

    function transfer(address to, uint256 amount) external returns (bool);
}

const TARGET: Address = Address::repeat_byte(7);
const CONTEXT: Context = Context {
    config_id: B256::repeat_byte(1),
    caller: Address::repeat_byte(2),
    account: Address::repeat_byte(3),
    revision: PolicyRevision::V2,
};

/// Sixteen rules, every other one with a running total.
fn rules() -> [Rule; 16] {
    std::array::from_fn(|index| {
        let rule = Rule::argument(u8::try_from(index).unwrap(), Condition::AtMost, 1_000_000_u64);
        if index % 2 == 0 { rule.with_total(U256::MAX) } else { rule }
    })
}

fn naive(policy: &UniversalAction) -> AbiConfig {
    let empty = || AbiRule {
        condition: 0,
        offset: 0,
        limited: false,
        reference: B256::ZERO,
        usage: AbiUsage { limit: U256::ZERO, used: U256::ZERO },
    };
    let mut rules: [AbiRule; 16] = std::array::from_fn(|_| empty());
    for (to, rule) in rules.iter_mut().zip(policy.rules()) {
        *to = AbiRule {
            condition: rule.condition().code(),
            offset: rule.offset(),
            limited: rule.is_limited(),
            reference: rule.reference(),
            usage: AbiUsage { limit: rule.limit(), used: rule.used() },
        };
    }
    let param_rules = AbiRules { length: U256::from(policy.rules().len()), rules };
    AbiConfig { valueLimitPerUse: policy.value_limit_per_use(), paramRules: param_rules }
}

fn session() -> Session {
    let deployment = Deployment::current();
    let set = deployment.policies;
    let pay = Permission::call::<transferCall>(TARGET)
        .rule(|call| &mut call.to, equal_to(Address::repeat_byte(9)))
        .rule(|call| &mut call.amount, at_most(U256::from(1000)).total(U256::from(1_000_000)))
        .uses(1_000_000)
        .until(2_000_000_000);
    Session::builder(SessionValidator::custom(Address::repeat_byte(5), Bytes::from_static(&[1; 20])), B256::ZERO)
        .action(pay.on(&set).unwrap())
        .user_op_policy(Sudo.on(&set).unwrap())
        .build(&deployment)
        .unwrap()
}

fn main() {
    let mut suite = measure::suite!("policy-encoding");

    let policy = UniversalAction::of(rules());
    let encoded = policy.encode();
    let config = naive(&policy);
    assert_eq!(encoded, config.abi_encode());
    suite
        .operation("universal policy, encode")
        .floor("one zeroed buffer of the exact size", || vec![0_u8; black_box(UniversalAction::ENCODED_LEN)])
        .naive(|| black_box(&config).abi_encode())
        .ours(|| black_box(&policy).encode())
        .goal(1.7)
        .allocations(1);
    suite
        .operation("universal policy, decode")
        .floor("one copy of the init data", || black_box(&encoded).clone())
        .naive(|| AbiConfig::abi_decode(black_box(&encoded)).unwrap())
        .ours(|| UniversalAction::decode(PolicyRevision::V2, black_box(&encoded)).unwrap());

    let block = [7_u8; 135];
    let data = [&[1, 2, 3, 4][..], &U256::from(5).to_be_bytes::<32>().repeat(16)].concat();
    let any = AnyPolicy::from(policy);
    let mut usage = any.usage();
    let call = ActionCheck { context: CONTEXT, target: TARGET, value: U256::ZERO, data: &data };
    assert!(any.check_action(&mut usage, &call).is_ok());
    suite
        .operation("one call against 16 rules")
        .floor("one block of keccak", || keccak256(black_box(&block)))
        .ours(|| black_box(&any).check_action(&mut usage, black_box(&call)).is_ok())
        .goal(3.0)
        .by_instructions()
        .allocations(0);

    for rules in [1_usize, 2, 4, 8, 16] {
        let any = AnyPolicy::from(UniversalAction::new(self::rules()[..rules].to_vec()).unwrap());
        let mut usage = any.usage();
        assert!(any.check_action(&mut usage, &call).is_ok());
        suite
            .operation("one call by rules")
            .at(rules as u64)
            .floor("one block of keccak", || keccak256(black_box(&block)))
            .ours(|| black_box(&any).check_action(&mut usage, black_box(&call)).is_ok())
            .by_instructions()
            .allocations(0);
    }

    let session = session();
    let module = policy_encoding::SessionModule::new(Deployment::current());
    let account = Address::repeat_byte(3);
    let id = session.permission_id();
    let state = module.fresh(account, &session).unwrap();
    let pay =
        alloy_sol_types::SolCall::abi_encode(&transferCall { to: Address::repeat_byte(9), amount: U256::from(3) });
    for calls in [1_usize, 8, 32] {
        let batch = Operation::batch(&vec![Call::new(TARGET, U256::ZERO, pay.clone()); calls]);
        assert!(module.evaluate(&state, id, &batch, 1_700_000_000).permitted().is_some());
        suite
            .operation("a batch through the session module")
            .at(calls as u64)
            .floor("the action id of each call", || {
                (0..calls).fold(B256::ZERO, |_, _| keccak256(black_box(&[7_u8; 24])))
            })
            .ours(|| module.evaluate(black_box(&state), id, black_box(&batch), 1_700_000_000));
    }

    let glossary = Glossary::new().token(TARGET, Token::new("USDC", 6));
    let explainer = Explainer::new(&Deployment::current(), &glossary).of_account(account).on_chains([8453]);
    let text = explainer.explain(&session).to_string();
    suite
        .operation("explanation of a session")
        .floor("one copy of the text", || black_box(&text).clone())
        .ours(|| explainer.explain(black_box(&session)).to_string());
}
