use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use userop::Factory;
use userop::abi::nexus::account_factory::createAccountCall;

use super::{AccountError, set_up};
use crate::sign::OwnerKey;
use crate::{Chain, MeeVersion, MeeVersionConfig};

/// What is known of the account on one chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainConfiguration {
    /// The chain.
    pub chain: Chain,
    /// Its suite.
    pub suite: MeeVersionConfig,
    /// The account's address, when it is known.
    pub address: Option<Address>,
    /// Whether the signer owns the account, so that it can be created with the signer's key.
    pub owned: bool,
}

impl ChainConfiguration {
    /// The signer's own account with the published contracts of a suite.
    #[must_use]
    pub fn new(chain: Chain, version: MeeVersion) -> Self {
        Self::with_suite(chain, MeeVersionConfig::published(version))
    }

    /// The signer's own account with these contracts.
    #[must_use]
    pub const fn with_suite(chain: Chain, suite: MeeVersionConfig) -> Self {
        Self { chain, suite, address: None, owned: true }
    }

    /// The signer's own account, whose address is known.
    #[must_use]
    pub const fn owned_at(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    /// An account that exists and belongs to somebody else: a session key acts for it.
    #[doc(alias = "accountAddress")]
    #[must_use]
    pub const fn existing_at(mut self, address: Address) -> Self {
        self.address = Some(address);
        self.owned = false;
        self
    }
}

/// The account on one chain.
#[derive(Clone, Debug)]
pub struct Deployment {
    chain: Chain,
    suite: MeeVersionConfig,
    address: Address,
    factory: Option<Factory>,
}

impl Deployment {
    pub(super) fn new(
        configuration: ChainConfiguration,
        key: &OwnerKey,
        index: U256,
        address: Address,
    ) -> Result<Self, AccountError> {
        let ChainConfiguration { chain, suite, owned, .. } = configuration;
        let factory = owned.then(|| create_account(&suite, key, index)).transpose()?;
        Ok(Self { chain, suite, address, factory })
    }

    /// The chain.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The contracts.
    #[must_use]
    pub const fn suite(&self) -> &MeeVersionConfig {
        &self.suite
    }

    /// The account's address.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// What creates the account; `None` for an account of somebody else.
    #[must_use]
    pub const fn factory(&self) -> Option<&Factory> {
        self.factory.as_ref()
    }

    /// `factory ++ factory data`.
    #[must_use]
    pub fn init_code(&self) -> Option<Bytes> {
        self.factory.as_ref().map(|factory| [factory.head(), factory.data()].concat().into())
    }
}

fn create_account(suite: &MeeVersionConfig, key: &OwnerKey, index: U256) -> Result<Factory, AccountError> {
    let call = createAccountCall { initData: set_up::init_data(suite, key)?, salt: B256::from(index) };
    Ok(Factory::new(suite.factory_address, call.abi_encode()))
}
