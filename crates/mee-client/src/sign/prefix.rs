use alloy_primitives::Bytes;

/// What the first four bytes of a supertransaction's signature say of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureKind {
    /// A secp256k1 signature: 65 bytes.
    Simple,
    /// A mined transaction: `abi.encode(bytes32 transaction, uint256 chain)`.
    OnChain,
    /// An ERC-2612 permit.
    Permit,
    /// A delegation.
    Delegation,
    /// A Safe transaction.
    Safe,
    /// No supertransaction: an ERC-1271 signature by an address (suite 3.0.0).
    Erc1271,
    /// A P-256 signature: 64 bytes.
    SimpleP256,
    /// No supertransaction: a plain ERC-1271 signature by a P-256 key.
    Erc1271P256,
    /// No supertransaction: any other signature by a P-256 key.
    OtherP256,
}

impl SignatureKind {
    /// The four bytes.
    #[must_use]
    pub const fn prefix(self) -> [u8; 4] {
        let last = match self {
            Self::Simple => 0x00,
            Self::OnChain => 0x01,
            Self::Permit => 0x02,
            Self::Delegation => 0x03,
            Self::Safe => 0x04,
            Self::Erc1271 => 0x05,
            Self::SimpleP256 => 0x10,
            Self::Erc1271P256 => 0x11,
            Self::OtherP256 => 0x12,
        };
        [0x17, 0x7e, 0xee, last]
    }

    /// The kind of a signature, by its first four bytes.
    #[must_use]
    pub fn of(signature: &[u8]) -> Option<Self> {
        let prefix = signature.first_chunk::<4>()?;
        let all = [
            Self::Simple,
            Self::OnChain,
            Self::Permit,
            Self::Delegation,
            Self::Safe,
            Self::Erc1271,
            Self::SimpleP256,
            Self::Erc1271P256,
            Self::OtherP256,
        ];
        all.into_iter().find(|kind| kind.prefix() == *prefix)
    }

    pub(crate) fn before(self, payload: &[u8]) -> Bytes {
        [&self.prefix()[..], payload].concat().into()
    }
}
