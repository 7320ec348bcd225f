use alloc::vec::Vec;
use alloy_primitives::{Address, Bytes, U256};

use super::{Call, CallType, ExecType, Execution, ModeCode};

/// Selector of `execute(bytes32,bytes)`.
pub const EXECUTE_SELECTOR: [u8; 4] = [0xe9, 0xae, 0x5c, 0x53];
/// Selector of `executeUserOp(PackedUserOperation,bytes32)`, which stands before the account's real call data.
pub const EXECUTE_USER_OP_SELECTOR: [u8; 4] = [0x8d, 0xd7, 0x71, 0x2f];

const WORD: usize = 32;
/// Target and value of a packed single call.
const SINGLE_HEAD: usize = 52;

/// Why bytes are no execution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The call data is for another function.
    #[error("expected a call of execute(bytes32,bytes), saw selector {}", alloy_primitives::hex::encode_prefixed(.selector))]
    Selector {
        /// The first bytes, at most four.
        selector: Vec<u8>,
    },
    /// The data ends before what it announces.
    #[error("execution data ends at byte {length}, expected {expected}")]
    TooShort {
        /// How many bytes are needed at least.
        expected: usize,
        /// How many there are.
        length: usize,
    },
    /// An offset or length that points outside of the data.
    #[error("execution data of {length} bytes points outside of itself with {word}")]
    OutOfBounds {
        /// The offset or length.
        word: U256,
        /// How many bytes there are.
        length: usize,
    },
    /// An address word with high bytes.
    #[error("expected an address, saw {word}")]
    Address {
        /// The word.
        word: U256,
    },
    /// A kind of call that ERC-7579 does not name.
    #[error("unknown call type {byte:#04x}")]
    CallType {
        /// The mode's first byte.
        byte: u8,
    },
    /// A way to treat failure that ERC-7579 does not name.
    #[error("unknown exec type {byte:#04x}")]
    ExecType {
        /// The mode's second byte.
        byte: u8,
    },
}

impl Execution {
    /// The data beside the mode: see each kind.
    #[must_use]
    pub fn execution_calldata(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.execution_len());
        self.write_execution(&mut out);
        out.into()
    }

    /// `execute(mode, executionCalldata)`, in one allocation.
    #[must_use]
    #[doc(alias = "encodeExecute")]
    #[doc(alias = "encodeExecuteBatch")]
    pub fn encode(&self, exec_type: ExecType) -> Bytes {
        self.encode_with_mode(ModeCode::new(self.call_type(), exec_type))
    }

    /// As [`encode`](Self::encode), with a mode of the caller's, whose kind of call has to fit.
    #[must_use]
    pub fn encode_with_mode(&self, mode: ModeCode) -> Bytes {
        let length = self.execution_len();
        let mut out = Vec::with_capacity(4 + 3 * WORD + padded(length));
        out.extend_from_slice(&EXECUTE_SELECTOR);
        out.extend_from_slice(mode.0.as_slice());
        push_number(&mut out, 2 * WORD);
        push_number(&mut out, length);
        self.write_execution(&mut out);
        pad(&mut out, length);
        out.into()
    }

    /// Reads `execute(mode, executionCalldata)`; data behind an `executeUserOp` selector is read too.
    ///
    /// Call data is shared with the input, not copied.
    ///
    /// # Errors
    /// When the call is another one, the data is cut off or points outside of itself, or the mode is unknown.
    pub fn decode(call_data: &Bytes) -> Result<(ModeCode, Self), ExecutionError> {
        let call_data = call_data
            .strip_prefix(&EXECUTE_USER_OP_SELECTOR)
            .map_or_else(|| call_data.clone(), |inner| call_data.slice_ref(inner));
        let Some(arguments) = call_data.strip_prefix(&EXECUTE_SELECTOR) else {
            return Err(ExecutionError::Selector { selector: call_data.iter().take(4).copied().collect() });
        };
        let arguments = call_data.slice_ref(arguments);
        let mode = ModeCode(word_at(&arguments, 0)?.into());
        let execution = bytes_at(&arguments, offset_at(&arguments, WORD, 0)?)?;
        Ok((mode, Self::decode_calldata(mode, &execution)?))
    }

    /// Reads the data beside a mode.
    ///
    /// # Errors
    /// When the data is cut off or points outside of itself, or the mode is unknown.
    pub fn decode_calldata(mode: ModeCode, execution: &Bytes) -> Result<Self, ExecutionError> {
        if mode.exec_type().is_none() {
            return Err(ExecutionError::ExecType { byte: mode.0[1] });
        }
        let head = |expected: usize| {
            execution.get(..expected).ok_or(ExecutionError::TooShort { expected, length: execution.len() })
        };
        match mode.call_type() {
            Some(CallType::Single) => {
                let head = head(SINGLE_HEAD)?;
                Ok(Self::Single(Call {
                    to: Address::from_slice(&head[..20]),
                    value: U256::from_be_slice(&head[20..]),
                    data: execution.slice(SINGLE_HEAD..),
                }))
            }
            Some(CallType::Batch) => decode_batch(execution).map(Self::Batch),
            Some(CallType::Static) => {
                Ok(Self::Static { target: Address::from_slice(head(20)?), data: execution.slice(20..) })
            }
            Some(CallType::Delegate) => {
                Ok(Self::Delegate { target: Address::from_slice(head(20)?), data: execution.slice(20..) })
            }
            None => Err(ExecutionError::CallType { byte: mode.0[0] }),
        }
    }

    fn execution_len(&self) -> usize {
        match self {
            Self::Single(call) => SINGLE_HEAD + call.data.len(),
            Self::Batch(calls) => 2 * WORD + calls.iter().map(|call| 5 * WORD + padded(call.data.len())).sum::<usize>(),
            Self::Static { data, .. } | Self::Delegate { data, .. } => 20 + data.len(),
        }
    }

    fn write_execution(&self, out: &mut Vec<u8>) {
        match self {
            Self::Single(call) => {
                out.extend_from_slice(call.to.as_slice());
                out.extend_from_slice(&call.value.to_be_bytes::<32>());
                out.extend_from_slice(&call.data);
            }
            Self::Batch(calls) => {
                push_number(out, WORD);
                push_number(out, calls.len());
                let mut offset = calls.len() * WORD;
                for call in calls {
                    push_number(out, offset);
                    offset += 4 * WORD + padded(call.data.len());
                }
                for call in calls {
                    out.extend_from_slice(call.to.into_word().as_slice());
                    out.extend_from_slice(&call.value.to_be_bytes::<32>());
                    push_number(out, 3 * WORD);
                    push_number(out, call.data.len());
                    out.extend_from_slice(&call.data);
                    pad(out, call.data.len());
                }
            }
            Self::Static { target, data } | Self::Delegate { target, data } => {
                out.extend_from_slice(target.as_slice());
                out.extend_from_slice(data);
            }
        }
    }
}

