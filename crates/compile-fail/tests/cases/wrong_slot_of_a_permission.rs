use alloy_primitives::Address;
use policy_encoding::{Permission, PermissionBuilder, SimpleGas};

fn main() {
    let _ = Permission::send_value(Address::ZERO).policy(SimpleGas::new(1, 1).unwrap());
}
