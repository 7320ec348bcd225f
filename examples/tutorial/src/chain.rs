//! The chain that the demo runs on: one of its own, or one that exists.

use alloy_primitives::U256;
use alloy_signer_local::PrivateKeySigner;
use anyhow::Context as _;
use smart_sessions::Chain;
use smart_sessions::userop::account::Nexus;
use smart_sessions::userop::account::nexus::{AddressRule, NexusDeployment, NexusInit, ProxyCode, SingleValidatorInit};
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
        let account = local_account(&devnet, &owner)?;
        Ok(Self { chain, owner, account, rpc_url, bundler_url, devnet: Some(devnet) })
    }

    async fn existing(
        rpc_url: &str,
        bundler_url: &str,
        generation: Generation,
        owner: PrivateKeySigner,
    ) -> anyhow::Result<Self> {
        let chain = Chain::http(rpc_url, bundler_url, generation.deployment()).await?;
        let deployment = match generation {
            Generation::Legacy => NexusDeployment::LEGACY_B,
            Generation::Current => NexusDeployment::V1_0_0,
        };
        anyhow::ensure!(
            !chain.node().code(deployment.factory).await?.is_empty(),
            "chain {} has no Nexus factory at {} (remedy: use a chain that has it)",
            chain.chain_id(),
            deployment.factory,
        );
        let init = deployment.owner_init(owner.address());
        let account = Nexus::counterfactual(deployment, &init, U256::ZERO, None)?;
        let (rpc_url, bundler_url) = (rpc_url.to_owned(), bundler_url.to_owned());
        Ok(Self { chain, owner, account, rpc_url, bundler_url, devnet: None })
    }
}

/// The owner's account from the factory of the local chain: Nexus 1.0.0 with the owner validator of its time.
fn local_account(devnet: &Devnet, owner: &PrivateKeySigner) -> anyhow::Result<Nexus> {
    let nexus = devnet.nexus();
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
