//! Hot paths allocate nothing, or exactly their result.

use std::alloc::System;
use std::hint::black_box;

use alloy_primitives::{Address, B256, Bytes, U256};
use session_types::flz::{self, Buckets};
use session_types::text::Value;
use session_types::{
    ActionId, ChainSession, Deployment, EnableMode, PermissionId, abi, chain_digests, enable_payload,
    multi_chain_digest, write_use,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn allocations<T>(run: impl FnOnce() -> T) -> usize {
    let region = Region::new(MEMORY);
    let value = black_box(run());
    let change = region.change();
    drop(value);
    change.allocations + change.reallocations
}

fn session() -> abi::Session {
    let policy = |byte| abi::PolicyData { policy: Address::repeat_byte(byte), init_data: vec![byte; 100].into() };
    let action = |byte| abi::ActionData {
        action_target: Address::repeat_byte(byte),
        action_target_selector: [1, 2, 3, 4].into(),
        action_policies: vec![policy(1), policy(2), policy(3)],
    };
    abi::Session {
        session_validator: Address::repeat_byte(7),
        session_validator_init_data: vec![5; 128].into(),
        user_op_policies: vec![policy(8)],
        erc7739_policies: abi::Erc7739Data {
            allowed_erc7739_content: vec![abi::Erc7739Context {
                app_domain_separator: B256::repeat_byte(1),
                content_names: vec!["Mail(string text)".into()],
            }],
            erc1271_policies: vec![policy(9)],
        },
        actions: vec![action(1), action(2)],
        ..Default::default()
    }
}

// One test: allocations are counted for the whole process.
#[test]
fn hot_paths_allocate_only_their_result() {
    let session = session();
    let entries: Vec<_> = (0..5)
        .map(|chain_id| ChainSession {
            chain_id,
            account: Address::repeat_byte(1),
            module: Deployment::current().module,
            nonce: U256::ZERO,
            session: &session,
        })
        .collect();
    let permission_id = session.permission_id();
    let none = [
        ("permission id", allocations(|| session.permission_id())),
        ("action id", allocations(|| ActionId::derive(Address::ZERO, [0; 4].into()))),
        ("config id", allocations(|| permission_id.erc1271_policy_id().config_id(Address::ZERO))),
        ("session digest", allocations(|| entries[0].digest(EnableMode::Enable))),
        ("five chains", allocations(|| multi_chain_digest(chain_digests(EnableMode::Enable, &entries)))),
        ("use envelope", allocations(|| write_use(PermissionId::default(), &[1; 65], &mut [0; 98]))),
    ];
    for (what, count) in none {
        assert_eq!(count, 0, "{what}");
    }

    let sessions = [session.clone(), session.clone()];
    let enable = abi::EnableSession { session_to_enable: session, ..Default::default() };
    let payload = enable_payload(&enable, &Bytes::new());
    let compressed = flz::compress(&payload);
    let text = Value::array((0..100).map(|_| Value::string("0xabcdef"))).to_text().unwrap();
    let value = Value::parse(&text).unwrap();
    let mut room = Vec::with_capacity(flz::compressed_bound(payload.len()));
    let counts = [
        ("enableSessions", 1, allocations(|| Vec::from(abi::enable_sessions_calldata(&sessions)))),
        ("enable payload", 1, allocations(|| enable_payload(&enable, &Bytes::new()))),
        ("compress", 1, allocations(|| flz::compress(&payload))),
        ("compress into", 0, allocations(|| flz::compress_into(Buckets::JavaScript, &payload, &mut room))),
        ("decompress", 1, allocations(|| flz::decompress(&compressed, payload.len()).unwrap())),
        ("write text", 1, allocations(|| value.to_text())),
    ];
    for (what, expected, count) in counts {
        assert_eq!(count, expected, "{what}");
    }
}
