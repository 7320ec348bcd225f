//! Compiles the Solidity of this package with the compiler that its lock file names.
//!
//! Needs Node and npm. The compiler is installed below the workspace's `target` directory on first use.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use alloy_primitives::{B256, Keccak256, hex, keccak256};

/// Compiled contracts by name.
pub type Compiled = BTreeMap<String, Vec<u8>>;

/// Why the contracts could not be compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A program that is needed cannot be started.
    #[error("cannot start `{program}` ({source}): install Node 20 or later, which brings npm")]
    Start {
        /// The program.
        program: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A program ended with a failure.
    #[error("`{program}` failed: {output}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it printed as errors.
        output: String,
    },
    /// The compiler's answer is not what it should be.
    #[error("the compiler answered something else than code: {0}")]
    Answer(String),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Where the compiled code of a contract is kept.
#[must_use]
pub fn compiled_path(name: &str) -> PathBuf {
    package().join("compiled").join(name).with_extension("hex")
}

/// Compiles every contract. What the compiler said of the same sources before is kept beside it and used again.
///
/// # Errors
/// When Node or the compiler is missing and cannot be installed, or the Solidity has an error or a warning.
pub fn compile() -> Result<Compiled, CompileError> {
    let modules = install()?;
    let cache = modules.join(sources_hash()?.to_string()).with_extension("json");
    if let Ok(output) = fs::read(&cache)
        && let Ok(compiled) = decode(&output)
    {
        return Ok(compiled);
    }
    let mut node = Command::new("node");
    let output = run("node", node.arg(package().join("compile.mjs")).arg(modules))?;
    let compiled = decode(&output)?;
    fs::write(&cache, output).map_err(|source| CompileError::File { path: cache, source })?;
    Ok(compiled)
}

fn decode(output: &[u8]) -> Result<Compiled, CompileError> {
    let code: BTreeMap<String, String> =
        serde_json::from_slice(output).map_err(|error| CompileError::Answer(error.to_string()))?;
    let decoded = code.into_iter().map(|(name, code)| Ok((name, hex::decode(code)?)));
    decoded.collect::<Result<_, hex::FromHexError>>().map_err(|error| CompileError::Answer(error.to_string()))
}

/// The code that is kept beside the sources.
///
/// # Errors
/// When the folder cannot be read.
pub fn kept() -> Result<Compiled, CompileError> {
    let folder = package().join("compiled");
    let entries = fs::read_dir(&folder).map_err(|source| CompileError::File { path: folder.clone(), source })?;
    let mut kept = Compiled::new();
    for entry in entries {
        let path = entry.map_err(|source| CompileError::File { path: folder.clone(), source })?.path();
        let text = fs::read_to_string(&path).map_err(|source| CompileError::File { path: path.clone(), source })?;
        let code = hex::decode(text.trim_end()).map_err(|error| CompileError::Answer(error.to_string()))?;
        kept.insert(path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), code);
    }
    Ok(kept)
}

/// Replaces the code that is kept beside the sources.
///
/// # Errors
/// When a file cannot be written.
pub fn keep(compiled: &Compiled) -> Result<(), CompileError> {
    for (name, code) in compiled {
        let path = compiled_path(name);
        fs::write(&path, hex::encode(code) + "\n").map_err(|source| CompileError::File { path, source })?;
    }
    for name in kept()?.into_keys().filter(|name| !compiled.contains_key(name)) {
        let path = compiled_path(&name);
        fs::remove_file(&path).map_err(|source| CompileError::File { path, source })?;
    }
    Ok(())
}

/// Over everything that decides about the code.
fn sources_hash() -> Result<B256, CompileError> {
    let mut files = vec![package().join("compile.mjs"), package().join("package-lock.json")];
    let mut folders = vec![package().join("solidity")];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|source| CompileError::File { path: folder.clone(), source })?;
        for entry in entries {
            let path = entry.map_err(|source| CompileError::File { path: folder.clone(), source })?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hasher = Keccak256::new();
    for path in files {
        let text = fs::read(&path).map_err(|source| CompileError::File { path: path.clone(), source })?;
        hasher.update(keccak256(path.to_string_lossy().as_bytes()));
        hasher.update(keccak256(text));
    }
    Ok(hasher.finalize())
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder that holds `node_modules` with the compiler, installed when it is not there or the lock file changed.
fn install() -> Result<PathBuf, CompileError> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package().join("../target"), PathBuf::from);
    let folder = target.join("npm").join("contracts");
    let file = |path: &Path, source| CompileError::File { path: path.to_owned(), source };
    fs::create_dir_all(&folder).map_err(|source| file(&folder, source))?;

    // Two tests may come here at once.
    let lock_path = folder.join(".lock");
    let lock = File::create(&lock_path).map_err(|source| file(&lock_path, source))?;
    lock.lock().map_err(|source| file(&lock_path, source))?;

    let wanted_path = package().join("package-lock.json");
    let wanted = fs::read(&wanted_path).map_err(|source| file(&wanted_path, source))?;
    let stamp = folder.join("installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(package().join(name), folder.join(name)).map_err(|source| file(&folder.join(name), source))?;
    }
    let mut npm = Command::new("npm");
    run("npm", npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    fs::write(&stamp, wanted).map_err(|source| file(&stamp, source))?;
    Ok(folder)
}

fn run(program: &'static str, command: &mut Command) -> Result<Vec<u8>, CompileError> {
    let output = command.output().map_err(|source| CompileError::Start { program, source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(CompileError::Failed { program, output: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}
