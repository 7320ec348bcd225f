use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, address};
use serde::{Deserialize, Serialize};

use crate::wire::checksummed;

/// A generation of the MEE contracts ("suite"). Ordered from the oldest to the newest.
#[doc(alias = "MEEVersion")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum MeeVersion {
    /// Nexus 1.0.2 with the K1 validator as a module.
    #[serde(rename = "1.0.0")]
    V1_0_0,
    /// The same for chains without Shanghai.
    #[serde(rename = "1.1.0")]
    V1_1_0,
    /// Nexus 1.2.0; the owner validator becomes the account's default validator.
    #[serde(rename = "2.0.0")]
    V2_0_0,
    /// Nexus 1.2.0 with a newer validator.
    #[serde(rename = "2.1.0")]
    V2_1_0,
    /// Nexus 1.3.1: simple quotes are signed as typed data.
    #[serde(rename = "2.2.1")]
    V2_2_1,
    /// Nexus 1.3.1: a Safe can be the owner.
    #[serde(rename = "2.3.0")]
    V2_3_0,
    /// Nexus 1.3.1 with the modular validator: P-256 owners.
    #[serde(rename = "3.0.0")]
    V3_0_0,
}

/// A version text that names no known suite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown MEE version {0}")]
pub struct UnknownVersion(String);

/// How a simple quote is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimpleSigning {
    /// As a personal message over the 32 bytes of the quote's hash (EIP-191).
    Personal,
    /// As EIP-712 typed data over every operation.
    TypedData,
}

/// How composable calls are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ComposabilityVersion {
    /// Target and value stand beside the parameters: `executeComposable` is `0xea5a6d91`.
    #[serde(rename = "1.0.0")]
    V1_0_0,
    /// Target and value are parameters too: `executeComposable` is `0x7eba07b8`.
    #[serde(rename = "1.1.0")]
    V1_1_0,
}

impl MeeVersion {
    /// Every suite, oldest first.
    pub const ALL: [Self; 7] =
        [Self::V1_0_0, Self::V1_1_0, Self::V2_0_0, Self::V2_1_0, Self::V2_2_1, Self::V2_3_0, Self::V3_0_0];

    /// The version text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
            Self::V2_0_0 => "2.0.0",
            Self::V2_1_0 => "2.1.0",
            Self::V2_2_1 => "2.2.1",
            Self::V2_3_0 => "2.3.0",
            Self::V3_0_0 => "3.0.0",
        }
    }

    /// How simple quotes of accounts of this suite are signed.
    #[must_use]
    pub fn simple_signing(self) -> SimpleSigning {
        if self < Self::V2_2_1 { SimpleSigning::Personal } else { SimpleSigning::TypedData }
    }

    /// Whether the owner validator is the account's default validator, named by the zero address.
    #[must_use]
    pub fn has_default_validator(self) -> bool {
        self >= Self::V2_0_0
    }

    /// Whether owners are checked by stateless sub-validators, named in the owner data.
    #[must_use]
    pub fn has_stateless_owner_validators(self) -> bool {
        self >= Self::V3_0_0
    }
}

impl fmt::Display for MeeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MeeVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| UnknownVersion(text.chars().take(32).collect()))
    }
}

/// The ERC-7484 registry that a 1.x account is created with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleRegistry {
    /// The registry; zero for none.
    #[serde(with = "checksummed")]
    pub registry_address: Address,
    /// Who must have attested a module.
    pub attesters: Vec<Address>,
    /// How many of them.
    pub attester_threshold: u8,
}

/// The parts of the modular validator of suite 3.0.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submodules {
    /// Checks owner signatures outside of supertransactions.
    #[serde(rename = "noStxModeVerifier", with = "checksummed")]
    pub no_stx_mode_verifier: Address,
    /// Checks simple quotes.
    #[serde(rename = "SimpleModeSubmodule", with = "checksummed")]
    pub simple_mode: Address,
    /// Checks permit quotes.
    #[serde(rename = "PermitSubmodule", with = "checksummed")]
    pub permit: Address,
    /// Checks on-chain triggers.
    #[serde(rename = "TxSubmodule", with = "checksummed")]
    pub tx: Address,
    /// Checks Safe transactions.
    #[serde(rename = "SafeAccountSubmodule", with = "checksummed")]
    pub safe_account: Address,
    /// Checks a secp256k1 owner: data = `0x00 ++ address`.
    #[serde(rename = "EoaStatelessValidator", with = "checksummed")]
    pub eoa_stateless_validator: Address,
    /// Checks a P-256 owner: data = `0x00 ++ x ++ y`.
    #[serde(rename = "P256StatelessValidator", with = "checksummed")]
    pub p256_stateless_validator: Address,
}

