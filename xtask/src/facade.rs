//! A program that grants, uses and sends through the facade: how large it is, and how soon it has signed.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::budgets::{Row, TIME};
use crate::command::{cargo, root, run};

/// How often the program is started; the median counts.
const STARTS: usize = 41;

/// Builds `ci/facade-probe` stripped, runs it, and gives its size and the time from its start to its end.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let target = root().join("target/facade-probe");
    let mut command = cargo(["build", "--quiet", "--release"]);
    run(command.current_dir(root().join("ci/facade-probe")).env("CARGO_TARGET_DIR", &target).env_remove("RUSTFLAGS"))?;
    let program = target.join("release/facade-probe");
    let mut rows = vec![
        Row {
            what: "program that grants, uses and sends, stripped".into(),
            unit: "byte",
            seen: program.metadata()?.len(),
            goal: Some(1_600_000),
        },
        Row { what: "that program, started and signing".into(), unit: TIME, seen: start(&program)?, goal: Some(2) },
    ];
    if let Some(instructions) = instructions(&program)? {
        let what = "that program, started and signing, instructions".into();
        rows.push(Row { what, unit: "instruction", seen: instructions, goal: None });
    }
    Ok(rows)
}

/// Milliseconds, rounded up, from before the process is made until it has ended.
fn start(program: &Path) -> anyhow::Result<u64> {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let before = Instant::now();
        let output = Command::new(program).output().context("the program does not start")?;
        times.push(before.elapsed());
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    times.sort_unstable();
    println!("started and signed in {:?}, median of {STARTS}", times[STARTS / 2]);
    Ok(u64::try_from(times[STARTS / 2].as_micros().div_ceil(1000))?)
}

/// All instructions of one run, the loader's included; nothing when there is no valgrind.
fn instructions(program: &Path) -> anyhow::Result<Option<u64>> {
    let valgrind = Command::new("valgrind").args(["--tool=none", "--version"]).output();
    if !valgrind.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let counts = root().join("target/facade-probe/callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", counts.display()));
    ensure!(command.arg(program).output()?.status.success(), "the program fails below callgrind");
    let text = std::fs::read_to_string(&counts)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    Ok(Some(total.context("callgrind wrote no sum")?.trim().parse()?))
}
