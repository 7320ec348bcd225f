use alloy_primitives::{Address, Bytes, U256, address};

use crate::{Authorization, EntryPointVersion};

/// What stands in the place of a factory for an EIP-7702 sender: `0x7702` and 18 zero bytes.
pub(crate) const EIP7702_MARKER: Address = address!("0x7702000000000000000000000000000000000000");
/// The least gas value that no entry point accepts (AA94).
const GAS_LIMIT_BITS: usize = 120;

/// An ERC-4337 user operation, independent of the entry point's version.
///
/// [`pack`](Self::pack), [`to_v06`](Self::to_v06) and [`hash`](Self::hash) give the forms of a version. Gas values of
/// 128 bits and more cannot be held, except in `pre_verification_gas`, which is a full word on chain; values between
/// 120 and 128 bits hash and pack, yet [`validate`](Self::validate) refuses them as the entry point does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserOperation {
    /// The account.
    pub sender: Address,
    /// Key (192 bits) and sequence (64 bits), see [`Nonce`](crate::Nonce).
    pub nonce: U256,
    /// How the account comes to be, when this operation has to see to it.
    pub factory: Option<Factory>,
    /// What the account is called with.
    pub call_data: Bytes,
    /// Gas for the call.
    pub call_gas_limit: u128,
    /// Gas for creating and asking the account.
    pub verification_gas_limit: u128,
    /// Gas that the bundler is paid beyond what is measured.
    pub pre_verification_gas: U256,
    /// Highest price of a unit of gas, in wei.
    pub max_fee_per_gas: u128,
    /// Highest priority fee of a unit of gas, in wei.
    pub max_priority_fee_per_gas: u128,
    /// Who pays, when it is not the account.
    pub paymaster: Option<Paymaster>,
    /// The EIP-7702 authorization that goes with the operation; no part of the packed form.
    #[doc(alias = "eip7702Auth")]
    pub authorization: Option<Authorization>,
    /// What the account's validator checks.
    pub signature: Bytes,
}

impl UserOperation {
    /// An operation with gas, fees and signature still at zero.
    #[must_use]
    pub fn new(sender: Address, nonce: impl Into<U256>, call_data: impl Into<Bytes>) -> Self {
        Self { sender, nonce: nonce.into(), call_data: call_data.into(), ..Self::default() }
    }

    /// With another factory.
    #[must_use]
    pub fn with_factory(mut self, factory: impl Into<Option<Factory>>) -> Self {
        self.factory = factory.into();
        self
    }

    /// With another paymaster.
    #[must_use]
    pub fn with_paymaster(mut self, paymaster: impl Into<Option<Paymaster>>) -> Self {
        self.paymaster = paymaster.into();
        self
    }

    /// With other prices of gas, in wei.
    #[must_use]
    pub const fn with_fees(mut self, max_fee_per_gas: u128, max_priority_fee_per_gas: u128) -> Self {
        self.max_fee_per_gas = max_fee_per_gas;
        self.max_priority_fee_per_gas = max_priority_fee_per_gas;
        self
    }

    /// With other gas limits.
    #[must_use]
    pub const fn with_gas(mut self, call: u128, verification: u128, pre_verification: U256) -> Self {
        self.call_gas_limit = call;
        self.verification_gas_limit = verification;
        self.pre_verification_gas = pre_verification;
        self
    }

    /// With another EIP-7702 authorization.
    #[must_use]
    pub fn with_authorization(mut self, authorization: impl Into<Option<Authorization>>) -> Self {
        self.authorization = authorization.into();
        self
    }

