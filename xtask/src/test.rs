//! `cargo xtask test`: every check and test, the fast ones first.

use std::time::Instant;

use anyhow::Context as _;

use crate::command::{self, cargo, has_subcommand};
use crate::{budgets, no_std, postgres};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the steps whose name contains this text
    #[arg(long)]
    only: Option<String>,
    /// The slow steps too: every combination of features, the signing device in an emulator
    #[arg(long)]
    full: bool,
    /// Name the steps and stop
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    run: fn() -> anyhow::Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "clippy", run: clippy },
    Step { name: "clippy of probes and device", run: clippy_outside },
    Step { name: "core without default features", run: core_alone },
    Step { name: "dependencies of the core", run: || no_std::dependency_lists(false) },
    Step { name: "number of crates", run: || budgets::run(&budgets::Options::default()) },
    Step { name: "core without the standard library", run: no_std::probe },
    Step { name: "unit, vector and end-to-end tests", run: tests },
    Step {
        name: "doc tests",
        run: || command::run(&mut cargo(["test", "--quiet", "--workspace", "--all-features", "--doc"])),
    },
    Step { name: "documentation", run: documentation },
    Step { name: "golden vectors", run: || command::run(&mut cargo(["run", "--quiet", "--package", "conformance"])) },
    Step { name: "licences and advisories", run: deny },
];

/// Only with `--full`.
const SLOW_STEPS: &[Step] = &[
    Step { name: "every combination of the core's features", run: no_std::feature_powerset },
    Step { name: "signing device in an emulator", run: budgets::device_if_possible },
    Step { name: "thousand operations of four processes", run: thousand },
    Step {
        name: "size and start of a program on the facade",
        run: || budgets::run(&budgets::Options { facade: true, ..Default::default() }),
    },
    Step { name: "instruction counts of the benches", run: instruction_counts },
];

/// The workspaces beside the main one, with the arguments that make clippy see all of their code on a host.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("ci/no-std-probe", &[]),
    ("ci/facade-probe", &["--all-targets"]),
    // `wasm` is empty on a host.
    ("examples/embedded-signer", &["--workspace", "--exclude", "firmware", "--exclude", "wasm"]),
    // By itself: with the host's program beside it, the crates below it would have `std`.
    ("examples/embedded-signer", &["--package", "firmware"]),
    ("examples/embedded-signer", &["--package", "firmware", "--no-default-features"]),
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let wanted = |step: &&Step| arguments.only.as_ref().is_none_or(|text| step.name.contains(text.as_str()));
    let slow = if arguments.full { SLOW_STEPS } else { &[] };
    for step in STEPS.iter().chain(slow).filter(wanted) {
        if arguments.list {
            println!("{}", step.name);
            continue;
        }
        println!("==> {}", step.name);
        let start = Instant::now();
        (step.run)().with_context(|| format!("step `{}` failed", step.name))?;
        println!("<== {} ({} s)", step.name, start.elapsed().as_secs());
    }
    Ok(())
}

fn format() -> anyhow::Result<()> {
    command::run(&mut cargo(["fmt", "--all", "--check"]))?;
    let mut folders: Vec<_> = OUTSIDE.iter().map(|(folder, _)| *folder).collect();
    folders.dedup();
    for folder in folders {
        command::run(cargo(["fmt", "--all", "--check"]).current_dir(command::root().join(folder)))?;
    }
    Ok(())
}

fn clippy() -> anyhow::Result<()> {
    command::run(&mut cargo(["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))
}

fn clippy_outside() -> anyhow::Result<()> {
    for (folder, arguments) in OUTSIDE {
        let mut clippy = cargo(["clippy", "--quiet"]);
        clippy
            .args(*arguments)
            .args(["--", "-D", "warnings"])
            .current_dir(command::root().join(folder))
            .env("CARGO_TARGET_DIR", command::root().join("target/outside"))
            .env_remove("RUSTFLAGS");
        command::run(&mut clippy).with_context(|| format!("{folder} {}", arguments.join(" ")))?;
    }
    Ok(())
}

/// The gate of the benches: counts of instructions, which do not depend on the machine's load.
fn instruction_counts() -> anyhow::Result<()> {
    let options =
        ["run", "--quiet", "--package", "measure", "--bin", "report", "--features", "report", "--", "--check"];
    command::run(&mut cargo(options))
}

fn core_alone() -> anyhow::Result<()> {
    for package in ["session-types", "policy-encoding", "userop"] {
        for features in [&["--no-default-features"][..], &["--all-features"][..]] {
            command::run(
                cargo(["clippy", "--quiet", "--package", package]).args(features).args(["--", "-D", "warnings"]),
            )?;
        }
    }
    Ok(())
}

fn tests() -> anyhow::Result<()> {
    postgres::find()?;
    if has_subcommand("nextest") {
        command::run(&mut cargo(["nextest", "run", "--workspace", "--all-features", "--no-fail-fast"]))
    } else {
        command::run(&mut cargo([
            "test",
            "--workspace",
            "--all-features",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ]))
    }
}

/// What the tests do with fewer operations.
fn thousand() -> anyhow::Result<()> {
    postgres::find()?;
    let test = [
        "test",
        "--package",
        "smart-sessions",
        "--all-features",
        "--test",
        "devnet",
        "--",
        "shared_work",
        "--nocapture",
    ];
    command::run(cargo(test).env("SHARED_WORK_OPERATIONS", "1000"))
}

fn documentation() -> anyhow::Result<()> {
    // The book last: rustdoc links to another crate only where that crate's pages are already.
    for without in [&["--exclude", "book"][..], &[]] {
        let mut command = cargo(["doc", "--quiet", "--workspace", "--all-features", "--no-deps", "--lib"]);
        command::run(command.args(without).env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    // What rustdoc's own search finds, and where the items' pages are.
    command::run(&mut cargo(["test", "--quiet", "--workspace", "--all-features", "--test", "book", "--", "--ignored"]))
}

fn deny() -> anyhow::Result<()> {
    if !has_subcommand("deny") {
        println!("cargo-deny is not installed: left out");
        return Ok(());
    }
    // Advisories need a database from the network, which a closed machine does not have.
    command::run(&mut cargo(["deny", "--offline", "check", "bans", "licenses", "sources"]))
}
