//! Why the program could not answer.

use std::fmt;

/// A failure in one line, with what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input cannot be used: exit code 2, as for a wrong command line.
    Input {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A node did not do what it was asked: exit code 4.
    Node {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
}

impl Failure {
    pub(crate) fn input(problem: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self::Input { problem: problem.to_string(), remedy: remedy.to_string() }
    }

    pub(crate) fn node(problem: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self::Node { problem: problem.to_string(), remedy: remedy.to_string() }
    }

    /// The problem and the remedy.
    pub(crate) fn parts(&self) -> (&str, &str) {
        match self {
            Self::Input { problem, remedy } | Self::Node { problem, remedy } => (problem, remedy),
        }
    }

    pub(crate) const fn exit(&self) -> u8 {
        match self {
            Self::Input { .. } => 2,
            Self::Node { .. } => 4,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (problem, remedy) = self.parts();
        write!(f, "{problem} (remedy: {remedy})")
    }
}
