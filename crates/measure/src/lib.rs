//! One shape for every bench: ours, beside its floor, beside the straightforward version.
//!
//! ```no_run
//! # use std::hint::black_box;
//! # fn keccak256(bytes: &[u8]) -> [u8; 32] { [bytes[0]; 32] }
//! # fn permission_id(bytes: &[u8]) -> [u8; 32] { [bytes[0]; 32] }
//! // crates/measure/benches/ids.rs
//! fn main() {
//!     let mut suite = measure::suite!("session-types");
//!     let bytes = [7_u8; 160];
//!     suite
//!         .operation("permission id")
//!         .floor("keccak of the same bytes", || keccak256(black_box(&bytes)))
//!         .naive(|| keccak256(&black_box(&bytes).to_vec()))
//!         .ours(|| permission_id(black_box(&bytes)))
//!         .goal(1.05)
//!         .allocations(0);
//! }
//! ```
//!
//! `cargo bench -p measure` measures with criterion. Allocations are counted on one run after a warm-up run. A description of every
//! operation is written below `target/measure`, where `cargo xtask bench` puts all of them into one table.

mod allocations;
mod operation;
mod report;
mod suite;

pub use allocations::{Allocations, count};
pub use operation::{COUNTED_RUNS, Operation};
pub use report::{Record, Variant};
pub use suite::Suite;

/// A [`Suite`] that is named after the bench file and measures the crate of this name.
#[macro_export]
macro_rules! suite {
    ($package:literal) => {
        $crate::Suite::new($package, env!("CARGO_CRATE_NAME"))
    };
}
