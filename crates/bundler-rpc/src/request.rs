use alloy_primitives::{Address, Bytes, U256};
use userop::{Authorization, Factory, NonceKey};

use crate::Fees;

/// What is known of an operation before anyone is asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationRequest {
    /// The account.
    pub sender: Address,
    /// What the account is called with.
    pub call_data: Bytes,
    /// The nonce, or the key under which it is read.
    pub nonce: NonceSource,
    /// How the account comes to be; used only when it has no code yet.
    pub factory: Option<Factory>,
    /// A signature of the final length that passes as far into validation as the final one.
    pub stub_signature: Bytes,
    /// Fees, when they are not to be asked for.
    pub fees: Option<Fees>,
    /// Gas for the call, when it is not to be estimated.
    pub call_gas_limit: Option<u128>,
    /// Gas for validation, when it is not to be estimated.
    pub verification_gas_limit: Option<u128>,
    /// Gas the bundler is paid beyond what is measured, when it is not to be estimated.
    pub pre_verification_gas: Option<U256>,
    /// The EIP-7702 authorization that goes with the operation.
    pub authorization: Option<Authorization>,
}

/// Where an operation's nonce comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceSource {
    /// This one.
    Fixed(U256),
    /// The next one under this key, read from the entry point.
    Next(NonceKey),
}

impl OperationRequest {
    /// An operation whose fees and gas are to be asked for.
    #[must_use]
    pub fn new(
        sender: Address,
        call_data: impl Into<Bytes>,
        nonce: NonceSource,
        stub_signature: impl Into<Bytes>,
    ) -> Self {
        Self {
            sender,
            call_data: call_data.into(),
            nonce,
            factory: None,
            stub_signature: stub_signature.into(),
            fees: None,
            call_gas_limit: None,
            verification_gas_limit: None,
            pre_verification_gas: None,
            authorization: None,
        }
    }

    /// With the factory of an account that may not exist yet.
    #[must_use]
    pub fn with_factory(mut self, factory: Factory) -> Self {
        self.factory = Some(factory);
        self
    }

    /// With fees that are not asked for.
    #[must_use]
    pub const fn with_fees(mut self, fees: Fees) -> Self {
        self.fees = Some(fees);
        self
    }

    /// With limits that are not estimated.
    #[must_use]
    pub const fn with_gas(mut self, call: u128, verification: u128, pre_verification: U256) -> Self {
        self.call_gas_limit = Some(call);
        self.verification_gas_limit = Some(verification);
        self.pre_verification_gas = Some(pre_verification);
        self
    }

    /// With the EIP-7702 authorization that goes with the operation.
    #[must_use]
    pub const fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }
}
