//! The deployed contracts, as data: the addresses are the same on every chain that has them.

use core::fmt;

use alloy_primitives::{Address, address};

use crate::{SigningForm, SlotKind};

/// Which of the two sets of contracts in circulation.
///
/// Structs, ids, digests, type hashes, selectors and events are the same in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Generation {
    /// December 2024, tag v1.0.0: asks the ERC-7484 registry, limits its sets to 128 entries.
    Legacy,
    /// August 2025.
    #[default]
    Current,
}

impl Generation {
    /// The most entries that a set inside the module holds, when there is a limit.
    #[must_use]
    pub const fn set_limit(self) -> Option<usize> {
        match self {
            Self::Legacy => Some(128),
            Self::Current => None,
        }
    }

    /// Whether mode `ENABLE` and the `enable…` functions ask the ERC-7484 registry about validator and policies.
    #[must_use]
    pub const fn asks_registry(self) -> bool {
        matches!(self, Self::Legacy)
    }
}

/// What a policy contract does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PolicyKind {
    /// Permits everything.
    Sudo,
    /// Up to 16 rules on words of the call data.
    UniversalAction,
    /// Budgets of ERC-20 tokens.
    SpendingLimits,
    /// A window of time.
    TimeFrame,
    /// A number of uses.
    UsageLimit,
    /// A budget of native value.
    ValueLimit,
    /// Rules on words of the call data, joined by a tree of and, or, not.
    ArgPolicy,
    /// A list of targets.
    ContractWhitelist,
    /// Budgets of gas and of its cost.
    SimpleGas,
}

impl PolicyKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Sudo,
        Self::UniversalAction,
        Self::SpendingLimits,
        Self::TimeFrame,
        Self::UsageLimit,
        Self::ValueLimit,
        Self::ArgPolicy,
        Self::ContractWhitelist,
        Self::SimpleGas,
    ];

    /// Whether the contract implements the slot's interface.
    #[must_use]
    pub const fn fits(self, slot: SlotKind) -> bool {
        match self {
            Self::Sudo | Self::TimeFrame => true,
            Self::UsageLimit | Self::ValueLimit => matches!(slot, SlotKind::UserOp | SlotKind::Action),
            Self::UniversalAction | Self::SpendingLimits | Self::ArgPolicy | Self::ContractWhitelist => {
                matches!(slot, SlotKind::Action)
            }
            Self::SimpleGas => matches!(slot, SlotKind::UserOp),
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Sudo => 0,
            Self::UniversalAction => 1,
            Self::SpendingLimits => 2,
            Self::TimeFrame => 3,
            Self::UsageLimit => 4,
            Self::ValueLimit => 5,
            Self::ArgPolicy => 6,
            Self::ContractWhitelist => 7,
            Self::SimpleGas => 8,
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sudo => "sudo",
            Self::UniversalAction => "universal action",
            Self::SpendingLimits => "spending limits",
            Self::TimeFrame => "time frame",
            Self::UsageLimit => "usage limit",
            Self::ValueLimit => "value limit",
            Self::ArgPolicy => "argument",
            Self::ContractWhitelist => "contract whitelist",
            Self::SimpleGas => "simple gas",
        })
    }
}

/// Contracts of one kind differ in behaviour and in the layout of their init data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PolicyRevision {
    /// As deployed with [`Generation::Legacy`].
    V1,
    /// As deployed with [`Generation::Current`].
    V2,
}

/// A policy contract of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeployedPolicy {
    /// Where it is.
    pub address: Address,
    /// Which contract it is.
    pub revision: PolicyRevision,
}

/// The policy contracts of a deployment, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PolicySet([Option<DeployedPolicy>; PolicyKind::ALL.len()]);

impl PolicySet {
    /// A set without contracts.
    #[must_use]
    pub const fn empty() -> Self {
        Self([None; PolicyKind::ALL.len()])
    }

    /// The policies of the first deployment.
    #[must_use]
    pub const fn legacy() -> Self {
        const V1: PolicyRevision = PolicyRevision::V1;
        Self::empty()
            .with(PolicyKind::Sudo, address!("0000003111cD8e92337C100F22B7A9dbf8DEE301"), V1)
            .with(PolicyKind::UniversalAction, address!("0000006DDA6c463511C4e9B05CFc34C1247fCF1F"), V1)
            .with(PolicyKind::SpendingLimits, address!("00000088D48cF102A8Cdb0137A9b173f957c6343"), V1)
            .with(PolicyKind::TimeFrame, address!("8177451511dE0577b911C254E9551D981C26dc72"), V1)
            .with(PolicyKind::UsageLimit, address!("1F34eF8311345A3A4a4566aF321b313052F51493"), V1)
            .with(PolicyKind::ValueLimit, address!("730DA93267E7E513e932301B47F2ac7D062abC83"), V1)
    }