/// The call data behind the selector of `executeUserOp`: the entry point then hands the account the whole operation,
/// which policies that look at it need.
#[must_use]
pub fn with_execute_user_op(call_data: &[u8]) -> Bytes {
    [&EXECUTE_USER_OP_SELECTOR, call_data].concat().into()
}

fn decode_batch(data: &Bytes) -> Result<Vec<Call>, ExecutionError> {
    let list = offset_at(data, 0, 0)?;
    let count = word_at(data, list)?;
    let first = list + WORD;
    // One word of offset each: a count beyond that is refused before anything is reserved.
    let room = data.len().saturating_sub(first) / WORD;
    let count = usize::try_from(count)
        .ok()
        .filter(|count| *count <= room)
        .ok_or(ExecutionError::OutOfBounds { word: count, length: data.len() })?;
    let mut calls = Vec::with_capacity(count);
    for index in 0..count {
        let entry = offset_at(data, first + index * WORD, first)?;
        let target = word_at(data, entry)?;
        if target.bit_len() > 160 {
            return Err(ExecutionError::Address { word: target });
        }
        calls.push(Call {
            to: Address::from_word(target.into()),
            value: word_at(data, entry.saturating_add(WORD))?,
            data: bytes_at(data, offset_at(data, entry.saturating_add(2 * WORD), entry)?)?,
        });
    }
    Ok(calls)
}

fn word_at(data: &[u8], at: usize) -> Result<U256, ExecutionError> {
    let end = at.saturating_add(WORD);
    let word = data.get(at..end).ok_or(ExecutionError::TooShort { expected: end, length: data.len() })?;
    Ok(U256::from_be_slice(word))
}

/// The place that the word at `at` points to, counted from `base`.
fn offset_at(data: &[u8], at: usize, base: usize) -> Result<usize, ExecutionError> {
    let word = word_at(data, at)?;
    let place = usize::try_from(word).ok().and_then(|offset| offset.checked_add(base));
    place.filter(|place| *place <= data.len()).ok_or(ExecutionError::OutOfBounds { word, length: data.len() })
}

/// The byte string whose length stands at `at`.
fn bytes_at(data: &Bytes, at: usize) -> Result<Bytes, ExecutionError> {
    let word = word_at(data, at)?;
    let start = at + WORD;
    let end = usize::try_from(word).ok().and_then(|length| length.checked_add(start));
    end.filter(|end| *end <= data.len())
        .map(|end| data.slice(start..end))
        .ok_or(ExecutionError::OutOfBounds { word, length: data.len() })
}

const fn padded(length: usize) -> usize {
    length.next_multiple_of(WORD)
}

fn pad(out: &mut Vec<u8>, length: usize) {
    out.resize(out.len() + padded(length) - length, 0);
}