/// The contracts of one suite, as they are sent to the node in `meeVersions`.
///
/// The addresses are plain data, so that another deployment of the same suite (a local chain) can be used.
#[doc(alias = "getMEEVersion")]
#[doc(alias = "MEEVersionConfig")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeeVersionConfig {
    /// Which suite's rules hold.
    pub version: MeeVersion,
    /// What `accountId()` answers.
    pub account_id: String,
    /// Creates accounts.
    #[serde(with = "checksummed")]
    pub factory_address: Address,
    /// Sets a new account up.
    #[serde(rename = "bootStrapAddress", with = "checksummed")]
    pub bootstrap_address: Address,
    /// The account's code.
    #[serde(with = "checksummed")]
    pub implementation_address: Address,
    /// Checks the owner's signatures; also the session validator.
    #[serde(with = "checksummed")]
    pub validator_address: Address,
    /// How the owner validator is named in nonce keys and signatures: zero for the default validator.
    #[serde(with = "checksummed")]
    pub default_validator_address: Address,
    /// The registry, for 1.x.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_registry: Option<ModuleRegistry>,
    /// The composability module, for 1.x; newer accounts have it built in.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "checksummed::option")]
    pub composable_module_address: Option<Address>,
    /// Forwards native tokens that a trigger transaction brings.
    #[serde(with = "checksummed")]
    pub eth_forwarder_address: Address,
    /// How composable calls are encoded.
    pub composability_version: ComposabilityVersion,
    /// The modular validator's parts, for 3.0.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submodules: Option<Submodules>,
}

const FORWARDER: Address = address!("0x000000Afe527A978Ecb761008Af475cfF04132a1");
const PARIS_FORWARDER: Address = address!("0x000000001f1c68bD5bF69aa1cCc1d429700D41Da");
const NEW_FORWARDER: Address = address!("0x000000C48Cdf2b46bEc062483dBD27046dfE3b8d");

impl MeeVersionConfig {
    /// The published deployment of a suite.
    #[must_use]
    pub fn published(version: MeeVersion) -> Self {
        let (nexus, factory, bootstrap, implementation, validator) = addresses(version);
        let old = !version.has_default_validator();
        Self {
            version,
            account_id: format!("biconomy.nexus.{nexus}"),
            factory_address: factory,
            bootstrap_address: bootstrap,
            implementation_address: implementation,
            validator_address: validator,
            default_validator_address: if old { validator } else { Address::ZERO },
            module_registry: old.then(|| ModuleRegistry {
                registry_address: Address::ZERO,
                attesters: Vec::new(),
                attester_threshold: 0,
            }),
            composable_module_address: match version {
                MeeVersion::V1_0_0 => Some(address!("0x00000004430bB055dB66eBef6Fe5Ee1DA9668B10")),
                MeeVersion::V1_1_0 => Some(address!("0x000000eff5C221A6bdB12381868307c9Db5eB462")),
                _ => None,
            },
            eth_forwarder_address: match version {
                MeeVersion::V1_1_0 => PARIS_FORWARDER,
                version if version < MeeVersion::V2_2_1 => FORWARDER,
                _ => NEW_FORWARDER,
            },
            composability_version: if version < MeeVersion::V2_2_1 {
                ComposabilityVersion::V1_0_0
            } else {
                ComposabilityVersion::V1_1_0
            },
            submodules: version.has_stateless_owner_validators().then_some(SUBMODULES),
        }
    }
}

