use alloy_primitives::{Address, U256};

use crate::EntryPointVersion;

/// What validating an operation gave (ERC-4337): `authorizer(160) | validUntil(48) | validAfter(48)`, low bits first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ValidationData {
    /// Who decided.
    pub authorizer: Authorizer,
    /// When the operation may run.
    pub window: Window,
}

/// Who decided about an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authorizer {
    /// 0: the signature is right.
    #[default]
    Valid,
    /// 1: the signature is wrong.
    SignatureFailure,
    /// An aggregator has to be asked.
    Aggregator(Address),
}

/// When an operation may run. An end of zero on chain is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Window {
    /// Seconds since 1970.
    Time {
        /// Not before.
        after: u64,
        /// Not later; `None` for ever.
        until: Option<u64>,
    },
    /// Block numbers (0.9): both values have their top bit set on chain.
    Blocks {
        /// Not before.
        after: u64,
        /// Not later; `None` for ever.
        until: Option<u64>,
    },
}

impl Default for Window {
    fn default() -> Self {
        Self::Time { after: 0, until: None }
    }
}

/// The top bit of a 48-bit value.
const BLOCK_FLAG: u64 = 1 << 47;
const MASK_48: u64 = (1 << 48) - 1;

impl ValidationData {
    /// Reads the number that an account or paymaster answers with.
    #[must_use]
    #[doc(alias = "parseValidationData")]
    pub fn from_word(version: EntryPointVersion, word: U256) -> Self {
        let authorizer = Address::from_word(word.into());
        let authorizer = if authorizer.is_zero() {
            Authorizer::Valid
        } else if authorizer == Address::with_last_byte(1) {
            Authorizer::SignatureFailure
        } else {
            Authorizer::Aggregator(authorizer)
        };
        let [_, _, middle, high] = word.into_limbs();
        // 32 bits of the end stand in the third limb, 16 in the fourth.
        let until = (middle >> 32) | ((high << 32) & MASK_48);
        let after = high >> 16;
        let blocks = version == EntryPointVersion::V0_9 && until & after & BLOCK_FLAG != 0;
        let window = if blocks {
            let (after, until) = (after & !BLOCK_FLAG, until & !BLOCK_FLAG);
            Window::Blocks { after, until: (until != 0).then_some(until) }
        } else {
            Window::Time { after, until: (until != 0).then_some(until) }
        };
        Self { authorizer, window }
    }

    /// The number on chain. Times beyond 48 bits are cut to the last one that there is.
    #[must_use]
    #[doc(alias = "packValidationData")]
    pub fn to_word(self) -> U256 {
        let authorizer = match self.authorizer {
            Authorizer::Valid => Address::ZERO,
            Authorizer::SignatureFailure => Address::with_last_byte(1),
            Authorizer::Aggregator(address) => address,
        };
        let (after, until, flag, mask) = match self.window {
            Window::Time { after, until } => (after, until, 0, MASK_48),
            Window::Blocks { after, until } => (after, until, BLOCK_FLAG, BLOCK_FLAG - 1),
        };
        let until = until.unwrap_or(0).min(mask) | flag;
        let after = after.min(mask) | flag;
        U256::from_be_bytes(authorizer.into_word().0) | (U256::from(until) << 160) | (U256::from(after) << 208)
    }
}

impl Window {
    /// Whether an operation may run in a block of this number and time (AA22, AA27).
    ///
    /// Up to 0.7 the first second of the window is in it, from 0.8 on it is not.
    #[must_use]
    pub fn contains(self, version: EntryPointVersion, block_number: u64, block_time: u64) -> bool {
        let (now, after, until) = match self {
            Self::Time { after, until } => (block_time, after, until),
            Self::Blocks { after, until } => (block_number, after, until),
        };
        let begun = if version >= EntryPointVersion::V0_8 { now > after } else { now >= after };
        begun && until.is_none_or(|until| now <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_stand_in_their_places() {
        let word = (U256::from(5) << 208) | (U256::from(6) << 160) | U256::from(1);
        let data = ValidationData::from_word(EntryPointVersion::V0_7, word);
        let window = Window::Time { after: 5, until: Some(6) };
        assert_eq!(data, ValidationData { authorizer: Authorizer::SignatureFailure, window });
        assert_eq!(ValidationData::from_word(EntryPointVersion::V0_7, U256::ZERO), ValidationData::default());
    }

    #[test]
    fn block_range_needs_both_flags_and_0_9() {
        let flagged = U256::from(BLOCK_FLAG | 7);
        let both = (flagged << 208) | (flagged << 160);
        let blocks = Window::Blocks { after: 7, until: Some(7) };
        assert_eq!(ValidationData::from_word(EntryPointVersion::V0_9, both).window, blocks);
        let time = Window::Time { after: BLOCK_FLAG | 7, until: Some(BLOCK_FLAG | 7) };
        assert_eq!(ValidationData::from_word(EntryPointVersion::V0_8, both).window, time);
        let one = ValidationData::from_word(EntryPointVersion::V0_9, flagged << 208).window;
        assert_eq!(one, Window::Time { after: BLOCK_FLAG | 7, until: None });
    }

    #[test]
    fn edges_of_the_window() {
        let window = Window::Time { after: 10, until: Some(20) };
        let (old, new) = (EntryPointVersion::V0_7, EntryPointVersion::V0_8);
        assert!(window.contains(old, 0, 10) && !window.contains(new, 0, 10));
        assert!(window.contains(new, 0, 11) && window.contains(new, 0, 20) && !window.contains(new, 0, 21));
        assert!(!window.contains(old, 0, 9));
        assert!(Window::Blocks { after: 1, until: None }.contains(EntryPointVersion::V0_9, 2, 0));
    }

    proptest! {
        #[test]
        fn every_word_reads_back(bytes in any::<[u8; 32]>()) {
            let word = U256::from_be_bytes(bytes);
            for version in EntryPointVersion::ALL {
                prop_assert_eq!(ValidationData::from_word(version, word).to_word(), word);
            }
        }
    }
}