    /// With another signature.
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Bytes>) -> Self {
        self.signature = signature.into();
        self
    }

    /// Every gas value of the operation, those of the paymaster included.
    pub(crate) fn gas_values(&self) -> [(GasField, U256); 7] {
        let paymaster = self.paymaster.as_ref();
        [
            (GasField::PreVerification, self.pre_verification_gas),
            (GasField::Verification, U256::from(self.verification_gas_limit)),
            (GasField::Call, U256::from(self.call_gas_limit)),
            (GasField::PaymasterVerification, U256::from(paymaster.map_or(0, |p| p.verification_gas_limit))),
            (GasField::PaymasterPostOp, U256::from(paymaster.map_or(0, |p| p.post_op_gas_limit))),
            (GasField::MaxFeePerGas, U256::from(self.max_fee_per_gas)),
            (GasField::MaxPriorityFeePerGas, U256::from(self.max_priority_fee_per_gas)),
        ]
    }

    /// Checks what the entry point would refuse before it asks the account, or what its version does not know.
    ///
    /// # Errors
    /// When a gas value does not fit 120 bits (AA94), the EIP-7702 marker is used with an entry point that takes it for
    /// a factory's address, or a paymaster signature is given before 0.9 or is longer than its length field can say.
    pub fn validate(&self, version: EntryPointVersion) -> Result<(), OperationError> {
        for (field, value) in self.gas_values() {
            if value.bit_len() > GAS_LIMIT_BITS {
                return Err(OperationError::GasOverflow { field, value });
            }
        }
        if self.factory.as_ref().is_some_and(Factory::is_eip7702) && !version.knows_eip7702() {
            return Err(OperationError::Eip7702Marker { version });
        }
        self.paymaster_signature(version).map(drop)
    }

    /// The paymaster's signature when it is not empty, which only 0.9 knows.
    pub(crate) fn paymaster_signature(&self, version: EntryPointVersion) -> Result<Option<&Bytes>, OperationError> {
        let signature = self.paymaster.as_ref().and_then(Paymaster::signature);
        match signature {
            Some(_) if version != EntryPointVersion::V0_9 => Err(OperationError::PaymasterSignature { version }),
            Some(signature) if u16::try_from(signature.len()).is_err() => {
                Err(OperationError::PaymasterSignatureLength { length: signature.len() })
            }
            signature => Ok(signature),
        }
    }

    /// The most that the operation can cost its payer, in wei: every limit at the highest price (0.7 and later).
    ///
    /// `None` when it does not fit 256 bits.
    #[must_use]
    pub fn required_prefund(&self) -> Option<U256> {
        let gas = self.gas_values()[..5].iter().try_fold(U256::ZERO, |sum, (_, gas)| sum.checked_add(*gas))?;
        gas.checked_mul(U256::from(self.max_fee_per_gas))
    }
}

/// The factory part of an operation: `factory` and `factoryData`, or the EIP-7702 marker with an initialising call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Factory {
    address: Address,
    short: bool,
    data: Bytes,
}

impl Factory {
    /// A factory contract and what it is called with.
    #[must_use]
    pub fn new(address: Address, data: impl Into<Bytes>) -> Self {
        Self { address, short: false, data: data.into() }
    }

    /// The marker of an EIP-7702 sender in its 20-byte form, with a call that the sender itself runs first (or none).
    ///
    /// Some bundlers refuse this form on the wire; the short one has no place for a call.
    #[must_use]
    pub fn eip7702(data: impl Into<Bytes>) -> Self {
        Self::new(EIP7702_MARKER, data)
    }

    /// The marker of an EIP-7702 sender in its two-byte form, which has no place for a call.
    #[must_use]
    pub const fn eip7702_short() -> Self {
        Self { address: EIP7702_MARKER, short: true, data: Bytes::new() }
    }

    /// The factory of the JSON members `factory` and `factoryData`: 20 bytes, or `0x7702` in two.
    ///
    /// The two-byte marker with data becomes the 20-byte one: that is how the entry point reads it.
    ///
    /// # Errors
    /// When `factory` is neither an address nor the marker.
    pub fn from_wire(factory: &[u8], data: impl Into<Bytes>) -> Result<Self, OperationError> {
        let data = data.into();
        if let Ok(address) = Address::try_from(factory) {
            return Ok(Self::new(address, data));
        }
        match (factory, data.is_empty()) {
            ([0x77, 0x02], true) => Ok(Self::eip7702_short()),
            ([0x77, 0x02], false) => Ok(Self::eip7702(data)),
            _ => Err(OperationError::FactoryLength { length: factory.len() }),
        }
    }

    /// The contract's address; for EIP-7702 the marker in 20 bytes.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The JSON member `factory` and the head of the packed `initCode`: 20 bytes, or two for the short marker.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        if self.short { &self.address.as_slice()[..2] } else { self.address.as_slice() }
    }

    /// What the factory, or an EIP-7702 sender, is called with.
    #[must_use]
    #[doc(alias = "factoryData")]
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// Whether this marks an EIP-7702 sender.
    #[must_use]
    pub fn is_eip7702(&self) -> bool {
        self.address == EIP7702_MARKER
    }
}

