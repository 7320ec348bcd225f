use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::deploy;
use super::logs::Logs;
use crate::npm::{Packages, base_folder};
use crate::supervisor::{Program, Supervisor};
use crate::{Chain, Devnet, EntryPoint, Error, JsonRpc, Key, local_url};

const NODE: &str = "anvil";
const BUNDLER: &str = "alto";

/// Rules of the EVM that the node follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hardfork {
    /// March 2024: the first with transient storage.
    Cancun,
    /// May 2025: the first with EIP-7702.
    #[default]
    Prague,
    /// December 2025.
    Osaka,
}

impl Hardfork {
    const fn name(self) -> &'static str {
        match self {
            Self::Cancun => "cancun",
            Self::Prague => "prague",
            Self::Osaka => "osaka",
        }
    }
}

/// Settings of a [`Devnet`].
#[derive(Clone)]
#[must_use]
pub struct DevnetBuilder {
    chain_id: Option<u64>,
    fork: Option<Url>,
    port: u16,
    bundler_port: u16,
    bundler: bool,
    block_time: Option<Duration>,
    clock: Option<u64>,
    hardfork: Hardfork,
    code_size_limit: Option<u32>,
    bundle_interval: (Duration, Duration),
    deadline: Duration,
}

/// Without the URL of a fork, which may hold a key.
impl fmt::Debug for DevnetBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain_id, fork, port, bundler_port, bundler, block_time, hardfork, .. } = self;
        formatter
            .debug_struct("DevnetBuilder")
            .field("chain_id", chain_id)
            .field("fork", &fork.is_some())
            .field("port", port)
            .field("bundler_port", bundler_port)
            .field("bundler", bundler)
            .field("block_time", block_time)
            .field("hardfork", hardfork)
            .finish_non_exhaustive()
    }
}

impl Default for DevnetBuilder {
    /// Chain 31337, free ports, a block for each transaction, bundles every 20 to 50 ms, a minute to start.
    fn default() -> Self {
        Self {
            chain_id: None,
            fork: None,
            port: 0,
            bundler_port: 0,
            bundler: true,
            block_time: None,
            clock: None,
            hardfork: Hardfork::default(),
            code_size_limit: None,
            bundle_interval: (Duration::from_millis(20), Duration::from_millis(50)),
            deadline: Duration::from_secs(60),
        }
    }
}

impl DevnetBuilder {
    /// Sets the chain's id; by default 31337, or that of the chain it starts from.
    pub const fn chain_id(mut self, chain_id: u64) -> Self {
        self.chain_id = Some(chain_id);
        self
    }

    /// Starts from the present state of the chain behind this node instead of an empty one: contracts that are there
    /// stay as they are, and the missing ones are added.
    ///
    /// The node writes the URL to its log.
    pub fn fork(mut self, node: Url) -> Self {
        self.fork = Some(node);
        self
    }

    /// Sets the node's port; 0, the default, takes a free one.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the bundler's port; 0, the default, takes a free one.
    pub const fn bundler_port(mut self, port: u16) -> Self {
        self.bundler_port = port;
        self
    }

    /// Leaves out the bundler, which is most of the start-up time.
    pub const fn without_bundler(mut self) -> Self {
        self.bundler = false;
        self
    }

    /// Mines a block at this interval, of at least a millisecond, instead of one for each transaction.
    pub const fn block_time(mut self, interval: Duration) -> Self {
        self.block_time = Some(interval);
        self
    }

    /// Starts the chain's clock at this moment, in seconds since 1970, instead of now, and leaves it to the chain whether
    /// an operation's time is over.
    ///
    /// The bundler still refuses operations whose time has not come by the clock of this machine: take a moment in the
    /// past to move the chain through windows of time.
    pub const fn clock(mut self, seconds: u64) -> Self {
        self.clock = Some(seconds);
        self
    }

    /// Sets the rules of the EVM.
    pub const fn hardfork(mut self, hardfork: Hardfork) -> Self {
        self.hardfork = hardfork;
        self
    }

    /// Allows contracts of this many bytes; by default 24,576, as public chains do.
    pub const fn code_size_limit(mut self, bytes: u32) -> Self {
        self.code_size_limit = Some(bytes);
        self
    }

    /// Sets how often the bundler makes bundles: at least and at most this time apart.
    pub const fn bundle_interval(mut self, shortest: Duration, longest: Duration) -> Self {
        self.bundle_interval = (shortest, longest);
        self
    }

