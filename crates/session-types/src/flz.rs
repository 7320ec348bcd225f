//! FastLZ level 1, as Solady's `LibZip` writes it: the compression of enable envelopes.
//!
//! The compressor finds earlier bytes by a table of 8,192 buckets. Solidity multiplies exactly to choose the bucket; the
//! JavaScript library multiplies in double precision, which gives 56 of the 2^24 three-byte values another bucket and so,
//! rarely, other compressed bytes. Both forms decompress to the same data. [`Buckets`] names the rule.

use alloc::vec;
use alloc::vec::Vec;

/// How the compressor chooses the bucket of three bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Buckets {
    /// By double-precision multiplication: the bytes of the JavaScript library, which every TypeScript client sends.
    #[default]
    JavaScript,
    /// By exact multiplication: the bytes of Solady's Solidity `flzCompress`.
    Exact,
}

/// Why bytes cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// A token is cut off at the end.
    #[error("compressed data end inside the token at byte {at}")]
    Truncated {
        /// Where the token begins.
        at: usize,
    },
    /// A match refers to bytes before the beginning.
    #[error("match at byte {at} reaches {distance} bytes back, there are only {written}")]
    Distance {
        /// Where the token begins.
        at: usize,
        /// How far it reaches.
        distance: usize,
        /// How many bytes there are.
        written: usize,
    },
    /// The result would be larger than allowed.
    #[error("decompressed data would be larger than {limit} bytes")]
    TooLarge {
        /// The most that is allowed.
        limit: usize,
    },
}

const BUCKETS: usize = 1 << 13;
const MULTIPLIER: u32 = 2_654_435_769;
const MAX_DISTANCE: usize = 8_191;
const MAX_MATCH: usize = 262;
const MAX_RUN: usize = 32;
/// How far the decompressor writes beyond the end of a copy.
const SLACK: usize = 32;

/// Compresses, by the rule that TypeScript clients follow.
#[doc(alias = "flzCompress")]
#[must_use]
pub fn compress(data: &[u8]) -> Vec<u8> {
    compress_with(Buckets::JavaScript, data)
}

/// Compresses by a given rule. The table of positions takes 16 KiB on the stack, 64 KiB for 64 KiB of data
/// or more.
#[must_use]
pub fn compress_with(buckets: Buckets, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compressed_bound(data.len()));
    compress_into(buckets, data, &mut out);
    out
}

/// The most bytes that `length` bytes compress to.
#[must_use]
pub const fn compressed_bound(length: usize) -> usize {
    length + length / MAX_RUN + 2
}

/// Compresses behind what `out` holds; with room for [`compressed_bound`] more bytes nothing is allocated.
pub fn compress_into(buckets: Buckets, data: &[u8], out: &mut Vec<u8>) {
    match (buckets, data.len() <= usize::from(u16::MAX)) {
        (Buckets::JavaScript, true) => run::<u16, false>(data, out),
        (Buckets::JavaScript, false) => run::<usize, false>(data, out),
        (Buckets::Exact, true) => run::<u16, true>(data, out),
        (Buckets::Exact, false) => run::<usize, true>(data, out),
    }
}

/// A place in the data, as the table holds it.
trait Position: Copy {
    const ZERO: Self;
    fn pack(position: usize) -> Self;
    fn unpack(self) -> usize;
}

impl Position for u16 {
    const ZERO: Self = 0;

    #[inline]
    fn pack(position: usize) -> Self {
        let [low, high, ..] = position.to_le_bytes();
        Self::from_le_bytes([low, high])
    }

    #[inline]
    fn unpack(self) -> usize {
        usize::from(self)
    }
}

impl Position for usize {
    const ZERO: Self = 0;

    #[inline]
    fn pack(position: usize) -> Self {
        position
    }

    #[inline]
    fn unpack(self) -> usize {
        self
    }
}

#[inline]
fn bucket<const EXACT: bool>(three: u32) -> usize {
    let product = u64::from(MULTIPLIER) * u64::from(three);
    let product = if EXACT {
        product
    } else {
        // Rounding a product above 2^53 to a double reaches the bucket only as a carry through bits that are all ones,
        // where ties go up too: so adding half of the double's last place gives the same bucket.
        const HALF: [u64; 8] = [0, 1, 2, 2, 4, 4, 4, 4];
        product + usize::try_from(product >> 53).ok().and_then(|high| HALF.get(high)).copied().unwrap_or(0)
    };
    usize::try_from((product >> 19) & 0x1fff).unwrap_or(0)
}

#[inline]
fn three(data: &[u8], at: usize) -> u32 {
    match data.get(at..).and_then(<[u8]>::first_chunk::<4>) {
        Some(bytes) => u32::from_le_bytes(*bytes) & 0x00ff_ffff,
        None => 0,
    }
}

