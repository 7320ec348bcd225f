use alloy_primitives::{Address, B256, address, b256};

/// An ERC-4337 entry point that the local chain has at its published address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryPoint {
    /// Version 0.6.
    V06,
    /// Version 0.7.
    V07,
    /// Version 0.8.
    V08,
}

impl EntryPoint {
    /// Every entry point of the local chain.
    pub const ALL: [Self; 3] = [Self::V06, Self::V07, Self::V08];

    /// The version, for example `0.7`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V06 => "0.6",
            Self::V07 => "0.7",
            Self::V08 => "0.8",
        }
    }

    /// The published address, which the creation code and [`salt`](Self::salt) give with the deterministic deployer.
    #[must_use]
    pub const fn address(self) -> Address {
        match self {
            Self::V06 => address!("0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"),
            Self::V07 => address!("0x0000000071727De22E5E9d8BAf0edAc6f37da032"),
            Self::V08 => address!("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"),
        }
    }

    /// The salt of the published deployment.
    #[must_use]
    pub const fn salt(self) -> B256 {
        match self {
            Self::V06 => B256::ZERO,
            Self::V07 => b256!("0x90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3"),
            Self::V08 => b256!("0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9"),
        }
    }

    /// The folder of the package that carries it.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::V06 => "ep06",
            Self::V07 => "ep07",
            Self::V08 => "ep08",
        }
    }
}
