use std::time::Duration;

use tokio::time::Instant;

use crate::BundlerError;

/// The instant after which nothing is sent and nothing is waited for.
///
/// Made once for a whole piece of work and handed down, so that retries and polls cannot add up to more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    start: Instant,
    end: Instant,
}

impl Deadline {
    /// The given time from now on.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        let start = Instant::now();
        // Thirty years are as good as for ever, and cannot overflow the clock.
        const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        Self { start, end: start + time.min(LONGEST) }
    }

    /// An instant of tokio's clock.
    #[must_use]
    pub fn at(end: Instant) -> Self {
        Self { start: Instant::now(), end }
    }

    /// When it is over.
    #[must_use]
    pub const fn instant(&self) -> Instant {
        self.end
    }

    /// What is left, zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Whether it is over.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Runs `work` until the deadline and drops it there.
    pub(crate) async fn limit<T>(
        &self,
        during: &'static str,
        work: impl Future<Output = Result<T, BundlerError>>,
    ) -> Result<T, BundlerError> {
        // A timeout polls the work before it looks at the clock: nothing may start after the deadline.
        if self.has_passed() {
            return Err(self.error(during, None));
        }
        match tokio::time::timeout_at(self.end, work).await {
            Ok(result) => result,
            Err(_) => Err(self.error(during, None)),
        }
    }

    /// Sleeps, or says that the deadline comes first.
    pub(crate) async fn sleep(
        &self,
        time: Duration,
        during: &'static str,
        last: impl FnOnce() -> Option<BundlerError>,
    ) -> Result<(), BundlerError> {
        if time >= self.remaining() {
            tokio::time::sleep_until(self.end).await;
            return Err(self.error(during, last()));
        }
        tokio::time::sleep(time).await;
        Ok(())
    }

    pub(crate) fn error(&self, during: &'static str, last: Option<BundlerError>) -> BundlerError {
        BundlerError::DeadlinePassed { waited: self.start.elapsed(), during, last: last.map(Box::new) }
    }
}
