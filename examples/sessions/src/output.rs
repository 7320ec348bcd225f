//! Where answers go: a tree for people, one JSON document for scripts.

use std::io::Write as _;

use alloy_primitives::Address;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::{Failure, tree};

/// An answer and the exit code that goes with it.
#[derive(Debug)]
pub(crate) struct Report {
    /// What is printed. Every member's name is part of the interface for scripts.
    pub(crate) value: Value,
    pub(crate) exit: u8,
}

impl Report {
    pub(crate) const fn new(value: Value) -> Self {
        Self { value, exit: 0 }
    }

    pub(crate) const fn with_exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }
}

/// Prints to standard output; colours only on a terminal. A reader that has gone away is no failure.
pub(crate) fn print(report: &Report, as_json: bool, full: bool) {
    let mut value = report.value.clone();
    checksum(&mut value);
    let mut out = anstream::stdout().lock();
    let _ = if as_json { writeln!(out, "{:#}", value) } else { write!(out, "{}", tree::draw(&value, full)) };
}

/// Prints one line to standard error, or a document to standard output for scripts.
pub(crate) fn print_failure(failure: &Failure, as_json: bool) {
    if as_json {
        let (problem, remedy) = failure.parts();
        let document = json!({ "kind": "error", "exit": failure.exit(), "problem": problem, "remedy": remedy });
        let _ = writeln!(anstream::stdout(), "{document:#}");
    }
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {failure}");
}

/// Writes addresses with their checksum (EIP-55), so that they can be compared with what explorers show.
fn checksum(value: &mut Value) {
    match value {
        Value::String(text) if text.len() == 42 && text.starts_with("0x") => {
            if let Ok(address) = text.parse::<Address>() {
                *text = address.to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(checksum),
        Value::Object(members) => members.values_mut().for_each(checksum),
        _ => {}
    }
}
