use std::fmt;

/// What was compared, and what differed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    same: usize,
    signed: usize,
    refused: usize,
    different: Vec<String>,
}

impl Tally {
    pub(crate) fn compare<T: PartialEq + fmt::Debug>(&mut self, name: &str, seen: &T, expected: &T) {
        if seen == expected {
            self.same += 1;
        } else {
            self.different.push(format!("{name}\n  device {seen:?}\n  host   {expected:?}"));
        }
    }

    pub(crate) const fn signed(&mut self) {
        self.signed += 1;
    }

    pub(crate) const fn refused(&mut self) {
        self.refused += 1;
    }

    /// Nothing differs, and both kinds of answer were seen.
    pub(crate) fn is_good(&self) -> bool {
        self.different.is_empty() && self.same > 0 && self.signed > 0 && self.refused > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for different in &self.different {
            writeln!(f, "{different}")?;
        }
        write!(
            f,
            "{} answers and screens as on the host ({} signed, {} refused)",
            self.same, self.signed, self.refused
        )?;
        if !self.different.is_empty() {
            write!(f, ", {} different", self.different.len())?;
        }
        Ok(())
    }
}
