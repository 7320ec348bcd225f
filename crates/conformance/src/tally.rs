/// What came of the checks of one document: one count per comparison that was made.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    passed: usize,
    failures: Vec<String>,
    check: &'static str,
}

impl Tally {
    pub(crate) fn in_check(&mut self, title: &'static str, run: impl FnOnce(&mut Self)) {
        self.check = title;
        let before = self.total();
        run(self);
        if self.total() == before {
            self.failures.push(format!("{title}: found nothing to check in this file"));
        }
    }

    /// Counts a case: the error names what was expected and what was seen.
    pub fn record<E: std::fmt::Display>(&mut self, case: &str, outcome: Result<(), E>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(error) => self.failures.push(format!("{}: {case}: {error}", self.check)),
        }
    }

    /// Counts one comparison.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, case: &str, seen: T, expected: T) {
        let outcome = if seen == expected { Ok(()) } else { Err(format!("expected {expected:?}, saw {seen:?}")) };
        self.record(case, outcome);
    }

    /// How many comparisons held.
    #[must_use]
    pub const fn passed(&self) -> usize {
        self.passed
    }

    /// How many comparisons were made.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.passed + self.failures.len()
    }

    /// One line for each comparison that did not hold.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }
}
