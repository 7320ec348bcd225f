use alloy_primitives::{Address, address};

/// A version of ERC-4337's entry point: what it decides is the layout and the hash of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EntryPointVersion {
    /// Unpacked operation, hash over the ABI words of its fields.
    V0_6,
    /// Packed operation (`PackedUserOperation`), hash over the ABI words of its fields.
    V0_7,
    /// As 0.7, but the hash is an EIP-712 digest and EIP-7702 senders are known.
    V0_8,
    /// As 0.8, with a paymaster signature that the hash leaves out.
    V0_9,
}

impl EntryPointVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 4] = [Self::V0_6, Self::V0_7, Self::V0_8, Self::V0_9];

    /// The version as people write it, e.g. `0.7`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V0_6 => "0.6",
            Self::V0_7 => "0.7",
            Self::V0_8 => "0.8",
            Self::V0_9 => "0.9",
        }
    }

    /// The version of the text `0.6`, `0.7`, `0.8` or `0.9`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// The version's entry point at its published address.
    #[must_use]
    pub const fn entry_point(self) -> EntryPoint {
        match self {
            Self::V0_6 => EntryPoint::V0_6,
            Self::V0_7 => EntryPoint::V0_7,
            Self::V0_8 => EntryPoint::V0_8,
            Self::V0_9 => EntryPoint::V0_9,
        }
    }

    /// Whether operations are packed (`PackedUserOperation`, all versions but 0.6).
    #[must_use]
    pub const fn is_packed(self) -> bool {
        !matches!(self, Self::V0_6)
    }

    /// Whether the entry point itself knows EIP-7702 senders: the `0x7702` factory marker.
    #[must_use]
    pub const fn knows_eip7702(self) -> bool {
        matches!(self, Self::V0_8 | Self::V0_9)
    }
}

impl core::fmt::Display for EntryPointVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry point contract: its address and the version of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryPoint {
    /// The contract's address.
    pub address: Address,
    /// The version of its code.
    pub version: EntryPointVersion,
}

impl EntryPoint {
    /// Entry point 0.6, the same address on every chain.
    #[doc(alias = "entryPoint06Address")]
    pub const V0_6: Self =
        Self { address: address!("0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"), version: EntryPointVersion::V0_6 };
    /// Entry point 0.7, the same address on every chain.
    #[doc(alias = "entryPoint07Address")]
    pub const V0_7: Self =
        Self { address: address!("0x0000000071727De22E5E9d8BAf0edAc6f37da032"), version: EntryPointVersion::V0_7 };
    /// Entry point 0.8, the same address on every chain.
    #[doc(alias = "entryPoint08Address")]
    pub const V0_8: Self =
        Self { address: address!("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"), version: EntryPointVersion::V0_8 };
    /// Entry point 0.9, the same address on every chain.
    #[doc(alias = "entryPoint09Address")]
    pub const V0_9: Self =
        Self { address: address!("0x433709009B8330FDa32311DF1C2AFA402eD8D009"), version: EntryPointVersion::V0_9 };

    /// An entry point deployed elsewhere.
    #[must_use]
    pub const fn new(address: Address, version: EntryPointVersion) -> Self {
        Self { address, version }
    }

    /// The published entry point at `address`.
    #[must_use]
    pub fn from_address(address: Address) -> Option<Self> {
        EntryPointVersion::ALL.map(EntryPointVersion::entry_point).into_iter().find(|known| known.address == address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_addresses_lead_back_to_their_version() {
        for version in EntryPointVersion::ALL {
            let entry_point = version.entry_point();
            assert_eq!(entry_point.version, version);
            assert_eq!(EntryPoint::from_address(entry_point.address), Some(entry_point));
            assert_eq!(EntryPointVersion::from_text(version.as_str()), Some(version));
        }
        assert_eq!(EntryPoint::from_address(Address::ZERO), None);
        assert_eq!(EntryPointVersion::from_text("0.10"), None);
    }
}