/// The paymaster part of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Paymaster {
    /// The paymaster contract.
    pub address: Address,
    /// Gas for asking it (0.7 and later; 0.6 has no such field).
    pub verification_gas_limit: u128,
    /// Gas for its work after the call (0.7 and later; 0.6 has no such field).
    pub post_op_gas_limit: u128,
    /// What it is given.
    pub data: Bytes,
    /// A signature that the operation's hash leaves out (0.9), but for its presence: when the paymaster signs later, put
    /// any bytes here before hashing. An empty one counts as none: the reference library packs
    /// an empty one and hashes it in a way that the contract does not.
    #[doc(alias = "paymasterSignature")]
    pub signature: Option<Bytes>,
}

impl Paymaster {
    /// A paymaster with gas limits still at zero.
    #[must_use]
    pub fn new(address: Address, data: impl Into<Bytes>) -> Self {
        Self { address, data: data.into(), ..Self::default() }
    }

    /// With other gas limits.
    #[must_use]
    pub const fn with_gas(mut self, verification: u128, post_op: u128) -> Self {
        self.verification_gas_limit = verification;
        self.post_op_gas_limit = post_op;
        self
    }

    /// With a signature that the operation's hash leaves out (0.9).
    #[must_use]
    pub fn with_signature(mut self, signature: impl Into<Bytes>) -> Self {
        self.signature = Some(signature.into());
        self
    }

    /// The signature, when there is one that is not empty.
    #[must_use]
    pub fn signature(&self) -> Option<&Bytes> {
        self.signature.as_ref().filter(|signature| !signature.is_empty())
    }
}

/// A gas value of an operation, by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GasField {
    /// `preVerificationGas`.
    PreVerification,
    /// `verificationGasLimit`.
    Verification,
    /// `callGasLimit`.
    Call,
    /// `paymasterVerificationGasLimit`.
    PaymasterVerification,
    /// `paymasterPostOpGasLimit`.
    PaymasterPostOp,
    /// `maxFeePerGas`.
    MaxFeePerGas,
    /// `maxPriorityFeePerGas`.
    MaxPriorityFeePerGas,
}

impl GasField {
    /// The field's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreVerification => "preVerificationGas",
            Self::Verification => "verificationGasLimit",
            Self::Call => "callGasLimit",
            Self::PaymasterVerification => "paymasterVerificationGasLimit",
            Self::PaymasterPostOp => "paymasterPostOpGasLimit",
            Self::MaxFeePerGas => "maxFeePerGas",
            Self::MaxPriorityFeePerGas => "maxPriorityFeePerGas",
        }
    }
}

impl core::fmt::Display for GasField {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an operation has no form for an entry point, or why bytes are no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// A gas value is more than the entry point accepts.
    #[error("{field} {value} does not fit the entry point's 120 bits")]
    GasOverflow {
        /// Which value.
        field: GasField,
        /// The value.
        value: U256,
    },
    /// The EIP-7702 marker where the entry point takes it for a factory's address.
    #[error("entry point {version} does not know the 0x7702 factory marker, expected 0.8 or later")]
    Eip7702Marker {
        /// The entry point.
        version: EntryPointVersion,
    },
    /// The hash covers the sender's delegate, and nothing names it.
    #[error("the operation's hash covers the sender's EIP-7702 delegate: give an authorization or the delegate")]
    UnknownDelegate,
    /// A paymaster signature for an entry point that has no place for one.
    #[error("entry point {version} has no paymaster signature, expected 0.9")]
    PaymasterSignature {
        /// The entry point.
        version: EntryPointVersion,
    },
    /// A paymaster signature that does not fit: longer than its two-byte length can say, or than the data it ends.
    #[error("a paymaster signature of {length} bytes does not fit")]
    PaymasterSignatureLength {
        /// Its length.
        length: usize,
    },
    /// A packed form is asked of 0.6 or the unpacked one of a later entry point.
    #[error("entry point {version} does not have this form of operation")]
    Form {
        /// The entry point.
        version: EntryPointVersion,
    },
    /// A factory that is neither an address nor the EIP-7702 marker.
    #[error("expected a factory of 20 bytes or the marker 0x7702, saw {length} bytes")]
    FactoryLength {
        /// How many bytes there are.
        length: usize,
    },
    /// Paymaster data too short for its fixed part.
    #[error("expected paymaster data of no or at least {expected} bytes, saw {length}")]
    PaymasterLength {
        /// The length of the fixed part.
        expected: usize,
        /// How many bytes there are.
        length: usize,
    },
    /// A gas value of 0.6 that is no 128-bit number.
    #[error("{field} {value} does not fit 128 bits")]
    GasWidth {
        /// Which value.
        field: GasField,
        /// The value.
        value: U256,
    },
}
