//! The table of ratios in `docs/performance.md`, between two marks; the words around it stay.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::rows::{Figure, Results, Row};

const END: &str = "<!-- end -->";

/// Puts the table into the document.
pub(crate) fn write(file: &Path, results: &Results, goals: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let text = put(&text, "goals, ", goals)?;
    let text = put(&text, "", &of(results))?;
    Ok(std::fs::write(file, text)?)
}

/// Puts `table` between `<!-- NAME written by … -->` and the end mark behind it.
fn put(text: &str, name: &str, table: &str) -> anyhow::Result<String> {
    let begin = format!("<!-- {name}written by `cargo xtask bench` -->");
    let (head, rest) = text.split_once(&begin).with_context(|| format!("the document has no mark `{begin}`"))?;
    let (_, tail) = rest.split_once(END).with_context(|| format!("`{begin}` has no end"))?;
    Ok(format!("{head}{begin}\n\n{table}\n{END}{tail}"))
}

/// The machine and all rows.
pub(crate) fn of(results: &Results) -> String {
    let mut text = format!("Machine: {}.\n", results.machine);
    let mut package = "";
    for row in &results.rows {
        if row.package != package {
            package = &row.package;
            let columns = [
                "operation",
                "floor",
                "ours",
                "ours / floor",
                "goal",
                "",
                "instructions",
                "allocations",
                "naive / ours",
            ];
            let _ = writeln!(text, "\n### {package}\n\n| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
        }
        line(&mut text, row);
    }
    let notes = results.rows.iter().flat_map(|row| row.notes.iter().map(move |note| (row, note)));
    for (index, (row, note)) in notes.enumerate() {
        let begin = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{begin}- {}: {note}", row.operation);
    }
    text
}

fn line(text: &mut String, row: &Row) {
    let at = row.at.map(|at| format!(" ({at})")).unwrap_or_default();
    let floor = match (&row.floor, &row.floor_is) {
        (Some(figure), Some(what)) => format!("{}: {what}", time(figure)),
        _ => "–".to_owned(),
    };
    let ours = row.ours.as_ref().map_or_else(|| "–".to_owned(), time);
    let naive = row.naive.zip(row.ours).map(|(naive, ours)| naive.nanoseconds / ours.nanoseconds);
    let verdict = match (row.goal.is_some() || row.allocations.is_some(), row.is_good()) {
        (false, _) => "",
        (true, true) => "met",
        (true, false) => "**missed**",
    };
    let _ = writeln!(
        text,
        "| {}{at} | {floor} | {ours} | {} | {} | {verdict} | {} | {} | {} |",
        row.operation,
        ratio(row.ratio()),
        row.goal.map(|goal| format!("≤ {goal}")).unwrap_or_default(),
        ratio(row.instruction_ratio()),
        allocations(row),
        ratio(naive),
    );
}

pub(crate) fn time(figure: &Figure) -> String {
    match figure.nanoseconds {
        short if short < 10_000.0 => format!("{short:.0} ns"),
        middle if middle < 10_000_000.0 => format!("{:.1} µs", middle / 1e3),
        long => format!("{:.1} ms", long / 1e6),
    }
}

pub(crate) fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

fn allocations(row: &Row) -> String {
    let Some(ours) = row.ours else { return "–".to_owned() };
    let goal = row.allocations.map(|most| format!(" (≤ {most})")).unwrap_or_default();
    format!("{}{goal}", ours.allocations.count)
}
