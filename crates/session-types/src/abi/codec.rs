//! Standard ABI encoding in one exact allocation, and decoding with bounded memory.
//!
//! The size is added up first; then every value writes its head at a known place and its tail behind the last one, so
//! that each offset is known when it is written. Tails stand in the order of declaration, as every encoder writes them.

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, Selector, U256};

use super::words::{self, WORD};
use crate::{ActionId, ConfigId, ContentKey, PermissionId};

/// Why bytes are not the ABI encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The data end too early.
    #[error("{length} bytes, expected at least {needed}")]
    Truncated {
        /// How many there are.
        length: usize,
        /// How many the part that was read needs.
        needed: usize,
    },
    /// An offset or a length is beyond any data.
    #[error("offset or length at byte {at} is larger than the data")]
    OutOfBounds {
        /// Where it stands.
        at: usize,
    },
    /// A word holds more than its type: a wide address, a flag other than 0 and 1, a number that is too large.
    #[error("word at byte {at} does not fit its type")]
    InvalidWord {
        /// Where it stands.
        at: usize,
    },
    /// A string is not UTF-8.
    #[error("text at byte {at} is not valid UTF-8")]
    InvalidText {
        /// Where it begins.
        at: usize,
    },
    /// Offsets point at the same bytes again and again: the value would be much larger than its encoding.
    #[error("parts of the encoding overlap, the value would be much larger than the {length} bytes it stands in")]
    Overlapping {
        /// How many bytes there are.
        length: usize,
    },
    /// The first four bytes, or the first topic, are not the expected ones.
    #[error("selector {seen} is not known here")]
    UnknownSelector {
        /// The bytes seen.
        seen: Selector,
    },
    /// The first topic of a log is none of the module's events.
    #[error("topic {seen} is not known here")]
    UnknownTopic {
        /// The topic seen.
        seen: B256,
    },
}

/// Where an encoding is written: zeroed, of the exact size.
#[derive(Debug)]
pub(crate) struct Encoder {
    out: Vec<u8>,
    end: usize,
}

impl Encoder {
    /// Room for a selector, the heads and the tails.
    pub(crate) fn new(selector: &[u8], size: usize) -> Self {
        let mut out = alloc::vec![0; selector.len() + size];
        out[..selector.len()].copy_from_slice(selector);
        Self { end: selector.len(), out }
    }

    /// The next `size` bytes behind everything so far.
    pub(crate) const fn take(&mut self, size: usize) -> usize {
        let at = self.end;
        self.end += size;
        at
    }

    #[inline]
    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.out[at..at + bytes.len()].copy_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn put_length(&mut self, word: usize, length: usize) {
        const SIZE: usize = size_of::<usize>();
        self.put(word + WORD - SIZE, &length.to_be_bytes());
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        debug_assert_eq!(self.end, self.out.len(), "the size was added up wrongly");
        self.out
    }
}

/// A value with a standard ABI encoding.
pub(crate) trait Encode {
    /// How many bytes it takes in the head of what it stands in.
    const HEAD: usize = WORD;

    /// How many bytes it takes behind that head.
    fn tail(&self) -> usize {
        0
    }

    /// Writes the head at `head`, and the tail behind everything; `base` is where offsets count from.
    fn encode(&self, out: &mut Encoder, head: usize, base: usize);
}

/// A value that can be read from its ABI encoding.
pub(crate) trait Decode: Sized {
    /// How many bytes it takes in the head of what it stands in.
    const HEAD: usize = WORD;
    /// The least that it takes behind that head.
    const LEAST_TAIL: usize = 0;

    fn decode(data: &mut Decoder<'_>, head: usize, base: usize) -> Result<Self, DecodeError>;
}

/// Bytes that are read, and how many more may be read before parts must have been read twice or more.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    data: &'a [u8],
    budget: usize,
}

