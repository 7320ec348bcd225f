//! What an ERC-7579 `execute` call makes the account do.

use alloy_primitives::{Address, B256, FixedBytes, U256};

use crate::word::{self, Malformed};

/// `execute(bytes32,bytes)`.
pub(crate) const EXECUTE: [u8; 4] = [0xe9, 0xae, 0x5c, 0x53];

/// One call of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawCall<'a> {
    pub(crate) target: Address,
    pub(crate) value: U256,
    pub(crate) data: &'a [u8],
}

/// What the execution data holds, by the mode's first byte.
#[derive(Clone, Debug)]
pub(crate) enum Execution<'a> {
    Single(RawCall<'a>),
    Batch(Batch<'a>),
    Other(FixedBytes<1>),
}

/// Mode and execution data of an `execute` call.
pub(crate) fn arguments(call_data: &[u8]) -> Result<(B256, &[u8]), Malformed> {
    let arguments = call_data.get(4..).ok_or(Malformed)?;
    let mode = word::word(arguments, 0)?;
    let (start, length) = word::array(arguments, word::follow(arguments, 0, 32)?, 1)?;
    Ok((mode, &arguments[start..start + length]))
}

pub(crate) fn decode(mode: B256, data: &[u8]) -> Result<Execution<'_>, Malformed> {
    match mode[0] {
        0x00 => {
            let (target, rest) = data.split_first_chunk::<20>().ok_or(Malformed)?;
            let (value, data) = rest.split_first_chunk::<32>().ok_or(Malformed)?;
            let value = U256::from_be_bytes(*value);
            Ok(Execution::Single(RawCall { target: Address::from(*target), value, data }))
        }
        0x01 => {
            let (start, length) = word::array(data, word::follow(data, 0, 0)?, 32)?;
            Ok(Execution::Batch(Batch { data, start, length, next: 0 }))
        }
        kind => Ok(Execution::Other(FixedBytes([kind]))),
    }
}

/// The calls of `abi((address,uint256,bytes)[])`, decoded as they are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Batch<'a> {
    data: &'a [u8],
    start: usize,
    length: usize,
    next: usize,
}

impl Batch<'_> {
    pub(crate) const fn len(&self) -> usize {
        self.length
    }
}

impl<'a> Iterator for Batch<'a> {
    type Item = Result<RawCall<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.length {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let (data, start) = (self.data, self.start);
        Some((|| {
            let tuple = word::follow(data, start, start + index * 32)?;
            let (from, length) =
                word::array(data, word::follow(data, tuple, tuple.checked_add(64).ok_or(Malformed)?)?, 1)?;
            Ok(RawCall {
                target: word::address(data, tuple)?,
                value: word::uint(data, tuple.checked_add(32).ok_or(Malformed)?)?,
                data: &data[from..from + length],
            })
        })())
    }
}
