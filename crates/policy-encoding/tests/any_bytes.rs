//! Any bytes give a value or an error, and what a decoder accepts it can write again.

use alloy_primitives::{Address, Bytes, U256};
use policy_encoding::check::{ActionCheck, Context, UserOpCheck};
use policy_encoding::{AnyPolicy, CallShape, Explainer, Glossary, Operation, SessionModule};
use proptest::prelude::*;
use session_types::{Deployment, PolicyKind, PolicyRevision, abi};

/// Random bytes, or words that are small enough to mean something.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::collection::vec(prop_oneof![0_u64..8, Just(32), Just(64), Just(96), any::<u64>()], 0..120);
    let words =
        words.prop_map(|words| words.into_iter().flat_map(|word| U256::from(word).to_be_bytes::<32>()).collect());
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), words]
}

fn kind() -> impl Strategy<Value = PolicyKind> {
    prop::sample::select(PolicyKind::ALL.to_vec())
}

proptest! {
    #[test]
    fn policies(kind in kind(), first in any::<bool>(), data in data(), call in data(), value: u64) {
        let revision = if first { PolicyRevision::V1 } else { PolicyRevision::V2 };
        let Ok(policy) = AnyPolicy::decode(kind, revision, &data) else { return Ok(()) };
        let again = AnyPolicy::decode(kind, revision, &policy.init_data(revision)).unwrap();
        prop_assert_eq!(format!("{again:?}"), format!("{policy:?}"));

        let context = Context { config_id: Default::default(), caller: Address::ZERO, account: Address::ZERO, revision };
        let check = ActionCheck { context, target: Address::with_last_byte(7), value: U256::from(value), data: &call };
        let _ = policy.check_action(&mut policy.usage(), &check);
        let op = UserOpCheck {
            context,
            call_data: &call,
            account_gas_limits: Default::default(),
            pre_verification_gas: U256::from(value),
            gas_fees: Default::default(),
            paymaster_and_data: &data,
            base_fee: U256::MAX,
        };
        let _ = policy.check_user_op(&mut policy.usage(), &op);
    }

    #[test]
    fn sessions_in_words(kinds in prop::collection::vec((kind(), data()), 0..4), selector: [u8; 4], target: [u8; 20]) {
        let policies: Vec<_> = kinds
            .into_iter()
            .map(|(kind, data)| abi::PolicyData {
                policy: Deployment::current().policies.deployed(kind).unwrap().address,
                init_data: data.into(),
            })
            .collect();
        let action = abi::ActionData {
            action_target_selector: selector.into(),
            action_target: target.into(),
            action_policies: policies.clone(),
        };
        let session = abi::Session { user_op_policies: policies, actions: vec![action], ..Default::default() };
        let glossary = Glossary::new();
        let explainer = Explainer::new(&Deployment::current(), &glossary);
        let text = explainer.explain(&session).to_string();
        prop_assert_eq!(explainer.explain(&session).to_string(), text);
    }

    #[test]
    fn operations(call_data in data(), paymaster in data()) {
        let module = SessionModule::new(Deployment::current());
        let mut state = policy_encoding::AccountSessions::new(Address::with_last_byte(7));
        let session = abi::Session { session_validator: Address::with_last_byte(1), ..Default::default() };
        module.enable(&mut state, [&session]).unwrap();
        let mut execute = vec![0xe9, 0xae, 0x5c, 0x53];
        execute.extend_from_slice(&call_data);
        let operation = Operation::new(Bytes::from(execute)).with_paymaster(Bytes::from(paymaster));
        let _ = module.evaluate(&state, session.permission_id(), &operation, 0);
    }

    #[test]
    fn signatures(text in "[a-z(),\\[\\] 0-9]{0,60}", path in "[a-z0-9.\\[\\]]{0,20}", offset: u64) {
        if let Ok(shape) = format!("f({text})").parse::<CallShape>() {
            prop_assert_eq!(shape.to_string().parse::<CallShape>().unwrap().selector(), shape.selector());
            let _ = (shape.locate(&path), shape.at(offset));
        }
    }
}
