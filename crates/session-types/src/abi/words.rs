//! The 32-byte words that ABI encodings are made of.

/// Padding comes from here.
pub(crate) const ZEROS: [u8; 32] = [0; 32];

/// How many zero bytes follow `length` bytes of content.
pub(crate) const fn padding(length: usize) -> usize {
    length.wrapping_neg() % 32
}

/// A length or an offset as a word.
pub(crate) const fn length(length: usize) -> [u8; 32] {
    let mut word = [0; 32];
    let bytes = length.to_be_bytes();
    let mut at = 0;
    while at < bytes.len() {
        word[32 - bytes.len() + at] = bytes[at];
        at += 1;
    }
    word
}
