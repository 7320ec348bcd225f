use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall as _, sol};
use session_contracts::address::{COUNTER, TOKEN};
use smart_sessions::bundler::NodeClient;
use smart_sessions::policy::state::{StateError, Unit};
use smart_sessions::policy::{
    AccountSessions, Condition, KnownPolicy as _, Operation, Rule, SessionModule, SpendingLimits, TimeFrame,
    TokenLimit, UniversalAction, UsageLimit, ValueLimit,
};
use smart_sessions::session::abi::{self, ModuleFunction as _};
use smart_sessions::session::{
    ActionData, ActionTarget, Deployment, EnableMode, Owners, PolicyKind, Session, SessionValidator,
};
use smart_sessions::userop::Call;
use smart_sessions::userop::account::Account as _;
use smart_sessions::{
    Chain, ChainReader, Difference, Error, Grant, PolicyPlace, Remaining, SessionStatus, Unreadable, status_on,
};
use testkit::Devnet;
use testkit::proxy::Proxy;

use crate::ground::{Ground, incrementNumberCall};

sol! {
    function transfer(address to, uint256 value) external returns (bool);
    function mint(address to, uint256 value) external;
}

/// Three calls of the counter with up to 100 wei; transfers of 400 at a time, 1000 in all and 900 by the rule; five operations.
fn session(ground: &Ground) -> Session {
    let deployment = ground.chain.deployment();
    let policies = &deployment.policies;
    let validator = SessionValidator::owners(deployment, &Owners::single(ground.key.address()).unwrap());
    let exact = |target, selector: [u8; 4]| ActionTarget::Exact { target, selector: selector.into() };
    let count = [
        UsageLimit::new(3).unwrap().on(policies).unwrap(),
        ValueLimit::new(U256::from(100)).unwrap().on(policies).unwrap(),
    ];
    let amount = Rule::argument(1, Condition::AtMost, 400_u64).with_total(U256::from(900));
    let pay = [
        SpendingLimits::new([TokenLimit::new(TOKEN, U256::from(1000))]).unwrap().on(policies).unwrap(),
        UniversalAction::of([amount]).on(policies).unwrap(),
    ];
    Session::builder(validator, B256::random())
        .user_op_policy(UsageLimit::new(5).unwrap().on(policies).unwrap())
        .user_op_policy(TimeFrame::until(4_000_000_000).unwrap().on(policies).unwrap())
        .action(ActionData::new(exact(COUNTER, incrementNumberCall::SELECTOR), count))
        .action(ActionData::new(exact(TOKEN, transferCall::SELECTOR), pay))
        .build(deployment)
        .unwrap()
}

fn left(lefts: impl Iterator<Item = Remaining>) -> Vec<(PolicyKind, Unit, u64)> {
    lefts.map(|left| (left.kind.unwrap(), left.budget.unit, left.budget.remaining().to())).collect()
}

