//! The back ends of keccak: what the feature `asm-keccak` of every core crate buys.

use std::hint::black_box;

use alloy_primitives::keccak256;
use keccak_asm::Keccak256;

fn main() {
    let mut suite = measure::suite!("keccak");
    for length in [32, 135, 1024, 4096] {
        let bytes = vec![0xa5_u8; length];
        assert_eq!(Keccak256::digest(&bytes)[..], keccak256(&bytes)[..]);
        suite
            .operation("assembly keccak")
            .at(length as u64)
            .floor("the default back end", || keccak256(black_box(&bytes)))
            .ours(|| Keccak256::digest(black_box(&bytes)))
            .by_instructions()
            .allocations(0);
    }
}
