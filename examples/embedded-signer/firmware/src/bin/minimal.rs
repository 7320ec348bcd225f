//! The least that a signing device needs: ids, session digest, operation hash, envelope and signature, without decoders, policies and
//! protocol. It shows what those take, and that none of them allocates.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;
use core::fmt::Write as _;
use core::hint::black_box;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use cortex_m_semihosting::hio::hstderr;
use firmware::{entry, heap_peak, heap_used, instructions};
use k256::ecdsa::SigningKey;
use session_types::abi::{ActionData, PolicyData, Session};
use session_types::{ChainSession, Deployment, EnableMode, PermissionId, SigningForm, multi_chain_digest, write_use};
use userop::{EntryPoint, OperationHasher, UserOperation};

// The second of the test keys that every local chain knows.
const KEY: [u8; 32] = hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");

static INIT_DATA: [u8; 2144] = [0x5a; 2144];
static CALL_DATA: [u8; 260] = [0xa5; 260];

fn session() -> Session {
    let action = |byte| ActionData {
        action_target_selector: [byte; 4].into(),
        action_target: Address::repeat_byte(byte),
        action_policies: vec![PolicyData {
            policy: Address::repeat_byte(9),
            init_data: Bytes::from_static(&INIT_DATA),
        }],
    };
    Session {
        session_validator: Deployment::current().ownable_validator.address,
        salt: B256::repeat_byte(3),
        actions: vec![action(1), action(2)],
        ..Session::default()
    }
}

/// Permission id and operation hash, and the instructions for ids and digests and for the hash. A function of its own, so that its
/// values are off the stack when the key signs.
#[inline(never)]
fn digests(session: &Session, operation: &UserOperation) -> Option<(PermissionId, B256, [u32; 2])> {
    let start = instructions();
    let permission_id = session.permission_id();
    let entry = ChainSession {
        chain_id: 1,
        account: Address::repeat_byte(7),
        module: Deployment::current().module,
        nonce: U256::ZERO,
        session,
    };
    black_box(multi_chain_digest([entry.chain_digest(EnableMode::Enable)]));
    let digested = instructions();
    let hash = OperationHasher::new(EntryPoint::V0_7, 1).hash(operation).ok()?;
    Some((permission_id, hash, [digested - start, instructions() - digested]))
}

#[entry]
fn main() -> ! {
    firmware::paint_stack();
    firmware::start_heap();
    firmware::start_timer();
    let session = black_box(session());
    let operation =
        black_box(UserOperation::new(Address::repeat_byte(7), U256::from(1), Bytes::from_static(&CALL_DATA)));
    let Ok(key) = SigningKey::from_slice(&KEY) else { firmware::exit(false) };
    let before = heap_used();

    let Some((permission_id, hash, [digesting, hashing])) = digests(&session, &operation) else {
        firmware::exit(false)
    };
    let start = instructions();
    let Ok(signature) = SigningForm::Raw.sign(&key, hash) else { firmware::exit(false) };
    let signing = instructions() - start;
    let mut envelope = [0; 33 + 65];
    let length = write_use(permission_id, &signature, &mut envelope);
    black_box((length, envelope));

    if let Ok(mut out) = hstderr() {
        let _ = writeln!(out, "instructions: id and digest {} hash {} signature {}", digesting, hashing, signing);
    }
    firmware::report();
    // Nothing was taken from the heap beyond the session itself.
    firmware::exit(heap_used() == before && heap_peak() == before)
}
