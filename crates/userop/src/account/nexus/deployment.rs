use alloc::borrow::Cow;
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolCall;

use super::{
    DefaultValidatorInit, EnableType, NexusInit, ProxyCode, SingleValidatorInit, erc1967_clone_init_code_hash, init,
};
use crate::abi::nexus::{account_factory, k1_factory};
use crate::account::AccountError;
use crate::{EntryPoint, Factory};

/// The attesters that a version of the libraries asks the module registry about: they are part of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attesters {
    /// `@biconomy/sdk` 0.0.29.
    Sdk0_0_29,
    /// `@biconomy/abstractjs` 0.0.34 to 0.0.39.
    Abstractjs0_0_34,
    /// `@biconomy/abstractjs` from 0.1 on.
    Abstractjs0_1,
}

impl Attesters {
    const VENDOR: Address = address!("0x000000333034E9f539ce08819E12c1b8Cb29084d");

    /// The addresses.
    #[must_use]
    pub fn addresses(self) -> Vec<Address> {
        match self {
            Self::Sdk0_0_29 => Vec::from([Self::VENDOR]),
            Self::Abstractjs0_0_34 => Vec::from([Self::VENDOR, address!("0xDE8FD2dBcC0CA847d11599AF5964fe2AEa153699")]),
            Self::Abstractjs0_1 => Vec::from([Self::VENDOR, address!("0xF9ff902Cdde729b47A4cDB55EF16DF3683a04EAB")]),
        }
    }
}

/// How a factory comes to an account's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressRule {
    /// The factory of an owner: the salt is a hash of owner, index, attesters and threshold, the code an ERC-1967 clone.
    OwnerSalt,
    /// The factory of any init data: the salt is `keccak256(initData ++ index)`, the code an ERC-1967 clone.
    InitDataSalt,
    /// The factory of 1.2 and later: the salt is the index, the init data is in the code of the factory's own proxy.
    NexusProxy,
}

/// The contracts of one generation of Nexus: data, so that any of it can be replaced.
///
/// The constants are the published sets, named after the suites of the reference library; the library's own version
/// numbers of account and suite differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NexusDeployment {
    /// The suite's name, e.g. `2.0.0`.
    pub suite: Cow<'static, str>,
    /// What `accountId()` answers, e.g. `biconomy.nexus.1.2.0`.
    pub account_id: Cow<'static, str>,
    /// The name in the account's EIP-712 domain.
    pub domain_name: Cow<'static, str>,
    /// The version in the account's EIP-712 domain; read it from the account (ERC-5267) where it matters.
    pub domain_version: Cow<'static, str>,
    /// The entry point.
    pub entry_point: EntryPoint,
    /// The factory.
    pub factory: Address,
    /// What the new account is initialised by.
    pub bootstrap: Address,
    /// The account's code.
    pub implementation: Address,
    /// The validator that checks the owner.
    pub owner_validator: Address,
    /// The validator that needs no installation; it is reached as the zero address.
    pub default_validator: Option<Address>,
    /// How the factory comes to an address.
    pub rule: AddressRule,
    /// Which type is signed to enable a module within an operation.
    pub enable_type: EnableType,
    /// The module for composable calls, where the account does not have them built in.
    pub composability_module: Option<Address>,
    /// The contract that forwards native coins in composable calls.
    pub forwarder: Option<Address>,
}

/// A published set of 1.0.x.
const fn first_generation(
    suite: &'static str,
    versions: (&'static str, &'static str),
    contracts: [Address; 4],
    rule: AddressRule,
    extras: (Option<Address>, Option<Address>),
) -> NexusDeployment {
    let [factory, bootstrap, implementation, owner_validator] = contracts;
    NexusDeployment {
        suite: Cow::Borrowed(suite),
        account_id: Cow::Borrowed(versions.0),
        domain_name: Cow::Borrowed("Nexus"),
        domain_version: Cow::Borrowed(versions.1),
        entry_point: EntryPoint::V0_7,
        factory,
        bootstrap,
        implementation,
        owner_validator,
        default_validator: None,
        rule,
        enable_type: EnableType::InitDataHash,
        composability_module: extras.0,
        forwarder: extras.1,
    }
}

/// A published set of 1.2 and later: the owner's validator is the default one.
const fn second_generation(
    suite: &'static str,
    versions: (&'static str, &'static str),
    contracts: [Address; 4],
    forwarder: Address,
) -> NexusDeployment {
    let [.., owner_validator] = contracts;
    let mut deployment = first_generation(suite, versions, contracts, AddressRule::NexusProxy, (None, Some(forwarder)));
    deployment.default_validator = Some(owner_validator);
    deployment.enable_type = EnableType::InitData;
    deployment
}

