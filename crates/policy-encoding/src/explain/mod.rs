//! Sessions in words: as a tree, and as text that someone without programming knowledge can approve.

mod action;
mod finding;
mod format;
mod glossary;
mod policies;
mod session;
mod words;

use alloc::{string::String, vec::Vec};
use core::fmt;

pub use finding::{Finding, FindingKind, Severity};
pub use format::{amount, grouped, utc};
pub use glossary::Glossary;
#[doc(alias = "USDC")]
pub use glossary::Token;
pub(crate) use policies::*;
pub use session::Explainer;
pub use words::{Limits, Words};

/// How a line is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tone {
    /// A fact.
    Plain,
    /// Something that is limited.
    Limit,
    /// Something that is not limited. Printed with `!`.
    Unlimited,
    /// Something that this library does not understand. Printed with `?`.
    Unknown,
}

/// A line of an explanation, and what belongs under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Line {
    /// How it is to be read.
    pub tone: Tone,
    /// One sentence or heading, without a line break.
    pub text: String,
    /// What belongs under it.
    pub children: Vec<Self>,
}

impl Line {
    /// A line.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into(), children: Vec::new() }
    }

    /// A fact.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(Tone::Plain, text)
    }

    /// Something that is limited.
    #[must_use]
    pub fn limit(text: impl Into<String>) -> Self {
        Self::new(Tone::Limit, text)
    }

    /// Something that is not limited.
    #[must_use]
    pub fn unlimited(text: impl Into<String>) -> Self {
        Self::new(Tone::Unlimited, text)
    }

    /// Something that is not understood.
    #[must_use]
    pub fn unknown(text: impl Into<String>) -> Self {
        Self::new(Tone::Unknown, text)
    }

    /// Puts lines under it.
    #[must_use]
    pub fn with(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = match self.tone {
            Tone::Plain if depth == 0 => "",
            Tone::Plain | Tone::Limit => "- ",
            Tone::Unlimited => "! ",
            Tone::Unknown => "? ",
        };
        writeln!(f, "{:width$}{mark}{}", "", self.text, width = depth * 2)?;
        self.children.iter().try_for_each(|child| child.write(f, depth + 1))
    }
}

/// What a session permits, in words.
///
/// Its text is the same for the same input, everywhere: what a wallet or a hardware signer shows before it signs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Explanation {
    /// The permissions and their limits.
    pub lines: Vec<Line>,
    /// What is dangerous about them, the worst first.
    pub findings: Vec<Finding>,
}

impl Explanation {
    /// The worst finding's severity.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| line.write(f, 0))?;
        if self.findings.is_empty() {
            return writeln!(f, "Nothing unusual was found.");
        }
        writeln!(f, "Please check:")?;
        for finding in &self.findings {
            writeln!(f, "  {}: {}", finding.severity, finding.text)?;
            writeln!(f, "    Better: {}", finding.remedy)?;
        }
        Ok(())
    }
}
