use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use alloy_primitives::U256;

/// The most digits of a number in base 2, 8 or 16: the conversion takes time that grows with their square.
const MAX_RADIX_DIGITS: usize = 65_536;

/// An integer of any size, as canonical decimal text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BigInt(Box<str>);

/// Why text is no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BigIntError {
    /// JavaScript's `BigInt` refuses it too.
    #[error("not an integer")]
    Invalid,
    /// More than 65,536 digits in base 2, 8 or 16.
    #[error("integer of {digits} digits in base {radix}, expected at most 65536")]
    TooLong {
        /// How many digits there are.
        digits: usize,
        /// The base.
        radix: u32,
    },
}

impl BigInt {
    /// Reads text as JavaScript's `BigInt` does: decimal with an optional sign, `0x`, `0o` or `0b` without one, blanks
    /// around; empty text is zero.
    ///
    /// # Errors
    /// When the text is no integer.
    pub fn parse(text: &str) -> Result<Self, BigIntError> {
        // JavaScript's blanks are Unicode's, without NEL and with the byte order mark.
        let text = text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}');
        let based = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
        for (prefix, radix) in based {
            if let Some(digits) = text.strip_prefix(prefix) {
                return Self::from_radix(digits, radix);
            }
        }
        let (negative, digits) = match text.as_bytes() {
            [b'-', ..] => (true, &text[1..]),
            [b'+', ..] => (false, &text[1..]),
            [] => return Ok(Self("0".into())),
            _ => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(BigIntError::Invalid);
        }
        match digits.trim_start_matches('0') {
            "" => Ok(Self("0".into())),
            digits if negative => Ok(Self(format!("-{digits}").into())),
            digits => Ok(Self(digits.into())),
        }
    }

    fn from_radix(digits: &str, radix: u32) -> Result<Self, BigIntError> {
        if digits.is_empty() {
            return Err(BigIntError::Invalid);
        }
        let digits = digits.trim_start_matches('0');
        if digits.len() > MAX_RADIX_DIGITS {
            return Err(BigIntError::TooLong { digits: digits.len(), radix });
        }
        // Limbs of nine decimal digits, lowest first.
        const LIMB: u64 = 1_000_000_000;
        let mut limbs: Vec<u32> = Vec::new();
        for digit in digits.chars() {
            let mut carry = u64::from(digit.to_digit(radix).ok_or(BigIntError::Invalid)?);
            for limb in &mut limbs {
                let value = u64::from(*limb) * u64::from(radix) + carry;
                *limb = u32::try_from(value % LIMB).unwrap_or(0);
                carry = value / LIMB;
            }
            if carry > 0 {
                limbs.push(u32::try_from(carry).unwrap_or(0));
            }
        }
        let mut limbs = limbs.into_iter().rev();
        let mut text = limbs.next().map_or_else(|| String::from("0"), |limb| format!("{limb}"));
        text.extend(limbs.map(|limb| format!("{limb:09}")));
        Ok(Self(text.into()))
    }

    /// An integral number, exactly. `None` for fractions and what is not finite.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        // Not to zero: a fraction keeps its digits here.
        let text = format!("{number}");
        if !number.is_finite() || text.contains('.') {
            return None;
        }
        Self::parse(&format!("{number:.0}")).ok()
    }

    /// The canonical decimal text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}n", self.0)
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<U256> for BigInt {
    fn from(number: U256) -> Self {
        Self(format!("{number}").into())
    }
}

impl From<u64> for BigInt {
    fn from(number: u64) -> Self {
        Self(format!("{number}").into())
    }
}

impl TryFrom<&BigInt> for U256 {
    type Error = BigIntError;

    /// Fails for negative numbers and those above 256 bits.
    fn try_from(number: &BigInt) -> Result<Self, BigIntError> {
        Self::from_str_radix(number.as_str(), 10).map_err(|_| BigIntError::Invalid)
    }
}

impl TryFrom<&BigInt> for u64 {
    type Error = BigIntError;

    /// Fails for negative numbers and those above 64 bits.
    fn try_from(number: &BigInt) -> Result<Self, BigIntError> {
        number.as_str().parse().map_err(|_| BigIntError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_javascript_reads() {
        for (text, expected) in [
            ("", "0"),
            ("  \u{feff}7\u{a0}\n", "7"),
            ("-0", "0"),
            ("+0012", "12"),
            ("-12", "-12"),
            ("0xfF", "255"),
            ("0o17", "15"),
            ("0b101", "5"),
            ("0x00", "0"),
            (
                "0x10000000000000000000000000000000000000000000000000000000000000000",
                "115792089237316195423570985008687907853269984665640564039457584007913129639936",
            ),
        ] {
            assert_eq!(BigInt::parse(text).unwrap().as_str(), expected, "{text:?}");
        }
        for text in ["-", "+", "1.0", "1e3", "0x", "-0x1", "abc", "1 2", "0b2", "1n", "\u{85}1"] {
            assert_eq!(BigInt::parse(text), Err(BigIntError::Invalid), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(BigInt::from_f64(1e23).unwrap().as_str(), "99999999999999991611392");
        assert_eq!(BigInt::from_f64(-0.0).unwrap().as_str(), "0");
        assert_eq!(BigInt::from_f64(1.5), None);
        assert_eq!(BigInt::from_f64(f64::NAN), None);
    }

    #[test]
    fn too_many_digits_are_refused() {
        let text = alloc::format!("0x1{}", "0".repeat(MAX_RADIX_DIGITS));
        assert_eq!(BigInt::parse(&text), Err(BigIntError::TooLong { digits: MAX_RADIX_DIGITS + 1, radix: 16 }));
    }
}
