use std::path::PathBuf;

use alloy_primitives::{Address, B256, Bytes};

/// Why a local chain could not be set up or used. Each says in one line what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program that must be there is not.
    #[error("`{program}` was not found: install Node {needed} or later, with npm, and see that it is on the PATH")]
    Missing {
        /// The program's name.
        program: &'static str,
        /// The lowest version of Node that works.
        needed: &'static str,
    },
    /// Node is older than its programs need.
    #[error("Node {found} is too old: install Node {needed} or later")]
    TooOld {
        /// What `node --version` answers.
        found: String,
        /// The lowest version that works.
        needed: &'static str,
    },
    /// `npm ci` failed.
    #[error("npm could not install the devnet's packages: check the network and npm's registry, then try again (log: {}): {tail}", log.display())]
    Install {
        /// Everything npm said.
        log: PathBuf,
        /// What npm said last.
        tail: String,
    },
    /// A file or folder could not be read or written.
    #[error("{} cannot be used: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A package does not hold what it should.
    #[error("{} does not hold {what}: remove the folder to have it installed again", path.display())]
    Package {
        /// The file of the package.
        path: PathBuf,
        /// What was looked for.
        what: String,
    },
    /// There is no node at the path where it should be.
    #[error("there is no anvil at {}: give the path of one for this platform in {variable}", path.display())]
    NoAnvil {
        /// Where it was looked for.
        path: PathBuf,
        /// The environment variable that can name another.
        variable: &'static str,
    },
    /// There is no PostgreSQL server to start.
    #[error(
        "no PostgreSQL server was found: install Debian's package `postgresql`, or name the folder of `initdb` and `postgres` in {variable}"
    )]
    NoPostgres {
        /// The environment variable that can name the folder.
        variable: &'static str,
    },
    /// The port that was asked for is in use.
    #[error("port {port} for {program} is taken: choose another, or stop what listens there")]
    PortTaken {
        /// The program that should listen.
        program: &'static str,
        /// The port.
        port: u16,
    },
    /// A program of the local chain has ended.
    #[error("{program} ended unexpectedly with {status} (log: {}): {tail}", log.display())]
    Exited {
        /// The program.
        program: &'static str,
        /// How it ended.
        status: String,
        /// Everything it said.
        log: PathBuf,
        /// What it said last.
        tail: String,
    },
    /// A program of the local chain was not ready in time.
    #[error("{program} was not ready in time: is the machine overloaded? (log: {}): {tail}", log.display())]
    NotReady {
        /// The program.
        program: &'static str,
        /// Everything it said.
        log: PathBuf,
        /// What it said last.
        tail: String,
    },
    /// A JSON-RPC call failed.
    #[error("{method} at {url} failed: {message}")]
    Rpc {
        /// The server.
        url: String,
        /// The method.
        method: String,
        /// The error's code, when the server answered with one.
        code: Option<i64>,
        /// The error's message, or what went wrong on the way.
        message: String,
        /// The error's data, which holds what a call reverted with.
        data: Option<Bytes>,
    },
    /// A transaction was mined and reverted.
    #[error("transaction {hash} reverted")]
    Reverted {
        /// The transaction's hash.
        hash: B256,
    },
    /// Something on the chain is not where it should be.
    #[error("{name} is not at {address} after its deployment")]
    NotDeployed {
        /// What was deployed.
        name: &'static str,
        /// Where it should be.
        address: Address,
    },
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, reason: &std::io::Error) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }
}
