//! Words of ABI-encoded data, read within bounds.

use alloy_primitives::{Address, B256, U256};

/// Data that ends too early or holds a value outside its type: the contracts' decoder reverts without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The 32 bytes at `position`.
pub(crate) fn word(data: &[u8], position: usize) -> Result<B256, Malformed> {
    let end = position.checked_add(32).ok_or(Malformed)?;
    data.get(position..end).map(B256::from_slice).ok_or(Malformed)
}

pub(crate) fn uint(data: &[u8], position: usize) -> Result<U256, Malformed> {
    word(data, position).map(|word| U256::from_be_bytes(word.0))
}

/// A number used as a length or an offset.
pub(crate) fn size(data: &[u8], position: usize) -> Result<usize, Malformed> {
    usize::try_from(uint(data, position)?).map_err(|_| Malformed)
}

pub(crate) fn uint64(data: &[u8], position: usize) -> Result<u64, Malformed> {
    u64::try_from(uint(data, position)?).map_err(|_| Malformed)
}

pub(crate) fn uint8(data: &[u8], position: usize) -> Result<u8, Malformed> {
    u8::try_from(uint(data, position)?).map_err(|_| Malformed)
}

pub(crate) fn boolean(data: &[u8], position: usize) -> Result<bool, Malformed> {
    match uint8(data, position)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed),
    }
}

pub(crate) fn address(data: &[u8], position: usize) -> Result<Address, Malformed> {
    let word = word(data, position)?;
    if word[..12].iter().any(|byte| *byte != 0) {
        return Err(Malformed);
    }
    Ok(Address::from_slice(&word[12..]))
}

/// `base` plus the offset that is written at `position`.
pub(crate) fn follow(data: &[u8], base: usize, position: usize) -> Result<usize, Malformed> {
    base.checked_add(size(data, position)?).filter(|start| *start <= data.len()).ok_or(Malformed)
}

/// The start and length of an array of elements of `width` bytes whose length word is at `position`: all of it
/// lies within the data.
pub(crate) fn array(data: &[u8], position: usize, width: usize) -> Result<(usize, usize), Malformed> {
    let length = size(data, position)?;
    let start = position.checked_add(32).ok_or(Malformed)?;
    let end = length.checked_mul(width).and_then(|bytes| bytes.checked_add(start)).ok_or(Malformed)?;
    if end > data.len() { Err(Malformed) } else { Ok((start, length)) }
}