    /// The policies of the current deployment.
    #[must_use]
    pub const fn current() -> Self {
        const V2: PolicyRevision = PolicyRevision::V2;
        Self::empty()
            .with(PolicyKind::Sudo, address!("0000000000FEEc8D74e3143fBaBbca515358d869"), V2)
            .with(PolicyKind::UniversalAction, address!("0000000000714Cf48FcF88A0bFBa70d313415032"), V2)
            .with(PolicyKind::SpendingLimits, address!("000000000033212E272655D8a22402Db819477A6"), V2)
            .with(PolicyKind::TimeFrame, address!("0000000000D30f611fA3bf652ac6879428586930"), V2)
            .with(PolicyKind::UsageLimit, address!("00000000001d4479FA2A947026204d0283ceDe4B"), V2)
            .with(PolicyKind::ValueLimit, address!("000000000021dC45451291BCDfc9f0B46d6f0278"), V2)
            .with(PolicyKind::ArgPolicy, address!("0000000000167edE64D8751daACDdC0312565a73"), V2)
            .with(PolicyKind::ContractWhitelist, address!("0000000000d79359D85e62796104D7AE863fFAcb"), V2)
            .with(PolicyKind::SimpleGas, address!("0000000000d14A6F771494592218d8F9c2ddEbB6"), V2)
    }

    /// Sets the contract of a kind.
    #[must_use]
    pub const fn with(mut self, kind: PolicyKind, address: Address, revision: PolicyRevision) -> Self {
        self.0[kind.index()] = Some(DeployedPolicy { address, revision });
        self
    }

    /// Removes the contract of a kind.
    #[must_use]
    pub const fn without(mut self, kind: PolicyKind) -> Self {
        self.0[kind.index()] = None;
        self
    }

    /// The contract of a kind, when the deployment has one.
    #[must_use]
    pub const fn deployed(&self, kind: PolicyKind) -> Option<DeployedPolicy> {
        self.0[kind.index()]
    }

    /// Which policy an address is.
    #[must_use]
    pub fn find(&self, policy: Address) -> Option<(PolicyKind, PolicyRevision)> {
        self.iter().find(|(_, deployed)| deployed.address == policy).map(|(kind, deployed)| (kind, deployed.revision))
    }

    /// The contracts that there are.
    pub fn iter(&self) -> impl Iterator<Item = (PolicyKind, DeployedPolicy)> {
        PolicyKind::ALL.into_iter().filter_map(|kind| Some((kind, self.deployed(kind)?)))
    }
}

/// The validator that checks the signatures of a list of owners.
#[doc(alias = "OwnableValidator")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeployedOwnable {
    /// Where it is.
    pub address: Address,
    /// What it expects a session key to sign.
    pub signing_form: SigningForm,
}

/// The contracts that a session refers to.
///
/// Every member can be replaced, for other deployments:
///
/// ```
/// use alloy_primitives::Address;
/// use session_types::Deployment;
///
/// let local = Deployment { module: Address::repeat_byte(7), ..Deployment::current() };
/// assert_ne!(local, Deployment::current());
/// ```
#[doc(alias = "setGlobalConstants")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deployment {
    /// How the module behaves.
    pub generation: Generation,
    /// The session module.
    #[doc(alias = "getSmartSessionsValidator")]
    #[doc(alias = "SMART_SESSIONS_ADDRESS")]
    #[doc(alias = "SmartSession")]
    pub module: Address,
    /// Reports an EIP-712 domain for accounts that have none of their own.
    #[doc(alias = "SMART_SESSIONS_COMPATIBILITY_FALLBACK_ADDRESS")]
    #[doc(alias = "getSmartSessionsCompatibilityFallback")]
    pub compatibility_fallback: Address,
    /// The policies.
    pub policies: PolicySet,
    /// Checks the signatures of a list of owners.
    #[doc(alias = "OWNABLE_VALIDATOR_ADDRESS")]
    pub ownable_validator: DeployedOwnable,
    /// Checks passkey signatures.
    pub webauthn_validator: Address,
    /// The ERC-7484 registry that the module asks, when it asks one.
    pub registry: Option<Address>,
}

impl Deployment {
    /// The first deployment, December 2024.
    #[must_use]
    pub const fn legacy() -> Self {
        Self {
            generation: Generation::Legacy,
            module: address!("00000000002B0eCfbD0496EE71e01257dA0E37DE"),
            compatibility_fallback: address!("Bad7E91C4F2803978cd6c7C3Fe80B5Fd7f7B0b50"),
            policies: PolicySet::legacy(),
            ownable_validator: DeployedOwnable {
                address: address!("2483DA3A338895199E5e538530213157e931Bf06"),
                signing_form: SigningForm::PersonalMessage,
            },
            webauthn_validator: address!("7ab16Ff354AcB328452F1D445b3Ddee9a91e9e69"),
            registry: Some(address!("000000000069E2a187AEFFb852bF3cCdC95151B2")),
        }
    }

    /// The current deployment, August 2025.
    #[must_use]
    pub const fn current() -> Self {
        Self {
            generation: Generation::Current,
            module: address!("00000000008bDABA73cD9815d79069c247Eb4bDA"),
            compatibility_fallback: address!("000000000052e9685932845660777DF43C2dC496"),
            policies: PolicySet::current(),
            ownable_validator: DeployedOwnable {
                address: address!("000000000013fdB5234E4E3162a810F54d9f7E98"),
                signing_form: SigningForm::Raw,
            },
            webauthn_validator: address!("7ab16Ff354AcB328452F1D445b3Ddee9a91e9e69"),
            registry: None,
        }
    }

    /// The deployment of a generation.
    #[must_use]
    pub const fn of(generation: Generation) -> Self {
        match generation {
            Generation::Legacy => Self::legacy(),
            Generation::Current => Self::current(),
        }
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self::current()
    }
}
