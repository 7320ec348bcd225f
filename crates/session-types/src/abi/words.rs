//! The 32-byte words that ABI encodings are made of.

/// The size of a word.
pub(crate) const WORD: usize = 32;

/// Padding comes from here.
pub(crate) const ZEROS: [u8; WORD] = [0; WORD];

/// How many zero bytes follow `length` bytes of content.
pub(crate) const fn padding(length: usize) -> usize {
    length.wrapping_neg() % WORD
}

/// The size of `length` bytes of content with its padding.
pub(crate) const fn padded(length: usize) -> usize {
    length + padding(length)
}

/// A length or an offset as a word.
pub(crate) const fn length(length: usize) -> [u8; WORD] {
    let mut word = [0; WORD];
    let bytes = length.to_be_bytes();
    let mut at = 0;
    while at < bytes.len() {
        word[WORD - bytes.len() + at] = bytes[at];
        at += 1;
    }
    word
}
