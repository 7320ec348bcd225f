//! A PostgreSQL server for the tests.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::command::root;
use crate::debian;

const PROGRAMS: [&str; 2] = ["initdb", "postgres"];

/// Sees that the tests find a server: an installed one, or one that is unpacked below `target/postgres`. Nothing that is
/// installed is changed. The tests themselves only look; see `testkit::postgres`.
pub(crate) fn find() -> anyhow::Result<()> {
    let named = std::env::var_os("DEVNET_POSTGRES").is_some_and(|folder| !folder.is_empty());
    let folder = root().join("target/postgres");
    let scripts = folder.join("bin");
    if named || installed(Path::new("/usr/lib/postgresql")).is_some() || has_programs(&scripts) {
        return Ok(());
    }
    let target = debian::unpack(&folder, &["postgresql"], "60 MB").context(
        "no PostgreSQL server is installed, and it could not be fetched with apt (package `postgresql`; Debian 12 and newer)",
    )?;
    let programs = installed(&target.join("usr/lib/postgresql")).context("the package holds no server")?;
    std::fs::create_dir_all(&scripts)?;
    for program in PROGRAMS {
        debian::wrap(&target, &programs.join(program), &scripts.join(program))?;
    }
    ensure!(has_programs(&scripts), "{} has no server", scripts.display());
    Ok(())
}

fn installed(base: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(base).into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin")).find(|folder| has_programs(folder))
}

fn has_programs(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| folder.join(program).is_file())
}
