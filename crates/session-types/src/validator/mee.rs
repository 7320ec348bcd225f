use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, address};

/// The MEE validator of account suites before 3.0.0.
pub const MEE_K1_VALIDATOR: Address = address!("0000000031ef4155C978d48a8A7d4EDba03b04fE");
/// The MEE validator of account suites from 3.0.0 on.
pub const MEE_STX_VALIDATOR: Address = address!("5e2181ccC1550f5e86F14298A12a7a9A04536F58");
/// What [`MEE_STX_VALIDATOR`] asks about signatures of a plain key.
pub const EOA_STATELESS_VALIDATOR: Address = address!("dd900cd95f072eae396be0487c2546bf81d01b48");

/// The key that an MEE validator checks as session validator. It takes signatures of the raw hash and of the EIP-191
/// personal message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeeSessionKey {
    /// The 20 bytes of the key's address: suites before 3.0.0.
    Owner(Address),
    /// `stateless validator (20) ++ 0x00 ++ address (20)`: suites from 3.0.0 on.
    Stateless {
        /// Checks the signature.
        validator: Address,
        /// The key's address.
        owner: Address,
    },
}

impl MeeSessionKey {
    /// The key's address.
    #[must_use]
    pub const fn owner(&self) -> Address {
        match self {
            Self::Owner(owner) | Self::Stateless { owner, .. } => *owner,
        }
    }

    /// The init data, 20 or 41 bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Owner(owner) => Bytes::copy_from_slice(owner.as_slice()),
            Self::Stateless { validator, owner } => {
                let mut data = Vec::with_capacity(41);
                data.extend_from_slice(validator.as_slice());
                data.push(0);
                data.extend_from_slice(owner.as_slice());
                data.into()
            }
        }
    }

    /// Reads init data; `None` when they have another form.
    #[must_use]
    pub fn decode(data: &[u8]) -> Option<Self> {
        if let Ok(owner) = Address::try_from(data) {
            return Some(Self::Owner(owner));
        }
        let (validator, rest) = data.split_first_chunk::<20>()?;
        let owner = Address::try_from(rest.strip_prefix(&[0])?).ok()?;
        Some(Self::Stateless { validator: validator.into(), owner })
    }
}
