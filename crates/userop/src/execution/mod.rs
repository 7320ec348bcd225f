//! ERC-7579 execution: what an account is called with so that it makes calls.

mod calldata;
mod mode;

pub use calldata::{EXECUTE_SELECTOR, EXECUTE_USER_OP_SELECTOR, ExecutionError, with_execute_user_op};
pub use mode::CallType;
#[doc(alias = "revertOnError")]
pub use mode::ExecType;
#[doc(alias = "encodeExecutionMode")]
pub use mode::ModeCode;

use alloc::vec::Vec;
use alloy_primitives::{Address, Bytes, U256};

/// One call that an account makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Call {
    /// Who is called.
    #[doc(alias = "target")]
    pub to: Address,
    /// With how much, in wei.
    #[cfg_attr(feature = "serde", serde(default))]
    pub value: U256,
    /// With what.
    #[doc(alias = "Hex")]
    #[doc(alias = "callData")]
    #[cfg_attr(feature = "serde", serde(default))]
    pub data: Bytes,
}

impl Call {
    /// A call without value.
    #[doc(alias = "encodeFunctionData")]
    #[doc(alias = "functionName")]
    #[must_use]
    pub fn new(to: Address, data: impl Into<Bytes>) -> Self {
        Self { to, value: U256::ZERO, data: data.into() }
    }

    /// A transfer of `value` wei.
    #[must_use]
    pub const fn transfer(to: Address, value: U256) -> Self {
        Self { to, value, data: Bytes::new() }
    }

    /// With another value, in wei.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<U256>) -> Self {
        self.value = value.into();
        self
    }
}

/// What `execute(bytes32 mode, bytes executionCalldata)` of ERC-7579 does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Execution {
    /// One call: `target(20) ++ value(32) ++ data`.
    Single(Call),
    /// Calls one after the other: `abi.encode((address target, uint256 value, bytes callData)[])`.
    Batch(Vec<Call>),
    /// A call that changes nothing, for fallback handlers: `target(20) ++ data`.
    Static {
        /// Who is called.
        target: Address,
        /// With what.
        data: Bytes,
    },
    /// Another contract's code run as the account: `target(20) ++ data`.
    Delegate {
        /// Whose code runs.
        target: Address,
        /// With what.
        data: Bytes,
    },
}

impl Execution {
    /// One call as single, any other number as a batch.
    #[must_use]
    pub fn of_calls(calls: impl Into<Vec<Call>>) -> Self {
        let mut calls = calls.into();
        match (calls.len(), calls.pop()) {
            (1, Some(call)) => Self::Single(call),
            (_, last) => {
                calls.extend(last);
                Self::Batch(calls)
            }
        }
    }

    /// The kind of call.
    #[must_use]
    pub const fn call_type(&self) -> CallType {
        match self {
            Self::Single(_) => CallType::Single,
            Self::Batch(_) => CallType::Batch,
            Self::Static { .. } => CallType::Static,
            Self::Delegate { .. } => CallType::Delegate,
        }
    }

    /// The calls that the account makes itself; none for a delegate or static call.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Single(call) => core::slice::from_ref(call),
            Self::Batch(calls) => calls,
            Self::Static { .. } | Self::Delegate { .. } => &[],
        }
    }
}

/// The account's call data for `calls`: single for exactly one, batch otherwise, reverting when a call fails.
#[must_use]
pub fn execute(calls: impl Into<Vec<Call>>) -> Bytes {
    Execution::of_calls(calls).encode(ExecType::Revert)
}