fn transfer(value: u64) -> Call {
    Call::new(TOKEN, transferCall { to: Address::repeat_byte(7), value: U256::from(value) }.abi_encode())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_read_in_one_request() {
    let ground = Ground::prepare().await;
    let account = ground.account();
    let proxy = Proxy::to(ground.devnet.rpc_url()).start().await.unwrap();
    let (node, bundler) = (proxy.url().to_string(), ground.devnet.bundler_url().to_string());
    let chain = Chain::http(&node, &bundler, *ground.chain.deployment()).await.unwrap();
    let mint = mintCall { to: account, value: U256::from(5000) }.abi_encode();
    ground.owner.send(&[Call::new(TOKEN, mint)]).await.unwrap();
    let session = session(&ground);
    let grant = ground.owner.sign_grant(&session, EnableMode::UnsafeEnable).await.unwrap();
    let [count, pay] = [0, 1].map(|place: usize| session.as_abi().actions[place].id());
    let client = ground.client(grant.clone());
    let status = async || chain.status(&grant).await.unwrap();

    // Nothing is counted for a session that the chain does not have.
    assert_eq!(status().await.policies, []);
    client.use_permission(&[Ground::increment(), transfer(300)]).await.unwrap();
    let before = proxy.events().len();
    let seen = status().await;
    assert_eq!(proxy.events().len(), before + 1, "{:?}", proxy.events());
    assert!(seen.is_as_granted(), "{:?}", seen.differences);
    assert_eq!(seen.unreadable().count(), 0);
    let argument = Unit::Argument { rule: 0, offset: 32 };
    let of_operations = (PolicyKind::UsageLimit, Unit::Uses, 4);
    let of_count = [(PolicyKind::UsageLimit, Unit::Uses, 2), (PolicyKind::ValueLimit, Unit::Wei, 100)];
    let of_pay = [(PolicyKind::SpendingLimits, Unit::Token(TOKEN), 700), (PolicyKind::UniversalAction, argument, 600)];
    assert_eq!(left(seen.remaining()), [&[of_operations][..], &of_count, &of_pay].concat());
    assert_eq!(left(seen.remaining_of(pay)), [&[of_operations][..], &of_pay].concat());
    assert_eq!(seen.exhausted().count(), 0);

    // No calls: nothing is asked of the chain.
    assert_eq!(client.use_permission(&[]).await.unwrap_err(), Error::NoCalls);
    // The third use of the counter was the last; transfers go on.
    client.use_permission(&[Ground::increment(), Ground::increment()]).await.unwrap();
    let seen = status().await;
    let exhausted: Vec<_> = seen.exhausted().map(|left| (left.place, left.budget.unit)).collect();
    assert_eq!(exhausted, [(PolicyPlace::Action(count), Unit::Uses)]);
    assert!(!seen.is_exhausted());
    refused_before_sending(&ground, &session, &seen, &[Ground::increment()], "uses are spent");
    let refused = client.use_permission(&[Ground::increment()]).await;
    assert!(matches!(&refused, Err(Error::Refused(_))), "{refused:?}");
    let refused = client.clone().with_counters().use_permission(&[Ground::increment()]).await;
    assert!(
        matches!(&refused, Err(Error::NotPermitted(refusal)) if refusal.to_string().ends_with("all 3 uses are spent"))
    );
    refused_before_sending(&ground, &session, &seen, &[transfer(400), transfer(300)], "may reach 900");

    // The owner raises a limit: the chain has another one than was granted.
    let mut action = session.as_abi().actions[0].clone();
    let usage_limit = action.action_policies[0].policy;
    action.action_policies = vec![abi::PolicyData { policy: usage_limit, init_data: 10_u128.to_be_bytes().into() }];
    let raise = abi::EnableActionPolicies { permission_id: grant.permission_id, action_policies: vec![action] };
    ground.owner.send(&[Call::new(chain.deployment().module, raise.calldata())]).await.unwrap();
    let seen = status().await;
    let place = PolicyPlace::Action(count);
    assert_eq!(seen.differences, [Difference::Configuration { place, policy: usage_limit }]);
    assert_eq!(left(seen.remaining_of(count))[1], (PolicyKind::UsageLimit, Unit::Uses, 10));
    client.with_counters().use_permission(&[Ground::increment()]).await.unwrap();
    let seen = status().await;
    assert_eq!(left(seen.remaining_of(count))[1].2, 9);

    everything_of_the_account(&chain, account, &session, &seen).await;
    one_chain_fails(&chain, &grant).await;
}

/// With the chain's counters the evaluator refuses what only the chain could refuse without them.
fn refused_before_sending(ground: &Ground, session: &Session, status: &SessionStatus, calls: &[Call], reason: &str) {
    let module = SessionModule::new(*ground.chain.deployment());
    let id = session.permission_id();
    let mut state: AccountSessions = module.fresh(ground.account(), session).unwrap();
    let operation = Operation::new(ground.owner.account().encode_calls(calls));
    let now = 1_900_000_000;
    assert!(module.evaluate(&state, id, &operation, now).permitted().is_some());
    assert_eq!(status.set_counters(&mut state, id), 0);
    let refusal = module.evaluate(&state, id, &operation, now).refusal().cloned().unwrap().to_string();
    assert!(refusal.contains(reason), "{refusal}");
}

async fn everything_of_the_account(chain: &Chain, account: Address, session: &Session, status: &SessionStatus) {
    let listed = chain.sessions(account, [session.as_abi()]).await.unwrap();
    let [listed] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!(listed.permission_id, session.permission_id());
    assert_eq!(listed.validator_data, session.as_abi().session_validator_init_data);
    let targets: Vec<_> = listed.actions.iter().map(|action| action.known.as_ref().unwrap().action_target).collect();
    assert_eq!(targets, [COUNTER, TOKEN]);
    assert_eq!(left(listed.remaining()), left(status.remaining()));

    // Without the session there is no telling what the actions are, and which tokens are limited.
    let listed = chain.session(account, session.permission_id(), []).await.unwrap().unwrap();
    assert!(listed.actions.iter().all(|action| action.known.is_none()));
    let unreadable: Vec<_> =
        listed.policies().filter_map(|policy| Some((policy.kind?, policy.state.as_ref().err()?))).collect();
    assert_eq!(unreadable, [(PolicyKind::SpendingLimits, &Unreadable::State(StateError::TokensUnknown))]);
    assert_eq!(chain.session(account, Default::default(), []).await.unwrap(), None);
}

async fn one_chain_fails(chain: &Chain, grant: &Grant) {
    let other = Devnet::builder().chain_id(10).start().await.unwrap();
    let (node, bundler) = (other.rpc_url().to_string(), other.bundler_url().to_string());
    let gone = Chain::http(&node, &bundler, *chain.deployment()).await.unwrap();
    drop(other);
    let on = |chain_id| Grant { chain_id, ..grant.clone() };
    let grants = [on(10), grant.clone(), on(5), on(10), grant.clone()];
    let answers = status_on(&[gone, chain.clone()], &grants).await;
    let here = answers[1].as_ref().unwrap();
    assert!(here.is_enabled && answers[4].as_ref() == Ok(here));
    assert!(matches!((&answers[0], &answers[3]), (Err(Error::Network(_)), Err(Error::Network(_)))), "{answers:?}");
    assert_eq!(answers[2], Err(Error::NoChain { chain_id: 5 }));
}

/// What the first generation's contracts do not tell is said to be unreadable, and never to be 0.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_generation_tells() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let deployment = Deployment::legacy();
    let policies = &deployment.policies;
    let pay = [SpendingLimits::new([TokenLimit::new(TOKEN, U256::from(1000))]).unwrap().on(policies).unwrap()];
    let count = [
        UsageLimit::new(3).unwrap().on(policies).unwrap(),
        TimeFrame::until(4_000_000_000).unwrap().on(policies).unwrap(),
    ];
    let exact = |target, selector: [u8; 4]| ActionTarget::Exact { target, selector: selector.into() };
    let validator = SessionValidator::owners(&deployment, &Owners::single(Address::repeat_byte(8)).unwrap());
    let session = Session::builder(validator, B256::random())
        .action(ActionData::new(exact(TOKEN, transferCall::SELECTOR), pay))
        .action(ActionData::new(exact(COUNTER, incrementNumberCall::SELECTOR), count))
        .build(&deployment)
        .unwrap();
    // To the module every caller is an account.
    let account = Address::repeat_byte(0x77);
    devnet.chain().fund(account, U256::from(10).pow(U256::from(18))).await.unwrap();
    let enable = abi::enable_sessions_calldata(&[&session]);
    devnet.chain().send(account, deployment.module, U256::ZERO, enable).await.unwrap();

    let reader = ChainReader::connect(NodeClient::http(devnet.rpc_url().as_ref()).unwrap(), deployment).await.unwrap();
    let grant = Grant {
        account,
        chain_id: reader.chain_id(),
        permission_id: session.permission_id(),
        session: Some(session.into_abi()),
        enable: None,
        description: None,
    };
    let status = reader.status(&grant).await.unwrap();
    assert!(status.is_as_granted(), "{status:?}");
    assert_eq!(left(status.remaining()), [(PolicyKind::UsageLimit, Unit::Uses, 3)]);
    let unreadable: Vec<_> = status.unreadable().map(|(policy, why)| (policy.kind.unwrap(), why.clone())).collect();
    let no_getter = |kind| (kind, Unreadable::State(StateError::NoGetter { kind }));
    assert_eq!(unreadable, [PolicyKind::SpendingLimits, PolicyKind::TimeFrame].map(no_getter));
}
