//! `cargo xtask budgets`: what the crates and the device may take, beside what they take.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};

use crate::command::{cargo, root};
use crate::device_tools::Tools;
use crate::{cold_build, facade, firmware};

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) seen: u64,
    pub(crate) goal: Option<u64>,
}

impl Row {
    /// Times and instructions depend on the machine and its loader: they are shown, and fail nothing.
    fn is_exact(&self) -> bool {
        matches!(self.unit, "byte" | "crate")
    }
}

/// The unit of times.
pub(crate) const TIME: &str = "ms";

const CORE: [&str; 3] = ["session-types", "policy-encoding", "userop"];
const HEAD: &str = "# Budgets

What is taken may grow by 5 % before `cargo xtask budgets` fails; `cargo xtask budgets --write` measures anew and writes this table. Crates
are counted with build scripts and macros, as cargo builds them for a 64-bit Linux host. Times fail nothing: they are one machine's. A time
in processor milliseconds is what all processes took together; on two idle cores a build takes about half of it.

| what | unit | taken | goal |
|---|---|---|---|
";

/// What to measure beside the crates, and what to do with it.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Write the table instead of comparing
    #[arg(long)]
    pub(crate) write: bool,
    /// Build and run the signing device too
    #[arg(long)]
    pub(crate) device: bool,
    /// Build a program on the facade too, and start it
    #[arg(long)]
    pub(crate) facade: bool,
    /// Build the core crates and the facade anew too, and take the time
    #[arg(long)]
    pub(crate) build: bool,
}

/// Measures, and compares with the committed table or writes it.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut rows = crates()?;
    if options.facade {
        rows.extend(facade::rows()?);
    }
    if options.build {
        rows.extend(cold_build::rows()?);
    }
    if options.device {
        rows.extend(device_rows(&Tools::find()?)?);
    }
    let path = root().join("docs/budgets.md");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if options.write {
        return Ok(std::fs::write(path, table(&rows, &committed)?)?);
    }
    let mut wrong = Vec::new();
    for row in &rows {
        let allowed =
            taken(&committed, &row.what).with_context(|| format!("`{}` is not in docs/budgets.md", row.what))?;
        println!("{}: {} {} (table {allowed})", row.what, row.seen, row.unit);
        if row.is_exact() && row.seen > allowed + allowed / 20 {
            wrong.push(format!("{}: {} {}, more than 5 % above {allowed}", row.what, row.seen, row.unit));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// Runs the signing device and checks what it takes, or says why it is left out on a machine where the tools cannot be had.
pub(crate) fn device_if_possible() -> anyhow::Result<()> {
    match Tools::find() {
        Ok(_) => run(&Options { device: true, ..Options::default() }),
        Err(reason) => {
            println!("left out: {reason:#}");
            Ok(())
        }
    }
}

/// The table, with the committed lines that were not measured this time.
fn table(rows: &[Row], committed: &str) -> anyhow::Result<String> {
    let mut text = HEAD.to_owned();
    for row in rows {
        let goal = row
            .goal
            .map_or_else(String::new, |goal| format!("≤ {goal}{}", if row.seen > goal { ", **missed**" } else { "" }));
        writeln!(text, "| {} | {} | {} | {goal} |", row.what, row.unit, row.seen)?;
    }
    let lines = committed.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what"));
    for line in lines.filter(|line| !rows.iter().any(|row| line.starts_with(&format!("| {} |", row.what)))) {
        writeln!(text, "{line}")?;
    }
    Ok(text)
}

fn taken(table: &str, what: &str) -> Option<u64> {
    let line = table.lines().find(|line| line.starts_with(&format!("| {what} |")))?;
    line.split('|').nth(3)?.trim().parse().ok()
}

fn crates() -> anyhow::Result<Vec<Row>> {
    let row = |what: &str, packages: &[&str], features: &[&str], goal| -> anyhow::Result<Row> {
        Ok(Row { what: format!("crates of {what}"), unit: "crate", seen: count(packages, features)?, goal })
    };
    let mut rows = vec![
        row("the three core crates", &CORE, &["--no-default-features"], Some(50))?,
        row(
            "the three core crates with k256",
            &CORE,
            &["--no-default-features", "--features", "session-types/k256"],
            Some(72),
        )?,
    ];
    for package in CORE {
        rows.push(row(package, &[package], &["--no-default-features"], None)?);
    }
    rows.push(row("bundler-rpc", &["bundler-rpc"], &[], None)?);
    rows.push(row("mee-client", &["mee-client"], &[], None)?);
    rows.push(row("smart-sessions", &["smart-sessions"], &[], Some(205))?);
    Ok(rows)
}

/// Distinct packages that cargo builds, our own included.
fn count(packages: &[&str], features: &[&str]) -> anyhow::Result<u64> {
    let mut command = cargo(["tree", "--quiet", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    command.args(packages.iter().flat_map(|package| ["--package", package])).args(features);
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| format!("{name} {}", rest.split_whitespace().next().unwrap_or_default()))
        .collect();
    Ok(u64::try_from(names.len())?)
}

fn device_rows(tools: &Tools) -> anyhow::Result<Vec<Row>> {
    let [own, element, least] = firmware::run_with(tools)?;
    let row = |what: &str, seen, goal| Row { what: format!("signing device, {what}"), unit: "byte", seen, goal };
    Ok(vec![
        row("flash", own.flash, Some(96 * 1024)),
        row("RAM", own.ram, Some(32 * 1024)),
        row("flash, key in a secure element", element.flash, None),
        row("RAM, key in a secure element", element.ram, None),
        row("flash, only ids, hashes and signature", least.flash, Some(40 * 1024)),
        row("RAM, only ids, hashes and signature", least.ram, Some(12 * 1024)),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Row, table, taken};

    #[test]
    fn the_table_keeps_what_was_not_measured() {
        let row = |what: &str, seen| Row { what: what.into(), unit: "byte", seen, goal: Some(10) };
        let first = table(&[row("flash", 9), row("RAM", 11)], "").unwrap();
        assert_eq!((taken(&first, "flash"), taken(&first, "RAM"), taken(&first, "heap")), (Some(9), Some(11), None));
        assert!(first.contains("| RAM | byte | 11 | ≤ 10, **missed** |"), "{first}");
        let second = table(&[row("flash", 8)], &first).unwrap();
        assert_eq!((taken(&second, "flash"), taken(&second, "RAM")), (Some(8), Some(11)));
    }
}
