use alloy_primitives::{Address, Bytes};
use alloy_sol_types::sol;
use policy_encoding::permission::{Permission, equal_to};

sol! {
    function post(bytes message) external;
}

fn main() {
    let _ = Permission::call::<postCall>(Address::ZERO).rule(|call| &mut call.message, equal_to(Bytes::new()));
}
