//! Other programs, started from the workspace's root.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}

/// The cargo that runs us.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Builds and runs a binary of the workspace in place of this process, so that a signal sent to us reaches it.
pub(crate) fn become_binary(package: &str, binary: &str, arguments: &[String]) -> anyhow::Result<()> {
    become_binary_with(package, binary, &[], arguments)
}

/// The same, with options for cargo.
pub(crate) fn become_binary_with(
    package: &str,
    binary: &str,
    options: &[&str],
    arguments: &[String],
) -> anyhow::Result<()> {
    let mut command = cargo(["run", "--quiet", "--package", package, "--bin", binary]);
    command.args(options).arg("--manifest-path");
    // In the caller's folder, so that relative paths in the arguments mean what they say.
    let folder = std::env::current_dir().context("the current folder cannot be read")?;
    command.arg(root().join("Cargo.toml")).arg("--").args(arguments).current_dir(folder);
    replace(&mut command)
}

#[cfg(unix)]
fn replace(command: &mut Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).with_context(|| format!("cannot start {:?}", command.get_program()))
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> anyhow::Result<()> {
    run(command)
}

/// Runs a command and fails when it does.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} ended with {status}", command.get_program());
    }
    Ok(())
}

/// What a command says, without the white space around it.
pub(crate) fn text_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether cargo has a subcommand of this name.
pub(crate) fn has_subcommand(name: &str) -> bool {
    cargo([name, "--version"]).output().is_ok_and(|output| output.status.success())
}
