use alloy_primitives::{Address, Bytes, U256};

use crate::composable::ComposableCall;
use crate::wire::{Metadata, SimulationOverrides};

/// A call that an operation makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlainCall {
    /// The contract or receiver.
    pub to: Address,
    /// Wei to send.
    pub value: U256,
    /// Call data.
    pub data: Bytes,
    /// Gas for this call; the client's default when absent.
    pub gas_limit: Option<U256>,
}

impl PlainCall {
    /// A call without native tokens.
    #[must_use]
    pub const fn new(to: Address, data: Bytes) -> Self {
        Self { to, value: U256::ZERO, data, gas_limit: None }
    }

    /// The call with native tokens, in wei.
    #[must_use]
    pub const fn with_value(mut self, value: U256) -> Self {
        self.value = value;
        self
    }

    /// The call with a gas limit of its own.
    #[must_use]
    pub const fn with_gas_limit(mut self, gas_limit: U256) -> Self {
        self.gas_limit = Some(gas_limit);
        self
    }
}

/// The calls of one instruction: one kind or the other, since an operation runs either.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Calls {
    /// Calls whose parameters are known (ERC-7579 `execute`).
    Plain(Vec<PlainCall>),
    /// Calls whose parameters can be read when they run.
    Composable(Vec<ComposableCall>),
}

impl Calls {
    pub(crate) const fn is_composable(&self) -> bool {
        matches!(self, Self::Composable(_))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        match self {
            Self::Plain(calls) => calls.is_empty(),
            Self::Composable(calls) => calls.is_empty(),
        }
    }

    pub(crate) fn gas_limits(&self) -> Vec<Option<U256>> {
        match self {
            Self::Plain(calls) => calls.iter().map(|call| call.gas_limit).collect(),
            Self::Composable(calls) => calls.iter().map(|call| call.gas_limit).collect(),
        }
    }
}

/// Calls on one chain that belong together. Instructions of one chain become one operation, unless batching is off.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Instruction {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The calls, in order.
    pub calls: Calls,
    /// Words for explorers.
    pub metadata: Vec<Metadata>,
    /// State to pretend while the operation is simulated.
    pub simulation_overrides: SimulationOverrides,
    /// How often the operation is tried again when it fails on chain (composable calls only).
    pub retries: u32,
    /// Not before this time (seconds since the Unix epoch); the quote's when absent.
    pub lower_bound_timestamp: Option<u64>,
    /// Not after this time (seconds since the Unix epoch); the quote's when absent.
    pub upper_bound_timestamp: Option<u64>,
    /// Milliseconds between two simulations of an operation that waits for its conditions.
    pub simulation_retry_delay: Option<u64>,
}

impl Instruction {
    /// Plain calls on a chain.
    #[must_use]
    pub fn new(chain_id: u64, calls: impl IntoIterator<Item = PlainCall>) -> Self {
        Self::with_calls(chain_id, Calls::Plain(calls.into_iter().collect()))
    }

    /// Composable calls on a chain.
    #[must_use]
    pub fn composable(chain_id: u64, calls: impl IntoIterator<Item = ComposableCall>) -> Self {
        Self::with_calls(chain_id, Calls::Composable(calls.into_iter().collect()))
    }

    /// Calls of either kind on a chain.
    #[must_use]
    pub fn with_calls(chain_id: u64, calls: Calls) -> Self {
        Self {
            chain_id,
            calls,
            metadata: Vec::new(),
            simulation_overrides: SimulationOverrides::default(),
            retries: 0,
            lower_bound_timestamp: None,
            upper_bound_timestamp: None,
            simulation_retry_delay: None,
        }
    }

    /// The instruction with words for explorers.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl IntoIterator<Item = Metadata>) -> Self {
        self.metadata.extend(metadata);
        self
    }

    /// The instruction within a time window of its own, both bounds in seconds since the Unix epoch.
    #[must_use]
    pub const fn within(mut self, lower_bound: u64, upper_bound: u64) -> Self {
        self.lower_bound_timestamp = Some(lower_bound);
        self.upper_bound_timestamp = Some(upper_bound);
        self
    }

    /// The instruction, tried again so often when it fails on chain.
    #[must_use]
    pub const fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The instruction with its own pause between simulations, in milliseconds.
    #[must_use]
    pub const fn with_simulation_retry_delay(mut self, delay: u64) -> Self {
        self.simulation_retry_delay = Some(delay);
        self
    }

    /// The instruction with state to pretend while it is simulated.
    #[must_use]
    pub fn with_simulation_overrides(mut self, overrides: SimulationOverrides) -> Self {
        self.simulation_overrides.extend(overrides);
        self
    }
}
