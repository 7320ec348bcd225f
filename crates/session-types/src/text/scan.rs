//! Finding the bytes that end a run of plain text.

/// 1 for a byte that cannot stand in JSON text as it is.
#[inline]
fn special(byte: u8) -> u8 {
    u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\')
}

/// Where the first special byte of eight stands, by the zero-byte trick; its carries only reach later bytes.
#[inline]
const fn first_of_eight(bytes: [u8; 8]) -> Option<u32> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let word = u64::from_le_bytes(bytes);
    let quote = (word ^ (ONES * 0x22)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    let control = word.wrapping_sub(ONES * 0x20);
    let found = (quote | backslash | control) & !word & HIGH;
    if found == 0 { None } else { Some(found.trailing_zeros() / 8) }
}

/// Where the first quote, backslash or control stands; the length when there is none.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    // Whole blocks without a branch inside become vector instructions; most text is long hex. Names end sooner.
    const BLOCK: usize = 32;
    let mut at = 0;
    loop {
        for _ in 0..2 {
            let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
                return bytes[at..].iter().position(|byte| special(*byte) != 0).map_or(bytes.len(), |place| at + place);
            };
            if let Some(place) = first_of_eight(*eight) {
                return at + usize::try_from(place).unwrap_or(0);
            }
            at += 8;
        }
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            // In this order of operations each comparison stays a vector instruction of its own.
            let seen = block.iter().fold(0, |seen, byte| {
                seen | u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\')
            });
            if seen != 0 {
                break;
            }
            at += BLOCK;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_special_byte() {
        for length in 0..100 {
            let mut bytes = alloc::vec![b'a'; 100];
            bytes[length] = [b'"', b'\\', 0, 0x1f][length % 4];
            assert_eq!(plain_prefix(&bytes), length);
        }
        assert_eq!(plain_prefix(&[0x7f; 77]), 77);
        // Every byte, alone and behind bytes that differ from a special one by a bit or by one.
        for byte in 0..=u8::MAX {
            for before in [b'#', b'!', b']', b'[', b' ', 0x9f, 0xa2, 0xdc, 0xff] {
                let mut bytes = [before; 40];
                bytes[37] = byte;
                let expected = if special(byte) == 0 { 40 } else { 37 };
                assert_eq!(plain_prefix(&bytes), expected, "{byte:#x} behind {before:#x}");
                assert_eq!(plain_prefix(&bytes[32..]), expected - 32);
            }
        }
    }
}