    /// Sets how long the start may take, without the installation of packages.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Starts node and bundler, deploys the contracts and waits until all is ready.
    ///
    /// # Errors
    ///
    /// Those of [`Packages::installed`], [`Error::PortTaken`], [`Error::Exited`] or [`Error::NotReady`] when a program
    /// fails, with the end of what it said, and [`Error::NotDeployed`] or [`Error::Rpc`] when a contract cannot be
    /// deployed.
    pub async fn start(self) -> Result<Devnet, Error> {
        check_port(NODE, self.port)?;
        if self.bundler {
            check_port(BUNDLER, self.bundler_port)?;
        }
        let installed = tokio::task::spawn_blocking(Packages::installed).await;
        let packages = installed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let logs = Arc::new(Logs::create(&base_folder())?);
        let result = self.start_logged(packages, Arc::clone(&logs)).await;
        if result.is_err() {
            logs.keep();
        }
        result
    }

    async fn start_logged(self, packages: Packages, logs: Arc<Logs>) -> Result<Devnet, Error> {
        let deadline = Instant::now() + self.deadline;
        let mut supervisor = Supervisor::start(&packages, &logs.file("supervisor"))?;
        let node = supervisor.run(NODE, &self.node_command(&packages), &logs.file(NODE))?;
        // It loads its code while the chain is set up, and starts when told to.
        let bundler = if self.bundler {
            let script = packages.folder().join("bundler.mjs").to_string_lossy().into_owned();
            Some(supervisor.run(BUNDLER, &["node".to_owned(), script], &logs.file(BUNDLER))?)
        } else {
            None
        };
        let chain = Chain::new(local_url(node.port(deadline).await?));
        let nexus = deploy::deploy(&chain, &packages).await?;
        let chain_id = chain.chain_id().await?;
        let bundler = match bundler {
            Some(program) => Some(self.start_bundler(&mut supervisor, program, chain.rpc().url(), deadline).await?),
            None => None,
        };
        Ok(Devnet { supervisor, node, bundler, chain, chain_id, nexus, packages, logs })
    }

    async fn start_bundler(
        &self,
        supervisor: &mut Supervisor,
        program: Program,
        node: &Url,
        deadline: Instant,
    ) -> Result<(Program, JsonRpc), Error> {
        let arguments = serde_json::Value::from(self.bundler_arguments(node));
        supervisor.tell(&program, &arguments.to_string())?;
        let rpc = JsonRpc::new(local_url(program.port(deadline).await?));
        while rpc.request::<Vec<alloy_primitives::Address>>("eth_supportedEntryPoints", ()).await.is_err() {
            program.wait(deadline).await?;
        }
        Ok((program, rpc))
    }

    fn node_command(&self, packages: &Packages) -> Vec<String> {
        let mut command = vec![packages.anvil().to_string_lossy().into_owned()];
        let mut add = |option: &str, value: String| command.extend([option.to_owned(), value]);
        add("--host", "127.0.0.1".into());
        add("--port", self.port.to_string());
        if let Some(node) = &self.fork {
            add("--fork-url", node.to_string());
        }
        if let Some(id) = self.chain_id {
            add("--chain-id", id.to_string());
        }
        add("--hardfork", self.hardfork.name().into());
        if let Some(seconds) = self.clock {
            add("--timestamp", seconds.to_string());
        }
        if let Some(interval) = self.block_time {
            add("--block-time", interval.as_secs_f64().to_string());
        }
        if let Some(bytes) = self.code_size_limit {
            add("--code-size-limit", bytes.to_string());
        }
        command.push("--auto-impersonate".into());
        command
    }

    fn bundler_arguments(&self, node: &Url) -> Vec<String> {
        let entry_points: Vec<_> = EntryPoint::ALL.iter().map(|version| version.address().to_string()).collect();
        let executors = [Key::Executor, Key::SecondExecutor].map(|key| key.secret().to_string());
        let (shortest, longest) = self.bundle_interval;
        let block_time = self.block_time.unwrap_or(Duration::from_millis(50));
        [
            ("--entrypoints", entry_points.join(",")),
            ("--rpc-url", node.to_string()),
            ("--port", self.bundler_port.to_string()),
            ("--executor-private-keys", executors.join(",")),
            ("--utility-private-key", Key::Utility.secret().to_string()),
            // The node has no JavaScript tracer, which the checks of safe mode need.
            ("--safe-mode", "false".into()),
            ("--min-bundle-interval", shortest.as_millis().to_string()),
            ("--max-bundle-interval", longest.as_millis().to_string()),
            ("--block-time", block_time.as_millis().to_string()),
            // Both go by the clock of this machine: the check itself, and the code that it puts in the entry point's place.
            ("--expiration-check", self.clock.is_none().to_string()),
            ("--code-override-support", self.clock.is_none().to_string()),
            ("--refilling-wallets", "false".into()),
            ("--utility-wallet-monitor", "false".into()),
            ("--enable-debug-endpoints", "true".into()),
            ("--log-level", "info".into()),
        ]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect()
    }
}

/// A clear word before the program's own, for a port that is in use already.
fn check_port(program: &'static str, port: u16) -> Result<(), Error> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(Error::PortTaken { program, port }),
        _ => Ok(()),
    }
}
