//! The table of all goals: what was promised, what is reached, and where that is measured.

use std::fmt::Write as _;

use anyhow::Context as _;

use crate::root;
use crate::rows::{Results, Row};
use crate::table::ratio;

/// Where a figure comes from.
enum Source {
    /// An operation of a bench, at all its sizes.
    Bench(&'static str, &'static str),
    /// How many allocations an operation makes beyond its floor's, and how many it may.
    ExtraAllocations(&'static str, &'static str, u64),
    /// A line of `docs/budgets.md`.
    Budget(&'static str),
    /// A test that fails when the goal is not met, and what it counts.
    Test(&'static str, &'static str),
}

use Source::{Bench, Budget, ExtraAllocations, Test};

/// One promise.
struct Goal {
    what: &'static str,
    sources: &'static [Source],
}

const fn goal(what: &'static str, sources: &'static [Source]) -> Goal {
    Goal { what, sources }
}

const GOALS: &[Goal] = &[
    goal(
        "ids and digests ≤ 1.05 keccaks of the bytes that must be hashed, 0 allocations",
        &[
            Bench("session-types", "permission id"),
            Bench("session-types", "session digest"),
            Bench("session-types", "session digest by actions"),
            Bench("session-types", "multi-chain digest"),
        ],
    ),
    goal("five chains ≤ 1.4 chains", &[Bench("session-types", "five chains over one")]),
    goal(
        "keccak permutations of a session digest: the minimum",
        &[Test("1.00 and less above is that; no type text is hashed", "`session-types`, `digest.rs`")],
    ),
    goal(
        "operation hashes ≤ 1.02 keccaks, all entry points, 0 allocations",
        &[
            Bench("userop", "operation hash 0.6"),
            Bench("userop", "operation hash 0.7"),
            Bench("userop", "operation hash 0.8"),
            Bench("userop", "operation hash 0.8 with its domain"),
            Bench("userop", "operation hash 0.9"),
        ],
    ),
    goal(
        "universal policy's init data ≤ 1.7 zeroed buffers, 1 allocation",
        &[Bench("policy-encoding", "universal policy, encode")],
    ),
    goal("enableSessions ≤ 4 copies of the result, 1 allocation", &[Bench("session-types", "enableSessions")]),
    goal("FastLZ compress ≤ 0.85 of the C library's level 1", &[Bench("session-types", "FastLZ compress beside C")]),
    goal(
        "FastLZ decompress ≤ 15 copies, no heap but the output",
        &[Bench("session-types", "FastLZ decompress, 3 KiB"), Bench("session-types", "FastLZ decompress, 64 KiB")],
    ),
    goal(
        "SessionData text, write ≤ 10 copies",
        &[Bench("session-types", "write text, 16 rules"), Bench("session-types", "write text, short policies")],
    ),
    goal(
        "SessionData text, read ≤ 7 copies",
        &[Bench("session-types", "read text, 16 rules"), Bench("session-types", "read text, short policies")],
    ),
    goal(
        "evaluator, a call against 16 rules ≤ 3 blocks of keccak, 0 allocations",
        &[Bench("policy-encoding", "one call against 16 rules")],
    ),
    goal(
        "JSON-RPC send over loopback ≤ 1.10 of bare alloy-rpc-client",
        &[Bench("bundler-rpc", "send over loopback, beside alloy")],
    ),
    goal(
        "at most 12 allocations more than bare alloy-rpc-client",
        &[ExtraAllocations("bundler-rpc", "send over loopback, beside alloy", 12)],
    ),
    goal(
        "≥ 0.95 of its throughput (≤ 1.053 of its time) at 1, 16, 64 in flight",
        &[Bench("bundler-rpc", "sends in flight")],
    ),
    goal(
        "network waits from calls to operation hash: 3; 1 when gas and fees are given",
        &[
            Test("3", "`bundler-rpc`, `three_waits_from_calls_to_hash`"),
            Test("1", "`bundler-rpc`, `one_wait_when_gas_and_fees_are_given`"),
        ],
    ),
    goal(
        "minimal device: ≤ 40 KiB flash, no heap, ≤ 12 KiB stack",
        &[
            Budget("signing device, flash, only ids, hashes and signature"),
            Budget("signing device, RAM, only ids, hashes and signature"),
            Test("no heap", "`cargo xtask firmware`: the program fails when it allocates"),
        ],
    ),
    goal(
        "example firmware: ≤ 96 KiB flash, ≤ 32 KiB RAM",
        &[Budget("signing device, flash"), Budget("signing device, RAM")],
    ),
    goal(
        "core trio ≤ 50 crates, with k256 ≤ 72",
        &[Budget("crates of the three core crates"), Budget("crates of the three core crates with k256")],
    ),
    goal(
        "core trio ≤ 20 s cold on 2 cores, ours ≤ 5 s of it",
        &[Budget("cold build of the three core crates"), Budget("our crates in the three core crates")],
    ),
    goal("facade ≤ 205 crates, ≤ 60 s cold", &[Budget("crates of smart-sessions"), Budget("cold build of the facade")]),
    goal(
        "a program that grants, uses and sends: ≤ 1.6 MB stripped, started and signing in ≤ 2 ms",
        &[Budget("program that grants, uses and sends, stripped"), Budget("that program, started and signing")],
    ),
];

/// One figure: where it stands, what it is, and whether it is good.
struct Figure {
    place: String,
    seen: String,
    good: Option<bool>,
}

/// All goals as a table.
pub(crate) fn table(results: &Results) -> anyhow::Result<String> {
    let budgets = std::fs::read_to_string(root().join("docs/budgets.md")).context("docs/budgets.md")?;
    let mut text = String::from("| goal | measured as | figure | |\n|---|---|---|---|\n");
    for goal in GOALS {
        let mut what = goal.what;
        for source in goal.sources {
            for Figure { place, seen, good } in figures(source, results, &budgets) {
                let verdict = match good {
                    Some(true) => "met",
                    Some(false) => "**missed**, explained below",
                    None => "not measured",
                };
                writeln!(text, "| {what} | {place} | {seen} | {verdict} |")?;
                what = "";
            }
        }
    }
    Ok(text)
}

fn figures(source: &Source, results: &Results, budgets: &str) -> Vec<Figure> {
    let rows = |package: &str, operation: &str| -> Vec<&Row> {
        results.rows.iter().filter(|row| row.package == package && row.operation == operation).collect()
    };
    let missing = |place: &str| vec![Figure { place: place.to_owned(), seen: "–".to_owned(), good: None }];
    match source {
        Bench(package, operation) => match rows(package, operation).as_slice() {
            [] => missing(operation),
            found => found.iter().map(|row| of_row(row)).collect(),
        },
        ExtraAllocations(package, operation, most) => {
            let extra = rows(package, operation)
                .first()
                .and_then(|row| Some(row.ours?.allocations.count.saturating_sub(row.floor?.allocations.count)));
            match extra {
                None => missing(operation),
                Some(extra) => vec![Figure {
                    place: format!("{operation}: allocations"),
                    seen: format!("{extra} more"),
                    good: Some(extra <= *most),
                }],
            }
        }
        Budget(what) => {
            let line = budgets.lines().find(|line| line.starts_with(&format!("| {what} |")));
            let cells: Vec<&str> = line.unwrap_or_default().split('|').map(str::trim).collect();
            match cells.as_slice() {
                [_, what, unit, taken, goal, ..] => vec![Figure {
                    place: (*what).to_owned(),
                    seen: format!("{taken} {unit} ({})", goal.replace(", **missed**", "")),
                    good: Some(!goal.contains("missed")),
                }],
                _ => missing(what),
            }
        }
        Test(seen, test) => {
            vec![Figure { place: (*test).to_owned(), seen: (*seen).to_owned(), good: Some(true) }]
        }
    }
}

fn of_row(row: &Row) -> Figure {
    let at = row.at.map(|at| format!(" ({at})")).unwrap_or_default();
    let by = if row.by_instructions && row.instruction_ratio().is_some() { "instructions" } else { "time" };
    let allocations = match (row.allocations, row.ours) {
        (Some(_), Some(ours)) => format!(", {} allocations", ours.allocations.count),
        _ => String::new(),
    };
    Figure {
        place: format!("{}{at}", row.operation),
        seen: format!("{} by {by}{allocations}", ratio(row.judged_ratio())),
        good: row.judged_ratio().map(|_| row.is_good()),
    }
}
