use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Pauses between attempts: each `factor` times the one before, up to a highest one, each made longer by chance so that
/// clients do not march in step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How much longer each pause is than the one before.
    pub factor: f32,
    /// How often a read is repeated when the server cannot answer right now; zero for never.
    pub retries: usize,
}

impl Backoff {
    /// For reads: four attempts within about a second.
    pub const READ: Self =
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(2), factor: 2.0, retries: 3 };
    /// For receipts: soon at first, then every four seconds.
    pub const WAIT: Self =
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(4), factor: 1.5, retries: usize::MAX };

    /// No second attempt.
    pub const NEVER: Self = Self { retries: 0, ..Self::READ };

    /// With another first pause.
    #[must_use]
    pub const fn with_first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// With another longest pause.
    #[must_use]
    pub const fn with_longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// With another number of repetitions.
    #[must_use]
    pub const fn with_retries(mut self, retries: usize) -> Self {
        self.retries = retries;
        self
    }

    /// The pauses, one after the other.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let longest = self.longest;
        ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_factor(self.factor.max(1.0))
            .with_jitter()
            .with_max_times(self.retries)
            .build()
            // The jitter adds up to the whole pause: halved, the mean stays near the plain one.
            .map(move |pause| (pause / 2).max(pause.saturating_sub(longest)))
    }
}
