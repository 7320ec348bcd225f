//! The size of a program that grants, uses and sends through the facade.

use anyhow::{Context as _, ensure};

use crate::command::{cargo, root, run};

/// Builds `ci/facade-probe` stripped, runs it, and gives its size in bytes.
pub(crate) fn size() -> anyhow::Result<u64> {
    let target = root().join("target/facade-probe");
    let mut command = cargo(["build", "--quiet", "--release"]);
    run(command.current_dir(root().join("ci/facade-probe")).env("CARGO_TARGET_DIR", &target).env_remove("RUSTFLAGS"))?;
    let program = target.join("release/facade-probe");
    let output = std::process::Command::new(&program).output().context("the program does not start")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(program.metadata()?.len())
}