impl<'a> Decoder<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        // An encoder may share equal tails; twice the input leaves room for that and bounds the memory.
        Self { data, budget: data.len().saturating_mul(2) }
    }

    fn bytes(&mut self, at: usize, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = at.checked_add(length).ok_or(DecodeError::OutOfBounds { at })?;
        let bytes = self.data.get(at..end).ok_or(DecodeError::Truncated { length: self.data.len(), needed: end })?;
        self.spend(length)?;
        Ok(bytes)
    }

    fn spend(&mut self, size: usize) -> Result<(), DecodeError> {
        self.budget = self.budget.checked_sub(size).ok_or(DecodeError::Overlapping { length: self.data.len() })?;
        Ok(())
    }

    pub(crate) fn word(&mut self, at: usize) -> Result<[u8; WORD], DecodeError> {
        let mut word = [0; WORD];
        word.copy_from_slice(self.bytes(at, WORD)?);
        Ok(word)
    }

    /// The last `N` bytes of a word whose other bytes are zero.
    pub(crate) fn low<const N: usize>(&mut self, at: usize) -> Result<[u8; N], DecodeError> {
        let word = self.word(at)?;
        let (high, low) = word.split_at(WORD - N);
        if high.iter().any(|byte| *byte != 0) {
            return Err(DecodeError::InvalidWord { at });
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(low);
        Ok(bytes)
    }

    /// A length or an offset: never larger than the data.
    fn length(&mut self, at: usize) -> Result<usize, DecodeError> {
        let out_of_bounds = DecodeError::OutOfBounds { at };
        let bytes = self.low::<8>(at).map_err(|error| match error {
            DecodeError::InvalidWord { .. } => out_of_bounds,
            error => error,
        })?;
        let length = usize::try_from(u64::from_be_bytes(bytes)).map_err(|_| out_of_bounds)?;
        if length > self.data.len() { Err(out_of_bounds) } else { Ok(length) }
    }

    /// Follows the offset at `head`.
    pub(crate) fn follow(&mut self, head: usize, base: usize) -> Result<usize, DecodeError> {
        base.checked_add(self.length(head)?).ok_or(DecodeError::OutOfBounds { at: head })
    }

    fn content(&mut self, head: usize, base: usize) -> Result<(usize, &'a [u8]), DecodeError> {
        let at = self.follow(head, base)?;
        let length = self.length(at)?;
        Ok((at + WORD, self.bytes(at + WORD, length)?))
    }
}

/// Encodes the members of a tuple that stands at the beginning of the data, behind `selector`.
pub(crate) fn encode<T: Encode>(selector: &[u8], value: &T) -> Vec<u8> {
    let mut out = Encoder::new(selector, T::HEAD + value.tail());
    let head = out.take(T::HEAD);
    value.encode(&mut out, head, head);
    out.finish()
}

/// Decodes the members of a tuple that stands at the beginning of `data`.
pub(crate) fn decode<T: Decode>(data: &[u8]) -> Result<T, DecodeError> {
    T::decode(&mut Decoder::new(data), 0, 0)
}

macro_rules! fixed {
    ($($type:ty: $value:ident => $at:expr, $bytes:expr; $data:ident, $word:ident => $decode:expr;)*) => {$(
        impl Encode for $type {
            #[inline]
            fn encode(&self, out: &mut Encoder, head: usize, _base: usize) {
                let $value = self;
                out.put(head + $at, $bytes);
            }
        }

        impl Decode for $type {
            fn decode($data: &mut Decoder<'_>, $word: usize, _base: usize) -> Result<Self, DecodeError> {
                $decode
            }
        }
    )*};
}

fixed! {
    Address: value => 12, value.as_slice(); data, at => Ok(Self::from(data.low::<20>(at)?));
    B256: value => 0, value.as_slice(); data, at => Ok(Self::from(data.word(at)?));
    PermissionId: value => 0, value.as_slice(); data, at => Ok(Self(data.word(at)?.into()));
    ActionId: value => 0, value.as_slice(); data, at => Ok(Self(data.word(at)?.into()));
    ConfigId: value => 0, value.as_slice(); data, at => Ok(Self(data.word(at)?.into()));
    ContentKey: value => 0, value.as_slice(); data, at => Ok(Self(data.word(at)?.into()));
    U256: value => 0, &value.to_be_bytes::<32>(); data, at => Ok(Self::from_be_bytes(data.word(at)?));
    u64: value => 24, &value.to_be_bytes(); data, at => Ok(Self::from_be_bytes(data.low::<8>(at)?));
    u8: value => 31, &[*value]; data, at => Ok(Self::from_be_bytes(data.low::<1>(at)?));
    bool: value => 31, &[u8::from(*value)]; data, at => match data.low::<1>(at)? {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(DecodeError::InvalidWord { at }),
    };
    FixedBytes<1>: value => 0, value.as_slice(); data, at => left_aligned(data, at);
    Selector: value => 0, value.as_slice(); data, at => left_aligned(data, at);
}

