use std::hint::black_box;

use criterion::BenchmarkId;

use crate::allocations;
use crate::report::{Record, Variant};
use crate::suite::{Mode, Suite, folder};

/// One operation: call [`floor`](Self::floor), [`naive`](Self::naive) and [`ours`](Self::ours) on it in any order.
#[expect(missing_debug_implementations, reason = "criterion's state has none")]
pub struct Operation<'a> {
    suite: &'a mut Suite,
    record: Record,
}

impl<'a> Operation<'a> {
    pub(crate) fn new(suite: &'a mut Suite, name: &str) -> Self {
        let record = Record {
            package: suite.package.to_owned(),
            bench: suite.bench.to_owned(),
            operation: name.to_owned(),
            at: None,
            goal: None,
            allocations: None,
            floor: None,
            by_instructions: false,
            notes: Vec::new(),
            variants: Vec::new(),
        };
        Self { suite, record }
    }

    /// The size of the input (chains, actions, rules, bytes), when the operation is measured at several: a point of a growth curve.
    pub const fn at(mut self, size: u64) -> Self {
        self.record.at = Some(size);
        self
    }

    /// Measures the least that any implementation must do; `what` says in words what that is.
    pub fn floor<R>(mut self, what: &str, work: impl FnMut() -> R) -> Self {
        self.record.floor = Some(what.to_owned());
        self.variant("floor", work)
    }

    /// Measures the straightforward version, most often alloy's derive.
    pub fn naive<R>(self, work: impl FnMut() -> R) -> Self {
        self.variant("naive", work)
    }

    /// Measures our version.
    pub fn ours<R>(self, work: impl FnMut() -> R) -> Self {
        self.variant("ours", work)
    }

    /// The largest ratio of ours to the floor that is still good.
    pub const fn goal(mut self, ratio: f64) -> Self {
        self.record.goal = Some(ratio);
        self
    }

    /// The largest number of allocations of ours that is still good.
    pub const fn allocations(mut self, most: u64) -> Self {
        self.record.allocations = Some(most);
        self
    }

    /// Judges the goal by instructions, which do not depend on the machine's load: for operations that compute on both sides. Where an
    /// operation waits for another process or mostly copies, time is the measure.
    pub const fn by_instructions(mut self) -> Self {
        self.record.by_instructions = true;
        self
    }

    /// Adds a sentence below the table: a figure that is no ratio.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.record.notes.push(text.into());
        self
    }

    fn variant<R>(mut self, name: &str, mut work: impl FnMut() -> R) -> Self {
        match &mut self.suite.mode {
            Mode::Count => {
                black_box(work());
                let at = self.record.at.map(|at| at.to_string()).unwrap_or_default();
                // The name behind it: a bench that panics has no count.
                measured_variant(&mut || drop(black_box(work())));
                println!("{}\t{}\t{at}\t{name}", self.record.package, self.record.operation);
                return self;
            }
            Mode::Once => {
                black_box(work());
            }
            Mode::Time(criterion) => {
                let id = match self.record.at {
                    Some(size) => BenchmarkId::new(name, size),
                    None => BenchmarkId::from_parameter(name),
                };
                let mut group = criterion.benchmark_group(format!("{} {}", self.record.package, self.record.operation));
                group.bench_function(id, |bencher| bencher.iter(&mut work));
                group.finish();
            }
        }
        black_box(work());
        let (result, allocations) = allocations::count(&mut work);
        drop(black_box(result));
        self.record.variants.push(Variant { name: name.to_owned(), allocations });
        self
    }
}

/// How often a variant runs under an instruction counter.
pub const COUNTED_RUNS: u32 = 16;

/// What an instruction counter is told to count, by its plain name.
#[inline(never)]
#[unsafe(no_mangle)]
fn measured_variant(work: &mut dyn FnMut()) {
    for _ in 0..COUNTED_RUNS {
        work();
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        if !matches!(self.suite.mode, Mode::Time(_)) {
            return;
        }
        let folder = folder();
        let at = self.record.at.map(|size| format!("@{size}")).unwrap_or_default();
        let name = format!("{}.{}{at}.json", self.record.package, self.record.operation.replace(['/', ' '], "-"));
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| Ok(serde_json::to_string_pretty(&self.record)?))
            .and_then(|text| std::fs::write(folder.join(name), text));
        if let Err(error) = written {
            eprintln!("`{}` is not in the table: {error}", self.record.operation);
        }
    }
}
