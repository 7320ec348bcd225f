use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256};

use crate::abi::{v06, v07};
use crate::{EntryPointVersion, Factory, GasField, OperationError, Paymaster, UserOperation};

/// Ends the paymaster data of 0.9 when a signature follows it.
pub(crate) const PAYMASTER_SIGNATURE_MAGIC: [u8; 8] = [0x22, 0xe3, 0x25, 0xa2, 0x97, 0x43, 0x96, 0x56];
/// Paymaster, verification gas, gas after the call.
pub(crate) const PAYMASTER_HEAD: usize = 52;
/// The signature's length in two bytes, and the magic.
const PAYMASTER_TAIL: usize = 10;

impl UserOperation {
    /// The packed form of entry points from 0.7 on (ERC-4337 `PackedUserOperation`).
    ///
    /// # Errors
    /// When `version` is 0.6, or there is a paymaster signature that it has no place for.
    #[doc(alias = "toPackedUserOperation")]
    pub fn pack(&self, version: EntryPointVersion) -> Result<v07::PackedUserOperation, OperationError> {
        if !version.is_packed() {
            return Err(OperationError::Form { version });
        }
        Ok(v07::PackedUserOperation {
            sender: self.sender,
            nonce: self.nonce,
            initCode: self.init_code(),
            callData: self.call_data.clone(),
            accountGasLimits: pair(self.verification_gas_limit, self.call_gas_limit),
            preVerificationGas: self.pre_verification_gas,
            gasFees: pair(self.max_priority_fee_per_gas, self.max_fee_per_gas),
            paymasterAndData: self.paymaster_and_data(version)?,
            signature: self.signature.clone(),
        })
    }

    /// The form of entry point 0.6, which has no gas limits for the paymaster.
    ///
    /// # Errors
    /// When there is a paymaster signature.
    pub fn to_v06(&self) -> Result<v06::UserOperation, OperationError> {
        Ok(v06::UserOperation {
            sender: self.sender,
            nonce: self.nonce,
            initCode: self.init_code(),
            callData: self.call_data.clone(),
            callGasLimit: U256::from(self.call_gas_limit),
            verificationGasLimit: U256::from(self.verification_gas_limit),
            preVerificationGas: self.pre_verification_gas,
            maxFeePerGas: U256::from(self.max_fee_per_gas),
            maxPriorityFeePerGas: U256::from(self.max_priority_fee_per_gas),
            paymasterAndData: self.paymaster_and_data(EntryPointVersion::V0_6)?,
            signature: self.signature.clone(),
        })
    }

    /// `factory ++ factoryData`, or nothing.
    #[must_use]
    pub fn init_code(&self) -> Bytes {
        self.factory.as_ref().map_or_else(Bytes::new, |factory| [factory.head(), factory.data()].concat().into())
    }

    /// The packed paymaster fields: `paymaster ++ data` for 0.6, with the two gas limits between for 0.7 and later, and
    /// `signature ++ length(2) ++ magic(8)` after them for 0.9 when there is a signature.
    ///
    /// # Errors
    /// When there is a paymaster signature that `version` has no place for.
    pub fn paymaster_and_data(&self, version: EntryPointVersion) -> Result<Bytes, OperationError> {
        let signature = self.paymaster_signature(version)?;
        let Some(paymaster) = &self.paymaster else { return Ok(Bytes::new()) };
        let tail = signature.map_or(0, |signature| signature.len() + PAYMASTER_TAIL);
        let mut packed = Vec::with_capacity(PAYMASTER_HEAD + paymaster.data.len() + tail);
        packed.extend_from_slice(paymaster.address.as_slice());
        if version.is_packed() {
            packed.extend_from_slice(&paymaster.verification_gas_limit.to_be_bytes());
            packed.extend_from_slice(&paymaster.post_op_gas_limit.to_be_bytes());
        }
        packed.extend_from_slice(&paymaster.data);
        if let Some(signature) = signature {
            let length = u16::try_from(signature.len())
                .map_err(|_| OperationError::PaymasterSignatureLength { length: signature.len() })?;
            packed.extend_from_slice(signature);
            packed.extend_from_slice(&length.to_be_bytes());
            packed.extend_from_slice(&PAYMASTER_SIGNATURE_MAGIC);
        }
        Ok(packed.into())
    }

