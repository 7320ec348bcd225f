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
pub(crate) fn count(benches: &[Bench]) -> anyhow::Result<Vec<Counted>> {
    let mut all = Vec::new();
    for bench in benches {
        println!("counting {} of {}", bench.name, bench.package);
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--tool=callgrind", "--toggle-collect=measured_variant", "--dump-after=measured_variant"])
            .arg(format!("--callgrind-out-file={}", folder.path().join("out").display()))
            .arg(&bench.program)
            .env("MEASURE_COUNT", "1")
            .current_dir(root())
            .stderr(Stdio::inherit());
        let output = command.output().context("valgrind is not installed")?;
        ensure!(output.status.success(), "bench {} of {} failed below callgrind", bench.name, bench.package);
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        for (index, name) in names.lines().filter(|line| line.contains('\t')).enumerate() {
            let mut parts = name.split('\t').map(str::to_owned);
            let (Some(operation), Some(at), Some(variant)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let total = total(&folder.path().join(format!("out.{}", index + 1)))?;
            all.push(Counted {
                package: bench.package.clone(),
                operation,
                at: at.parse().ok(),
                variant,
                instructions: total / u64::from(COUNTED_RUNS),
            });
        }
    }
    Ok(all)
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
