//! The results that are kept: one row for an operation at one size.

use std::path::Path;

use anyhow::Context as _;
use measure::Allocations;
use serde::{Deserialize, Serialize};

use crate::instructions::Counted;
use crate::run::Bench;

/// Everything that the tables and plots are made from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// Where the times were taken.
    pub(crate) machine: String,
    pub(crate) rows: Vec<Row>,
}

/// One operation at one size.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) package: String,
    pub(crate) bench: String,
    pub(crate) operation: String,
    pub(crate) at: Option<u64>,
    pub(crate) goal: Option<f64>,
    pub(crate) allocations: Option<u64>,
    pub(crate) floor_is: Option<String>,
    #[serde(default)]
    pub(crate) by_instructions: bool,
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    pub(crate) floor: Option<Figure>,
    pub(crate) naive: Option<Figure>,
    pub(crate) ours: Option<Figure>,
}

/// What one variant costs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Median of a run, in nanoseconds.
    pub(crate) nanoseconds: f64,
    /// Instructions of a run.
    pub(crate) instructions: Option<u64>,
    pub(crate) allocations: Allocations,
}

impl Row {
    /// Time of ours over time of the floor.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.ours?.nanoseconds / self.floor?.nanoseconds)
    }

    /// Instructions of ours over instructions of the floor.
    pub(crate) fn instruction_ratio(&self) -> Option<f64> {
        let wide = |count: u64| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        Some(wide(self.ours?.instructions?) / wide(self.floor?.instructions?))
    }

    /// The ratio that is judged: of instructions where both sides compute, of time where one of them copies or waits.
    pub(crate) fn judged_ratio(&self) -> Option<f64> {
        if self.by_instructions { self.instruction_ratio().or_else(|| self.ratio()) } else { self.ratio() }
    }

    /// Whether the ratio and the number of allocations are as good as they should be.
    pub(crate) fn is_good(&self) -> bool {
        let fast = self.goal.is_none_or(|goal| self.judged_ratio().is_none_or(|ratio| ratio <= goal));
        fast && self.is_frugal()
    }

    fn is_frugal(&self) -> bool {
        self.allocations.is_none_or(|most| self.ours.is_none_or(|ours| ours.allocations.count <= most))
    }

    pub(crate) fn variant(&mut self, name: &str) -> Option<&mut Option<Figure>> {
        match name {
            "floor" => Some(&mut self.floor),
            "naive" => Some(&mut self.naive),
            "ours" => Some(&mut self.ours),
            _ => None,
        }
    }
}

impl Results {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| file.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| file.display().to_string()),
        }
    }

    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(file, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// Puts new rows in the place of all rows of the benches that were run.
    pub(crate) fn replace(&mut self, new: Vec<Row>, benches: &[Bench]) {
        self.rows.retain(|row| !benches.iter().any(|bench| bench.name == row.bench));
        self.rows.extend(new);
        self.rows.sort_by(|a, b| (&a.package, &a.operation, a.at).cmp(&(&b.package, &b.operation, b.at)));
    }

    pub(crate) fn set_instructions(&mut self, counted: &[Counted]) {
        for one in counted {
            let row = self.rows.iter_mut().find(|row| one.is_of(row));
            if let Some(figure) = row.and_then(|row| row.variant(&one.variant)).and_then(Option::as_mut) {
                figure.instructions = Some(one.instructions);
            }
        }
    }
}
