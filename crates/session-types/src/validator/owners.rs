use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, U256, hex};

use crate::abi::DecodeError;
use crate::abi::codec;

/// The length of one owner's signature: r, s, v.
pub const SIGNATURE_LENGTH: usize = 65;

/// What stands for one owner's signature in gas estimation: well formed, of no key in use.
pub const OWNER_STUB_SIGNATURE: [u8; SIGNATURE_LENGTH] = hex!(
    "e8b94748580ca0b4993c9a1b86b5be851bfc076ff5ce3a1ff65bf16392acfcb8"
    "00f9b4f1aef1555c7fce5599fffb17e7c635502154a0333ba21f3ae491839af5"
    "1c"
);

/// Keys, of which a number must sign, as the Ownable validator accepts them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owners {
    threshold: usize,
    owners: Vec<Address>,
}

/// Why owners would be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnersError {
    /// No signature would be needed: the validator refuses all then.
    #[error("threshold is 0, expected at least 1")]
    ZeroThreshold,
    /// There are not enough owners.
    #[error("threshold {threshold} with {owners} owners, expected at most as many")]
    ThresholdTooHigh {
        /// How many must sign.
        threshold: usize,
        /// How many there are.
        owners: usize,
    },
    /// The validator refuses every signature then.
    #[error("owner {owner} stands twice")]
    Duplicate {
        /// The owner.
        owner: Address,
    },
    /// A failed recovery gives the zero address.
    #[error("an owner is the zero address")]
    Zero,
}

impl Owners {
    /// Keys in any order: they are sorted by value, as the contract demands.
    ///
    /// # Errors
    /// When the validator would refuse every signature.
    pub fn new(threshold: usize, owners: impl IntoIterator<Item = Address>) -> Result<Self, OwnersError> {
        let mut owners: Vec<_> = owners.into_iter().collect();
        owners.sort_unstable();
        if threshold == 0 {
            return Err(OwnersError::ZeroThreshold);
        }
        if threshold > owners.len() {
            return Err(OwnersError::ThresholdTooHigh { threshold, owners: owners.len() });
        }
        if owners.first() == Some(&Address::ZERO) {
            return Err(OwnersError::Zero);
        }
        if let Some(pair) = owners.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(OwnersError::Duplicate { owner: pair[0] });
        }
        Ok(Self { threshold, owners })
    }

    /// One key.
    ///
    /// # Errors
    /// When it is the zero address.
    pub fn single(owner: Address) -> Result<Self, OwnersError> {
        Self::new(1, [owner])
    }

    /// How many must sign.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// The keys, in ascending order.
    #[must_use]
    pub fn owners(&self) -> &[Address] {
        &self.owners
    }

    /// The init data: `abi.encode(uint256 threshold, address[] owners)`.
    #[doc(alias = "encodeValidationData")]
    #[must_use]
    pub fn encode(&self) -> Bytes {
        codec::encode(&[], &(U256::from(self.threshold), self.owners.as_slice())).into()
    }

    /// A signature for gas estimation: [`OWNER_STUB_SIGNATURE`] once for each signature needed.
    #[must_use]
    pub fn stub_signature(&self) -> Bytes {
        Self::join_signatures(core::iter::repeat_n(OWNER_STUB_SIGNATURE, self.threshold))
    }

    /// The signatures one behind the other; the validator reads as many as the threshold, in any order.
    #[doc(alias = "getOwnableValidatorSignature")]
    #[must_use]
    pub fn join_signatures(signatures: impl IntoIterator<Item = [u8; SIGNATURE_LENGTH]>) -> Bytes {
        let mut joined = Vec::new();
        for signature in signatures {
            joined.extend_from_slice(&signature);
        }
        joined.into()
    }
}

/// The Ownable validator's init data as anyone may have written them, also such that it refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OwnersData {
    /// How many must sign.
    pub threshold: U256,
    /// The keys.
    pub owners: Vec<Address>,
}

impl OwnersData {
    /// The init data, in the order in which the owners stand.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        codec::encode(&[], &(self.threshold, self.owners.as_slice())).into()
    }

    /// Reads init data.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        let (threshold, owners) = codec::decode(data)?;
        Ok(Self { threshold, owners })
    }

    /// The checked form. Owners in another order than the ascending one are refused by the validator, so they are not
    /// sorted here: see [`is_ascending`](Self::is_ascending).
    ///
    /// # Errors
    /// When the validator would refuse every signature.
    pub fn check(&self) -> Result<Owners, OwnersError> {
        let threshold = usize::try_from(self.threshold).unwrap_or(usize::MAX);
        Owners::new(threshold, self.owners.iter().copied())
    }

    /// Whether the owners are strictly ascending by value. If not, the validator refuses every signature: module-sdk
    /// sorts the addresses as text in mixed case, which is not always the same.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        self.owners.windows(2).all(|pair| pair[0] < pair[1])
    }
}
