//! The programs of the local chain and the code of its contracts, from npm packages.
//!
//! [`Packages::installed`] installs them by the lock file of this crate on first use, below the workspace's
//! `target/devnet` (or the folder named by the environment variable `DEVNET_DIR`, which several checkouts can share).
//! Contract code is read from there at run time; none of it is part of this project.

mod code;
mod install;

use std::path::{Path, PathBuf};

pub use code::{KernelCode, NexusCode, SafeCode};

use crate::Error;

/// Environment variable that names the folder for packages and logs.
pub const FOLDER_VARIABLE: &str = "DEVNET_DIR";

/// Environment variable that names an `anvil` to use in place of the installed one.
pub const ANVIL_VARIABLE: &str = "DEVNET_ANVIL";

/// The installed packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packages {
    folder: PathBuf,
    anvil: PathBuf,
}

impl Packages {
    /// Installs the packages unless they are, which takes about ten seconds and 230 MB, once.
    ///
    /// Processes and threads that call this at the same time wait for the one that installs.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] or [`Error::TooOld`] without a fitting Node, [`Error::Install`] when npm fails, and
    /// [`Error::File`] when the folder cannot be written.
    pub fn installed() -> Result<Self, Error> {
        install::packages(&base_folder())
    }

    /// Where the packages are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The `anvil` program.
    #[must_use]
    pub fn anvil(&self) -> &Path {
        &self.anvil
    }
}

/// The folder for packages and logs: [`FOLDER_VARIABLE`] or the workspace's `target/devnet`.
#[must_use]
pub fn base_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()) {
        return folder.into();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let target = std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
    workspace.join(target.map_or_else(|| PathBuf::from("target"), PathBuf::from)).join("devnet")
}
