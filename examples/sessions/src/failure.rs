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
}

impl Failure {
    pub(crate) fn input(problem: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self::Input { problem: problem.to_string(), remedy: remedy.to_string() }
    }

    pub(crate) const fn exit(&self) -> u8 {
        match self {
            Self::Input { .. } => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { problem, remedy } => write!(f, "{problem} (remedy: {remedy})"),
        }
    }
}
