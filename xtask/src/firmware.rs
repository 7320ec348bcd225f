//! `cargo xtask firmware`: the signing device of `examples/embedded-signer`, built for machines without an operating system.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{root, run as run_command};
use crate::device_tools::Tools;

const CORTEX_M4: &str = "thumbv7em-none-eabi";

/// Builds everything and runs it in the emulator.
pub(crate) fn run() -> anyhow::Result<()> {
    run_with(&Tools::find()?)
}

/// The same, or a word why it is left out on a machine where the tools cannot be had.
pub(crate) fn run_if_possible() -> anyhow::Result<()> {
    match Tools::find() {
        Ok(tools) => run_with(&tools),
        Err(reason) => {
            println!("left out: {reason:#}");
            Ok(())
        }
    }
}

fn run_with(tools: &Tools) -> anyhow::Result<()> {
    println!("{}", tools.version()?);
    let target_folder = root().join("target/device");
    let mut build = tools.cargo(&workspace(), CORTEX_M4);
    run_command(build.args(["--package", "firmware"]).env("CARGO_TARGET_DIR", &target_folder))?;
    let firmware = target_folder.join(CORTEX_M4).join("release/signer");
    let mut emulator = Command::new(&tools.qemu);
    emulator.args(["-M", "mps2-an386", "-cpu", "cortex-m4", "-nographic", "-monitor", "none", "-serial", "none"]);
    emulator.args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"]);
    run_command(emulator.arg(firmware))
}

fn workspace() -> PathBuf {
    root().join("examples/embedded-signer")
}
