//! What is written for `cargo xtask bench`.

use serde::{Deserialize, Serialize};

use crate::Allocations;

/// One operation at one size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The package that the bench belongs to.
    pub package: String,
    /// The bench file.
    pub bench: String,
    /// What is measured.
    pub operation: String,
    /// The size, when the operation is measured at several.
    pub at: Option<u64>,
    /// The largest ratio of ours to the floor that is still good.
    pub goal: Option<f64>,
    /// The largest number of allocations that is still good.
    pub allocations: Option<u64>,
    /// What the floor is.
    pub floor: Option<String>,
    /// Whether the goal is about instructions: both sides compute, and neither waits nor only copies.
    #[serde(default)]
    pub by_instructions: bool,
    /// What else is to be said, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What was run: `floor`, `naive`, `ours`.
    pub variants: Vec<Variant>,
}

/// One way to do an operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Variant {
    /// `floor`, `naive` or `ours`.
    pub name: String,
    /// What one run takes from the heap.
    pub allocations: Allocations,
}