/// How many bytes are compared, the first difference included, before one differs or `most` are reached.
#[inline]
fn compared(data: &[u8], behind: usize, ahead: usize, most: usize) -> usize {
    let mut length = 0;
    while length + 8 <= most {
        let chunk = |at: usize| data.get(at + length..).and_then(<[u8]>::first_chunk::<8>);
        let (Some(a), Some(b)) = (chunk(behind), chunk(ahead)) else { break };
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            let equal = usize::try_from(difference.trailing_zeros() / 8).unwrap_or(0);
            return length + equal + 1;
        }
        length += 8;
    }
    while length < most {
        length += 1;
        if data[behind + length - 1] != data[ahead + length - 1] {
            break;
        }
    }
    length
}

fn run<P: Position, const EXACT: bool>(data: &[u8], out: &mut Vec<u8>) {
    let limit = data.len().saturating_sub(13);
    let end = data.len().saturating_sub(4);
    let mut table = [P::ZERO; BUCKETS];
    let (mut anchor, mut at) = (0, 2);
    while at < limit {
        let found = loop {
            let value = three(data, at);
            let slot = &mut table[bucket::<EXACT>(value)];
            let candidate = slot.unpack();
            *slot = P::pack(at);
            if at >= limit {
                break None;
            }
            at += 1;
            if at - 1 - candidate <= MAX_DISTANCE && three(data, candidate) == value {
                break Some(candidate);
            }
        };
        let Some(candidate) = found else { break };
        // A match found at the last place is not used.
        if at >= limit {
            break;
        }
        at -= 1;
        literals(out, &data[anchor..at]);
        let length = compared(data, candidate + 3, at + 3, end - (at + 3));
        matched(out, length, at - candidate - 1);
        at += length;
        for _ in 0..2 {
            table[bucket::<EXACT>(three(data, at))] = P::pack(at);
            at += 1;
        }
        anchor = at;
    }
    literals(out, &data[anchor..]);
}

#[inline]
fn literals(out: &mut Vec<u8>, mut run: &[u8]) {
    while let Some((full, rest)) = run.split_first_chunk::<MAX_RUN>() {
        out.push(31);
        out.extend_from_slice(full);
        run = rest;
    }
    if let Some(last) = run.len().checked_sub(1) {
        out.push(low_byte(last));
        out.extend_from_slice(run);
    }
}

#[inline]
fn matched(out: &mut Vec<u8>, mut length: usize, distance: usize) {
    let [low, high, ..] = distance.to_le_bytes();
    while length > MAX_MATCH {
        out.extend_from_slice(&[224 + high, 253, low]);
        length -= MAX_MATCH;
    }
    if length < 7 {
        out.extend_from_slice(&[(low_byte(length) << 5) + high, low]);
    } else {
        out.extend_from_slice(&[224 + high, low_byte(length - 7), low]);
    }
}