const FORWARDER: Address = address!("0x000000Afe527A978Ecb761008Af475cfF04132a1");
const FORWARDER_1_1_0: Address = address!("0x000000001f1c68bD5bF69aa1cCc1d429700D41Da");
const FORWARDER_2_2_1: Address = address!("0x000000C48Cdf2b46bEc062483dBD27046dfE3b8d");

impl NexusDeployment {
    /// The first SDK (0.0.x) and the renamed one up to 0.1: factory of an owner.
    pub const LEGACY_A: Self = first_generation(
        "legacy A",
        ("biconomy.nexus.1.0.0", "1.0.0"),
        [
            address!("0x00000024115AA990F0bAE0B6b0D5B8F68b684cd6"),
            address!("0x000000F5b753Fdd20C5CA2D7c1210b3Ab1EA5903"),
            address!("0x000000008761E87F023f65c49DC9cb1C7EdFEaaf"),
            address!("0x0000002D6DB27c52E3C11c1Cf24072004AC75cBa"),
        ],
        AddressRule::OwnerSalt,
        (None, None),
    );
    /// The generic factory of the same build.
    pub const LEGACY_A_GENERIC: Self = first_generation(
        "legacy A'",
        ("biconomy.nexus.1.0.0", "1.0.0"),
        [
            address!("0x000000226cada0d8b36034F5D5c06855F59F6F3A"),
            address!("0x000000F5b753Fdd20C5CA2D7c1210b3Ab1EA5903"),
            address!("0x000000008761E87F023f65c49DC9cb1C7EdFEaaf"),
            address!("0x0000002D6DB27c52E3C11c1Cf24072004AC75cBa"),
        ],
        AddressRule::InitDataSalt,
        (None, None),
    );
    /// The renamed SDK 0.2 and 0.3: factory of an owner.
    pub const LEGACY_B: Self = first_generation(
        "legacy B",
        ("biconomy.nexus.1.0.2", "1.0.2"),
        [
            address!("0x2828A0E0f36d8d8BeAE95F00E2BbF235e4230fAc"),
            address!("0x879fa30248eeb693dcCE3eA94a743622170a3658"),
            address!("0x000000aC74357BFEa72BBD0781833631F732cf19"),
            address!("0x0000002D6DB27c52E3C11c1Cf24072004AC75cBa"),
        ],
        AddressRule::OwnerSalt,
        (None, None),
    );
    /// Suite 1.0.0: account 1.0.2.
    pub const V1_0_0: Self = first_generation(
        "1.0.0",
        ("biconomy.nexus.1.0.2", "1.0.2"),
        [
            address!("0x000000c3A93d2c5E02Cb053AC675665b1c4217F9"),
            address!("0x879fa30248eeb693dcCE3eA94a743622170a3658"),
            address!("0x000000aC74357BFEa72BBD0781833631F732cf19"),
            address!("0x00000000d12897DDAdC2044614A9677B191A2d95"),
        ],
        AddressRule::InitDataSalt,
        (Some(address!("0x00000004430bB055dB66eBef6Fe5Ee1DA9668B10")), Some(FORWARDER)),
    );
    /// Suite 1.1.0: account 1.0.2 for chains at the Paris revision.
    pub const V1_1_0: Self = first_generation(
        "1.1.0",
        ("biconomy.nexus.1.0.2", "1.0.2"),
        [
            address!("0x0000000C8B6b3329cEa5d15C9d8C15F1f254ec3C"),
            address!("0x000000c4781Be3349F81d341027fd7A4EdFa4Dd2"),
            address!("0x000000001964d23C59962Fc7A912872EE8fB3b6A"),
            address!("0x00000000E894100bEcFc7c934Ab7aC8FBA08A44c"),
        ],
        AddressRule::InitDataSalt,
        (Some(address!("0x000000eff5C221A6bdB12381868307c9Db5eB462")), Some(FORWARDER_1_1_0)),
    );
    /// Suite 2.0.0, the reference library's default: account 1.2.0, on chains from Cancun on.
    pub const V2_0_0: Self = second_generation(
        "2.0.0",
        ("biconomy.nexus.1.2.0", "1.2.0"),
        [
            address!("0x000000001D1D5004a02bAfAb9de2D6CE5b7B13de"),
            address!("0x00000000D3254452a909E4eeD47455Af7E27C289"),
            address!("0x000000004F43C49e93C970E84001853a70923B03"),
            address!("0x00000000d12897DDAdC2044614A9677B191A2d95"),
        ],
        FORWARDER,
    );
    /// Suite 2.1.0: account 1.2.0, on chains from Cancun on.
    pub const V2_1_0: Self = second_generation(
        "2.1.0",
        ("biconomy.nexus.1.2.0", "1.2.0"),
        [
            address!("0x0000006648ED9B2B842552BE63Af870bC74af837"),
            address!("0x0000003eDf18913c01cBc482C978bBD3D6E8ffA3"),
            address!("0x00000000383e8cBe298514674Ea60Ee1d1de50ac"),
            address!("0x0000000031ef4155C978d48a8A7d4EDba03b04fE"),
        ],
        FORWARDER,
    );
    /// Suite 2.2.1: account 1.3.1, on chains from Cancun on.
    pub const V2_2_1: Self = second_generation(
        "2.2.1",
        ("biconomy.nexus.1.3.1", "1.3.1"),
        [
            address!("0x000000002c9A405a196f2dc766F2476B731693c3"),
            address!("0x000000007BfEdA33ac982cb38eAaEf5D7bCC954c"),
            address!("0x0000000020fe2F30453074aD916eDeB653eC7E9D"),
            address!("0x0000000002d3cC5642A748B6783F32C032616E03"),
        ],
        FORWARDER_2_2_1,
    );
    /// Suite 2.3.0: account 1.3.1, on chains from Cancun on.
    pub const V2_3_0: Self = second_generation(
        "2.3.0",
        ("biconomy.nexus.1.3.1", "1.3.1"),
        [
            address!("0x5836Bdb35913c7CBA6ef40675354445121449917"),
            address!("0xCa8f48912A3a33fE694c318a1d097AD394CFAB76"),
            address!("0x54F220e4f0DEAb58Be26153df5a674668B9d7Fb2"),
            address!("0x1Cdae7dcc3f32551865EfE3d77AC2b88Ee2905B4"),
        ],
        FORWARDER_2_2_1,
    );
    /// Suite 3.0.0: account 1.3.1 with the validator that also knows P-256 owners, on chains from Cancun on.
    pub const V3_0_0: Self = second_generation(
        "3.0.0",
        ("biconomy.nexus.1.3.1", "1.3.1"),
        [
            address!("0x75Eb8D1621D193010425D34b4Ae81835E2409660"),
            address!("0x33A8F72F236e02eD62B0312f48105AcBD651Cd17"),
            address!("0x37DF3014c8B72372F2783aAF517bcdC6B516c8Df"),
            address!("0x5e2181ccC1550f5e86F14298A12a7a9A04536F58"),
        ],
        FORWARDER_2_2_1,
    );

