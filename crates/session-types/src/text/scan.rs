//! Finding the bytes that end a run of plain text.

/// Whether a byte cannot stand in JSON text as it is.
#[inline]
const fn special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Where the first quote, backslash or control stands; the length when there is none.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    // Whole blocks without a branch inside become vector instructions; most text is long hex.
    const BLOCK: usize = 32;
    let mut at = 0;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        if block.iter().fold(false, |seen, byte| seen | special(*byte)) {
            break;
        }
        at += BLOCK;
    }
    bytes[at..].iter().position(|byte| special(*byte)).map_or(bytes.len(), |offset| at + offset)
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
    }
}
