//! Where contracts are published, and where a local chain has those of our own.

use alloy_primitives::{Address, address};

/// ERC-7484 registry, the same on all chains.
pub const REGISTRY: Address = address!("0x000000000069E2a187AEFFb852bF3cCdC95151B2");

/// [`Counter`](crate::Contract::Counter) on a local chain: an address of our own choice.
pub const COUNTER: Address = address!("0x000000000000000000000000000000C0de000001");

/// [`Token`](crate::Contract::Token) on a local chain: an address of our own choice.
pub const TOKEN: Address = address!("0x000000000000000000000000000000C0de000002");

/// Addresses of the first generation (December 2024, tag v1.0.0).
pub mod legacy {
    use super::{Address, address};

    /// Session module.
    pub const SMART_SESSION: Address = address!("0x00000000002B0eCfbD0496EE71e01257dA0E37DE");
    /// Sudo policy.
    pub const SUDO: Address = address!("0x0000003111cD8e92337C100F22B7A9dbf8DEE301");
    /// Universal action policy.
    pub const UNIVERSAL_ACTION: Address = address!("0x0000006DDA6c463511C4e9B05CFc34C1247fCF1F");
    /// ERC-20 spending limits.
    pub const SPENDING_LIMIT: Address = address!("0x00000088D48cF102A8Cdb0137A9b173f957c6343");
    /// Time frame.
    pub const TIME_FRAME: Address = address!("0x8177451511dE0577b911C254E9551D981C26dc72");
    /// Usage limit.
    pub const USAGE_LIMIT: Address = address!("0x1F34eF8311345A3A4a4566aF321b313052F51493");
    /// Value limit.
    pub const VALUE_LIMIT: Address = address!("0x730DA93267E7E513e932301B47F2ac7D062abC83");
    /// Owner-list validator.
    pub const OWNABLE_VALIDATOR: Address = address!("0x2483DA3A338895199E5e538530213157e931Bf06");
}

/// Addresses of the current generation (August 2025).
pub mod current {
    use super::{Address, address};

    /// Session module.
    pub const SMART_SESSION: Address = address!("0x00000000008bDABA73cD9815d79069c247Eb4bDA");
    /// Sudo policy.
    pub const SUDO: Address = address!("0x0000000000FEEc8D74e3143fBaBbca515358d869");
    /// Universal action policy.
    pub const UNIVERSAL_ACTION: Address = address!("0x0000000000714Cf48FcF88A0bFBa70d313415032");
    /// ERC-20 spending limits.
    pub const SPENDING_LIMIT: Address = address!("0x000000000033212E272655D8a22402Db819477A6");
    /// Time frame.
    pub const TIME_FRAME: Address = address!("0x0000000000D30f611fA3bf652ac6879428586930");
    /// Usage limit.
    pub const USAGE_LIMIT: Address = address!("0x00000000001d4479FA2A947026204d0283ceDe4B");
    /// Value limit.
    pub const VALUE_LIMIT: Address = address!("0x000000000021dC45451291BCDfc9f0B46d6f0278");
    /// Argument tree.
    pub const ARG_POLICY: Address = address!("0x0000000000167edE64D8751daACDdC0312565a73");
    /// Contract whitelist.
    pub const CONTRACT_WHITELIST: Address = address!("0x0000000000d79359D85e62796104D7AE863fFAcb");
    /// Simple gas.
    pub const SIMPLE_GAS: Address = address!("0x0000000000d14A6F771494592218d8F9c2ddEbB6");
    /// Owner-list validator.
    pub const OWNABLE_VALIDATOR: Address = address!("0x000000000013fdB5234E4E3162a810F54d9f7E98");
}

/// [`WebAuthnValidator`](crate::Contract::WebAuthnValidator): the same address in both generations.
pub const WEBAUTHN_VALIDATOR: Address = address!("0x7ab16Ff354AcB328452F1D445b3Ddee9a91e9e69");

/// Owner validators of Nexus accounts, by the set of contracts that they came with.
pub mod owner {
    use super::{Address, address};

    /// Nexus 1.0.0 and 1.0.2 of the bundler clients.
    pub const NEXUS_LEGACY: Address = address!("0x0000002D6DB27c52E3C11c1Cf24072004AC75cBa");
    /// Suites 1.0.0 and 2.0.0.
    pub const SUITE_1_0_0: Address = address!("0x00000000d12897DDAdC2044614A9677B191A2d95");
    /// Suite 1.1.0.
    pub const SUITE_1_1_0: Address = address!("0x00000000E894100bEcFc7c934Ab7aC8FBA08A44c");
    /// Suite 2.1.0.
    pub const SUITE_2_1_0: Address = address!("0x0000000031ef4155C978d48a8A7d4EDba03b04fE");
    /// Suite 2.2.1.
    pub const SUITE_2_2_1: Address = address!("0x0000000002d3cC5642A748B6783F32C032616E03");
    /// Suite 2.3.0.
    pub const SUITE_2_3_0: Address = address!("0x1Cdae7dcc3f32551865EfE3d77AC2b88Ee2905B4");
    /// Suite 3.0.0.
    pub const SUITE_3_0_0: Address = address!("0x5e2181ccC1550f5e86F14298A12a7a9A04536F58");
}