    const STARTALE_BOOTSTRAP: Address = address!("0x000000552a5fae3db7a8f3917c435448f49ba6a9");

    /// Startale's account: Nexus with other constants, a proxy code and bootstrap functions of its own. Its `accountId()`
    /// is not known here and left empty.
    #[doc(alias = "Startale")]
    pub const STARTALE: Self = Self {
        suite: Cow::Borrowed("startale"),
        account_id: Cow::Borrowed(""),
        domain_name: Cow::Borrowed("Startale"),
        domain_version: Cow::Borrowed("1.0.0"),
        entry_point: EntryPoint::V0_7,
        factory: address!("0x0000003b3e7b530b4f981ae80d9350392defef90"),
        bootstrap: Self::STARTALE_BOOTSTRAP,
        implementation: address!("0x000000b8f5f723a680d3d7ee624fe0bc84a6e05a"),
        owner_validator: address!("0x00000072f286204bb934ed49d8969e86f7dec7b1"),
        default_validator: Some(address!("0x00000072f286204bb934ed49d8969e86f7dec7b1")),
        rule: AddressRule::NexusProxy,
        enable_type: EnableType::InitData,
        composability_module: None,
        forwarder: None,
    };

    /// The suites by which the reference library chooses, oldest first.
    pub const SUITES: [Self; 7] =
        [Self::V1_0_0, Self::V1_1_0, Self::V2_0_0, Self::V2_1_0, Self::V2_2_1, Self::V2_3_0, Self::V3_0_0];

    /// The suite of a name, e.g. `2.1.0`.
    #[must_use]
    pub fn suite(name: &str) -> Option<Self> {
        Self::SUITES.into_iter().find(|deployment| deployment.suite == name)
    }

    /// Whether the account's code needs a chain from Cancun on (transient storage).
    #[must_use]
    pub fn needs_cancun(&self) -> bool {
        self.rule == AddressRule::NexusProxy
    }

    /// What the reference library initialises an owner's account with: the owner's address in 20 bytes for the owner's
    /// validator, and nothing else.
    ///
    /// For [`AddressRule::OwnerSalt`] the attesters are those of `@biconomy/abstractjs` 0.0.34 to 0.0.39 (account 1.0.0) or
    /// from 0.1 on (account 1.0.2). Other versions gave the same owner another address: name theirs with
    /// [`NexusInit::owner`].
    #[must_use]
    pub fn owner_init(&self, owner: Address) -> NexusInit {
        match self.rule {
            AddressRule::OwnerSalt => {
                let first = self.account_id == Self::LEGACY_A.account_id;
                NexusInit::owner(owner, if first { Attesters::Abstractjs0_0_34 } else { Attesters::Abstractjs0_1 })
            }
            AddressRule::InitDataSalt => {
                NexusInit::SingleValidator(SingleValidatorInit::new(self.owner_validator, owner.to_vec()))
            }
            AddressRule::NexusProxy if self.bootstrap == Self::STARTALE_BOOTSTRAP => {
                NexusInit::Call(DefaultValidatorInit::new(owner.to_vec()).encode_for_startale())
            }
            AddressRule::NexusProxy => NexusInit::DefaultValidator(DefaultValidatorInit::new(owner.to_vec())),
        }
    }

