use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alloy_primitives::{hex, keccak256};

use super::{ANVIL_VARIABLE, Packages};
use crate::Error;

/// `import.meta.dirname`, and what the bundler needs.
const NODE: (&str, [u32; 2]) = ("20.11", [20, 11]);

/// What is installed, and the scripts that run it, by path below the installation's folder.
const FILES: &[(&str, &str)] = &[
    ("package.json", include_str!("../../npm/package.json")),
    ("package-lock.json", include_str!("../../npm/package-lock.json")),
    ("no-telemetry/package.json", include_str!("../../npm/no-telemetry/package.json")),
    ("no-telemetry/index.js", include_str!("../../npm/no-telemetry/index.js")),
    ("supervisor.mjs", include_str!("../../npm/supervisor.mjs")),
    ("bundler.mjs", include_str!("../../npm/bundler.mjs")),
];

pub(super) fn packages(base: &Path) -> Result<Packages, Error> {
    check_node()?;
    let version = version();
    let folder = base.join(format!("npm-{version}"));
    if !folder.is_dir() {
        fs::create_dir_all(base).map_err(|reason| Error::file(base, &reason))?;
        let path = base.join(format!("npm-{version}.lock"));
        let lock = File::create(&path).map_err(|reason| Error::file(&path, &reason))?;
        // Released when `lock` goes out of scope, and by the system when this process ends.
        lock.lock().map_err(|reason| Error::file(&path, &reason))?;
        if !folder.is_dir() {
            remove_unfinished(base, &version);
            install(&folder, &base.join(format!("npm-{version}.{}", std::process::id())))?;
        }
    }
    // Node resolves links in paths of scripts; do the same, so that both speak of the same folder.
    let folder = folder.canonicalize().map_err(|reason| Error::file(&folder, &reason))?;
    let anvil = anvil(&folder)?;
    Ok(Packages { folder, anvil })
}

/// Removes what installations have left that failed or were killed.
fn remove_unfinished(base: &Path, version: &str) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let unfinished = name.to_str().and_then(|name| name.strip_prefix("npm-")?.strip_prefix(version));
        if unfinished.is_some_and(|rest| rest.starts_with('.')) && entry.path().is_dir() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// Names what would be installed: another lock file or script goes to another folder.
fn version() -> String {
    let mut all = Vec::new();
    for (path, text) in FILES {
        all.extend_from_slice(keccak256(path).as_slice());
        all.extend_from_slice(keccak256(text).as_slice());
    }
    hex::encode(&keccak256(all)[..6])
}

/// Installs in a folder of this process alone, which gets its name when complete: npm goes on for a while in a folder
/// whose installing process was killed.
fn install(folder: &Path, unfinished: &Path) -> Result<(), Error> {
    for (path, text) in FILES {
        write(&unfinished.join(path), text)?;
    }
    eprintln!("installing anvil, alto and contract packages in {} (once)", short(folder).display());
    npm(unfinished, ["ci"])?;
    // The registry that made the lock file may not serve the node for this platform; its version is the same for all.
    if std::env::var_os(ANVIL_VARIABLE).is_none() && !packaged_anvil(unfinished).is_file() {
        let package = format!("{}@{}", anvil_package(), anvil_version());
        npm(unfinished, ["install", "--no-save", "--no-package-lock", package.as_str()])?;
    }
    fs::rename(unfinished, folder).map_err(|reason| Error::file(folder, &reason))
}

/// A path as people in the current folder would write it.
fn short(path: &Path) -> &Path {
    std::env::current_dir().ok().and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path)
}

fn npm<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
    let log = folder.join("npm.log");
    let open = || File::options().create(true).append(true).open(&log).map_err(|reason| Error::file(&log, &reason));
    let status = Command::new("npm")
        .args(arguments)
        .args(["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(open()?)
        .stderr(open()?)
        .status()
        .map_err(|_| Error::Missing { program: "npm", needed: NODE.0 })?;
    if status.success() {
        return Ok(());
    }
    let tail = last_error(&fs::read_to_string(&log).unwrap_or_default());
    Err(Error::Install { log, tail })
}

/// The first lines in which npm says what went wrong, in one.
fn last_error(log: &str) -> String {
    let lines = log.lines().filter_map(|line| line.strip_prefix("npm error "));
    let said: Vec<_> = lines.filter(|line| !line.trim().is_empty()).take(3).collect();
    if said.is_empty() { "npm said nothing".into() } else { said.join("; ") }
}

fn check_node() -> Result<(), Error> {
    let (needed, lowest) = NODE;
    let missing = |_: io::Error| Error::Missing { program: "node", needed };
    let output = Command::new("node").arg("--version").output().map_err(missing)?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if is_recent(&found, lowest) { Ok(()) } else { Err(Error::TooOld { found, needed }) }
}

/// Whether a version such as `v20.11.1` is not below another.
fn is_recent(version: &str, lowest: [u32; 2]) -> bool {
    let mut parts = version.trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    let (Some(major), Some(minor)) = (parts.next(), parts.next()) else { return false };
    [major, minor] >= lowest
}

fn anvil(folder: &Path) -> Result<PathBuf, Error> {
    let path = std::env::var_os(ANVIL_VARIABLE).map_or_else(|| packaged_anvil(folder), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::NoAnvil { path, variable: ANVIL_VARIABLE })
}

fn packaged_anvil(folder: &Path) -> PathBuf {
    folder.join("node_modules").join(anvil_package()).join("bin/anvil").with_extension(std::env::consts::EXE_EXTENSION)
}

fn anvil_package() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("@foundry-rs/anvil-{system}-{machine}")
}

fn anvil_version() -> String {
    let package: serde_json::Value = serde_json::from_str(include_str!("../../npm/package.json")).unwrap_or_default();
    package["dependencies"]["@foundry-rs/anvil"].as_str().unwrap_or("latest").to_owned()
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let error = |reason| Error::file(path, &reason);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(error)?;
    }
    fs::write(path, text).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::{anvil_version, is_recent, last_error};

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_recent("v20.11.0", [20, 11]));
        assert!(is_recent("v22.1.0\n", [20, 11]));
        assert!(!is_recent("v20.9.0", [20, 11]));
        assert!(!is_recent("v8.17.0", [20, 11]));
        assert!(!is_recent("", [20, 11]));
    }

    #[test]
    fn the_node_has_an_exact_version() {
        assert!(anvil_version().starts_with(|first: char| first.is_ascii_digit()));
    }

    #[test]
    fn npm_errors_become_one_line() {
        let log = "npm warn x\nnpm error code E404\nnpm error\nnpm error 404 Not Found\nnpm error a\nnpm error b\n";
        assert_eq!(last_error(log), "code E404; 404 Not Found; a");
        assert_eq!(last_error("killed"), "npm said nothing");
    }
}