#[inline]
const fn low_byte(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

/// One step of the compressed form.
#[derive(Clone, Copy)]
enum Token {
    /// Bytes that follow the token.
    Literals { length: usize },
    /// Bytes that were written `distance` ago.
    Match { length: usize, distance: usize },
}

/// Reads the token at `at`, and where its literals or the next token stand.
#[inline]
fn token(data: &[u8], at: usize) -> Result<(Token, usize), DecompressError> {
    let truncated = DecompressError::Truncated { at };
    let byte = |offset: usize| data.get(at + offset).copied().map(usize::from).ok_or(truncated);
    let control = byte(0)?;
    let distance = |low: usize| ((control & 31) << 8) + low + 1;
    match control >> 5 {
        0 => Ok((Token::Literals { length: control + 1 }, at + 1)),
        7 => Ok((Token::Match { length: 9 + byte(1)?, distance: distance(byte(2)?) }, at + 3)),
        short => Ok((Token::Match { length: short + 2, distance: distance(byte(1)?) }, at + 2)),
    }
}

/// The size of the decompressed data, without decompressing.
///
/// # Errors
/// When a token is cut off or refers to bytes before the beginning.
pub fn decompressed_size(data: &[u8]) -> Result<usize, DecompressError> {
    let (mut at, mut written) = (0, 0_usize);
    while at < data.len() {
        let (step, next) = token(data, at)?;
        let length = match step {
            Token::Literals { length } => {
                if next + length > data.len() {
                    return Err(DecompressError::Truncated { at });
                }
                at = next + length;
                length
            }
            Token::Match { length, distance } => {
                if distance > written {
                    return Err(DecompressError::Distance { at, distance, written });
                }
                at = next;
                length
            }
        };
        written = written.saturating_add(length);
    }
    Ok(written)
}

/// Decompresses, when the result is at most `limit` bytes: nothing is allocated before its size is known.
///
/// # Errors
/// When the data are malformed or the result would be larger.
#[doc(alias = "flzDecompress")]
pub fn decompress(data: &[u8], limit: usize) -> Result<Vec<u8>, DecompressError> {
    let size = decompressed_size(data)?;
    if size > limit {
        return Err(DecompressError::TooLarge { limit });
    }
    let mut out = vec![0; size + SLACK];
    let (mut at, mut written) = (0, 0);
    while at < data.len() {
        let (step, next) = token(data, at)?;
        match step {
            Token::Literals { length } => {
                // A copy of constant size is one of a few registers; what is too much is overwritten next.
                let source = data.get(next..).and_then(<[u8]>::first_chunk::<MAX_RUN>);
                match (source, out.get_mut(written..).and_then(<[u8]>::first_chunk_mut::<MAX_RUN>)) {
                    (Some(source), Some(target)) => *target = *source,
                    _ => out[written..written + length].copy_from_slice(&data[next..next + length]),
                }
                at = next + length;
                written += length;
            }
            Token::Match { length, distance } => {
                repeat(&mut out, written, length, distance);
                at = next;
                written += length;
            }
        }
    }
    out.truncate(size);
    Ok(out)
}

/// Writes at `at` what stands `distance` before, which may reach into what is being written.
#[inline]
fn repeat(out: &mut [u8], at: usize, length: usize, distance: usize) {
    const CHUNK: usize = 16;
    if distance >= CHUNK {
        let mut done = 0;
        while done < length {
            let source = at + done - distance;
            let Some(chunk) = out.get(source..).and_then(<[u8]>::first_chunk::<CHUNK>).copied() else { break };
            match out.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut::<CHUNK>) {
                Some(target) => *target = chunk,
                None => break,
            }
            done += CHUNK;
        }
    } else if distance == 1 {
        let byte = out[at - 1];
        out[at..at + length].fill(byte);
    } else {
        for place in at..at + length {
            out[place] = out[place - distance];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bomb_is_refused() {
        let bomb = compress(&vec![0; 1 << 20]);
        assert!(bomb.len() < 16_000);
        assert_eq!(decompress(&bomb, (1 << 20) - 1), Err(DecompressError::TooLarge { limit: (1 << 20) - 1 }));
        assert_eq!(decompress(&bomb, 1 << 20).unwrap(), vec![0; 1 << 20]);
    }

    #[test]
    fn malformed_tokens_are_named() {
        assert_eq!(decompress(&[3, 1, 2], 100), Err(DecompressError::Truncated { at: 0 }));
        assert_eq!(decompress(&[0, 9, 0x20], 100), Err(DecompressError::Truncated { at: 2 }));
        let error = DecompressError::Distance { at: 2, distance: 2, written: 1 };
        assert_eq!(decompress(&[0, 9, 0x20, 1], 100), Err(error));
        assert_eq!(decompress(&[], 0), Ok(vec![]));
    }

    #[test]
    fn javascript_buckets_are_those_of_double_precision() {
        let mut other = 0;
        for three in 0..1 << 24 {
            let product = f64::from(MULTIPLIER) * f64::from(three);
            // Below 2^56, so the cast is exact.
            let double = usize::try_from(((product as u64) >> 19) & 0x1fff).unwrap();
            assert_eq!(bucket::<false>(three), double, "{three}");
            other += u32::from(bucket::<true>(three) != double);
        }
        assert_eq!(other, 56);
    }

    fn data() -> impl Strategy<Value = Vec<u8>> {
        // Few values in runs, so that there are matches of every length and distance.
        let runs = prop::collection::vec((0..4_u8, 1..300_usize), 0..60);
        runs.prop_map(|runs| runs.into_iter().flat_map(|(byte, length)| core::iter::repeat_n(byte, length)).collect())
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(data in prop_oneof![data(), any::<Vec<u8>>()]) {
            for buckets in [Buckets::JavaScript, Buckets::Exact] {
                let compressed = compress_with(buckets, &data);
                prop_assert!(compressed.len() <= data.len() + data.len() / 32 + 2);
                let back = decompress(&compressed, data.len()).unwrap();
                prop_assert_eq!(&back, &data);
            }
        }

        #[test]
        fn any_bytes_decompress_or_are_refused(data: Vec<u8>) {
            if let Ok(out) = decompress(&data, 4096) {
                prop_assert!(out.len() <= 4096);
            }
        }
    }

    #[test]
    fn large_inputs_use_the_wide_table() {
        let data: Vec<u8> = (0..200_000_u32).map(|n| (n / 7 % 251).to_le_bytes()[0]).collect();
        for buckets in [Buckets::JavaScript, Buckets::Exact] {
            assert_eq!(decompress(&compress_with(buckets, &data), data.len()).unwrap(), data);
        }
    }
}
