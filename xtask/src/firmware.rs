//! `cargo xtask firmware`: the signing device of `examples/embedded-signer`, built for machines without an operating system and
//! compared with the host over the recorded vectors.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::command::{cargo, root, run as run_command};
use crate::device_tools::Tools;

const CORTEX_M4: &str = "thumbv7em-none-eabi";
const RISC_V: &str = "riscv32imac-unknown-none-elf";
const WASM: &str = "wasm32-unknown-unknown";

/// What a program on the board takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// Code and constants.
    pub(crate) flash: u64,
    /// Static data, the heap's peak and the stack's peak.
    pub(crate) ram: u64,
}

/// Builds everything, runs it, and prints what it takes.
pub(crate) fn run() -> anyhow::Result<()> {
    let tools = Tools::find()?;
    println!("{}", tools.version()?);
    run_with(&tools).map(drop)
}

/// Builds and runs everything: what the device takes with the key on it, and with the key in a secure element.
pub(crate) fn run_with(tools: &Tools) -> anyhow::Result<[Footprint; 3]> {
    println!("the least that a signing device needs, on a Cortex-M4");
    let least = minimal(tools)?;
    let with_key = build_firmware(tools, &[])?;
    let without_key = build_firmware(tools, &["--no-default-features"])?;
    let qemu = tools.qemu.as_os_str();
    println!("the device on a Cortex-M4, key on the device");
    let own = converse(&["--firmware".as_ref(), with_key.as_os_str(), "--qemu".as_ref(), qemu])?;
    println!("the device on a Cortex-M4, key in a secure element");
    let firmware = without_key.as_os_str();
    let element = converse(&["--firmware".as_ref(), firmware, "--qemu".as_ref(), qemu, "--secure-element".as_ref()])?;
    println!("the device for RISC-V");
    run_command(build(tools, RISC_V).args(["--package", "embedded-signer", "--features", "k256"]))?;
    println!("the device as WebAssembly in Node");
    run_command(build(tools, WASM).args(["--package", "wasm"]))?;
    let module = target_folder().join(WASM).join("release/wasm.wasm");
    talk(&["--wasm".as_ref(), module.as_os_str()])?;
    Ok([own, element, least])
}

/// Ids, digests, operation hash, envelope and signature alone; the program fails when any of them allocates.
fn minimal(tools: &Tools) -> anyhow::Result<Footprint> {
    run_command(build(tools, CORTEX_M4).args(["--package", "firmware", "--bin", "minimal"]))?;
    let mut emulator = Command::new(&tools.qemu);
    emulator.args(["-M", "mps2-an386", "-cpu", "cortex-m4", "-display", "none", "-monitor", "none", "-serial", "null"]);
    emulator.args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"]);
    let output = emulator.arg(target_folder().join(CORTEX_M4).join("release/minimal")).output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    print!("{text}");
    ensure!(output.status.success(), "the minimal device failed");
    footprint(&text)
}

fn target_folder() -> PathBuf {
    root().join("target/device")
}

fn workspace() -> PathBuf {
    root().join("examples/embedded-signer")
}

fn build(tools: &Tools, target: &str) -> Command {
    let mut command = tools.cargo(&workspace(), target);
    command.arg("-Zbuild-std-features=optimize_for_size").env("CARGO_TARGET_DIR", target_folder());
    if target == CORTEX_M4 {
        // A panic is a fault at once: its texts and places, which nobody could read, would take 3 KiB.
        command.arg("-Zpanic-immediate-abort").env("CARGO_PROFILE_RELEASE_PANIC", "immediate-abort");
    }
    command
}

fn build_firmware(tools: &Tools, options: &[&str]) -> anyhow::Result<PathBuf> {
    run_command(build(tools, CORTEX_M4).args(["--package", "firmware", "--bin", "signer"]).args(options))?;
    let built = target_folder().join(CORTEX_M4).join("release/signer");
    // Both programs have one name: the second would overwrite the first.
    let kept = built.with_extension(if options.is_empty() { "own-key.elf" } else { "secure-element.elf" });
    std::fs::copy(&built, &kept)?;
    Ok(kept)
}

/// Runs the host's side with these arguments, and gives what it prints.
fn talk(arguments: &[&OsStr]) -> anyhow::Result<String> {
    let mut host = cargo(["run", "--quiet", "--package", "host", "--"]);
    host.current_dir(workspace()).env("CARGO_TARGET_DIR", target_folder()).args(arguments);
    let output = host.arg("--vectors").arg(root().join("vectors")).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    ensure!(output.status.success(), "the device and the host differ");
    Ok(text)
}

fn converse(arguments: &[&OsStr]) -> anyhow::Result<Footprint> {
    footprint(&talk(arguments)?)
}

/// Reads `flash 1 static 2 heap 3 stack 4`.
fn footprint(text: &str) -> anyhow::Result<Footprint> {
    let line = text.lines().find(|line| line.starts_with("flash ")).context("the device does not say what it takes")?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let value = |name: &str| -> anyhow::Result<u64> {
        let at = words.iter().position(|word| *word == name).with_context(|| format!("no {name}"))?;
        Ok(words.get(at + 1).context("no number")?.parse()?)
    };
    Ok(Footprint { flash: value("flash")?, ram: value("static")? + value("heap")? + value("stack")? })
}
