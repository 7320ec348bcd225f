//! Approvals for paymasters that take their fee in a token.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};
use userop::Call;

sol! {
    function approve(address spender, uint256 amount) external returns (bool);
}

/// How much of a token a paymaster may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// At most this much, in the token's smallest unit. Ask for what one operation can cost at most.
    Exactly(U256),
    /// Everything, for ever. Whoever controls the paymaster then controls the account's whole balance.
    Unlimited,
}

/// The call by which an account lets `paymaster` take its fee: to be put in front of the operation's calls, once.
#[must_use]
pub fn approve(token: Address, paymaster: Address, approval: Approval) -> Call {
    let amount = match approval {
        Approval::Exactly(amount) => amount,
        Approval::Unlimited => U256::MAX,
    };
    Call::new(token, approveCall { spender: paymaster, amount }.abi_encode())
}
