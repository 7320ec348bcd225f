//! Builds and runs the benches, and reads what criterion and `measure` left behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use measure::Record;
use serde_json::Value;

use crate::root;
use crate::rows::{Figure, Row};

/// One bench program.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Builds all benches: those whose name contains `only`, when that is given, are run.
pub(crate) fn benches(only: Option<&str>) -> anyhow::Result<Vec<Bench>> {
    println!("building the benches");
    let arguments = ["bench", "--quiet", "--no-run", "--package", "measure", "--benches", "--message-format", "json"];
    let output = cargo().args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the benches do not build");
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut benches: Vec<Bench> = messages
        .filter(|message| message["target"]["kind"][0] == "bench")
        .filter_map(|message| {
            let program = PathBuf::from(message["executable"].as_str()?);
            Some(Bench { name: message["target"]["name"].as_str()?.to_owned(), program })
        })
        .filter(|bench| only.is_none_or(|only| bench.name.contains(only)))
        .collect();
    benches.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(benches)
}

/// Runs the benches with criterion.
pub(crate) fn time(benches: &[Bench]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for bench in benches {
        println!("measuring {}", bench.name);
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(&bench.program);
        command
            .args(["--bench", "--noplot", "--quiet"])
            .env("CRITERION_HOME", folder.path())
            .env("MEASURE_HOME", folder.path());
        let output = command.current_dir(root()).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "bench {} failed", bench.name);
        rows.extend(read(folder.path())?);
    }
    Ok(rows)
}

fn read(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut times = BTreeMap::new();
    collect_times(folder, &mut times)?;
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let record: Record = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
            rows.push(row(record, &times));
        }
    }
    Ok(rows)
}

fn row(record: Record, times: &BTreeMap<String, f64>) -> Row {
    let figure = |name: &str| {
        let variant = record.variants.iter().find(|variant| variant.name == name)?;
        let at = record.at.map(|at| format!("/{at}")).unwrap_or_default();
        let nanoseconds = *times.get(&format!("{} {}/{name}{at}", record.package, record.operation))?;
        Some(Figure { nanoseconds, instructions: None, allocations: variant.allocations })
    };
    let (floor, naive, ours) = (figure("floor"), figure("naive"), figure("ours"));
    let Record { package, bench, operation, at, goal, allocations, floor: floor_is, by_instructions, notes, .. } =
        record;
    Row { package, bench, operation, at, goal, allocations, floor_is, by_instructions, notes, floor, naive, ours }
}

/// Criterion's medians by full name, from the folders that it names `new`.
fn collect_times(folder: &Path, times: &mut BTreeMap<String, f64>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name == "new") {
            let json = |name| anyhow::Ok(serde_json::from_str::<Value>(&std::fs::read_to_string(path.join(name))?)?);
            let (bench, estimates) = (json("benchmark.json")?, json("estimates.json")?);
            let name = bench["full_id"].as_str().context("criterion names no benchmark")?;
            let median = estimates["median"]["point_estimate"].as_f64().context("criterion gives no median")?;
            times.insert(name.to_owned(), median);
        } else if path.is_dir() {
            collect_times(&path, times)?;
        }
    }
    Ok(())
}

/// The machine in one line.
pub(crate) fn machine() -> anyhow::Result<String> {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1).map(str::to_owned));
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    let rustc = Command::new("rustc").arg("--version").output()?;
    Ok(format!(
        "{}, {cores} cores, {} {}, {}, load {load} at the start",
        processor.unwrap_or_else(|| "unknown processor".to_owned()),
        std::env::consts::OS,
        std::env::consts::ARCH,
        String::from_utf8_lossy(&rustc.stdout).trim(),
    ))
}
