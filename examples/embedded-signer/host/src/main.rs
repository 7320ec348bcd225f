//! The host's side: sends recorded grants and operations to a device, and compares every answer with what the host's own crates say.

mod cases;
mod device;
mod document;
mod refusals;
mod tally;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Parser;

use crate::device::{Board, Remote};
use crate::tally::Tally;

/// Compare a signing device with this host over the recorded vectors.
#[derive(Debug, Parser)]
struct Arguments {
    /// The folder of the vectors
    #[arg(long)]
    vectors: PathBuf,
    /// The emulator of the Cortex-M board
    #[arg(long, default_value = "qemu-system-arm")]
    qemu: PathBuf,
    /// The firmware for that board
    #[arg(long, conflicts_with = "wasm")]
    firmware: Option<PathBuf>,
    /// The device as a WebAssembly module, run in Node
    #[arg(long)]
    wasm: Option<PathBuf>,
    /// The device hands out hashes for a secure element instead of signing
    #[arg(long)]
    secure_element: bool,
    /// Print what the device's screen shows
    #[arg(long)]
    show: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let board = match (&arguments.firmware, &arguments.wasm) {
        (Some(firmware), _) => Board::Emulated { qemu: arguments.qemu.clone(), firmware: firmware.clone() },
        (_, Some(wasm)) => Board::Node { module: wasm.clone() },
        _ => anyhow::bail!("give --firmware or --wasm"),
    };
    let mut device = Remote::start(&board, arguments.show)?;
    let mut tally = Tally::default();
    cases::grants(&mut device, &document::read(&arguments.vectors, "digests.json")?, &mut tally)
        .context("digests.json")?;
    cases::operations(
        &mut device,
        &document::read(&arguments.vectors, "validate-userop.json")?,
        arguments.secure_element,
        &mut tally,
    )
    .context("validate-userop.json")?;
    refusals::run(&mut device, &mut tally)?;
    let report = device.end()?;
    println!("{tally}");
    if !report.is_empty() {
        println!("{report}");
    }
    ensure!(tally.is_good(), "the device and the host differ");
    Ok(())
}
