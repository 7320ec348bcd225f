use alloy_primitives::{Address, Bytes, Selector, U256};
use alloy_sol_types::SolCall;

use super::{Fetcher, InputParam, OutputParam};

/// Why a composable call cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// Call data without a selector.
    #[error("call data has {length} bytes, expected at least the selector's 4")]
    NoSelector {
        /// How long it is.
        length: usize,
    },
    /// A native balance as a parameter or a value needs composability 1.1.0.
    #[error("native balances at run time need composability 1.1.0")]
    NativeBalance,
}

/// The native tokens that a call brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NativeValue {
    /// Wei that are known now.
    Wei(U256),
    /// All that an account has when the call runs (composability 1.1.0).
    BalanceOf(Address),
}

/// One composable call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComposableCall {
    /// The contract.
    pub target: Address,
    /// The function.
    pub selector: Selector,
    /// The native tokens.
    pub value: NativeValue,
    /// The call data after the selector, piece by piece, and conditions.
    pub inputs: Vec<InputParam>,
    /// Conditions that are added after the call's own parts.
    pub conditions: Vec<InputParam>,
    /// What to keep of the answer.
    pub outputs: Vec<OutputParam>,
    /// Gas for this call; the client's default when absent.
    pub gas_limit: Option<U256>,
}

impl ComposableCall {
    /// A call of `selector` at `target` with these parameters.
    #[must_use]
    pub fn new(target: Address, selector: Selector, inputs: impl IntoIterator<Item = InputParam>) -> Self {
        let mut merged: Vec<InputParam> = Vec::new();
        for input in inputs {
            // Neighbouring known pieces travel as one.
            let known =
                matches!(&input, InputParam { fetcher: Fetcher::Raw(_), constraints } if constraints.is_empty());
            if let (Some(InputParam { fetcher: Fetcher::Raw(before), constraints }), Fetcher::Raw(bytes), true) =
                (merged.last_mut(), &input.fetcher, known)
                && constraints.is_empty()
            {
                *before = [&before[..], &bytes[..]].concat().into();
                continue;
            }
            merged.push(input);
        }
        Self {
            target,
            selector,
            value: NativeValue::Wei(U256::ZERO),
            inputs: merged,
            conditions: Vec::new(),
            outputs: Vec::new(),
            gas_limit: None,
        }
    }

    /// A call whose parameters are all known.
    #[must_use]
    pub fn typed<C: SolCall>(target: Address, call: &C) -> Self {
        let data: Bytes = call.abi_encode().into();
        Self::new(target, C::SELECTOR.into(), known(data.slice(4..)))
    }

    /// A call with ready call data.
    ///
    /// # Errors
    /// [`ComposeError::NoSelector`] for less than four bytes.
    #[doc(alias = "rawCalldata")]
    pub fn from_call_data(target: Address, data: &Bytes) -> Result<Self, ComposeError> {
        let selector = data.first_chunk::<4>().ok_or(ComposeError::NoSelector { length: data.len() })?;
        Ok(Self::new(target, (*selector).into(), known(data.slice(4..))))
    }

    /// The call with native tokens.
    #[must_use]
    pub const fn with_value(mut self, value: NativeValue) -> Self {
        self.value = value;
        self
    }

    /// The call with a gas limit of its own.
    #[must_use]
    pub const fn with_gas_limit(mut self, gas_limit: U256) -> Self {
        self.gas_limit = Some(gas_limit);
        self
    }

    /// The call, made only when `input`'s constraints hold. The input adds nothing to the call data.
    #[must_use]
    pub fn when(mut self, input: InputParam) -> Self {
        self.inputs.push(input);
        self
    }
}

/// A call without parameters has no piece at all.
fn known(data: Bytes) -> Option<InputParam> {
    (!data.is_empty()).then(|| InputParam::raw(data))
}