fn push_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&U256::from(number).to_be_bytes::<32>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi;
    use alloy_primitives::bytes;
    use alloy_sol_types::{SolCall, SolValue};
    use proptest::prelude::*;

    fn any_call() -> impl Strategy<Value = Call> {
        (any::<[u8; 20]>(), any::<[u8; 32]>(), proptest::collection::vec(any::<u8>(), 0..70))
            .prop_map(|(to, value, data)| Call { to: to.into(), value: U256::from_be_bytes(value), data: data.into() })
    }

    fn any_execution() -> impl Strategy<Value = Execution> {
        prop_oneof![
            any_call().prop_map(Execution::Single),
            proptest::collection::vec(any_call(), 0..5).prop_map(Execution::Batch),
            any_call().prop_map(|call| Execution::Static { target: call.to, data: call.data }),
            any_call().prop_map(|call| Execution::Delegate { target: call.to, data: call.data }),
        ]
    }

    proptest! {
        #[test]
        fn encoding_reads_back(execution in any_execution(), tries in any::<bool>(), wrapped in any::<bool>()) {
            let exec_type = if tries { ExecType::Try } else { ExecType::Revert };
            let mut encoded = execution.encode(exec_type);
            if wrapped {
                encoded = with_execute_user_op(&encoded);
            }
            let (mode, decoded) = Execution::decode(&encoded).unwrap();
            prop_assert_eq!(mode.exec_type(), Some(exec_type));
            prop_assert_eq!(decoded, execution);
        }

        #[test]
        fn encoding_is_the_abi(execution in any_execution()) {
            let mode = ModeCode::new(execution.call_type(), ExecType::Revert);
            let inner = match &execution {
                Execution::Batch(calls) => calls
                    .iter()
                    .map(|call| abi::BatchCall { target: call.to, value: call.value, callData: call.data.clone() })
                    .collect::<Vec<_>>()
                    .abi_encode(),
                Execution::Single(call) => (call.to, call.value, call.data.clone()).abi_encode_packed(),
                Execution::Static { target, data } | Execution::Delegate { target, data } => {
                    (*target, data.clone()).abi_encode_packed()
                }
            };
            let call = abi::executeCall { mode: mode.0, executionCalldata: inner.clone().into() };
            prop_assert_eq!(execution.execution_calldata(), Bytes::from(inner));
            prop_assert_eq!(execution.encode(ExecType::Revert), Bytes::from(call.abi_encode()));
        }

        #[test]
        fn any_bytes_give_a_value_or_an_error(data in proptest::collection::vec(any::<u8>(), 0..300), batch in any::<bool>()) {
            let mode = ModeCode::new(if batch { CallType::Batch } else { CallType::Single }, ExecType::Revert);
            let _ = Execution::decode_calldata(mode, &data.clone().into());
            let _ = Execution::decode(&[&EXECUTE_SELECTOR[..], &data].concat().into());
            let _ = Execution::decode(&data.into());
        }

        #[test]
        fn damaged_batches_give_a_value_or_an_error(execution in any_execution(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut encoded = execution.encode(ExecType::Revert).to_vec();
            let at = at.index(encoded.len());
            encoded[at] = byte;
            let _ = Execution::decode(&encoded.clone().into());
            encoded.truncate(at);
            let _ = Execution::decode(&encoded.into());
        }
    }

    #[test]
    fn many_entries_that_share_their_data_take_no_more_memory() {
        // Every entry points to the same tuple: a copying decoder would need a thousand times the input.
        let count = 1000;
        let mut data = Vec::new();
        push_number(&mut data, WORD);
        push_number(&mut data, count);
        for _ in 0..count {
            push_number(&mut data, count * WORD);
        }
        push_number(&mut data, 1);
        push_number(&mut data, 2);
        push_number(&mut data, 3 * WORD);
        push_number(&mut data, 4096);
        data.resize(data.len() + 4096, 7);
        let data = Bytes::from(data);
        let calls = decode_batch(&data).unwrap();
        assert_eq!(calls.len(), count);
        assert!(calls.iter().all(|call| call.data.as_ptr() == calls[0].data.as_ptr()));
    }

    #[test]
    fn other_functions_modes_and_counts_are_refused() {
        let call = Execution::Single(Call::new(Address::repeat_byte(1), bytes!("01"))).encode(ExecType::Revert);
        let error = Execution::decode(&bytes!("deadbeef00")).unwrap_err();
        assert_eq!(error, ExecutionError::Selector { selector: Vec::from([0xde, 0xad, 0xbe, 0xef]) });
        let mut unknown = call.to_vec();
        unknown[4] = 0x02;
        assert_eq!(Execution::decode(&unknown.into()), Err(ExecutionError::CallType { byte: 2 }));
        let mut unknown = call.to_vec();
        unknown[5] = 0x02;
        assert_eq!(Execution::decode(&unknown.into()), Err(ExecutionError::ExecType { byte: 2 }));

        let mut many = Vec::new();
        push_number(&mut many, WORD);
        many.extend_from_slice(&[0xff; 32]);
        let mode = ModeCode::new(CallType::Batch, ExecType::Revert);
        let error = Execution::decode_calldata(mode, &many.into()).unwrap_err();
        assert_eq!(error, ExecutionError::OutOfBounds { word: U256::MAX, length: 64 });
    }
}
