//! The owner's account on every chain that it lives on.

mod deployment;
mod set_up;

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use futures_util::future::{try_join_all, try_join3};
use serde_json::json;

pub use deployment::{ChainConfiguration, Deployment};
pub(crate) use set_up::owner_data;

use crate::abi::account::{accountIdCall, computeAccountAddressCall};
use crate::sign::{AccountSigner, OwnerKey};
use crate::wire::ChainVersion;
use crate::{Chain, MeeError, MeeVersion};

/// Why an account cannot be what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// An account lives on at least one chain.
    #[error("no chain was configured")]
    NoChain,
    /// A chain was configured twice.
    #[error("chain {chain_id} was configured twice")]
    ChainTwice {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// P-256 owners came with suite 3.0.0.
    #[error("a P-256 owner needs suite 3.0.0, chain {chain_id} has {version}")]
    P256 {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The suite.
        version: MeeVersion,
    },
    /// The suite's table lacks an address that its rules need.
    #[error("suite {version} has no {part}")]
    IncompleteSuite {
        /// The suite.
        version: MeeVersion,
        /// What is missing.
        part: &'static str,
    },
    /// The factory answered with the zero address.
    #[error("the factory gave no address on chain {chain_id}")]
    NoAddress {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// The account does not live there.
    #[error("the account has no deployment on chain {chain_id}")]
    NotConfigured {
        /// The EIP-155 chain id.
        chain_id: u64,
    },
    /// One of the suite's contracts has no code on the chain.
    #[error("suite {version} is not on chain {chain_id}: no code at its {part} {address}")]
    SuiteMissing {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The suite.
        version: MeeVersion,
        /// Which contract.
        part: &'static str,
        /// Where it should be.
        address: Address,
    },
    /// The suite needs transient storage, and the chain's blocks show no sign of Cancun.
    #[error("suite {version} needs a Cancun chain, chain {chain_id} is none")]
    NeedsCancun {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The suite.
        version: MeeVersion,
    },
    /// The implementation is another version than the suite says.
    #[error("chain {chain_id}: implementation is {seen}, suite {version} expects {expected}")]
    AccountId {
        /// The EIP-155 chain id.
        chain_id: u64,
        /// The suite.
        version: MeeVersion,
        /// What the suite says.
        expected: String,
        /// What the implementation answers.
        seen: String,
    },
}

/// An owner's account on one or more chains; suites may differ from chain to chain.
#[doc(alias = "toMultichainNexusAccount")]
#[doc(alias = "MultichainSmartAccount")]
#[derive(Clone, Debug)]
pub struct MultichainAccount {
    signer: Arc<dyn AccountSigner>,
    deployments: Vec<Deployment>,
}

impl MultichainAccount {
    /// The account of `signer` with number `index`. Addresses that the configuration does not give are asked of the
    /// factories.
    ///
    /// # Errors
    /// When the configuration contradicts itself or a factory cannot be asked.
    #[doc(alias = "toMultichainNexusAccount")]
    pub async fn resolve(
        signer: Arc<dyn AccountSigner>,
        index: U256,
        configurations: impl IntoIterator<Item = ChainConfiguration>,
    ) -> Result<Self, MeeError> {
        let key = signer.key();
        let configurations: Vec<_> = configurations.into_iter().collect();
        check_configurations(&configurations, &key)?;
        let deployments = configurations.into_iter().map(|configuration| deploy(configuration, &key, index));
        Ok(Self { deployments: try_join_all(deployments).await?, signer })
    }

    /// An account whose addresses are all known. Nothing is asked of any server.
    ///
    /// # Errors
    /// When the configuration contradicts itself or lacks an address.
    pub fn known(
        signer: Arc<dyn AccountSigner>,
        index: U256,
        configurations: impl IntoIterator<Item = ChainConfiguration>,
    ) -> Result<Self, AccountError> {
        let key = signer.key();
        let configurations: Vec<_> = configurations.into_iter().collect();
        check_configurations(&configurations, &key)?;
        let deployments = configurations.into_iter().map(|configuration| {
            let address =
                configuration.address.ok_or(AccountError::NoAddress { chain_id: configuration.chain.id() })?;
            Deployment::new(configuration, &key, index, address)
        });
        Ok(Self { deployments: deployments.collect::<Result<_, _>>()?, signer })
    }

    /// The owner's key, or the session's in session flows.
    #[must_use]
    pub fn signer(&self) -> &dyn AccountSigner {
        self.signer.as_ref()
    }

    /// The address of the owner's key.
    #[must_use]
    pub fn owner(&self) -> Address {
        self.signer.key().address()
    }

    /// The account, chain by chain.
    #[must_use]
    pub fn deployments(&self) -> &[Deployment] {
        &self.deployments
    }

    /// The account on one chain.
    ///
    /// # Errors
    /// [`AccountError::NotConfigured`].
    #[doc(alias = "deploymentOn")]
    pub fn on(&self, chain_id: u64) -> Result<&Deployment, AccountError> {
        self.deployments
            .iter()
            .find(|deployment| deployment.chain().id() == chain_id)
            .ok_or(AccountError::NotConfigured { chain_id })
    }

    /// The suites on these chains, as a node is told them.
    pub(crate) fn versions_on(
        &self,
        chain_ids: impl IntoIterator<Item = u64>,
    ) -> Result<Vec<ChainVersion>, AccountError> {
        chain_ids
            .into_iter()
            .map(|chain_id| Ok(ChainVersion { version: self.on(chain_id)?.suite().clone(), chain_id }))
            .collect()
    }

    /// Looks whether every suite is on its chain: code at each contract, and Cancun where it is needed.
    ///
    /// # Errors
    /// [`AccountError::SuiteMissing`], [`AccountError::NeedsCancun`] or [`AccountError::AccountId`]; or when a chain
    /// cannot be asked.
    #[doc(alias = "versionCheck")]
    pub async fn check_suites(&self) -> Result<(), MeeError> {
        let checks = self.deployments.iter().map(|deployment| async move {
            let suite = deployment.suite();
            try_join3(check_codes(deployment), check_cancun(deployment.chain(), suite.version), async {
                let answer = deployment.chain().view(suite.implementation_address, &accountIdCall {}).await?;
                if answer == suite.account_id {
                    return Ok(());
                }
                Err(MeeError::from(AccountError::AccountId {
                    chain_id: deployment.chain().id(),
                    version: suite.version,
                    expected: suite.account_id.clone(),
                    seen: answer,
                }))
            })
            .await
        });
        try_join_all(checks).await.map(drop)
    }
}

fn check_configurations(configurations: &[ChainConfiguration], key: &OwnerKey) -> Result<(), AccountError> {
    if configurations.is_empty() {
        return Err(AccountError::NoChain);
    }
    for (index, configuration) in configurations.iter().enumerate() {
        let (chain_id, version) = (configuration.chain.id(), configuration.suite.version);
        if configurations[..index].iter().any(|earlier| earlier.chain.id() == chain_id) {
            return Err(AccountError::ChainTwice { chain_id });
        }
        if matches!(key, OwnerKey::P256 { .. }) && !version.has_stateless_owner_validators() {
            return Err(AccountError::P256 { chain_id, version });
        }
    }
    Ok(())
}

async fn deploy(configuration: ChainConfiguration, key: &OwnerKey, index: U256) -> Result<Deployment, MeeError> {
    let address = match configuration.address {
        Some(address) => address,
        None => {
            let call = computeAccountAddressCall {
                initData: set_up::init_data(&configuration.suite, key)?,
                salt: B256::from(index),
            };
            let address = configuration.chain.view(configuration.suite.factory_address, &call).await?;
            if address.is_zero() {
                return Err(AccountError::NoAddress { chain_id: configuration.chain.id() }.into());
            }
            address
        }
    };
    Ok(Deployment::new(configuration, key, index, address)?)
}

async fn check_codes(deployment: &Deployment) -> Result<(), MeeError> {
    let suite = deployment.suite();
    let parts = [
        ("bootstrap", Some(suite.bootstrap_address)),
        ("owner validator", Some(suite.validator_address)),
        ("factory", Some(suite.factory_address)),
        ("implementation", Some(suite.implementation_address)),
        ("registry", suite.module_registry.as_ref().map(|registry| registry.registry_address)),
        ("composable module", suite.composable_module_address),
    ];
    let parts = parts.into_iter().filter_map(|(part, address)| Some((part, address.filter(|at| !at.is_zero())?)));
    let checks = parts.map(|(part, address)| async move {
        if deployment.chain().has_code(address).await? {
            return Ok(());
        }
        let (chain_id, version) = (deployment.chain().id(), suite.version);
        Err(MeeError::from(AccountError::SuiteMissing { chain_id, version, part, address }))
    });
    try_join_all(checks).await.map(drop)
}

/// Chains that are known to have transient storage, so that no block needs to be looked at.
const CANCUN_CHAINS: [u64; 37] = [
    1, 10, 56, 97, 100, 130, 137, 143, 146, 267, 480, 999, 1116, 1135, 1301, 1328, 1329, 4801, 8453, 10143, 10200,
    20993, 33111, 33139, 42161, 43113, 43114, 57054, 80002, 84532, 421614, 534351, 534352, 747474, 11155111, 11155420,
    531050204,
];

async fn check_cancun(chain: &Chain, version: MeeVersion) -> Result<(), MeeError> {
    if !version.has_default_validator() || CANCUN_CHAINS.contains(&chain.id()) {
        return Ok(());
    }
    let block: serde_json::Value = chain.request("eth_getBlockByNumber", json!(["latest", false])).await?;
    if block.get("blobGasUsed").is_some_and(|used| !used.is_null()) {
        return Ok(());
    }
    Err(AccountError::NeedsCancun { chain_id: chain.id(), version }.into())
}