const SUBMODULES: Submodules = Submodules {
    no_stx_mode_verifier: address!("0x03043fA2956d7729708E5871006E4D60f077BF9C"),
    simple_mode: address!("0x3dE6bd76AB8B77fc9E4b79168EaF2253Ff1F0410"),
    permit: address!("0x2eb293D700dEeaF923f6ff32741921C270Ff339b"),
    tx: address!("0xBFf2aE0e9B523E8192A77c0Dd610b490eC45A08c"),
    safe_account: address!("0xa35a716E8e1Df5Fb441bCDdC2357cf9b256AC566"),
    eoa_stateless_validator: address!("0xdD900Cd95f072eAe396bE0487C2546Bf81d01B48"),
    p256_stateless_validator: address!("0xa7B97e8152aCee107a098F95f691Cd24Cf2f9835"),
};

/// Nexus version, factory, bootstrap, implementation, owner validator.
const fn addresses(version: MeeVersion) -> (&'static str, Address, Address, Address, Address) {
    match version {
        MeeVersion::V1_0_0 => (
            "1.0.2",
            address!("0x000000c3A93d2c5E02Cb053AC675665b1c4217F9"),
            address!("0x879fa30248eeb693dcCE3eA94a743622170a3658"),
            address!("0x000000aC74357BFEa72BBD0781833631F732cf19"),
            address!("0x00000000d12897DDAdC2044614A9677B191A2d95"),
        ),
        MeeVersion::V1_1_0 => (
            "1.0.2",
            address!("0x0000000C8B6b3329cEa5d15C9d8C15F1f254ec3C"),
            address!("0x000000c4781Be3349F81d341027fd7A4EdFa4Dd2"),
            address!("0x000000001964d23C59962Fc7A912872EE8fB3b6A"),
            address!("0x00000000E894100bEcFc7c934Ab7aC8FBA08A44c"),
        ),
        MeeVersion::V2_0_0 => (
            "1.2.0",
            address!("0x000000001D1D5004a02bAfAb9de2D6CE5b7B13de"),
            address!("0x00000000D3254452a909E4eeD47455Af7E27C289"),
            address!("0x000000004F43C49e93C970E84001853a70923B03"),
            address!("0x00000000d12897DDAdC2044614A9677B191A2d95"),
        ),
        MeeVersion::V2_1_0 => (
            "1.2.0",
            address!("0x0000006648ED9B2B842552BE63Af870bC74af837"),
            address!("0x0000003eDf18913c01cBc482C978bBD3D6E8ffA3"),
            address!("0x00000000383e8cBe298514674Ea60Ee1d1de50ac"),
            address!("0x0000000031ef4155C978d48a8A7d4EDba03b04fE"),
        ),
        MeeVersion::V2_2_1 => (
            "1.3.1",
            address!("0x000000002c9A405a196f2dc766F2476B731693c3"),
            address!("0x000000007BfEdA33ac982cb38eAaEf5D7bCC954c"),
            address!("0x0000000020fe2F30453074aD916eDeB653eC7E9D"),
            address!("0x0000000002d3cC5642A748B6783F32C032616E03"),
        ),
        MeeVersion::V2_3_0 => (
            "1.3.1",
            address!("0x5836Bdb35913c7CBA6ef40675354445121449917"),
            address!("0xCa8f48912A3a33fE694c318a1d097AD394CFAB76"),
            address!("0x54F220e4f0DEAb58Be26153df5a674668B9d7Fb2"),
            address!("0x1Cdae7dcc3f32551865EfE3d77AC2b88Ee2905B4"),
        ),
        MeeVersion::V3_0_0 => (
            "1.3.1",
            address!("0x75Eb8D1621D193010425D34b4Ae81835E2409660"),
            address!("0x33A8F72F236e02eD62B0312f48105AcBD651Cd17"),
            address!("0x37DF3014c8B72372F2783aAF517bcdC6B516c8Df"),
            address!("0x5e2181ccC1550f5e86F14298A12a7a9A04536F58"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_value_agree() {
        for version in MeeVersion::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
            let config = MeeVersionConfig::published(version);
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<MeeVersionConfig>(&text).unwrap(), config);
        }
        assert!("9.9.9".parse::<MeeVersion>().is_err());
    }
}
