use std::path::PathBuf;

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
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, reason: &std::io::Error) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }
}
