//! What the demo says while it runs and when it is done.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, U256};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// What one step left on the chain, and what it showed.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evidence {
    /// Hash of the operation that was sent, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<B256>,
    /// Gas that the operation used, in gas units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gas_used: Option<U256>,
    /// One line for people.
    pub(crate) result: String,
}

impl Evidence {
    pub(crate) fn new(result: impl Into<String>) -> Self {
        Self { result: result.into(), ..Self::default() }
    }

    pub(crate) const fn operation(mut self, hash: B256, gas_used: Option<U256>) -> Self {
        self.operation = Some(hash);
        self.gas_used = gas_used;
        self
    }
}

/// One line of the final table.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    step: String,
    passed: bool,
    milliseconds: u128,
    #[serde(flatten)]
    evidence: Evidence,
}

/// Collects the steps and shows them: with a spinner on a terminal, as plain lines elsewhere, as one document for scripts.
#[derive(Debug)]
pub(crate) struct Report {
    rows: Vec<Row>,
    json: bool,
    live: bool,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { rows: Vec::new(), json, live: !json && std::io::stdout().is_terminal() }
    }

    /// A line between steps: what is about to happen and why.
    pub(crate) fn say(&self, text: impl Display) {
        if !self.json {
            println!("{text}");
        }
    }

    /// Runs one step and writes down what came of it. `None` when it failed: the demo goes on where it can.
    pub(crate) async fn step<T>(
        &mut self,
        title: &str,
        work: impl Future<Output = anyhow::Result<(T, Evidence)>>,
    ) -> Option<T> {
        let spinner = self.spinner(title);
        let start = Instant::now();
        let outcome = work.await;
        let elapsed = start.elapsed();
        spinner.finish_and_clear();
        let (value, passed, evidence) = match outcome {
            Ok((value, evidence)) => (Some(value), true, evidence),
            Err(error) => (None, false, Evidence::new(format!("{error:#}"))),
        };
        let mark = if passed { "ok  " } else { "FAIL" };
        self.say(format_args!("{mark} {title} ({}): {}", seconds(elapsed), evidence.result));
        self.rows.push(Row { step: title.to_owned(), passed, milliseconds: elapsed.as_millis(), evidence });
        value
    }

    /// Shows the whole, and tells whether every step did what it must.
    pub(crate) fn finish(&self, chain_id: u64, complete: bool) -> bool {
        let passed = complete && self.rows.iter().all(|row| row.passed);
        if self.json {
            let document = serde_json::json!({ "chainId": chain_id, "passed": passed, "steps": self.rows });
            println!("{document:#}");
            return passed;
        }
        println!("\n{}", self.table());
        let failed = self.rows.iter().filter(|row| !row.passed).count();
        match (passed, complete) {
            (true, _) => println!("All {} steps did what they must.", self.rows.len()),
            (false, true) => println!("{failed} of {} steps failed.", self.rows.len()),
            (false, false) => println!("{failed} of {} steps failed, and the rest could not run.", self.rows.len()),
        }
        passed
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        let preset = if self.live { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_MARKDOWN };
        table.load_style(preset).set_header(["step", "operation", "gas used", "time", "result"]);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if !self.live {
            table.set_width(WIDTH);
        }
        for row in &self.rows {
            table.add_row([
                row.step.clone(),
                row.evidence.operation.map_or_else(|| "-".to_owned(), |hash| shorten(&hash)),
                row.evidence.gas_used.map_or_else(|| "-".to_owned(), |gas| gas.to_string()),
                format!("{} ms", row.milliseconds),
                format!("{}{}", if row.passed { "" } else { "FAILED: " }, row.evidence.result),
            ]);
        }
        table
    }

    fn spinner(&self, title: &str) -> ProgressBar {
        if !self.live {
            return ProgressBar::hidden();
        }
        let spinner = ProgressBar::new_spinner().with_message(title.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.enable_steady_tick(Duration::from_millis(100));
        spinner
    }
}

/// How wide the table is where there is no terminal.
const WIDTH: u16 = 160;

fn seconds(elapsed: Duration) -> String {
    format!("{:.2} s", elapsed.as_secs_f64())
}

fn shorten(hash: &B256) -> String {
    let text = hash.to_string();
    format!("{}…{}", &text[..10], &text[text.len() - 4..])
}