fn left_aligned<const N: usize>(data: &mut Decoder<'_>, at: usize) -> Result<FixedBytes<N>, DecodeError> {
    let word = data.word(at)?;
    let (bytes, rest) = word.split_at(N);
    if rest.iter().any(|byte| *byte != 0) {
        return Err(DecodeError::InvalidWord { at });
    }
    Ok(FixedBytes::from_slice(bytes))
}

/// `bytes` and `string`: a length and the content, padded.
pub(crate) const fn content_tail(content: &[u8]) -> usize {
    WORD + words::padded(content.len())
}

#[inline]
fn encode_content(content: &[u8], out: &mut Encoder, head: usize, base: usize) {
    let at = out.take(content_tail(content));
    out.put_length(head, at - base);
    out.put_length(at, content.len());
    out.put(at + WORD, content);
}

impl Encode for Bytes {
    fn tail(&self) -> usize {
        content_tail(self)
    }

    #[inline]
    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        encode_content(self, out, head, base);
    }
}

impl Decode for Bytes {
    const LEAST_TAIL: usize = WORD;

    fn decode(data: &mut Decoder<'_>, head: usize, base: usize) -> Result<Self, DecodeError> {
        data.content(head, base).map(|(_, content)| Self::copy_from_slice(content))
    }
}

impl Encode for String {
    fn tail(&self) -> usize {
        content_tail(self.as_bytes())
    }

    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        encode_content(self.as_bytes(), out, head, base);
    }
}

impl Decode for String {
    const LEAST_TAIL: usize = WORD;

    fn decode(data: &mut Decoder<'_>, head: usize, base: usize) -> Result<Self, DecodeError> {
        let (at, content) = data.content(head, base)?;
        core::str::from_utf8(content).map(Self::from).map_err(|_| DecodeError::InvalidText { at })
    }
}

impl<T: Encode> Encode for [T] {
    fn tail(&self) -> usize {
        WORD + self.iter().map(|item| T::HEAD + item.tail()).sum::<usize>()
    }

    #[inline]
    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        let at = out.take(WORD + self.len() * T::HEAD);
        out.put_length(head, at - base);
        out.put_length(at, self.len());
        for (index, item) in self.iter().enumerate() {
            item.encode(out, at + WORD + index * T::HEAD, at + WORD);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn tail(&self) -> usize {
        self.as_slice().tail()
    }

    #[inline]
    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        self.as_slice().encode(out, head, base);
    }
}

impl<T: Decode> Decode for Vec<T> {
    const LEAST_TAIL: usize = WORD;

    fn decode(data: &mut Decoder<'_>, head: usize, base: usize) -> Result<Self, DecodeError> {
        let at = data.follow(head, base)?;
        let length = data.length(at)?;
        // Checked before the room is made, so that a length without elements costs nothing.
        if length.saturating_mul(T::HEAD + T::LEAST_TAIL) > data.budget {
            return Err(DecodeError::OutOfBounds { at });
        }
        let base = at + WORD;
        let mut items = Self::with_capacity(length);
        for index in 0..length {
            items.push(T::decode(data, base + index * T::HEAD, base)?);
        }
        Ok(items)
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    const HEAD: usize = T::HEAD;

    fn tail(&self) -> usize {
        (**self).tail()
    }

    #[inline]
    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        (**self).encode(out, head, base);
    }
}

/// Implements the codec for a struct that has dynamic members, so that a head holds its offset.
macro_rules! dynamic_struct {
    ($name:ident { $($member:ident: $type:ty),* $(,)? }) => {
        impl $crate::abi::codec::Encode for $name {
            #[inline]
            fn tail(&self) -> usize {
                use $crate::abi::codec::Encode;
                0 $(+ <$type as Encode>::HEAD + self.$member.tail())*
            }

            #[inline]
            fn encode(&self, out: &mut $crate::abi::codec::Encoder, head: usize, base: usize) {
                use $crate::abi::codec::Encode;
                let at = out.take(0 $(+ <$type as Encode>::HEAD)*);
                out.put_length(head, at - base);
                let mut head = at;
                $(
                    self.$member.encode(out, head, at);
                    head += <$type as Encode>::HEAD;
                )*
                let _ = head;
            }
        }

        impl $crate::abi::codec::Decode for $name {
            const LEAST_TAIL: usize =
                0 $(+ <$type as $crate::abi::codec::Decode>::HEAD + <$type as $crate::abi::codec::Decode>::LEAST_TAIL)*;

            fn decode(
                data: &mut $crate::abi::codec::Decoder<'_>,
                head: usize,
                base: usize,
            ) -> Result<Self, $crate::abi::DecodeError> {
                let at = data.follow(head, base)?;
                let mut head = at;
                $(
                    let $member = <$type as $crate::abi::codec::Decode>::decode(data, head, at)?;
                    head += <$type as $crate::abi::codec::Decode>::HEAD;
                )*
                let _ = head;
                Ok(Self { $($member),* })
            }
        }
    };
}

