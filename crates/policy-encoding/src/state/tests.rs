use alloc::{string::ToString as _, vec, vec::Vec};

use alloy_primitives::{Address, B256, U256};
use proptest::prelude::*;
use session_types::{PolicyKind, PolicyRevision};

use super::*;
use crate::{Condition, Padding, TokenLimit, UsageLimit, check::Context};

fn context(revision: PolicyRevision) -> Context {
    Context {
        config_id: B256::repeat_byte(1),
        caller: Address::repeat_byte(2),
        account: Address::repeat_byte(3),
        revision,
    }
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect()
}

const TOKEN: Address = Address::repeat_byte(0xaa);

#[test]
fn what_is_left_and_what_is_exhausted() {
    let context = context(PolicyRevision::V2);
    let read = |kind, answers: &[Vec<u8>]| StateReading::new(kind, &context, [TOKEN]).unwrap().decode(answers).unwrap();
    let left =
        |state: &PolicyState| state.budgets().iter().map(|budget| budget.remaining().to::<u64>()).collect::<Vec<_>>();

    let value = read(PolicyKind::ValueLimit, &[words(&[100, 100])]);
    assert_eq!(left(&value), [0]);
    assert!(value.budgets()[0].is_exhausted());
    let spending = read(PolicyKind::SpendingLimits, &[words(&[10, 3, 4])]);
    assert_eq!((spending.budgets()[0].unit, left(&spending)), (Unit::Token(TOKEN), vec![3]));
    let gas = read(PolicyKind::SimpleGas, &[words(&[9, 2, 100, 99])]);
    assert_eq!(left(&gas), [7, 1]);
    let frame = read(PolicyKind::TimeFrame, &[words(&[5])]);
    assert_eq!((frame.budgets(), frame.kind()), (vec![], PolicyKind::TimeFrame));

    let rules = [
        Rule::argument(0, Condition::Equal, TOKEN),
        Rule::argument(1, Condition::AtMost, 5_u64).with_usage(U256::from(20), U256::from(19)),
    ];
    // The contract answers in the layout of its init data, and never reads what fills unused places.
    let stored = UniversalAction::of(rules).with_padding(Padding::GreaterThan).encode();
    let universal = read(PolicyKind::UniversalAction, &[stored]);
    assert_eq!(
        universal.budgets(),
        [Budget { unit: Unit::Argument { rule: 1, offset: 32 }, limit: U256::from(20), used: U256::from(19) }]
    );
    assert_eq!(universal.budgets()[0].to_string(), "1 of 20 left for argument 2 over all calls");
    let granted = UniversalAction::of([rules[0], rules[1].with_total(U256::from(20))]);
    assert_eq!(universal.is_configured_as(&granted.clone().into()), Some(true));
    let other = UniversalAction::of([rules[0], rules[1].with_total(U256::from(21))]);
    assert_eq!(universal.is_configured_as(&other.into()), Some(false));
    assert_eq!(universal.usage(&granted.into()), Some(Usage(vec![U256::ZERO, U256::from(19)])));
    assert_eq!(universal.usage(&UsageLimit::once().into()), None);
}

#[test]
fn what_cannot_be_read_says_so() {
    let first = context(PolicyRevision::V1);
    for kind in [PolicyKind::SpendingLimits, PolicyKind::TimeFrame] {
        assert_eq!(StateReading::new(kind, &first, [TOKEN]), Err(StateError::NoGetter { kind }));
    }
    let second = context(PolicyRevision::V2);
    assert_eq!(StateReading::new(PolicyKind::SpendingLimits, &second, []), Err(StateError::TokensUnknown));
    let uses = StateReading::new(PolicyKind::UsageLimit, &second, []).unwrap();
    assert_eq!(uses.decode::<&[u8]>(&[]), Err(StateError::Answers { expected: 1, seen: 0 }));
    assert_eq!(uses.decode(&[words(&[1])]), Err(StateError::Malformed { length: 32 }));
    let mut wide = words(&[1, 1]);
    wide[0] = 1;
    assert_eq!(uses.decode(&[wide]), Err(StateError::Malformed { length: 64 }));
    let sudo = StateReading::new(PolicyKind::Sudo, &second, []).unwrap();
    assert_eq!(sudo.decode::<&[u8]>(&[]), Ok(PolicyState::Uncounted { kind: PolicyKind::Sudo }));
}

#[test]
fn counters_stand_where_the_policy_keeps_them() {
    let context = context(PolicyRevision::V2);
    let other = Address::repeat_byte(0xbb);
    let limit = |token, limit| TokenLimit::new(token, U256::from(limit));
    let policy = crate::SpendingLimits::new([limit(TOKEN, 5), limit(other, 6), limit(TOKEN, 7)]).unwrap();
    let tokens = policy.tokens().iter().map(|entry| entry.token);
    let reading = StateReading::new(PolicyKind::SpendingLimits, &context, tokens).unwrap();
    // A token that is listed twice is asked about once.
    let state = reading.decode(&[words(&[7, 1, 1]), words(&[6, 0, 3])]).unwrap();
    let [two, three] = [2, 3].map(U256::from);
    assert_eq!(state.usage(&policy.clone().into()), Some(Usage(vec![two, three, two])));
    assert_eq!(state.is_configured_as(&policy.clone().into()), Some(true));
    let part = StateReading::new(PolicyKind::SpendingLimits, &context, [other]).unwrap();
    let part = part.decode(&[words(&[6, 0, 3])]).unwrap();
    assert_eq!((part.usage(&policy.clone().into()), part.is_configured_as(&policy.into())), (None, None));
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(
        kind in prop::sample::select(PolicyKind::ALL.to_vec()),
        answer in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(prop_oneof![0_u64..8, Just(32), Just(64), Just(96), any::<u64>()], 0..120)
                .prop_map(|numbers| words(&numbers)),
        ],
    ) {
        let reading = StateReading::new(kind, &context(PolicyRevision::V2), [TOKEN]).unwrap();
        let answers = if reading.calls().is_empty() { vec![] } else { vec![answer] };
        if let Ok(state) = reading.decode(&answers) {
            prop_assert_eq!(state.kind(), kind);
            for budget in state.budgets() {
                prop_assert!(budget.remaining() <= budget.limit);
            }
        }
    }
}
