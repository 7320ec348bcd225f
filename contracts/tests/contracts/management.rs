//! What an account can do with its sessions, beyond what the recordings show.

use crate::scene::{
    ACCOUNT, SELECTOR, Scene, TARGET, VALIDATOR, action, action_id, always, policy, selector, session, use_session,
};
use alloy_primitives::{B256, Bytes, U256, b256, fixed_bytes, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use session_contracts::Generation::{self, Current, Legacy};
use session_contracts::address::{REGISTRY, current, legacy};
use session_contracts::interface::{ERC7739Context, ERC7739Data, IModule, ISmartSession as M, PolicyData, Session};

const BOTH: [Generation; 2] = [Current, Legacy];

const POLICY_SET: B256 = b256!("0x5d14f8bf6f75758495bb0b0768b81cdebc7869d1f19edacc2f483ca0c89a1715");
const POLICY_ENABLED: B256 = b256!("0x1c5ea73ef804151087de6d0ce7a77287b15cfc4f51654cac5bfe6c558547f827");
const POLICY_DISABLED: B256 = b256!("0xb2a53c8ed9d14361634fc2a7835a222e5dbec408b6cef4e06768e844613fa754");
const PAYMASTER_PERMITTED: B256 = b256!("0x2c479309476f30bc996bdf6bdea053f2a125e86e9f080ee5a87c1eff76220937");
const VALIDATOR_ENABLED: B256 = b256!("0x9e1deb1dcdedd38e68d5543a9a6be8416a0e0a5627628e47780bd6ef8abc1a3c");
const VALIDATOR_DISABLED: B256 = b256!("0x1b8b78a1623842b0534f626565151ce282cc88268c30bf8d525c59d0c22f21db");
const SESSION_CREATED: B256 = b256!("0xc5c98ce9477fc2c88a84abed218cda086be8442fc2eecb9e1ce33941d28741b6");
const SESSION_REMOVED: B256 = b256!("0x1ff4377bcf87e5e9c2ec7fdc4732408c1073dd4b9f49e719d783b1e4fb0f6281");
const ACTION_ID_DISABLED: B256 = b256!("0xfb5966a10bbfa837a7964784b0eb92d624218037b24ae5d1aeae23157f21453f");
const NONCE_ITERATED: B256 = b256!("0xb21cd80665df6c8932e067c1fb0835dc3bc61d85bcab4c90a9992b692d8e17e2");

fn sudo() -> PolicyData {
    policy(current::SUDO, &[])
}

fn uses(number: u128) -> PolicyData {
    policy(current::USAGE_LIMIT, &number.to_be_bytes())
}

fn topics(logs: &[alloy_primitives::Log]) -> Vec<B256> {
    logs.iter().map(|log| log.topics()[0]).collect()
}

#[test]
fn events_have_the_published_topics_and_order() {
    for generation in BOTH {
        let mut scene = Scene::new(generation);
        let call = M::enableSessionsCall { sessions: vec![session(vec![sudo()])] };
        let created = [POLICY_SET, POLICY_ENABLED, PAYMASTER_PERMITTED, VALIDATOR_ENABLED, SESSION_CREATED];
        assert_eq!(topics(&scene.logs(call)), created);

        let id = scene.enable(&session(vec![sudo(), uses(1)]));
        let (permission, action) = (id, action_id());
        let call = M::disableActionPoliciesCall {
            permissionId: permission,
            actionId: action,
            policies: vec![current::USAGE_LIMIT],
        };
        assert_eq!(topics(&scene.logs(call)), [POLICY_DISABLED]);
        let call = M::disableActionIdCall { permissionId: permission, actionId: action };
        assert_eq!(topics(&scene.logs(call)), [ACTION_ID_DISABLED]);
        let logs = scene.logs(M::revokeEnableSignatureCall { permissionId: permission });
        assert_eq!(topics(&logs), [NONCE_ITERATED]);
        assert_eq!(logs[0].data.data.to_vec(), (permission, ACCOUNT, U256::from(1)).abi_encode());
        let logs = scene.logs(M::removeSessionCall { permissionId: permission });
        assert_eq!(topics(&logs), [VALIDATOR_DISABLED, SESSION_REMOVED]);
    }
}

#[test]
fn what_was_enabled_can_be_seen_and_taken_back() {
    for generation in BOTH {
        let mut scene = Scene::new(generation);
        let domain = B256::repeat_byte(7);
        let mut full = session(vec![sudo(), uses(3)]);
        full.userOpPolicies = vec![uses(9)];
        full.erc7739Policies = ERC7739Data {
            allowedERC7739Content: vec![ERC7739Context {
                appDomainSeparator: domain,
                contentNames: vec!["Mail(string text)".into(), "Order(uint256 id)".into()],
            }],
            erc1271Policies: vec![sudo()],
        };
        full.sessionValidatorInitData = Bytes::from_static(b"data");
        let id = scene.enable(&full);
        let (account, permission) = (ACCOUNT, id);

        assert_eq!(scene.answer(M::getPermissionIDsCall { account }), [id]);
        assert_eq!(scene.answer(M::getPermissionIdCall { session: full.clone() }), id);
        assert_eq!(scene.answer(M::getEnabledActionsCall { account, permissionId: id }), [action_id()]);
        let policies = M::getActionPoliciesCall { account, permissionId: id, actionId: action_id() };
        assert_eq!(scene.answer(policies), [current::SUDO, current::USAGE_LIMIT]);
        assert_eq!(scene.answer(M::getUserOpPoliciesCall { account, permissionId: id }), [current::USAGE_LIMIT]);
        assert_eq!(scene.answer(M::getERC1271PoliciesCall { account, permissionId: id }), [current::SUDO]);
        let validator = scene.answer(M::getSessionValidatorAndConfigCall { account, permissionId: id });
        assert_eq!((validator.sessionValidator, &validator.sessionValidatorData[..]), (VALIDATOR, &b"data"[..]));
        let contents = scene.answer(M::getEnabledERC7739ContentCall { account, permissionId: id });
        assert_eq!(contents.len(), 1);
        assert_eq!(contents[0].appDomainSeparator, domain);
        let names = ["Mail(string text)", "Order(uint256 id)"].map(keccak256);
        assert_eq!(contents[0].contentNameHashes, names);
        let content = |content: &str| M::isERC7739ContentEnabledCall {
            account,
            permissionId: permission,
            appDomainSeparator: domain,
            content: content.into(),
        };
        assert!(scene.answer(content("Mail(string text)")) && !scene.answer(content("Mail")));
        assert!(scene.answer(M::areActionsEnabledCall { account, permissionId: id, actions: full.actions.clone() }));
        let more = vec![action(vec![policy(current::VALUE_LIMIT, &[])])];
        assert!(!scene.answer(M::areActionsEnabledCall { account, permissionId: id, actions: more }));

        scene.answer(M::disableUserOpPoliciesCall { permissionId: id, policies: vec![current::USAGE_LIMIT] });
        assert!(scene.answer(M::getUserOpPoliciesCall { account, permissionId: id }).is_empty());
        scene.answer(M::disableERC1271PoliciesCall {
            permissionId: id,
            policies: vec![current::SUDO],
            contents: vec![ERC7739Context {
                appDomainSeparator: domain,
                contentNames: vec!["Mail(string text)".into()],
            }],
        });
        assert!(scene.answer(M::getERC1271PoliciesCall { account, permissionId: id }).is_empty());
        assert!(!scene.answer(content("Mail(string text)")) && scene.answer(content("Order(uint256 id)")));

        scene.answer(M::removeSessionCall { permissionId: id });
        assert!(!scene.enabled(id));
        assert!(scene.answer(M::getEnabledActionsCall { account, permissionId: id }).is_empty());
        assert!(scene.answer(M::getEnabledERC7739ContentCall { account, permissionId: id }).is_empty());
        assert!(!scene.answer(content("Order(uint256 id)")));
        assert!(!scene.answer(M::isISessionValidatorSetCall { permissionId: id, account }));
    }
}

#[test]
fn a_removed_session_comes_back_with_nothing_of_before() {
    let mut scene = Scene::new(Current);
    let id = scene.enable(&session(vec![sudo(), uses(1)]));
    scene.answer(M::removeSessionCall { permissionId: id });
    assert_eq!(scene.enable(&session(vec![sudo()])), id);
    for _ in 0..3 {
        let outcome = scene.validate(use_session(id));
        assert_eq!(outcome.returned().map(|data| U256::from_be_slice(data)), Some(always()));
    }
}

#[test]
fn installs_once_with_or_without_sessions() {
    for generation in BOTH {
        let sessions =
            |mode: u8| -> Bytes { [&[mode][..], &(vec![session(vec![sudo()])],).abi_encode_params()].concat().into() };
        for data in [sessions(1), sessions(2)] {
            let mut scene = Scene::new(generation);
            assert!(scene.call(IModule::onInstallCall { data: Bytes::new() }).is_success());
            assert!(scene.call(IModule::onInstallCall { data: data.clone() }).is_success());
            assert_eq!(scene.answer(M::getPermissionIDsCall { account: ACCOUNT }).len(), 1);
            let again = scene.call(IModule::onInstallCall { data });
            assert_eq!(selector(&again), Some(fixed_bytes!("bcf00e1d")), "already installed");
            assert!(scene.call(IModule::onUninstallCall { data: Bytes::new() }).is_success());
            assert_eq!(scene.answer(M::getPermissionIDsCall { account: ACCOUNT }).len(), 0);
        }
        let mut scene = Scene::new(generation);
        let refused = |scene: &mut Scene, data: Bytes| selector(&scene.call(IModule::onInstallCall { data }));
        assert_eq!(refused(&mut scene, sessions(0)), Some(fixed_bytes!("a0042b17")), "invalid mode");
        assert_eq!(refused(&mut scene, sessions(3)), Some(fixed_bytes!("4e487b71")), "panic");
        let nothing = [&[2][..], &(Vec::<Session>::new(),).abi_encode_params()].concat();
        assert_eq!(refused(&mut scene, nothing.into()), Some(fixed_bytes!("5cb045db")), "invalid data");
    }
}

#[test]
fn only_the_first_generation_asks_the_registry_and_not_when_unsafe() {
    let install = |scene: &mut Scene, mode: u8| {
        let policy =
            vec![policy(if scene.module == legacy::SMART_SESSION { legacy::SUDO } else { current::SUDO }, &[])];
        let data = [&[mode][..], &(vec![session(policy)],).abi_encode_params()].concat().into();
        scene.call(IModule::onInstallCall { data }).is_success()
    };
    for (generation, mode, without_registry) in
        [(Current, 1, true), (Current, 2, true), (Legacy, 1, false), (Legacy, 2, true)]
    {
        let mut scene = Scene::new(generation);
        assert!(install(&mut scene, mode));
        let mut scene = Scene::new(generation);
        scene.evm.set_code(REGISTRY, &[]);
        assert_eq!(install(&mut scene, mode), without_registry, "{generation:?} {mode}");
    }
}

#[test]
fn calls_for_sessions_that_are_not_enabled() {
    let mut scene = Scene::new(Current);
    let permission = B256::repeat_byte(1);
    let unknown = Some(fixed_bytes!("526d0da5"));
    let calls: [Vec<u8>; 4] = [
        M::setPermit4337PaymasterCall { permissionId: permission, enabled: true }.abi_encode(),
        M::enableUserOpPoliciesCall { permissionId: permission, policies: vec![] }.abi_encode(),
        M::disableActionIdCall { permissionId: permission, actionId: B256::ZERO }.abi_encode(),
        M::disableUserOpPoliciesCall { permissionId: permission, policies: vec![] }.abi_encode(),
    ];
    for call in calls {
        let outcome = scene.evm.call(ACCOUNT, scene.module, U256::ZERO, call);
        assert_eq!(selector(&outcome), unknown);
    }
    assert!(scene.call(M::removeSessionCall { permissionId: permission }).is_success());
    let zero = scene.call(M::removeSessionCall { permissionId: B256::ZERO });
    assert_eq!(selector(&zero), Some(fixed_bytes!("92d69f9c")), "invalid session");
    assert!(scene.call(M::revokeEnableSignatureCall { permissionId: permission }).is_success());
    assert_eq!(scene.answer(M::getNonceCall { permissionId: permission, account: ACCOUNT }), U256::from(1));
}

#[test]
fn the_first_time_frame_takes_its_own_form_only() {
    let enable = |init_data: &[u8]| {
        let mut scene = Scene::new(Legacy);
        let sessions = vec![session(vec![policy(legacy::TIME_FRAME, init_data)])];
        let outcome = scene.call(M::enableSessionsCall { sessions });
        (scene, outcome)
    };
    let form = |until: u128, after: u128| [until.to_be_bytes(), after.to_be_bytes()].concat();

    let (mut scene, outcome) = enable(&form(2_000, 1_000));
    let id = M::enableSessionsCall::abi_decode_returns(outcome.returned().unwrap()).unwrap()[0];
    let window = scene.validate(use_session(id));
    let expected = U256::from(2_000) << 160 | U256::from(1_000) << 208;
    assert_eq!(window.returned().map(|data| U256::from_be_slice(data)), Some(expected));

    let not_initialized = Some(fixed_bytes!("6d3a33ce"));
    assert_eq!(selector(&enable(&form(1_000, 2_000)).1), not_initialized);
    assert_eq!(selector(&enable(&form(1 << 48, 0)).1), not_initialized);
    let twelve_bytes = enable(&form(2_000, 1_000)[..12]).1;
    assert_eq!(twelve_bytes.reverted(), Some(&Bytes::new()));
}

#[test]
fn a_batch_that_is_cut_short_is_refused_as_such() {
    let mut scene = Scene::new(Current);
    let mut wide = session(vec![sudo()]);
    wide.userOpPolicies = vec![policy(current::VALUE_LIMIT, &[0xff; 32])];
    let (narrow, wide) = (scene.enable(&session(vec![sudo()])), {
        wide.salt = B256::with_last_byte(1);
        scene.enable(&wide)
    });
    let call = || (TARGET, U256::from(3), Bytes::copy_from_slice(SELECTOR.as_slice()));
    let batch = (vec![call(), call()],).abi_encode_params();
    let execute = |execution: &[u8], id: B256| {
        let mode = B256::repeat_byte(0) | b256!("0x0100000000000000000000000000000000000000000000000000000000000000");
        let arguments = (mode, Bytes::copy_from_slice(execution)).abi_encode_params();
        let mut operation = use_session(id);
        operation.callData = [&[0xe9, 0xae, 0x5c, 0x53][..], &arguments].concat().into();
        operation
    };
    for id in [narrow, wide] {
        assert!(scene.validate(execute(&batch, id)).is_success());
        // The last call's data is 4 bytes and 28 of padding.
        for length in (0..batch.len() - 28).step_by(4) {
            let outcome = scene.validate(execute(&batch[..length], id));
            let reason = if id == narrow {
                fixed_bytes!("ba597e7e").to_vec()
            } else {
                [&fixed_bytes!("f4270752")[..], &fixed_bytes!("ba597e7e")[..], &[0; 28]].concat()
            };
            assert_eq!(outcome.reverted().map(|data| data.to_vec()), Some(reason), "{length} bytes");
        }
    }
    // Lengths, offsets and targets are looked at; a value may be anything here.
    const VALUES: [usize; 2] = [5, 10];
    for word in 0..batch.len() / 32 {
        let mut far = batch.clone();
        far[word * 32] = 0xff;
        let outcome = scene.validate(execute(&far, narrow));
        assert_eq!(outcome.is_success(), VALUES.contains(&word), "word {word}: {outcome:?}");
    }
}
