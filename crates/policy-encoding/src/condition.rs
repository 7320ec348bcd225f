use alloy_primitives::{B256, U256};

/// How a rule compares a call's parameter with its reference value.
///
/// The contracts read both sides as unsigned 256-bit big-endian numbers, whatever the parameter's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Condition {
    /// The parameter is the reference value (0).
    #[doc(alias = "EQUAL")]
    Equal,
    /// The parameter is greater than the reference value (1).
    #[doc(alias = "GREATER_THAN")]
    GreaterThan,
    /// The parameter is less than the reference value (2).
    #[doc(alias = "LESS_THAN")]
    LessThan,
    /// The parameter is the reference value or greater (3).
    #[doc(alias = "GREATER_THAN_OR_EQUAL")]
    AtLeast,
    /// The parameter is the reference value or less (4).
    #[doc(alias = "LESS_THAN_OR_EQUAL")]
    AtMost,
    /// The parameter is anything but the reference value (5).
    #[doc(alias = "NOT_EQUAL")]
    NotEqual,
    /// The parameter lies between two 128-bit bounds, both included (6): the reference value is
    /// `low << 128 | high`.
    #[doc(alias = "IN_RANGE")]
    InRange,
}

impl Condition {
    /// Every condition, in the order of their numbers on chain.
    pub const ALL: [Self; 7] =
        [Self::Equal, Self::GreaterThan, Self::LessThan, Self::AtLeast, Self::AtMost, Self::NotEqual, Self::InRange];

    /// The condition's number on chain, 0 to 6.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Equal => 0,
            Self::GreaterThan => 1,
            Self::LessThan => 2,
            Self::AtLeast => 3,
            Self::AtMost => 4,
            Self::NotEqual => 5,
            Self::InRange => 6,
        }
    }

    /// The condition with the number `code`; `None` above 6.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Whether `parameter` satisfies the condition against `reference`.
    #[must_use]
    pub fn holds(self, parameter: B256, reference: B256) -> bool {
        // Big-endian words compare as numbers when they compare as byte strings.
        match self {
            Self::Equal => parameter == reference,
            Self::GreaterThan => parameter > reference,
            Self::LessThan => parameter < reference,
            Self::AtLeast => parameter >= reference,
            Self::AtMost => parameter <= reference,
            Self::NotEqual => parameter != reference,
            Self::InRange => {
                let (low, high) = range_bounds(reference);
                let parameter = U256::from_be_bytes(parameter.0);
                parameter >= U256::from(low) && parameter <= U256::from(high)
            }
        }
    }
}

/// The two bounds packed in the reference value of [`Condition::InRange`].
#[must_use]
pub fn range_bounds(reference: B256) -> (u128, u128) {
    let (mut low, mut high) = ([0; 16], [0; 16]);
    low.copy_from_slice(&reference[..16]);
    high.copy_from_slice(&reference[16..]);
    (u128::from_be_bytes(low), u128::from_be_bytes(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for condition in Condition::ALL {
            assert_eq!(Condition::from_code(condition.code()), Some(condition));
        }
        assert_eq!(Condition::from_code(7), None);
    }

    #[test]
    fn a_reversed_range_holds_nothing() {
        let reference = B256::from(U256::from(9) << 128 | U256::from(3));
        for parameter in [0_u8, 3, 5, 9, 200] {
            assert!(!Condition::InRange.holds(B256::with_last_byte(parameter), reference));
        }
    }
}
