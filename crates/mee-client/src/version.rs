use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, address};
use serde::{Deserialize, Serialize};
use userop::account::nexus::NexusDeployment;

use crate::wire::checksummed;

/// A generation of the MEE contracts ("suite"). Ordered from the oldest to the newest.
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

impl MeeVersionConfig {
    /// The published deployment of a suite.
    #[must_use]
    pub fn published(version: MeeVersion) -> Self {
        let nexus = match version {
            MeeVersion::V1_0_0 => NexusDeployment::V1_0_0,
            MeeVersion::V1_1_0 => NexusDeployment::V1_1_0,
            MeeVersion::V2_0_0 => NexusDeployment::V2_0_0,
            MeeVersion::V2_1_0 => NexusDeployment::V2_1_0,
            MeeVersion::V2_2_1 => NexusDeployment::V2_2_1,
            MeeVersion::V2_3_0 => NexusDeployment::V2_3_0,
            MeeVersion::V3_0_0 => NexusDeployment::V3_0_0,
        };
        let validator = nexus.owner_validator;
        let old = !version.has_default_validator();
        Self {
            version,
            account_id: nexus.account_id.into_owned(),
            factory_address: nexus.factory,
            bootstrap_address: nexus.bootstrap,
            implementation_address: nexus.implementation,
            validator_address: validator,
            default_validator_address: if old { validator } else { Address::ZERO },
            module_registry: old.then(|| ModuleRegistry {
                registry_address: Address::ZERO,
                attesters: Vec::new(),
                attester_threshold: 0,
            }),
            composable_module_address: nexus.composability_module,
            eth_forwarder_address: nexus.forwarder.unwrap_or_default(),
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
