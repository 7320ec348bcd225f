mod builder;
mod deploy;
mod logs;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use url::Url;
use userop::account::Nexus;

pub use builder::{DevnetBuilder, Hardfork};
pub use deploy::{KernelDeployment, NexusDeployment, SafeDeployment};
pub(crate) use logs::Logs;

use crate::npm::Packages;
use crate::supervisor::{Program, Supervisor};
use crate::{Chain, EntryPoint, Error, JsonRpc, Key};

/// A running local chain with a bundler and all contracts.
///
/// It has the entry points 0.6, 0.7 and 0.8 at their published addresses, Nexus with factory and bootstrap, and the
/// project's own contracts (session module, policies, validators, registry) at the published addresses of both
/// generations; the keys of [`Key`](crate::Key) hold money.
///
/// Dropping it kills node and bundler; so does the end of this process, however it comes. Several can run side by side,
/// in one process or in many.
///
/// ```no_run
/// # async fn example() -> Result<(), testkit::Error> {
/// let devnet = testkit::Devnet::start().await?;
/// assert_eq!(devnet.chain().chain_id().await?, devnet.chain_id());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Devnet {
    // Dropped first: the log files may go only after the programs that write them.
    supervisor: Supervisor,
    node: Program,
    bundler: Option<(Program, JsonRpc)>,
    chain: Chain,
    chain_id: u64,
    nexus: NexusDeployment,
    packages: Packages,
    logs: Arc<Logs>,
}

impl Devnet {
    /// Starts with the settings of [`DevnetBuilder::default`].
    ///
    /// # Errors
    ///
    /// As [`DevnetBuilder::start`].
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Settings, to be changed before the start.
    pub fn builder() -> DevnetBuilder {
        DevnetBuilder::default()
    }

    /// Where the node answers, for example `http://127.0.0.1:8545/`.
    #[must_use]
    pub const fn rpc_url(&self) -> &Url {
        self.chain.rpc().url()
    }

    /// Where the bundler answers.
    ///
    /// # Panics
    ///
    /// When it was started [without a bundler](DevnetBuilder::without_bundler).
    #[must_use]
    pub fn bundler_url(&self) -> &Url {
        self.bundler().url()
    }

    /// The bundler's JSON-RPC.
    ///
    /// # Panics
    ///
    /// When it was started [without a bundler](DevnetBuilder::without_bundler).
    #[must_use]
    pub fn bundler(&self) -> &JsonRpc {
        let Some((_, bundler)) = &self.bundler else { panic!("this devnet was started without a bundler") };
        bundler
    }

    /// The node.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The entry points the bundler serves.
    #[must_use]
    pub const fn entry_points(&self) -> &'static [EntryPoint] {
        &EntryPoint::ALL
    }

    /// Where Nexus and what belongs to it are.
    #[must_use]
    pub const fn nexus(&self) -> &NexusDeployment {
        &self.nexus
    }

    /// The Nexus account of a key, deployed and with 10 ether: ready to act. The session module is not installed.
    ///
    /// # Errors
    ///
    /// [`Error::NotDeployed`], [`Error::Reverted`] or [`Error::Rpc`].
    pub async fn account(&self, owner: Key) -> Result<Nexus, Error> {
        deploy::ready_account(&self.chain, &self.nexus, owner.address()).await
    }

    /// Deploys Kernel, unless it is there. The package's build is larger than public chains allow: start with
    /// [`code_size_limit(32_768)`](DevnetBuilder::code_size_limit).
    ///
    /// # Errors
    ///
    /// [`Error::NotDeployed`] or [`Error::Rpc`].
    pub async fn kernel(&self) -> Result<KernelDeployment, Error> {
        deploy::kernel(&self.chain, &self.packages).await
    }

    /// Deploys Safe and its ERC-7579 adapter, unless they are there.
    ///
    /// # Errors
    ///
    /// [`Error::NotDeployed`] or [`Error::Rpc`].
    pub async fn safe(&self) -> Result<SafeDeployment, Error> {
        deploy::safe(&self.chain, &self.packages).await
    }

    /// The packages it runs from, which have the code of other accounts too.
    #[must_use]
    pub const fn packages(&self) -> &Packages {
        &self.packages
    }

    /// The folder of what node and bundler say. It goes with the devnet, except in a panic.
    #[must_use]
    pub fn logs(&self) -> &Path {
        self.logs.folder()
    }

    /// The id of the process whose group holds node and bundler.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.supervisor.process_id()
    }

    /// Has the bundler keep operations until [`send_bundle`](Self::send_bundle), or send them by itself again.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn hold_bundles(&self, hold: bool) -> Result<(), Error> {
        let mode = if hold { "manual" } else { "auto" };
        self.bundler().request::<Value>("debug_bundler_setBundlingMode", (mode,)).await.map(drop)
    }

    /// Has the bundler send the operations that it holds.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`].
    pub async fn send_bundle(&self) -> Result<(), Error> {
        self.bundler().request::<Value>("debug_bundler_sendBundleNow", ()).await.map(drop)
    }

    /// Whether node and bundler still run.
    ///
    /// # Errors
    ///
    /// [`Error::Exited`] when one has ended.
    pub fn check(&self) -> Result<(), Error> {
        self.node.check()?;
        self.bundler.as_ref().map_or(Ok(()), |(program, _)| program.check())
    }

    /// Waits until node or bundler end by themselves, which they do only by accident, and says how.
    pub async fn crashed(&self) -> Error {
        loop {
            if let Err(error) = self.check() {
                self.logs.keep();
                return error;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
