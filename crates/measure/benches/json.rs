//! An operation as JSON, both ways, beside one copy of the text and beside alloy's own type.

use std::hint::black_box;

use alloy_primitives::{Address, U256};
use alloy_rpc_types_eth::PackedUserOperation;
use bundler_rpc::PartialOperation;
use bundler_rpc::userop::{EntryPointVersion, Paymaster, UserOperation};

fn main() {
    let mut suite = measure::suite!("bundler-rpc");
    let operation = UserOperation::new(Address::repeat_byte(0x59), U256::from(7), vec![0xa5; 452])
        .with_paymaster(Paymaster::new(Address::repeat_byte(0x5a), vec![0x5a; 77]).with_gas(50_000, 20_000))
        .with_gas(200_000, 300_000, U256::from(60_000))
        .with_fees(2_000_000_000, 1_000_000_000)
        .with_signature(vec![0xff; 98]);
    let ours = PartialOperation::from(&operation);
    let wire = ours.wire(EntryPointVersion::V0_7);
    let text = serde_json::to_string(&wire).expect("a text");
    let naive: PackedUserOperation = serde_json::from_str(&text).expect("alloy reads it");
    assert_eq!(serde_json::from_str::<PartialOperation>(&text).expect("we read it"), ours);
    suite
        .operation("operation as JSON, write")
        .floor("one copy of the text", || black_box(&text).clone())
        .naive(|| serde_json::to_string(black_box(&naive)).expect("a text"))
        .ours(|| serde_json::to_string(black_box(&wire)).expect("a text"))
        .note(format!("{} bytes of JSON", text.len()));
    suite
        .operation("operation as JSON, read")
        .floor("check of the UTF-8 and one copy", || std::str::from_utf8(black_box(text.as_bytes())).map(str::to_owned))
        .naive(|| serde_json::from_str::<PackedUserOperation>(black_box(&text)).expect("an operation"))
        .ours(|| serde_json::from_str::<PartialOperation>(black_box(&text)).expect("an operation"));
}
