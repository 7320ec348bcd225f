use alloy_primitives::{Address, Bytes, Log};
use revm::context::result::{ExecutionResult, HaltReason};

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned these bytes.
    Returned(Bytes),
    /// It reverted with these bytes.
    Reverted(Bytes),
    /// It broke off without an answer.
    Halted(Halt),
}

/// Why a call broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Halt {
    /// The gas did not suffice.
    OutOfGas,
    /// The call could not begin, e.g. because the caller does not own the value.
    Refused(String),
    /// Anything else, in the EVM's words.
    Other(String),
}

/// A call's outcome and traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// The gas that it used, the transaction's own 21,000 and its data included, refunds taken off.
    pub gas_used: u64,
    /// The events that it left; none unless it returned.
    pub logs: Vec<Log>,
    /// The contract that it created, for a deployment that succeeded.
    pub created: Option<Address>,
}

impl Outcome {
    /// Whether the call returned.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Returned(_))
    }

    /// The bytes of a call that returned.
    #[must_use]
    pub const fn returned(&self) -> Option<&Bytes> {
        match self {
            Self::Returned(data) => Some(data),
            _ => None,
        }
    }

    /// The bytes of a call that reverted.
    #[must_use]
    pub const fn reverted(&self) -> Option<&Bytes> {
        match self {
            Self::Reverted(data) => Some(data),
            _ => None,
        }
    }
}

impl Receipt {
    pub(super) const fn refused(reason: String) -> Self {
        Self { outcome: Outcome::Halted(Halt::Refused(reason)), gas_used: 0, logs: Vec::new(), created: None }
    }
}

impl From<ExecutionResult> for Receipt {
    fn from(result: ExecutionResult) -> Self {
        let gas_used = result.tx_gas_used();
        match result {
            ExecutionResult::Success { output, logs, .. } => {
                let created = output.address().copied();
                Self { outcome: Outcome::Returned(output.into_data()), gas_used, logs, created }
            }
            ExecutionResult::Revert { output, .. } => {
                Self { outcome: Outcome::Reverted(output), gas_used, logs: Vec::new(), created: None }
            }
            ExecutionResult::Halt { reason, .. } => {
                let halt = match reason {
                    HaltReason::OutOfGas(_) => Halt::OutOfGas,
                    other => Halt::Other(format!("{other:?}")),
                };
                Self { outcome: Outcome::Halted(halt), gas_used, logs: Vec::new(), created: None }
            }
        }
    }
}
