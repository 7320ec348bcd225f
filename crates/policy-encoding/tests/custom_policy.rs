//! A policy of one's own: decoded, asked and explained like the others.

use alloy_primitives::{Address, B256, Bytes, Selector, U256};
use policy_encoding::check::{ActionCheck, Refusal, Usage, Verdict, Window};
use policy_encoding::explain::{Limits, Line, Words};
use policy_encoding::{
    Call, DecodeError, Explainer, FitsIn, Glossary, Policy, Registry, SessionModule, SessionRefusal, place,
};
use session_types::{
    ActionData, ActionSlot, ActionTarget, Deployment, PolicyData, PolicyRevision, Session, SessionValidator, SlotKind,
};

const CONTRACT: Address = Address::repeat_byte(0x77);
const TARGET: Address = Address::repeat_byte(0xaa);
const ACCOUNT: Address = Address::repeat_byte(0xcc);

/// Permits calls with at most so many bytes of data, in all.
#[derive(Debug)]
struct DataBudget {
    bytes: u64,
}

impl Policy for DataBudget {
    fn name(&self) -> &'static str {
        "data budget"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        slot == SlotKind::Action
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        self.bytes.to_be_bytes().to_vec()
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let bytes = init_data.try_into().map_err(|_| DecodeError::Custom("a data budget has 8 bytes"))?;
        Ok(Self { bytes: u64::from_be_bytes(bytes) })
    }

    fn usage(&self) -> Usage {
        Usage(vec![U256::ZERO])
    }

    fn check_action(&self, usage: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        let used = usage.counter(0);
        let sum = *used + U256::from(call.data.len());
        if sum > U256::from(self.bytes) {
            return Err(Refusal::Function { selector: Selector::ZERO });
        }
        *used = sum;
        Ok(Window::UNBOUNDED)
    }

    fn explain(&self, _: &Words<'_>) -> Vec<Line> {
        vec![Line::limit(format!("calls with {} bytes of data in all", self.bytes))]
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }
}

impl FitsIn<ActionSlot> for DataBudget {}

fn session() -> Session {
    let budget: PolicyData<ActionSlot> = place(&DataBudget { bytes: 10 }, CONTRACT, PolicyRevision::V2);
    let target = ActionTarget::Exact { target: TARGET, selector: Selector::from([1, 2, 3, 4]) };
    Session::builder(SessionValidator::custom(Address::repeat_byte(1), Bytes::new()), B256::ZERO)
        .action(ActionData::new(target, [budget]))
        .build(&Deployment::current())
        .unwrap()
}

fn registry() -> Registry {
    Registry::new(Deployment::current().policies).with_custom::<DataBudget>(CONTRACT, PolicyRevision::V2)
}

#[test]
fn it_is_asked() {
    let module = SessionModule::new(Deployment::current()).with_registry(registry());
    let session = session();
    let id = session.permission_id();
    let mut state = module.fresh(ACCOUNT, &session).unwrap();
    let call = Call::new(TARGET, U256::ZERO, vec![1, 2, 3, 4, 5]);
    for _ in 0..2 {
        state = module.evaluate(&state, id, &call.clone().into(), 1).permitted().unwrap().1;
    }
    let third = module.evaluate(&state, id, &call.into(), 1);
    let Some(SessionRefusal::Policy(refusal)) = third.refusal() else { panic!("{third:?}") };
    assert_eq!((refusal.policy, refusal.kind), (CONTRACT, None));
}

#[test]
fn it_is_explained() {
    let (glossary, registry) = (Glossary::new(), registry());
    let explainer = Explainer::new(&Deployment::current(), &glossary);
    let known = explainer.clone().with_registry(&registry).explain(&session()).to_string();
    assert!(known.contains("calls with 10 bytes of data in all"), "{known}");
    let unknown = explainer.explain(&session()).to_string();
    assert!(unknown.contains("NOT KNOWN") && unknown.contains("DANGER"), "{unknown}");
}

#[test]
fn without_it_the_verdict_depends_on_the_chain() {
    let module = SessionModule::new(Deployment::current());
    let session = session();
    let state = module.fresh(ACCOUNT, &session).unwrap();
    let call = Call::new(TARGET, U256::ZERO, vec![1, 2, 3, 4]);
    let verdict = module.evaluate(&state, session.permission_id(), &call.into(), 1);
    let policy_encoding::Evaluation::DependsOnChain { unknown, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(unknown[0].policy, CONTRACT);
}
