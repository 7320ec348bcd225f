//! How long the core crates and the facade take to build from nothing.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;

use crate::budgets::{Row, TIME};
use crate::command::{cargo, root, run};

/// What is built: a name, cargo's arguments, our own crates in it, and the goals in milliseconds for all and for ours.
type Build = (&'static str, &'static [&'static str], &'static [&'static str], u64, Option<u64>);

const BUILDS: &[Build] = &[
    (
        "the three core crates",
        &["--package", "session-types", "--package", "policy-encoding", "--package", "userop", "--no-default-features"],
        &["session-types", "policy-encoding", "userop"],
        20_000,
        Some(5_000),
    ),
    (
        "the facade",
        &["--package", "smart-sessions"],
        &["session-types", "policy-encoding", "userop", "bundler-rpc", "mee-client", "smart-sessions"],
        60_000,
        None,
    ),
];

/// Builds into an empty folder, after everything is downloaded, and builds our own crates once more.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let target = root().join("target/cold-build");
    let mut rows = Vec::new();
    for (name, arguments, ours, goal, own_goal) in BUILDS {
        run(&mut cargo(["fetch", "--quiet", "--locked"]))?;
        if target.exists() {
            std::fs::remove_dir_all(&target)?;
        }
        let whole = timed(&mut build(&target, arguments))?;
        let mut clean = cargo(["clean", "--quiet"]);
        clean.env("CARGO_TARGET_DIR", &target).args(ours.iter().flat_map(|package| ["--package", package]));
        run(&mut clean)?;
        let own = timed(&mut build(&target, arguments))?;
        let row = |what: String, seen, goal| Row { what, unit: TIME, seen, goal };
        rows.push(row(format!("cold build of {name}"), whole.wall, Some(*goal)));
        rows.push(row(format!("cold build of {name}, processor"), whole.processor, None));
        rows.push(row(format!("our crates in {name}"), own.wall, *own_goal));
        rows.push(row(format!("our crates in {name}, processor"), own.processor, None));
    }
    std::fs::remove_dir_all(&target)?;
    Ok(rows)
}

fn build(target: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo(["build", "--quiet"]);
    command.args(arguments).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
    command
}

/// Milliseconds.
struct Taken {
    wall: u64,
    /// Of all processes that the command started, as far as the system tells.
    processor: u64,
}

fn timed(command: &mut Command) -> anyhow::Result<Taken> {
    let (start, before) = (Instant::now(), processor_time());
    run(command)?;
    Ok(Taken { wall: u64::try_from(start.elapsed().as_millis())?, processor: processor_time() - before })
}

/// What all ended children of this process have taken: fields 16 and 17 of Linux's `stat`, in hundredths of a second.
fn processor_time() -> u64 {
    let read = || {
        let stat = std::fs::read_to_string("/proc/self/stat").context("no stat")?;
        let fields: Vec<&str> = stat.rsplit_once(')').context("no name")?.1.split_whitespace().collect();
        let field = |index: usize| anyhow::Ok(fields.get(index).context("too short")?.parse::<u64>()?);
        anyhow::Ok(10 * (field(13)? + field(14)?))
    };
    read().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::processor_time;

    #[test]
    fn children_are_counted() {
        let before = processor_time();
        let mut busy = std::process::Command::new("sh");
        busy.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        assert!(busy.status().unwrap().success());
        if cfg!(target_os = "linux") {
            assert!(processor_time() > before);
        }
    }
}
