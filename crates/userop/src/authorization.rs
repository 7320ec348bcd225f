use alloy_primitives::{Address, B256, Keccak256, U256};

/// A signed EIP-7702 authorization: the sender's consent to run another contract's code.
///
/// The chain id zero holds on every chain; the delegate zero takes the code away again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Authorization {
    /// The chain, or zero for all.
    pub chain_id: U256,
    /// The contract whose code the account runs.
    #[doc(alias = "contractAddress")]
    pub address: Address,
    /// The account's transaction count.
    pub nonce: u64,
    /// The parity of the signature's point.
    pub y_parity: bool,
    /// The signature's first half.
    pub r: U256,
    /// The signature's second half.
    pub s: U256,
}

impl Authorization {
    /// An authorization whose signature is still zero.
    #[must_use]
    pub const fn unsigned(chain_id: U256, address: Address, nonce: u64) -> Self {
        Self { chain_id, address, nonce, y_parity: false, r: U256::ZERO, s: U256::ZERO }
    }

    /// What the account's key signs: `keccak256(0x05 ++ rlp([chainId, address, nonce]))`.
    #[must_use]
    pub fn signing_hash(&self) -> B256 {
        // A string of 20 bytes is one byte of head and the bytes, a number its significant bytes after a head.
        let chain = RlpNumber::new(self.chain_id);
        let nonce = RlpNumber::new(U256::from(self.nonce));
        let length = chain.len() + 21 + nonce.len();
        let mut hasher = Keccak256::new();
        hasher.update([0x05]);
        // At most 33 + 21 + 9 bytes: a list of more than 55 bytes states its length in a byte of its own.
        match u8::try_from(length) {
            Ok(length) if length <= 55 => hasher.update([0xc0 + length]),
            length => hasher.update([0xf8, length.unwrap_or(u8::MAX)]),
        }
        hasher.update(chain.as_slice());
        hasher.update([0x94]);
        hasher.update(self.address);
        hasher.update(nonce.as_slice());
        hasher.finalize()
    }

    /// The authorization with the signature `r ++ s ++ v` of 65 bytes, `v` being 0, 1, 27 or 28.
    ///
    /// `None` when `v` is something else.
    #[must_use]
    pub fn with_signature(mut self, signature: &[u8; 65]) -> Option<Self> {
        self.r = U256::try_from_be_slice(&signature[..32])?;
        self.s = U256::try_from_be_slice(&signature[32..64])?;
        self.y_parity = match signature[64] {
            0 | 27 => false,
            1 | 28 => true,
            _ => return None,
        };
        Some(self)
    }
}

/// A number in RLP, right-aligned in 33 bytes.
struct RlpNumber {
    bytes: [u8; 33],
    start: usize,
}

impl RlpNumber {
    fn new(value: U256) -> Self {
        let mut bytes = [0; 33];
        bytes[1..].copy_from_slice(&value.to_be_bytes::<32>());
        let significant = value.byte_len();
        let mut start = 33 - significant;
        // One byte below 0x80 is its own encoding.
        if significant != 1 || bytes[32] >= 0x80 {
            start -= 1;
            bytes[start] = 0x80 + u8::try_from(significant).unwrap_or(32);
        }
        Self { bytes, start }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    const fn len(&self) -> usize {
        33 - self.start
    }
}

/// What the code of an address says about EIP-7702: `0xef0100 ++ delegate`, 23 bytes, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delegation {
    /// No code: a plain key account, or nothing yet.
    None,
    /// The account runs this contract's code.
    To(Address),
    /// A contract with code of its own.
    Contract,
}

impl Delegation {
    /// Reads the code of an address (`eth_getCode`).
    #[must_use]
    pub fn of_code(code: &[u8]) -> Self {
        match code.strip_prefix(&[0xef, 0x01, 0x00]).map(Address::try_from) {
            Some(Ok(delegate)) => Self::To(delegate),
            _ if code.is_empty() => Self::None,
            _ => Self::Contract,
        }
    }

    /// The delegate.
    #[must_use]
    pub const fn delegate(self) -> Option<Address> {
        match self {
            Self::To(delegate) => Some(delegate),
            Self::None | Self::Contract => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use alloy_primitives::{address, keccak256};

    #[test]
    fn signing_hash_is_over_the_rlp_list() {
        let delegate = address!("0x1111111111111111111111111111111111111111");
        let mut small = Vec::from([0x05, 0xd7, 0x01, 0x94]);
        small.extend_from_slice(delegate.as_slice());
        small.push(0x80);
        assert_eq!(Authorization::unsigned(U256::from(1), delegate, 0).signing_hash(), keccak256(small));

        let mut large = Vec::from([0x05, 0xf8, 63, 0xa0]);
        large.extend_from_slice(&[0xff; 32]);
        large.push(0x94);
        large.extend_from_slice(delegate.as_slice());
        large.push(0x88);
        large.extend_from_slice(&[0xff; 8]);
        assert_eq!(Authorization::unsigned(U256::MAX, delegate, u64::MAX).signing_hash(), keccak256(large));
    }

    #[test]
    fn delegation_is_exactly_twenty_three_bytes() {
        let delegate = address!("0x2222222222222222222222222222222222222222");
        let mut code = Vec::from([0xef, 0x01, 0x00]);
        code.extend_from_slice(delegate.as_slice());
        assert_eq!(Delegation::of_code(&code), Delegation::To(delegate));
        assert_eq!(Delegation::of_code(&code).delegate(), Some(delegate));
        code.push(0);
        assert_eq!(Delegation::of_code(&code), Delegation::Contract);
        assert_eq!(Delegation::of_code(&[]), Delegation::None);
    }

    #[test]
    fn signature_parity_is_read_in_both_forms() {
        let mut signature = [7; 65];
        for (v, parity) in [(0, Some(false)), (1, Some(true)), (27, Some(false)), (28, Some(true)), (2, None)] {
            signature[64] = v;
            let signed = Authorization::default().with_signature(&signature);
            assert_eq!(signed.map(|signed| signed.y_parity), parity);
        }
    }
}