    /// Reads the packed form of entry points from 0.7 on. The authorization is not part of it.
    ///
    /// # Errors
    /// When `version` is 0.6, or the packed fields are too short for their fixed parts.
    pub fn unpack(version: EntryPointVersion, packed: &v07::PackedUserOperation) -> Result<Self, OperationError> {
        if !version.is_packed() {
            return Err(OperationError::Form { version });
        }
        let (verification_gas_limit, call_gas_limit) = unpair(packed.accountGasLimits);
        let (max_priority_fee_per_gas, max_fee_per_gas) = unpair(packed.gasFees);
        Ok(Self {
            sender: packed.sender,
            nonce: packed.nonce,
            factory: factory_of(version, &packed.initCode)?,
            call_data: packed.callData.clone(),
            call_gas_limit,
            verification_gas_limit,
            pre_verification_gas: packed.preVerificationGas,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            paymaster: paymaster_of(version, &packed.paymasterAndData)?,
            authorization: None,
            signature: packed.signature.clone(),
        })
    }

    /// Reads the form of entry point 0.6.
    ///
    /// # Errors
    /// When a gas value does not fit 128 bits, or `initCode` or `paymasterAndData` are too short for an address.
    pub fn from_v06(operation: &v06::UserOperation) -> Result<Self, OperationError> {
        let narrow = |field, value: U256| u128::try_from(value).map_err(|_| OperationError::GasWidth { field, value });
        Ok(Self {
            sender: operation.sender,
            nonce: operation.nonce,
            factory: factory_of(EntryPointVersion::V0_6, &operation.initCode)?,
            call_data: operation.callData.clone(),
            call_gas_limit: narrow(GasField::Call, operation.callGasLimit)?,
            verification_gas_limit: narrow(GasField::Verification, operation.verificationGasLimit)?,
            pre_verification_gas: operation.preVerificationGas,
            max_fee_per_gas: narrow(GasField::MaxFeePerGas, operation.maxFeePerGas)?,
            max_priority_fee_per_gas: narrow(GasField::MaxPriorityFeePerGas, operation.maxPriorityFeePerGas)?,
            paymaster: paymaster_of(EntryPointVersion::V0_6, &operation.paymasterAndData)?,
            authorization: None,
            signature: operation.signature.clone(),
        })
    }
}

/// Two 128-bit numbers in one word.
fn pair(high: u128, low: u128) -> B256 {
    let mut word = B256::ZERO;
    word[..16].copy_from_slice(&high.to_be_bytes());
    word[16..].copy_from_slice(&low.to_be_bytes());
    word
}

fn unpair(word: B256) -> (u128, u128) {
    let word = U256::from_be_bytes(word.0);
    let (high, low): (U256, U256) = (word >> 128, word & U256::from(u128::MAX));
    // Both halves fit 128 bits, so nothing saturates.
    (high.saturating_to(), low.saturating_to())
}

fn factory_of(version: EntryPointVersion, init_code: &Bytes) -> Result<Option<Factory>, OperationError> {
    match init_code.as_ref() {
        [] => Ok(None),
        // Entry points from 0.8 on read a marker that is cut off as one that is padded with zeros.
        [0x77, 0x02, rest @ ..] if version.knows_eip7702() && rest.len() < 18 && rest.iter().all(|b| *b == 0) => {
            Ok(Some(Factory::eip7702_short()))
        }
        [0x77, 0x02] => Ok(Some(Factory::eip7702_short())),
        code => match code.split_first_chunk::<20>() {
            Some((address, _)) => Ok(Some(Factory::new(Address::from(*address), init_code.slice(20..)))),
            None => Err(OperationError::FactoryLength { length: code.len() }),
        },
    }
}

