use alloc::vec::Vec;
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use alloy_sol_types::abi::AbiDecoderConfig;

use crate::abi::{v06, v07};
use crate::{EntryPointVersion, OperationError, UserOperation};

/// What `handleOps` is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleOps {
    /// The operations, in order.
    pub operations: Vec<UserOperation>,
    /// Who gets the fees.
    pub beneficiary: Address,
}

/// Why call data is no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The call data is not that of the version's `handleOps`, or announces more than it holds.
    #[error("expected handleOps of entry point {version}, saw other call data of {length} bytes")]
    CallData {
        /// The version.
        version: EntryPointVersion,
        /// How many bytes there are.
        length: usize,
    },
    /// One operation is none.
    #[error("operation {index}: {reason}")]
    Operation {
        /// Which one, from zero.
        index: usize,
        /// What is wrong with it.
        reason: OperationError,
    },
}

impl HandleOps {
    /// The call data of `handleOps`.
    ///
    /// # Errors
    /// When an operation has no form for the version.
    pub fn encode(&self, version: EntryPointVersion) -> Result<Bytes, BundleError> {
        let beneficiary = self.beneficiary;
        let operations = self.operations.iter().enumerate();
        let data = if version.is_packed() {
            let ops = operations.map(|(index, op)| at(index, op.pack(version))).collect::<Result<_, _>>()?;
            v07::handleOpsCall { ops, beneficiary }.abi_encode()
        } else {
            let ops = operations.map(|(index, op)| at(index, op.to_v06())).collect::<Result<_, _>>()?;
            v06::handleOpsCall { ops, beneficiary }.abi_encode()
        };
        Ok(data.into())
    }

    /// Reads the call data of `handleOps`, using memory in proportion to its length.
    ///
    /// # Errors
    /// When it is another call, cut off, or holds something that is no operation.
    pub fn decode(version: EntryPointVersion, call_data: &[u8]) -> Result<Self, BundleError> {
        let wrong = |_| BundleError::CallData { version, length: call_data.len() };
        // Call data can point to the same bytes many times: what is copied out stays in proportion to its length.
        let config = AbiDecoderConfig::new().memory_limit(call_data.len().saturating_mul(4)).validate(true);
        if version.is_packed() {
            let call = v07::handleOpsCall::abi_decode_with_config(call_data, config).map_err(wrong)?;
            let operations = call.ops.iter().enumerate();
            let operations = operations
                .map(|(index, op)| at(index, UserOperation::unpack(version, op)))
                .collect::<Result<_, _>>()?;
            return Ok(Self { operations, beneficiary: call.beneficiary });
        }
        let call = v06::handleOpsCall::abi_decode_with_config(call_data, config).map_err(wrong)?;
        let operations = call.ops.iter().enumerate();
        let operations =
            operations.map(|(index, op)| at(index, UserOperation::from_v06(op))).collect::<Result<_, _>>()?;
        Ok(Self { operations, beneficiary: call.beneficiary })
    }
}

fn at<T>(index: usize, outcome: Result<T, OperationError>) -> Result<T, BundleError> {
    outcome.map_err(|reason| BundleError::Operation { index, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Factory, Paymaster};
    use alloy_primitives::{U256, bytes};
    use proptest::prelude::*;

    fn bundle() -> HandleOps {
        let operation = UserOperation::new(Address::repeat_byte(1), U256::from(2), bytes!("0304"))
            .with_factory(Factory::new(Address::repeat_byte(5), bytes!("06")))
            .with_paymaster(Paymaster::new(Address::repeat_byte(7), bytes!("08")))
            .with_gas(9, 10, U256::from(11))
            .with_fees(12, 13)
            .with_signature(bytes!("0e"));
        HandleOps {
            operations: Vec::from([operation, UserOperation::default()]),
            beneficiary: Address::repeat_byte(15),
        }
    }

    #[test]
    fn every_version_reads_back() {
        for version in EntryPointVersion::ALL {
            let data = bundle().encode(version).unwrap();
            assert_eq!(HandleOps::decode(version, &data), Ok(bundle()), "{version}");
        }
    }

    #[test]
    fn many_operations_need_no_more_memory_than_allowed() {
        let operations = Vec::from_iter((0..500).map(|_| UserOperation::default()));
        let bundle = HandleOps { operations, beneficiary: Address::ZERO };
        for version in EntryPointVersion::ALL {
            let data = bundle.encode(version).unwrap();
            assert_eq!(HandleOps::decode(version, &data).as_ref(), Ok(&bundle), "{version}");
        }
    }

    #[test]
    fn operations_that_share_their_bytes_are_refused_when_they_grow_too_much() {
        // A thousand operations that are all the same 64 KiB of call data.
        let one = UserOperation { call_data: Bytes::from(alloc::vec![7; 1 << 16]), ..UserOperation::default() };
        let one = HandleOps { operations: Vec::from([one]), beneficiary: Address::ZERO };
        let data = one.encode(EntryPointVersion::V0_7).unwrap();
        // Selector, two head words, the length, one offset, the operation.
        let (head, operation) = data.split_at(4 + 64);
        let mut many = head.to_vec();
        many.extend_from_slice(&U256::from(1000).to_be_bytes::<32>());
        for _ in 0..1000 {
            many.extend_from_slice(&U256::from(32_000).to_be_bytes::<32>());
        }
        many.extend_from_slice(&operation[64..]);
        let error = HandleOps::decode(EntryPointVersion::V0_7, &many).unwrap_err();
        assert_eq!(error, BundleError::CallData { version: EntryPointVersion::V0_7, length: many.len() });
    }

    proptest! {
        #[test]
        fn damaged_call_data_gives_a_bundle_or_an_error(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            for version in EntryPointVersion::ALL {
                let mut data = bundle().encode(version).unwrap().to_vec();
                let at = at.index(data.len());
                data[at] = byte;
                let _ = HandleOps::decode(version, &data);
                data.truncate(at);
                let _ = HandleOps::decode(version, &data);
            }
        }
    }
}
