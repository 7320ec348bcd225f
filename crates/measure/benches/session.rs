//! Hot paths, each beside its floor in the same run: the bare keccak of the bytes that must be hashed, or one copy of
//! the result.
//!
//! `cargo xtask bench --only session-types` puts them into one table.

use std::hint::black_box;

use alloy_primitives::{Address, B256, Bytes, Keccak256, U256, keccak256};
use measure::Suite;
use session_types::flz::{self, Buckets};
use session_types::stored::{MemberOrder, SessionData, enable_session_data_value, session_value};
use session_types::text::Value;
use session_types::{
    AccountType, ChainSession, Deployment, EnableMode, Owners, SessionSignature, SessionValidator, abi, chain_digests,
    enable_payload, multi_chain_digest,
};

/// Two actions with three policies each, one of them 16 rules long, and a user operation policy.
fn session() -> abi::Session {
    let policies = Deployment::current().policies;
    let policy = |kind, init_data: Vec<u8>| abi::PolicyData {
        policy: policies.deployed(kind).map_or(Address::ZERO, |deployed| deployed.address),
        init_data: init_data.into(),
    };
    use session_types::PolicyKind::{SpendingLimits, Sudo, TimeFrame, UsageLimit};
    let mut limits = vec![0; 192];
    limits[31] = 0x40;
    limits[63] = 0x80;
    limits[95] = 1;
    limits[108..128].fill(0xab);
    limits[159] = 1;
    limits[180..192].fill(0x11);
    let action = |byte| abi::ActionData {
        action_target_selector: [0xa9, 0x05, 0x9c, byte].into(),
        action_target: Address::repeat_byte(byte),
        action_policies: vec![
            policy(SpendingLimits, limits.clone()),
            policy(TimeFrame, vec![0, 0, 0x67, 1, 2, byte, 0, 0, 0x66, 1, 2, 3]),
            policy(UsageLimit, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10]),
        ],
    };
    let owners = Owners::single(Address::repeat_byte(0x77)).unwrap();
    abi::Session {
        session_validator: Deployment::current().ownable_validator.address,
        session_validator_init_data: SessionValidator::owners(&Deployment::current(), &owners).init_data().clone(),
        salt: keccak256("salt"),
        user_op_policies: vec![policy(Sudo, vec![])],
        actions: vec![action(0xbb), action(0xcc)],
        ..Default::default()
    }
}

fn entries(session: &abi::Session, chains: u64) -> Vec<ChainSession<&abi::Session>> {
    let entry = |chain_id| ChainSession {
        chain_id,
        account: Address::repeat_byte(0x42),
        module: Deployment::current().module,
        nonce: U256::from(chain_id),
        session,
    };
    (1..=chains).map(entry).collect()
}

/// The sizes of the hash inputs of a session digest, from the definition of EIP-712.
fn session_hash_sizes(session: &abi::Session) -> Vec<usize> {
    let mut sizes = vec![session.session_validator_init_data.len(), 256, 256, 96];
    let mut policies = |list: &[abi::PolicyData]| {
        for policy in list {
            sizes.extend([policy.init_data.len(), 96]);
        }
        sizes.push(list.len() * 32);
    };
    policies(&session.user_op_policies);
    policies(&session.erc7739_policies.erc1271_policies);
    for action in &session.actions {
        policies(&action.action_policies);
    }
    sizes.extend(session.actions.iter().map(|_| 128));
    sizes.push(session.actions.len() * 32);
    // The hash of nothing is a constant.
    sizes.retain(|size| *size > 0);
    sizes
}

fn chain_hash_sizes(chains: usize) -> Vec<usize> {
    let mut sizes = vec![96; chains];
    sizes.extend([chains * 32, 64, 66]);
    sizes
}

/// Hashes as many bytes as must be hashed, in as many calls.
fn bare_keccak(data: &[u8], sizes: &[usize]) -> B256 {
    let mut last = B256::ZERO;
    for size in sizes {
        let mut hasher = Keccak256::new();
        hasher.update(&data[..*size]);
        last = hasher.finalize();
    }
    last
}

const KECCAK: &str = "keccak of the bytes that must be hashed";

/// An id or a digest beside its keccak: no more instructions than five per cent, no allocation.
fn digest<A, B>(suite: &mut Suite, name: &str, size: Option<usize>, ours: impl FnMut() -> A, floor: impl FnMut() -> B) {
    let mut operation = suite.operation(name);
    if let Some(size) = size {
        operation = operation.at(size as u64);
    }
    operation.floor(KECCAK, floor).ours(ours).goal(1.05).by_instructions().allocations(0);
}