    /// What the factory is called with to create the account of an init value and an index.
    ///
    /// # Errors
    /// When the init value is for another kind of factory.
    pub fn factory_call(&self, init: &NexusInit, index: U256) -> Result<Factory, AccountError> {
        let data = match (self.rule, init) {
            (AddressRule::OwnerSalt, NexusInit::Owner { owner, attesters, threshold }) => {
                k1_factory::createAccountCall {
                    eoaOwner: *owner,
                    index,
                    attesters: attesters.clone(),
                    threshold: *threshold,
                }
                .abi_encode()
            }
            (AddressRule::InitDataSalt | AddressRule::NexusProxy, init) => {
                account_factory::createAccountCall { initData: self.init_data(init)?, salt: B256::from(index) }
                    .abi_encode()
            }
            _ => return Err(self.wrong_init()),
        };
        Ok(Factory::new(self.factory, data))
    }

    /// What the account is initialised with: `abi.encode(bootstrap, call)`.
    ///
    /// # Errors
    /// When the init value is one of an owner's factory, which has none.
    #[doc(alias = "getInitData")]
    pub fn init_data(&self, init: &NexusInit) -> Result<Bytes, AccountError> {
        init.encode(self.bootstrap).ok_or_else(|| self.wrong_init())
    }

    /// The address of the account of an init value and an index.
    ///
    /// # Errors
    /// When the init value is for another kind of factory, or the proxy code is needed and missing.
    #[doc(alias = "getNexusAddress")]
    #[doc(alias = "computeAccountAddress")]
    pub fn address(&self, init: &NexusInit, index: U256, proxy: Option<&ProxyCode>) -> Result<Address, AccountError> {
        let clone = || erc1967_clone_init_code_hash(self.implementation);
        let (salt, init_code_hash) = match (self.rule, init) {
            (AddressRule::OwnerSalt, NexusInit::Owner { owner, attesters, threshold }) => {
                (init::owner_salt(*owner, index, attesters, *threshold), clone())
            }
            (AddressRule::InitDataSalt, init) => (init::data_salt(&self.init_data(init)?, index), clone()),
            (AddressRule::NexusProxy, init) => {
                let proxy = proxy.ok_or(AccountError::ProxyCodeNeeded { factory: self.factory })?;
                (B256::from(index), proxy.init_code_hash(self.implementation, &self.init_data(init)?))
            }
            _ => return Err(self.wrong_init()),
        };
        Ok(self.factory.create2(salt, init_code_hash))
    }

    /// The address of a factory from 1.2 on, from the hash of a proxy's creation code with its arguments.
    #[must_use]
    pub fn address_from_init_code_hash(&self, index: U256, init_code_hash: B256) -> Address {
        self.factory.create2(B256::from(index), init_code_hash)
    }

    const fn wrong_init(&self) -> AccountError {
        AccountError::Init { factory: self.factory }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_found_by_name_and_differ() {
        for (index, deployment) in NexusDeployment::SUITES.iter().enumerate() {
            assert_eq!(NexusDeployment::suite(&deployment.suite).as_ref(), Some(deployment));
            assert!(NexusDeployment::SUITES[..index].iter().all(|other| other.factory != deployment.factory));
            assert_eq!(deployment.needs_cancun(), deployment.default_validator.is_some());
        }
        assert_eq!(NexusDeployment::suite("1.2.3"), None);
    }

    #[test]
    fn init_of_another_factory_is_refused() {
        let owner = address!("0x00000000000000000000000000000000000000aa");
        let deployment = NexusDeployment::V2_0_0;
        let legacy = NexusDeployment::LEGACY_A.owner_init(owner);
        let wrong = AccountError::Init { factory: deployment.factory };
        assert_eq!(deployment.factory_call(&legacy, U256::ZERO), Err(wrong.clone()));
        assert_eq!(deployment.init_data(&legacy), Err(wrong));
        let init = deployment.owner_init(owner);
        let needed = AccountError::ProxyCodeNeeded { factory: deployment.factory };
        assert_eq!(deployment.address(&init, U256::ZERO, None), Err(needed));
        assert!(NexusDeployment::LEGACY_A.factory_call(&init, U256::ZERO).is_err());
    }
}
