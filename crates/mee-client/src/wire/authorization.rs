use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};

use super::{checksummed, numbers};

/// A signed EIP-7702 authorization: the owner's address may run an account's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DelegationAuthorization {
    /// The chain that it holds on; 0 for every chain.
    #[serde(with = "quantity")]
    pub chain_id: u64,
    /// The code's address.
    #[serde(with = "checksummed")]
    pub address: Address,
    /// The transaction count of the signer at which it holds.
    #[serde(with = "quantity")]
    pub nonce: u64,
    /// The signature's first word.
    pub r: B256,
    /// The signature's second word.
    pub s: B256,
    /// Which of the two points: 0 or 1.
    #[serde(with = "quantity")]
    pub y_parity: u64,
}

impl DelegationAuthorization {
    /// What the authority signs: `keccak256(0x05 ++ rlp([chain_id, address, nonce]))` (EIP-7702).
    #[must_use]
    pub fn signing_hash(chain_id: u64, address: Address, nonce: u64) -> B256 {
        alloy_eip7702::Authorization { chain_id: U256::from(chain_id), address, nonce }.signature_hash()
    }
}

mod quantity {
    use alloy_primitives::U64;
    use serde::{Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        U64::from(*value).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        super::numbers::decimal_u64::deserialize(deserializer)
    }
}
