use alloy_primitives::{Address, B256, FixedBytes, Signed, U256, Uint};

/// A value that a rule compares a parameter with: the 32-byte word that the ABI encoding of the value is.
///
/// Numbers, booleans and addresses fill the word from the right, `bytesN` from the left, as in call data.
///
/// ```
/// use alloy_primitives::{Address, FixedBytes, b256};
/// use policy_encoding::RefValue;
///
/// let ones = RefValue::from(Address::repeat_byte(0x11));
/// assert_eq!(ones.word(), b256!("0000000000000000000000001111111111111111111111111111111111111111"));
/// let left = RefValue::from(FixedBytes([0xab, 0xcd]));
/// assert_eq!(left.word(), b256!("abcd000000000000000000000000000000000000000000000000000000000000"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefValue(B256);

impl RefValue {
    /// The word itself, as it will stand in the rule.
    #[must_use]
    pub const fn raw(word: B256) -> Self {
        Self(word)
    }

    /// The bounds of [`Condition::InRange`](crate::Condition::InRange), both included.
    #[must_use]
    pub fn range(low: u128, high: u128) -> Self {
        let mut word = B256::ZERO;
        word[..16].copy_from_slice(&low.to_be_bytes());
        word[16..].copy_from_slice(&high.to_be_bytes());
        Self(word)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn word(self) -> B256 {
        self.0
    }
}

impl From<Address> for RefValue {
    fn from(value: Address) -> Self {
        Self(value.into_word())
    }
}

impl From<bool> for RefValue {
    fn from(value: bool) -> Self {
        Self(B256::with_last_byte(u8::from(value)))
    }
}

impl<const N: usize> From<FixedBytes<N>> for RefValue {
    /// # Panics
    /// Does not compile for more than 32 bytes.
    fn from(value: FixedBytes<N>) -> Self {
        const { assert!(N <= 32, "a word has 32 bytes") };
        let mut word = B256::ZERO;
        word[..N].copy_from_slice(value.as_slice());
        Self(word)
    }
}

impl<const BITS: usize, const LIMBS: usize> From<Uint<BITS, LIMBS>> for RefValue {
    fn from(value: Uint<BITS, LIMBS>) -> Self {
        const { assert!(BITS <= 256, "a word has 256 bits") };
        Self(B256::from(U256::from(value)))
    }
}

impl<const BITS: usize, const LIMBS: usize> From<Signed<BITS, LIMBS>> for RefValue {
    fn from(value: Signed<BITS, LIMBS>) -> Self {
        const { assert!(BITS <= 256, "a word has 256 bits") };
        let magnitude = U256::from(value.unsigned_abs());
        Self(B256::from(if value.is_negative() { magnitude.wrapping_neg() } else { magnitude }))
    }
}

macro_rules! from_integers {
    ($($unsigned:ty),*; $($signed:ty),*) => {
        $(impl From<$unsigned> for RefValue {
            fn from(value: $unsigned) -> Self {
                Self(B256::from(U256::from(value)))
            }
        })*
        $(impl From<$signed> for RefValue {
            fn from(value: $signed) -> Self {
                let magnitude = U256::from(value.unsigned_abs());
                Self(B256::from(if value < 0 { magnitude.wrapping_neg() } else { magnitude }))
            }
        })*
    };
}

from_integers!(u8, u16, u32, u64, u128; i8, i16, i32, i64, i128);

#[cfg(test)]
mod tests {
    use alloy_primitives::I256;

    use super::*;

    #[test]
    fn negative_numbers_fill_the_word_with_ones() {
        assert_eq!(RefValue::from(-1_i8).word(), B256::repeat_byte(0xff));
        assert_eq!(RefValue::from(I256::MINUS_ONE).word(), B256::repeat_byte(0xff));
        assert_eq!(RefValue::from(-2_i64), RefValue::from(I256::unchecked_from(-2)));
    }
}
