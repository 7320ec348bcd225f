use std::path::PathBuf;
use std::time::Duration;

use criterion::Criterion;

use crate::Operation;

/// How a bench is run.
pub(crate) enum Mode {
    /// Time, with criterion.
    Time(Box<Criterion>),
    /// Every variant once, to see that it works: `cargo test --benches`.
    Once,
    /// Every variant a few times and nothing else, under an instruction counter.
    Count,
}

/// The operations of one bench file.
#[expect(missing_debug_implementations, reason = "criterion's state has none")]
pub struct Suite {
    pub(crate) package: &'static str,
    pub(crate) bench: &'static str,
    pub(crate) mode: Mode,
}

impl Suite {
    /// Use [`suite!`](crate::suite).
    ///
    /// With `MEASURE_COUNT` in the environment every variant runs [`COUNTED_RUNS`](crate::COUNTED_RUNS) times inside a function that
    /// an instruction counter can be told of, and its name is printed.
    #[must_use]
    pub fn new(package: &'static str, bench: &'static str) -> Self {
        let mode = match std::env::var("MEASURE_COUNT") {
            Ok(_) => Mode::Count,
            Err(_) if std::env::args().any(|argument| argument == "--bench") => Mode::Time(Box::new(
                Criterion::default()
                    .warm_up_time(Duration::from_millis(200))
                    .measurement_time(Duration::from_millis(700))
                    .sample_size(25)
                    .without_plots()
                    .configure_from_args(),
            )),
            Err(_) => Mode::Once,
        };
        Self { package, bench, mode }
    }

    /// Whether times are taken: work that is slow or that waits can be left out otherwise.
    #[must_use]
    pub const fn takes_times(&self) -> bool {
        matches!(self.mode, Mode::Time(_))
    }

    /// Begins an operation. The name is the row of the table: a few words, without the crate's name.
    pub fn operation<'a>(&'a mut self, name: &str) -> Operation<'a> {
        Operation::new(self, name)
    }
}

/// What the environment says, or `target/measure`, beside criterion's own folder.
pub(crate) fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("MEASURE_HOME") {
        return folder.into();
    }
    // The program stands in `target/<profile>/deps`.
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(3).map_or_else(|| PathBuf::from("target"), PathBuf::from).join("measure")
}