/// How often keccak's permutation runs for inputs of these sizes: once for every 136 bytes, and for what is left with the padding.
fn permutations(sizes: &[usize]) -> usize {
    sizes.iter().map(|size| size / 136 + 1).sum()
}

/// Measures both, with the goals for the ratio and for our allocations.
fn pair<A, B>(
    suite: &mut Suite,
    name: &str,
    goals: (Option<f64>, Option<u64>),
    ours: impl FnMut() -> A,
    floor: impl FnMut() -> B,
) {
    let what = if name.starts_with("read text") { "check of the UTF-8 and one copy" } else { "one copy of the result" };
    let mut operation = suite.operation(name).floor(what, floor).ours(ours);
    if let Some(goal) = goals.0 {
        operation = operation.goal(goal);
    }
    if let Some(most) = goals.1 {
        let _ = operation.allocations(most);
    }
}

fn copy(bytes: &[u8]) -> Vec<u8> {
    black_box(bytes).to_vec()
}

fn hashes(suite: &mut Suite) {
    let session = session();
    let data = vec![0x5a; 65_536];
    let id_size = [128 + session.session_validator_init_data.len().next_multiple_of(32)];
    digest(
        suite,
        "permission id",
        None,
        || black_box(&session).permission_id(),
        || bare_keccak(&data, black_box(&id_size)),
    );
    let one = entries(&session, 1);
    let sizes = session_hash_sizes(&session);
    digest(
        suite,
        "session digest",
        None,
        || black_box(&one[0]).digest(EnableMode::UnsafeEnable),
        || bare_keccak(&data, black_box(&sizes)),
    );
    for actions in [1, 4, 16, 64] {
        let mut wide = session.clone();
        wide.actions = (0..actions).map(|index| session.actions[index % session.actions.len()].clone()).collect();
        let sizes = session_hash_sizes(&wide);
        let entry = entries(&wide, 1);
        digest(
            suite,
            "session digest by actions",
            Some(actions),
            || black_box(&entry[0]).digest(EnableMode::UnsafeEnable),
            || bare_keccak(&data, black_box(&sizes)),
        );
    }
    let sizes_of = |chains: usize| {
        let mut sizes = session_hash_sizes(&session);
        // The session once, then its head with another chain's number: two permutations a chain.
        sizes.extend(vec![256; chains - 1]);
        sizes.extend(chain_hash_sizes(chains));
        sizes
    };
    for chains in [1_u16, 4, 16, 64] {
        let entries = entries(&session, chains.into());
        let chains = usize::from(chains);
        let sizes = sizes_of(chains);
        digest(
            suite,
            "multi-chain digest",
            Some(chains),
            || multi_chain_digest(chain_digests(EnableMode::UnsafeEnable, black_box(&entries))),
            || bare_keccak(&data, black_box(&sizes)),
        );
    }
    let (one, five) = (entries(&session, 1), entries(&session, 5));
    let (fewest, most) = (permutations(&sizes_of(1)), permutations(&sizes_of(5)));
    suite
        .operation("five chains over one")
        .floor("one chain", || multi_chain_digest(chain_digests(EnableMode::UnsafeEnable, black_box(&one))))
        .ours(|| multi_chain_digest(chain_digests(EnableMode::UnsafeEnable, black_box(&five))))
        .goal(1.4)
        .by_instructions()
        .allocations(0)
        .note(format!(
            "one chain takes {fewest} permutations of keccak at the least, five take {most}: {:.2} times as many",
            most as f64 / fewest as f64
        ));
}

