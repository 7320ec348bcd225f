use alloy_primitives::{Address, U256};
use alloy_sol_types::sol;
use policy_encoding::permission::{Permission, equal_to};

sol! {
    function transfer(address to, uint256 amount) external;
}

fn main() {
    let _ = Permission::call::<transferCall>(Address::ZERO).rule(|call| &mut call.to, equal_to(U256::from(5)));
}