fn paymaster_of(version: EntryPointVersion, packed: &Bytes) -> Result<Option<Paymaster>, OperationError> {
    if packed.is_empty() {
        return Ok(None);
    }
    let expected = if version.is_packed() { PAYMASTER_HEAD } else { 20 };
    let short = || OperationError::PaymasterLength { expected, length: packed.len() };
    let head = packed.get(..expected).ok_or_else(short)?;
    let mut paymaster = Paymaster::new(Address::from_slice(&head[..20]), packed.slice(expected..));
    if let Some(gas) = head.get(20..PAYMASTER_HEAD) {
        (paymaster.verification_gas_limit, paymaster.post_op_gas_limit) = unpair(B256::from_slice(gas));
    }
    if version == EntryPointVersion::V0_9 {
        let signed = signature_length(&paymaster.data)?;
        if signed > 0 {
            let end = paymaster.data.len() - PAYMASTER_TAIL;
            paymaster.signature = Some(paymaster.data.slice(end - signed..end));
            paymaster.data = paymaster.data.slice(..end - signed);
        }
    }
    Ok(Some(paymaster))
}

/// How long a signature the paymaster's data of 0.9 ends with, the tail not counted; zero when there is none.
pub(crate) fn signature_length(data: &[u8]) -> Result<usize, OperationError> {
    let Some((rest, magic)) = data.split_last_chunk::<8>() else { return Ok(0) };
    let Some((rest, length)) = rest.split_last_chunk::<2>() else { return Ok(0) };
    let length = usize::from(u16::from_be_bytes(*length));
    if *magic != PAYMASTER_SIGNATURE_MAGIC {
        return Ok(0);
    }
    if length > rest.len() { Err(OperationError::PaymasterSignatureLength { length }) } else { Ok(length) }
}

