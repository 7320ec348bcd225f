//! Programs of the distribution's packages, unpacked and not installed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::command::{run, text_of};

/// Downloads packages with all that they need and the machine has not, and unpacks them below `folder`: into the folder
/// that is the answer. `size` is for people.
pub(crate) fn unpack(folder: &Path, names: &[&str], size: &str) -> anyhow::Result<PathBuf> {
    println!("fetching {} into {} ({size}, once)", names.join(", "), folder.display());
    let packages = folder.join("packages");
    std::fs::create_dir_all(&packages)?;
    // The machine's own package lists first; when they are empty or old, lists of our own.
    download(&packages, names, &[]).or_else(|_| {
        let state = folder.join("apt");
        std::fs::create_dir_all(state.join("lists/partial"))?;
        std::fs::create_dir_all(state.join("archives/partial"))?;
        let options = [
            format!("-oDir::State::lists={}", state.join("lists").display()),
            format!("-oDir::Cache={}", state.display()),
        ];
        text_of(Command::new("apt-get").args(&options).arg("update"))?;
        download(&packages, names, &options)
    })?;
    let target = folder.join("root");
    for entry in std::fs::read_dir(&packages)? {
        run(Command::new("dpkg-deb").arg("--extract").arg(entry?.path()).arg(&target))?;
    }
    std::fs::remove_dir_all(&packages)?;
    Ok(target)
}

fn download(packages: &Path, names: &[&str], options: &[String]) -> anyhow::Result<()> {
    let simulated = ["install", "--simulate", "--no-install-recommends"];
    let plan = text_of(Command::new("apt-get").args(options).args(simulated).args(names))?;
    let mut wanted: Vec<&str> =
        plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next()).collect();
    if wanted.is_empty() {
        bail!("the packages are installed, but the programs do not start");
    }
    // What is installed already is not in the plan, and is wanted all the same when the other half is unpacked.
    wanted.extend(names.iter().filter(|name| !wanted.contains(name)).copied().collect::<Vec<_>>());
    text_of(Command::new("apt-get").args(options).arg("download").args(wanted).current_dir(packages))?;
    Ok(())
}

/// A script that starts an unpacked program with the unpacked libraries.
pub(crate) fn wrap(target: &Path, program: &Path, script: &Path) -> anyhow::Result<()> {
    let (base, program) = (target.display(), program.display());
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let text =
        format!("#!/bin/sh\nLD_LIBRARY_PATH='{base}/usr/lib/{triple}:{base}/lib/{triple}' exec '{program}' \"$@\"\n");
    std::fs::write(script, text)?;
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}
