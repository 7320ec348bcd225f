//! Instruction counts with callgrind: the figures that do not flicker.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use measure::COUNTED_RUNS;

use crate::root;
use crate::rows::{Results, Row};
use crate::run::Bench;

/// What one run of a variant executes.
#[derive(Debug)]
pub(crate) struct Counted {
    package: String,
    operation: String,
    at: Option<u64>,
    pub(crate) variant: String,
    pub(crate) instructions: u64,
}

impl Counted {
    pub(crate) fn is_of(&self, row: &Row) -> bool {
        (&self.package, &self.operation, self.at) == (&row.package, &row.operation, row.at)
    }
}

/// Runs every bench once below callgrind, which writes one file each time that the measured function is left.
/// Nothing without callgrind.
pub(crate) fn count(benches: &[Bench]) -> anyhow::Result<Option<Vec<Counted>>> {
    if !has_valgrind() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for bench in benches {
        println!("counting {}", bench.name);
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--tool=callgrind", "--toggle-collect=measured_variant", "--dump-after=measured_variant"])
            .arg(format!("--callgrind-out-file={}", folder.path().join("out").display()))
            .arg(&bench.program)
            .env("MEASURE_COUNT", "1")
            .current_dir(root())
            .stderr(Stdio::inherit());
        let output = command.output().context("valgrind does not start")?;
        ensure!(output.status.success(), "bench {} failed below callgrind", bench.name);
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        for (index, name) in names.lines().filter(|line| line.contains('\t')).enumerate() {
            let mut parts = name.split('\t').map(str::to_owned);
            let [Some(package), Some(operation), Some(at), Some(variant)] = [(); 4].map(|()| parts.next()) else {
                continue;
            };
            let total = total(&folder.path().join(format!("out.{}", index + 1)))?;
            all.push(Counted {
                package,
                operation,
                at: at.parse().ok(),
                variant,
                instructions: total / u64::from(COUNTED_RUNS),
            });
        }
    }
    Ok(Some(all))
}

/// Whether valgrind is there, after an attempt to install the distribution's package where it is not.
fn has_valgrind() -> bool {
    let answers = || Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
    if answers() {
        return true;
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let install = ["install", "--yes", "--no-install-recommends", "valgrind"];
    println!("installing valgrind");
    (apt(&install) || (apt(&["update"]) && apt(&install))) && answers()
}

fn total(file: &Path) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: ")));
    Ok(line.context("callgrind wrote no sum")?.trim().parse()?)
}

/// What is worse than the kept results by more than five per cent.
pub(crate) fn compare(results: &Results, counted: &[Counted]) -> Vec<String> {
    let ours = counted.iter().filter(|one| one.variant == "ours");
    ours.filter_map(|one| {
        let kept = results.rows.iter().find(|row| one.is_of(row))?.ours?.instructions?;
        let at = one.at.map(|at| format!(" at {at}")).unwrap_or_default();
        (one.instructions > kept + kept / 20).then(|| {
            format!("{}, {}{at}: {} instructions, {kept} before", one.package, one.operation, one.instructions)
        })
    })
    .collect()
}
