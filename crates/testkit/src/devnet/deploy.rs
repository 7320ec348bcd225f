use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue as _;
use futures_util::future::try_join_all;
use session_contracts::Placement;
use userop::account::nexus::{
    AddressRule, NexusDeployment as NexusContractSet, NexusInit, ProxyCode, SingleValidatorInit,
};
use userop::account::{Account as _, AccountError, Nexus};

use crate::npm::Packages;
use crate::{Chain, DETERMINISTIC_DEPLOYER, EntryPoint, Error, Key};

/// Nexus on the local chain: the 1.0 build of the npm package that carries it.
///
/// It is not the code of a published deployment, and cannot take the place of one: its factory uses the salt as it is and
/// puts the init data into the proxy's constructor, as the factories from 1.2 on, with a proxy of its own; its bootstrap
/// takes the arguments of 1.0.x; it has no default validator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NexusDeployment {
    /// The entry point it is built for, 0.7.
    pub entry_point: Address,
    /// The implementation.
    pub implementation: Address,
    /// The factory, `createAccount(bytes initData, bytes32 salt)`.
    pub factory: Address,
    /// The bootstrap, to which a new account delegates its initialisation.
    pub bootstrap: Address,
    /// Creation code of the proxy that the factory makes, from which account addresses follow.
    pub proxy_creation_code: Bytes,
    /// What `accountId()` answers.
    pub account_id: &'static str,
    /// The version in the account's EIP-712 domain, which is not that of its id; the name is `Nexus`.
    pub domain_version: &'static str,
}

/// Kernel 0.3.1 on the local chain, from the npm package that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelDeployment {
    /// The entry point it is built for, 0.7.
    pub entry_point: Address,
    /// The implementation.
    pub implementation: Address,
    /// The factory, `createAccount(bytes initializeCall, bytes32 salt)`.
    pub factory: Address,
}

/// Safe with its ERC-7579 adapter on the local chain, from the npm package that carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SafeDeployment {
    /// The entry point it is built for, 0.7.
    pub entry_point: Address,
    /// Safe's implementation.
    pub singleton: Address,
    /// Safe's factory, `createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce)`.
    pub proxy_factory: Address,
    /// The adapter.
    pub adapter: Address,
    /// The launchpad, which sets the adapter up.
    pub launchpad: Address,
}

/// Deploys entry points and accounts, and sets our own contracts at their addresses.
pub(super) async fn deploy(chain: &Chain, packages: &Packages) -> Result<NexusDeployment, Error> {
    let placements = session_contracts::placements();
    let set = placements.iter().map(|placement| place(chain, placement));
    let entry_points = EntryPoint::ALL.into_iter().map(|version| entry_point(chain, packages, version));
    tokio::try_join!(try_join_all(set), try_join_all(entry_points))?;
    nexus(chain, packages).await
}

/// Sets a contract of ours, unless the chain has one there, as a fork of a public chain does.
async fn place(chain: &Chain, placement: &Placement) -> Result<(), Error> {
    if chain.code_at(placement.address).await?.is_empty() {
        chain.set_code(placement.address, Bytes::from_static(placement.code)).await?;
    }
    Ok(())
}

async fn entry_point(chain: &Chain, packages: &Packages, version: EntryPoint) -> Result<(), Error> {
    let code = packages.entry_point_creation_code(version)?;
    let address = chain.deploy("EntryPoint", version.salt(), &code).await?;
    if address == version.address() {
        return Ok(());
    }
    Err(Error::NotDeployed { name: "EntryPoint", address: version.address() })
}