fn encodings(suite: &mut Suite) {
    let session = session();
    let sessions = [&session];
    let calldata = abi::enable_sessions_calldata(&sessions);
    pair(
        suite,
        "enableSessions",
        (Some(4.0), Some(1)),
        || abi::enable_sessions_calldata(black_box(&sessions)),
        || copy(&calldata),
    );

    let enable = enable_session(&session);
    let signature = Bytes::from(vec![7; 65]);
    let payload = enable_payload(&enable, &signature);
    let envelope = SessionSignature::Enable {
        mode: EnableMode::UnsafeEnable,
        enable_session: Box::new(enable),
        signature: signature.clone(),
    };
    let bytes = envelope.encode();
    pair(suite, "enable envelope, encode", (None, None), || black_box(&envelope).encode(), || copy(&bytes));
    pair(
        suite,
        "enable envelope, decode",
        (None, None),
        || SessionSignature::decode(black_box(&bytes)),
        || copy(&payload),
    );
    let used = SessionSignature::Use { permission_id: session.permission_id(), signature };
    let bytes = used.encode();
    pair(suite, "use envelope, encode", (None, Some(1)), || black_box(&used).encode(), || copy(&bytes));
    pair(
        suite,
        "use envelope, decode",
        (None, Some(1)),
        || SessionSignature::decode(black_box(&bytes)),
        || copy(&bytes),
    );

    let large: Vec<u8> =
        payload.iter().copied().cycle().take(65_535).enumerate().map(|(n, b)| b ^ (n >> 11) as u8).collect();
    for (name, data) in [("3 KiB", &payload), ("64 KiB", &large)] {
        let mut room = Vec::with_capacity(flz::compressed_bound(data.len()));
        pair(
            suite,
            &format!("FastLZ compress, {name}"),
            (None, Some(0)),
            || {
                room.clear();
                flz::compress_into(Buckets::JavaScript, black_box(data), &mut room);
                room.len()
            },
            || copy(data),
        );
        let compressed = flz::compress(data);
        pair(
            suite,
            &format!("FastLZ decompress, {name}"),
            (Some(15.0), Some(1)),
            || flz::decompress(black_box(&compressed), data.len()),
            || copy(data),
        );
    }
}

fn enable_session(session: &abi::Session) -> abi::EnableSession {
    abi::EnableSession {
        chain_digest_index: 0,
        hashes_and_chain_ids: chain_digests(EnableMode::UnsafeEnable, &entries(session, 2)).collect(),
        session_to_enable: session.clone(),
        permission_enable_sig: AccountType::Nexus.wrap_owner_signature(Address::repeat_byte(6), &[9; 65]),
    }
}

/// A stored text of about 20 KB: two sessions, the call that enables them, and the enable data.
fn stored_text(session: &abi::Session) -> String {
    let stored = |chain| session_value(MemberOrder::Legacy, chain, session);
    let data = session_types::stored::EnableSessionData {
        enable_session: enable_session(session),
        validator: Address::repeat_byte(6),
        account_type: AccountType::Nexus,
    };
    let calldata = abi::enable_sessions_calldata(&[session, session]);
    let action = Value::object([
        ("target", Value::string(Deployment::current().module.to_string())),
        ("value", Value::BigInt(0_u64.into())),
        ("callData", Value::string(calldata.to_string())),
    ]);
    let id = Value::string(session.permission_id().to_string());
    let module = Value::object([
        ("permissionIds", Value::array([id.clone(), id])),
        ("action", action),
        ("mode", Value::string("0x02")),
        ("sessions", Value::array([stored(1), stored(10)])),
        ("enableSessionData", enable_session_data_value(MemberOrder::Legacy, 1, &data)),
    ]);
    let value = Value::object([
        ("granter", Value::string(Address::repeat_byte(1).to_string())),
        ("sessionPublicKey", Value::string(Address::repeat_byte(2).to_string())),
        ("moduleData", module),
    ]);
    value.to_text().unwrap()
}

fn text(suite: &mut Suite) {
    let small = session();
    // With a policy of 16 rules, as most stored sessions have: long hex in place of many short members.
    let mut ruled = session();
    ruled.actions.truncate(1);
    ruled.actions[0].action_policies[0].init_data = vec![0xab; 3_136].into();
    for (name, session) in [("short policies", small), ("16 rules", ruled)] {
        let text = stored_text(&session);
        let data = SessionData::parse(&text).unwrap();
        pair(
            suite,
            &format!("write text, {name}"),
            (Some(10.0), None),
            || black_box(&data).to_text(),
            || copy(text.as_bytes()),
        );
        pair(
            suite,
            &format!("read text, {name}"),
            (Some(7.0), None),
            || SessionData::parse(black_box(&text)).unwrap(),
            || std::str::from_utf8(black_box(text.as_bytes())).map(str::to_owned),
        );
    }
}

fn main() {
    let mut suite = measure::suite!("session-types");
    hashes(&mut suite);
    encodings(&mut suite);
    text(&mut suite);
}
