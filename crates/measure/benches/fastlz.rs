//! FastLZ beside the C library, on the same data and in the same run. The C library's bytes differ from the contract library's, so it is
//! a mark for the speed alone.

use std::hint::black_box;

use alloy_primitives::{Address, B256};
use session_types::abi::{ActionData, PolicyData, Session, enable_sessions_calldata};
use session_types::flz::{self, Buckets};

/// What is compressed in practice: the ABI form of a session with two actions of three policies each.
fn payload() -> Vec<u8> {
    let policy = |byte: u8, length: usize| {
        let init_data: Vec<u8> = (0..length).map(|at| if at % 32 < 28 { 0 } else { byte ^ (at % 7) as u8 }).collect();
        PolicyData { policy: Address::repeat_byte(byte), init_data: init_data.into() }
    };
    let action = |byte: u8| ActionData {
        action_target_selector: [0xa9, 0x05, 0x9c, byte].into(),
        action_target: Address::repeat_byte(byte),
        action_policies: vec![policy(0x11, 192), policy(0x22, 12), policy(0x33, 16)],
    };
    let session = Session {
        session_validator: Address::repeat_byte(0x44),
        session_validator_init_data: vec![0x55; 128].into(),
        salt: B256::repeat_byte(0x66),
        actions: vec![action(0xbb), action(0xcc)],
        ..Session::default()
    };
    enable_sessions_calldata(&[&session]).to_vec()
}

/// The C library's level 1; the room is 5 % more than the data, as it asks for.
fn c_level_1(data: &[u8], room: &mut [u8]) -> usize {
    assert!(room.len() >= data.len() + data.len() / 20 + 66);
    let length = i32::try_from(data.len()).unwrap();
    // SAFETY: both pointers are valid for the lengths that are given or asked for, and do not overlap.
    let written =
        unsafe { fastlz_sys::fastlz_compress_level(1, data.as_ptr().cast(), length, room.as_mut_ptr().cast()) };
    usize::try_from(written).unwrap()
}

fn main() {
    let mut suite = measure::suite!("session-types");
    let small: Vec<u8> = payload().into_iter().cycle().take(3 * 1024).collect();
    let large: Vec<u8> =
        small.iter().cycle().take(65_535).enumerate().map(|(at, byte)| byte ^ (at >> 11) as u8).collect();
    for data in [&small, &large] {
        let mut c_room = vec![0; data.len() * 2 + 66];
        let mut room = Vec::with_capacity(flz::compressed_bound(data.len()));
        flz::compress_into(Buckets::JavaScript, data, &mut room);
        let (ours, theirs) = (room.len(), c_level_1(data, &mut c_room));
        assert_eq!(flz::decompress(&room, data.len()).unwrap(), **data);
        suite
            .operation("FastLZ compress beside C")
            .at(data.len() as u64)
            .floor("the C library's level 1", || c_level_1(black_box(data), &mut c_room))
            .ours(|| {
                room.clear();
                flz::compress_into(Buckets::JavaScript, black_box(data), &mut room);
                room.len()
            })
            .goal(0.85)
            .allocations(0)
            .note(format!("{} bytes become {ours}, with the C library {theirs}", data.len()));
    }
}
