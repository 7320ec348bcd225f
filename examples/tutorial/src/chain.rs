//! The chain that the demo runs on: one of its own, or one that exists.

use alloy_primitives::U256;
use alloy_signer_local::PrivateKeySigner;
use anyhow::Context as _;
use smart_sessions::Chain;
use smart_sessions::userop::account::Nexus;
use smart_sessions::userop::account::nexus::{AddressRule, NexusDeployment, NexusInit, ProxyCode, SingleValidatorInit};
use testkit::npm::Packages;
use testkit::{Devnet, Key};

use crate::arguments::{Arguments, Generation};

/// A connected chain, the owner's key and the owner's account.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) chain: Chain,
    pub(crate) owner: PrivateKeySigner,
    pub(crate) account: Nexus,
    pub(crate) rpc_url: String,
    pub(crate) bundler_url: String,
    /// Keeps our own node and bundler running; `None` on a chain that exists.
    pub(crate) devnet: Option<Devnet>,
}

impl Ground {
    pub(crate) async fn prepare(arguments: &Arguments) -> anyhow::Result<Self> {
        match (&arguments.rpc_url, &arguments.bundler_url, &arguments.owner_key_file) {
            (Some(rpc_url), Some(bundler_url), Some(file)) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read the owner's key from {}", file.display()))?;
                // The text itself must not appear in an error.
                let owner = text.trim().parse().ok().with_context(|| {
                    format!("{} does not hold a private key as 32 bytes of 0x text", file.display())
                })?;
                Self::existing(rpc_url, bundler_url, arguments.generation, owner).await
            }
            _ => Self::own(arguments.generation).await,
        }
    }

    async fn own(generation: Generation) -> anyhow::Result<Self> {
        let devnet = Devnet::start().await?;
        let (rpc_url, bundler_url) = (devnet.rpc_url().to_string(), devnet.bundler_url().to_string());
        let chain = Chain::http(&rpc_url, &bundler_url, generation.deployment()).await?;
        let owner = Key::Owner.signer();
        let account = local_account(devnet.nexus(), &owner)?;
        Ok(Self { chain, owner, account, rpc_url, bundler_url, devnet: Some(devnet) })
    }

    async fn existing(
        rpc_url: &str,
        bundler_url: &str,
        generation: Generation,
        owner: PrivateKeySigner,
    ) -> anyhow::Result<Self> {
        let chain = Chain::http(rpc_url, bundler_url, generation.deployment()).await?;
        let account = existing_account(&chain, &owner).await?;
        let (rpc_url, bundler_url) = (rpc_url.to_owned(), bundler_url.to_owned());
        Ok(Self { chain, owner, account, rpc_url, bundler_url, devnet: None })
    }
}

/// The owner's account from the first Nexus factory that the chain has, the published ones before that of a local chain.
async fn existing_account(chain: &Chain, owner: &PrivateKeySigner) -> anyhow::Result<Nexus> {
    for deployment in [NexusDeployment::LEGACY_B, NexusDeployment::V1_0_0, NexusDeployment::LEGACY_A] {
        if !chain.node().code(deployment.factory).await?.is_empty() {
            let init = deployment.owner_init(owner.address());
            return Ok(Nexus::counterfactual(deployment, &init, U256::ZERO, None)?);
        }
    }
    let local = match chain.chain_id() {
        LOCAL_CHAIN => testkit::NexusDeployment::local(&Packages::installed()?).ok(),
        _ => None,
    };
    if let Some(local) = local
        && !chain.node().code(local.factory).await?.is_empty()
    {
        return local_account(&local, owner);
    }
    anyhow::bail!("chain {} has no Nexus factory that is known (remedy: use a chain that has one)", chain.chain_id())
}

/// The chain id of development nodes.
const LOCAL_CHAIN: u64 = 31337;

/// The owner's account from the factory of a local chain: Nexus 1.0.0 with the owner validator of its time.
fn local_account(nexus: &testkit::NexusDeployment, owner: &PrivateKeySigner) -> anyhow::Result<Nexus> {
    let deployment = NexusDeployment {
        suite: "local".into(),
        factory: nexus.factory,
        bootstrap: nexus.bootstrap,
        implementation: nexus.implementation,
        rule: AddressRule::NexusProxy,
        ..NexusDeployment::LEGACY_A
    };
    let init = SingleValidatorInit::new(deployment.owner_validator, owner.address().to_vec());
    let proxy = ProxyCode::new(nexus.proxy_creation_code.clone());
    Ok(Nexus::counterfactual(deployment, &NexusInit::SingleValidator(init), U256::ZERO, Some(&proxy))?)
}
