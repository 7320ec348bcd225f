//! A compiler with the sources of `core` and `alloc`, a linker and an emulator, for the programs without an operating system.
//!
//! Nothing that is installed is changed: what is missing is unpacked below `target/device-tools` from the distribution's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::command::{root, text_of};
use crate::debian;

/// Where to find the tools.
pub(crate) struct Tools {
    rustc: PathBuf,
    linker: PathBuf,
    /// The emulator of the Cortex-M board.
    pub(crate) qemu: PathBuf,
}

const PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "qemu-system-arm"];
const EMULATOR: &str = "qemu-system-arm";

impl Tools {
    /// Finds the tools, or fetches what is missing.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let linker = linker()?;
        let installed = [PathBuf::from("rustc"), PathBuf::from("/usr/bin/rustc")];
        let compiler = installed.into_iter().find(|rustc| has_sources(rustc));
        let emulator = answers(Path::new(EMULATOR)).then(|| PathBuf::from(EMULATOR));
        if let (Some(rustc), Some(qemu)) = (&compiler, &emulator) {
            return Ok(Self { rustc: rustc.clone(), linker, qemu: qemu.clone() });
        }
        let folder = root().join("target/device-tools");
        let (rustc, qemu) = (folder.join("rustc"), folder.join(EMULATOR));
        if !(has_sources(&rustc) && answers(&qemu)) {
            unpack(&folder).context(
                "no compiler with the sources of `core` (`rustup component add rust-src`) and no `qemu-system-arm` are installed, \
                 and they could not be fetched with apt (packages `rustc-web`, `rust-web-src`, `qemu-system-arm`; Debian 12 and newer)",
            )?;
        }
        ensure!(has_sources(&rustc), "{} has no sources of `core`", rustc.display());
        ensure!(answers(&qemu), "{} does not start", qemu.display());
        Ok(Self { rustc: compiler.unwrap_or(rustc), linker, qemu: emulator.unwrap_or(qemu) })
    }

    /// cargo, for a target that has no ready-made `core`: build it with the program.
    pub(crate) fn cargo(&self, folder: &Path, target: &str) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        command
            .current_dir(folder)
            .env("RUSTC", &self.rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .env(linker, &self.linker)
            .env_remove("RUSTFLAGS")
            .args(["build", "--quiet", "--release", "--target", target, "-Zbuild-std=core,alloc"]);
        command
    }

    /// The compiler's version, for the tables.
    pub(crate) fn version(&self) -> anyhow::Result<String> {
        text_of(Command::new(&self.rustc).arg("--version"))
    }
}

fn answers(program: &Path) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn has_sources(rustc: &Path) -> bool {
    let sysroot = text_of(Command::new(rustc).args(["--print", "sysroot"]));
    sysroot.is_ok_and(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/core/src/lib.rs").exists())
}

/// LLVM's linker, which every Rust toolchain brings along.
fn linker() -> anyhow::Result<PathBuf> {
    let sysroot = text_of(Command::new("rustc").args(["--print", "sysroot"]))?;
    let host = text_of(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let linker = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld");
    ensure!(linker.exists(), "the installed toolchain has no {}", linker.display());
    Ok(linker)
}

fn unpack(folder: &Path) -> anyhow::Result<()> {
    let target = debian::unpack(folder, &PACKAGES, "150 MB")?;
    for program in ["rustc", EMULATOR] {
        debian::wrap(&target, &target.join("usr/bin").join(program), &folder.join(program))?;
    }
    Ok(())
}