/// The contracts of Nexus in the order in which they are deployed, each with its creation code.
struct NexusContracts {
    deployment: NexusDeployment,
    creation: [(&'static str, Bytes); 3],
}

impl NexusContracts {
    fn of(packages: &Packages) -> Result<Self, Error> {
        let code = packages.nexus()?;
        let at = |creation: &[u8]| DETERMINISTIC_DEPLOYER.create2(B256::ZERO, keccak256(creation));
        let entry_point = EntryPoint::V07.address();
        let implementation = [&code.implementation[..], &entry_point.abi_encode()].concat();
        let arguments = (at(&implementation), Key::Deployer.address()).abi_encode();
        let factory = [&code.factory[..], &arguments].concat();
        let deployment = NexusDeployment {
            entry_point,
            implementation: at(&implementation),
            factory: at(&factory),
            bootstrap: at(&code.bootstrap),
            proxy_creation_code: code.proxy,
            account_id: "biconomy.nexus.1.0.0",
            domain_version: "1.0.1",
        };
        let creation = [
            ("Nexus", implementation.into()),
            ("NexusBootstrap", code.bootstrap),
            ("NexusAccountFactory", factory.into()),
        ];
        Ok(Self { deployment, creation })
    }
}

impl NexusDeployment {
    /// Where a local chain has Nexus: the addresses follow from the packages' code.
    ///
    /// # Errors
    ///
    /// When the packages do not hold it.
    pub fn local(packages: &Packages) -> Result<Self, Error> {
        Ok(NexusContracts::of(packages)?.deployment)
    }

    /// The account of an owner, which its first operation creates: with the owner validator of Nexus 1.0.
    ///
    /// # Errors
    ///
    /// Never, as long as the factory's rule and the proxy's code stay together.
    pub fn account(&self, owner: Address) -> Result<Nexus, AccountError> {
        let contracts = NexusContractSet {
            suite: "local".into(),
            account_id: self.account_id.into(),
            domain_version: self.domain_version.into(),
            factory: self.factory,
            bootstrap: self.bootstrap,
            implementation: self.implementation,
            rule: AddressRule::NexusProxy,
            ..NexusContractSet::LEGACY_A
        };
        let init = SingleValidatorInit::new(contracts.owner_validator, owner.to_vec());
        let proxy = ProxyCode::new(self.proxy_creation_code.clone());
        Nexus::counterfactual(contracts, &NexusInit::SingleValidator(init), U256::ZERO, Some(&proxy))
    }
}

/// Creates and funds an account, unless it is there.
pub(super) async fn ready_account(chain: &Chain, nexus: &NexusDeployment, owner: Address) -> Result<Nexus, Error> {
    const NAME: &str = "Nexus account";
    let account = nexus.account(owner).map_err(|_| Error::NotDeployed { name: NAME, address: nexus.factory })?;
    let address = account.address();
    if chain.code_at(address).await?.is_empty() {
        let factory = account.factory().ok_or(Error::NotDeployed { name: NAME, address })?;
        chain.send(Key::Deployer.address(), factory.address(), U256::ZERO, factory.data().clone()).await?;
        chain.fund(address, TEN_ETHER).await?;
    }
    if chain.code_at(address).await?.is_empty() {
        return Err(Error::NotDeployed { name: NAME, address });
    }
    Ok(account.deployed())
}

const TEN_ETHER: U256 = U256::from_limbs([10_000_000_000_000_000_000, 0, 0, 0]);

async fn nexus(chain: &Chain, packages: &Packages) -> Result<NexusDeployment, Error> {
    let NexusContracts { deployment, creation } = NexusContracts::of(packages)?;
    for (name, code) in creation {
        chain.deploy(name, B256::ZERO, &code).await?;
    }
    Ok(deployment)
}

pub(super) async fn kernel(chain: &Chain, packages: &Packages) -> Result<KernelDeployment, Error> {
    let code = packages.kernel()?;
    let entry_point = EntryPoint::V07.address();
    let implementation = [&code.implementation[..], &entry_point.abi_encode()].concat();
    let implementation = chain.deploy("Kernel", B256::ZERO, &implementation).await?;
    let factory = [&code.factory[..], &implementation.abi_encode()].concat();
    let factory = chain.deploy("KernelFactory", B256::ZERO, &factory).await?;
    Ok(KernelDeployment { entry_point, implementation, factory })
}

pub(super) async fn safe(chain: &Chain, packages: &Packages) -> Result<SafeDeployment, Error> {
    let code = packages.safe()?;
    let entry_point = EntryPoint::V07.address();
    let launchpad = [&code.launchpad[..], &(entry_point, session_contracts::address::REGISTRY).abi_encode()].concat();
    let (singleton, proxy_factory, adapter, launchpad) = tokio::try_join!(
        chain.deploy("Safe", B256::ZERO, &code.singleton),
        chain.deploy("SafeProxyFactory", B256::ZERO, &code.proxy_factory),
        chain.deploy("Safe7579", B256::ZERO, &code.adapter),
        chain.deploy("Safe7579Launchpad", B256::ZERO, &launchpad),
    )?;
    Ok(SafeDeployment { entry_point, singleton, proxy_factory, adapter, launchpad })
}