/// Implements the codec for a struct whose members stand in the head themselves, or for parameters of a call.
macro_rules! inline_struct {
    ($name:ident { $($member:ident: $type:ty),* $(,)? }) => {
        impl $crate::abi::codec::Encode for $name {
            const HEAD: usize = 0 $(+ <$type as $crate::abi::codec::Encode>::HEAD)*;

            #[inline]
            fn tail(&self) -> usize {
                0 $(+ $crate::abi::codec::Encode::tail(&self.$member))*
            }

            #[inline]
            #[allow(unused)] // without members
            fn encode(&self, out: &mut $crate::abi::codec::Encoder, mut head: usize, base: usize) {
                $(
                    $crate::abi::codec::Encode::encode(&self.$member, out, head, base);
                    head += <$type as $crate::abi::codec::Encode>::HEAD;
                )*
            }
        }

        impl $crate::abi::codec::Decode for $name {
            const HEAD: usize = 0 $(+ <$type as $crate::abi::codec::Decode>::HEAD)*;
            const LEAST_TAIL: usize = 0 $(+ <$type as $crate::abi::codec::Decode>::LEAST_TAIL)*;

            #[allow(unused)] // without members
            fn decode(
                data: &mut $crate::abi::codec::Decoder<'_>,
                mut head: usize,
                base: usize,
            ) -> Result<Self, $crate::abi::DecodeError> {
                $(
                    let $member = <$type as $crate::abi::codec::Decode>::decode(data, head, base)?;
                    head += <$type as $crate::abi::codec::Decode>::HEAD;
                )*
                Ok(Self { $($member),* })
            }
        }
    };
}
pub(crate) use {dynamic_struct, inline_struct};

use super::{ActionData, ChainDigest, EnableSession, Erc7739Context, Erc7739Data, PolicyData, Session};

dynamic_struct!(PolicyData { policy: Address, init_data: Bytes });
dynamic_struct!(ActionData {
    action_target_selector: Selector,
    action_target: Address,
    action_policies: Vec<PolicyData>
});
dynamic_struct!(Erc7739Context { app_domain_separator: B256, content_names: Vec<String> });
dynamic_struct!(Erc7739Data { allowed_erc7739_content: Vec<Erc7739Context>, erc1271_policies: Vec<PolicyData> });
dynamic_struct!(Session {
    session_validator: Address,
    session_validator_init_data: Bytes,
    salt: B256,
    user_op_policies: Vec<PolicyData>,
    erc7739_policies: Erc7739Data,
    actions: Vec<ActionData>,
    permit_erc4337_paymaster: bool
});
dynamic_struct!(EnableSession {
    chain_digest_index: u8,
    hashes_and_chain_ids: Vec<ChainDigest>,
    session_to_enable: Session,
    permission_enable_sig: Bytes
});
inline_struct!(ChainDigest { chain_id: u64, session_digest: B256 });

impl Decode for () {
    const HEAD: usize = 0;

    fn decode(_: &mut Decoder<'_>, _head: usize, _base: usize) -> Result<Self, DecodeError> {
        Ok(())
    }
}

impl<T: Decode, U: Decode> Decode for (T, U) {
    const HEAD: usize = T::HEAD + U::HEAD;
    const LEAST_TAIL: usize = T::LEAST_TAIL + U::LEAST_TAIL;

    fn decode(data: &mut Decoder<'_>, head: usize, base: usize) -> Result<Self, DecodeError> {
        Ok((T::decode(data, head, base)?, U::decode(data, head + T::HEAD, base)?))
    }
}

impl<T: Encode, U: Encode> Encode for (T, U) {
    const HEAD: usize = T::HEAD + U::HEAD;

    fn tail(&self) -> usize {
        self.0.tail() + self.1.tail()
    }

    #[inline]
    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        self.0.encode(out, head, base);
        self.1.encode(out, head + T::HEAD, base);
    }
}
