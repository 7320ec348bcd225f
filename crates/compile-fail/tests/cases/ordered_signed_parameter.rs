use alloy_primitives::Address;
use alloy_sol_types::sol;
use policy_encoding::permission::{Permission, at_most};

sol! {
    function shift(int64 by) external;
}

fn main() {
    let _ = Permission::call::<shiftCall>(Address::ZERO).rule(|call| &mut call.by, at_most(5_i64));
}
