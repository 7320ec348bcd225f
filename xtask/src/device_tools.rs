//! A compiler with the sources of `core` and `alloc`, a linker and an emulator, for the programs without an operating system.
//!
//! Nothing that is installed is changed: what is missing is unpacked below `target/device-tools` from the distribution's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::command::{root, run};

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

fn text_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
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

/// Downloads the packages with all that they need and the machine has not, and unpacks them into `folder` without installing.
fn unpack(folder: &Path) -> anyhow::Result<()> {
    println!("fetching {} into {} (150 MB, once)", PACKAGES.join(", "), folder.display());
    let packages = folder.join("packages");
    std::fs::create_dir_all(&packages)?;
    // The machine's own package lists first; when they are empty or old, lists of our own.
    download(&packages, &[]).or_else(|_| {
        let state = folder.join("apt");
        std::fs::create_dir_all(state.join("lists/partial"))?;
        std::fs::create_dir_all(state.join("archives/partial"))?;
        let options = [
            format!("-oDir::State::lists={}", state.join("lists").display()),
            format!("-oDir::Cache={}", state.display()),
        ];
        text_of(Command::new("apt-get").args(&options).arg("update"))?;
        download(&packages, &options)
    })?;
    let target = folder.join("root");
    for entry in std::fs::read_dir(&packages)? {
        run(Command::new("dpkg-deb").arg("--extract").arg(entry?.path()).arg(&target))?;
    }
    std::fs::remove_dir_all(&packages)?;
    for program in ["rustc", EMULATOR] {
        wrap(&target, program, &folder.join(program))?;
    }
    Ok(())
}

fn download(packages: &Path, options: &[String]) -> anyhow::Result<()> {
    let simulated = ["install", "--simulate", "--no-install-recommends"];
    let plan = text_of(Command::new("apt-get").args(options).args(simulated).args(PACKAGES))?;
    let mut names: Vec<&str> =
        plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next()).collect();
    if names.is_empty() {
        bail!("the packages are installed, but the programs do not start");
    }
    // What is installed already is not in the plan, and is wanted all the same when the other half is unpacked.
    names.extend(PACKAGES.iter().filter(|name| !names.contains(name)).copied().collect::<Vec<_>>());
    text_of(Command::new("apt-get").args(options).arg("download").args(names).current_dir(packages))?;
    Ok(())
}

/// A script that starts an unpacked program with the unpacked libraries.
fn wrap(target: &Path, program: &str, script: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let base = target.display();
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let text = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{base}/usr/lib/{triple}:{base}/lib/{triple}' exec '{base}/usr/bin/{program}' \"$@\"\n"
    );
    std::fs::write(script, text)?;
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}
