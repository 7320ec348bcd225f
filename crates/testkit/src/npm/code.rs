use std::fs;
use std::path::Path;

use alloy_primitives::{Bytes, hex};

use super::Packages;
use crate::{EntryPoint, Error};

/// Creation code of Nexus 1.0, built for EntryPoint 0.7.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NexusCode {
    /// The implementation; constructor arguments `(address entryPoint)`.
    pub implementation: Bytes,
    /// The account factory; constructor arguments `(address implementation, address owner)`.
    pub factory: Bytes,
    /// The bootstrap; no constructor arguments.
    pub bootstrap: Bytes,
    /// The proxy that the factory makes for each account; constructor arguments
    /// `(address implementation, bytes initializeAccountCall)`.
    pub proxy: Bytes,
}

/// Creation code of Kernel 3.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelCode {
    /// The implementation; constructor arguments `(address entryPoint)`.
    pub implementation: Bytes,
    /// The account factory; constructor arguments `(address implementation)`.
    pub factory: Bytes,
}

/// Creation code of Safe and of its ERC-7579 adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SafeCode {
    /// Safe's implementation; no constructor arguments.
    pub singleton: Bytes,
    /// Safe's proxy factory; no constructor arguments.
    pub proxy_factory: Bytes,
    /// Safe's proxy; constructor arguments `(address singleton)`.
    pub proxy: Bytes,
    /// Safe7579; no constructor arguments.
    pub adapter: Bytes,
    /// The launchpad; constructor arguments `(address entryPoint, address registry)`.
    pub launchpad: Bytes,
}

impl Packages {
    /// The creation code of an entry point, the very bytes of the published deployment.
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::Package`] when the installed package is damaged.
    pub fn entry_point_creation_code(&self, version: EntryPoint) -> Result<Bytes, Error> {
        let path = self.module(version.package()).join("artifacts/EntryPoint.json");
        let artifact: Option<serde_json::Value> = serde_json::from_str(&read(&path)?).ok();
        let code = artifact.as_ref().and_then(|artifact| artifact.get("bytecode")).and_then(|code| code.as_str());
        let code = code.and_then(|code| hex::decode(code).ok()).filter(|code| !code.is_empty());
        code.map(Into::into).ok_or_else(|| Error::Package { path, what: "the entry point's creation code".into() })
    }

    /// The creation code of Nexus and what belongs to it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::Package`] when the installed package is damaged.
    pub fn nexus(&self) -> Result<NexusCode, Error> {
        let source = Constants::read(self, "NexusPrecompiles.sol")?;
        Ok(NexusCode {
            implementation: source.code("NEXUS_BYTECODE")?,
            factory: source.code("NEXUS_ACCOUNT_FACTORY_BYTECODE")?,
            bootstrap: source.code("NEXUS_BOOTSTRAP_BYTECODE")?,
            proxy: source.code("NEXUS_PROXY_BYTECODE")?,
        })
    }

    /// The creation code of Kernel and its factory.
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::Package`] when the installed package is damaged.
    pub fn kernel(&self) -> Result<KernelCode, Error> {
        let source = Constants::read(self, "KernelPrecompiles.sol")?;
        Ok(KernelCode {
            implementation: source.code("KERNEL_BYTECODE")?,
            factory: source.code("KERNEL_FACTORY_BYTECODE")?,
        })
    }

    /// The creation code of Safe and its ERC-7579 adapter.
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::Package`] when the installed package is damaged.
    pub fn safe(&self) -> Result<SafeCode, Error> {
        let source = Constants::read(self, "Safe7579Precompiles.sol")?;
        Ok(SafeCode {
            singleton: source.code("SAFE_SINGLETON_BYTECODE")?,
            proxy_factory: source.code("SAFE_PROXY_FACTORY_BYTECODE")?,
            proxy: source.code("SAFE_PROXY_BYTECODE")?,
            adapter: source.code("SAFE7579_BYTECODE")?,
            launchpad: source.code("SAFE7579_LAUNCHPAD_BYTECODE")?,
        })
    }

    fn module(&self, name: &str) -> std::path::PathBuf {
        self.folder().join("node_modules").join(name)
    }
}

/// A Solidity source with code in constants, `bytes constant NAME = hex"…";`.
struct Constants {
    path: std::path::PathBuf,
    text: String,
}

impl Constants {
    fn read(packages: &Packages, file: &str) -> Result<Self, Error> {
        let path = packages.module("@rhinestone/modulekit").join("src/deployment/precompiles").join(file);
        let text = read(&path)?;
        Ok(Self { path, text })
    }

    fn code(&self, name: &str) -> Result<Bytes, Error> {
        constant(&self.text, name)
            .ok_or_else(|| Error::Package { path: self.path.clone(), what: format!("the constant {name}") })
    }
}

fn constant(text: &str, name: &str) -> Option<Bytes> {
    let (_, rest) = text.split_once(&format!("constant {name} ="))?;
    let (code, _) = rest.trim_start().strip_prefix("hex\"")?.split_once('"')?;
    hex::decode(code).ok().filter(|code| !code.is_empty()).map(Into::into)
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|reason| Error::file(path, &reason))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::bytes;

    use super::constant;

    #[test]
    fn constants_are_found_by_their_whole_name() {
        let text =
            "bytes public constant A_B =\n    hex\"0102\";\nbytes constant A = hex\"03\";\nbytes constant C = 1;";
        assert_eq!(constant(text, "A"), Some(bytes!("0x03")));
        assert_eq!(constant(text, "A_B"), Some(bytes!("0x0102")));
        assert_eq!(constant(text, "B"), None);
        assert_eq!(constant(text, "C"), None);
    }
}