/// The data without a signature that it ends with.
pub(crate) fn without_signature(data: &[u8]) -> Result<Option<&[u8]>, OperationError> {
    Ok(match signature_length(data)? {
        0 => None,
        length => Some(&data[..data.len() - PAYMASTER_TAIL - length]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, bytes};
    use proptest::prelude::*;

    fn operation() -> UserOperation {
        UserOperation::new(address!("0x00000000000000000000000000000000000000aa"), U256::from(7), bytes!("c0de"))
            .with_factory(Factory::new(address!("0x00000000000000000000000000000000000000fa"), bytes!("0102")))
            .with_paymaster(
                Paymaster::new(address!("0x00000000000000000000000000000000000000bb"), bytes!("03")).with_gas(4, 5),
            )
            .with_fees(9, 8)
            .with_gas(1, 2, U256::from(3))
            .with_signature(bytes!("51"))
    }

    #[test]
    fn packed_words_hold_the_high_half_first() {
        let packed = operation().pack(EntryPointVersion::V0_7).unwrap();
        assert_eq!(packed.accountGasLimits, pair(2, 1));
        assert_eq!(packed.gasFees, pair(8, 9));
        assert_eq!(packed.paymasterAndData.len(), 53);
        assert_eq!(unpair(pair(u128::MAX, 3)), (u128::MAX, 3));
    }

    #[test]
    fn every_form_reads_back() {
        let with_signature = UserOperation {
            paymaster: operation().paymaster.map(|paymaster| paymaster.with_signature(bytes!("0708"))),
            ..operation()
        };
        for version in [EntryPointVersion::V0_7, EntryPointVersion::V0_8, EntryPointVersion::V0_9] {
            let packed = operation().pack(version).unwrap();
            assert_eq!(UserOperation::unpack(version, &packed), Ok(operation()));
        }
        let packed = with_signature.pack(EntryPointVersion::V0_9).unwrap();
        assert_eq!(UserOperation::unpack(EntryPointVersion::V0_9, &packed), Ok(with_signature.clone()));
        assert_eq!(
            with_signature.pack(EntryPointVersion::V0_8),
            Err(OperationError::PaymasterSignature { version: EntryPointVersion::V0_8 })
        );

        let mut unpacked = operation();
        unpacked.paymaster = unpacked.paymaster.map(|paymaster| paymaster.with_gas(0, 0));
        assert_eq!(UserOperation::from_v06(&unpacked.to_v06().unwrap()), Ok(unpacked));
    }

    #[test]
    fn fields_too_short_for_their_fixed_part_are_refused() {
        let mut packed = operation().pack(EntryPointVersion::V0_7).unwrap();
        packed.initCode = bytes!("010203");
        assert_eq!(
            UserOperation::unpack(EntryPointVersion::V0_7, &packed),
            Err(OperationError::FactoryLength { length: 3 })
        );
        packed.initCode = Bytes::new();
        packed.paymasterAndData = packed.paymasterAndData.slice(..51);
        assert_eq!(
            UserOperation::unpack(EntryPointVersion::V0_7, &packed),
            Err(OperationError::PaymasterLength { expected: 52, length: 51 })
        );
        assert!(UserOperation::unpack(EntryPointVersion::V0_6, &packed).is_err());
    }

    #[test]
    fn cut_off_marker_is_the_marker_from_0_8_on() {
        let mut packed = operation().pack(EntryPointVersion::V0_8).unwrap();
        packed.initCode = bytes!("7702000000");
        let factory = UserOperation::unpack(EntryPointVersion::V0_8, &packed).unwrap().factory;
        assert_eq!(factory, Some(Factory::eip7702_short()));
        assert!(UserOperation::unpack(EntryPointVersion::V0_7, &packed).is_err());
    }

    #[test]
    fn signature_longer_than_its_data_is_refused() {
        let mut data = Vec::from([1, 0x00, 0x02]);
        data.extend_from_slice(&PAYMASTER_SIGNATURE_MAGIC);
        assert_eq!(signature_length(&data), Err(OperationError::PaymasterSignatureLength { length: 2 }));
        data[2] = 1;
        assert_eq!(signature_length(&data), Ok(1));
        assert_eq!(without_signature(&data), Ok(Some(&[][..])));
        assert_eq!(signature_length(&PAYMASTER_SIGNATURE_MAGIC), Ok(0));
    }

    fn any_bytes(length: usize) -> impl Strategy<Value = Bytes> {
        proptest::collection::vec(any::<u8>(), 0..length).prop_map(Bytes::from)
    }

    proptest! {
        #[test]
        fn any_packed_operation_packs_again_or_is_refused(
            words in any::<[[u8; 32]; 4]>(),
            init_code in any_bytes(60),
            paymaster in any_bytes(120),
            tail in 0..3_u8,
        ) {
            let [nonce, limits, pre, fees] = words;
            // Two thirds of the paymaster's data end like a signature of 0.9.
            let tail = &[&[][..], &[0, 1], &[0, 200]][usize::from(tail)];
            let magic = if tail.is_empty() { &[][..] } else { &PAYMASTER_SIGNATURE_MAGIC };
            let packed = v07::PackedUserOperation {
                sender: Address::ZERO,
                nonce: U256::from_be_bytes(nonce),
                initCode: init_code,
                callData: Bytes::new(),
                accountGasLimits: limits.into(),
                preVerificationGas: U256::from_be_bytes(pre),
                gasFees: fees.into(),
                paymasterAndData: [&paymaster[..], tail, magic].concat().into(),
                signature: Bytes::new(),
            };
            for version in [EntryPointVersion::V0_7, EntryPointVersion::V0_8, EntryPointVersion::V0_9] {
                if let Ok(operation) = UserOperation::unpack(version, &packed) {
                    prop_assert_eq!(operation.pack(version), Ok(packed.clone()));
                }
            }
        }
    }
}
