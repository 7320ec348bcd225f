//! Counts heap allocations of the whole process, and costs one relaxed load when it does not count.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn taken(bytes: usize) {
    if ON.load(Relaxed) {
        COUNT.fetch_add(1, Relaxed);
        BYTES.fetch_add(signed(bytes).unsigned_abs(), Relaxed);
        let live = LIVE.fetch_add(signed(bytes), Relaxed) + signed(bytes);
        PEAK.fetch_max(live, Relaxed);
    }
}

fn given_back(bytes: usize) {
    if ON.load(Relaxed) {
        LIVE.fetch_sub(signed(bytes), Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged; the counters are not memory that it knows of.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        given_back(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        given_back(layout.size());
        taken(size);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What a piece of code took from the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Allocations {
    /// Allocations and reallocations.
    pub count: u64,
    /// Bytes of all of them together.
    pub bytes: u64,
    /// Most bytes held at one time, above those held at the start.
    pub peak: u64,
}

/// Runs `work` once and counts what all threads took from the heap meanwhile.
pub fn count<R>(work: impl FnOnce() -> R) -> (R, Allocations) {
    for counter in [&COUNT, &BYTES] {
        counter.store(0, Relaxed);
    }
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    ON.store(true, Relaxed);
    let result = work();
    ON.store(false, Relaxed);
    let peak = u64::try_from(PEAK.load(Relaxed)).unwrap_or(0);
    (result, Allocations { count: COUNT.load(Relaxed), bytes: BYTES.load(Relaxed), peak })
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::{Allocations, count};

    // One test, since the counters are the whole process's.
    #[test]
    fn counts_what_is_taken_and_only_then() {
        assert_eq!(count(|| black_box(1 + 1)).1, Allocations::default());
        let (vector, seen) = count(|| black_box(vec![0_u8; 100]));
        assert_eq!(seen, Allocations { count: 1, bytes: 100, peak: 100 });
        drop(vector);
        let ((), seen) = count(|| {
            drop(black_box(vec![0_u8; 100]));
            drop(black_box(vec![1_u8; 60]));
        });
        assert_eq!(seen, Allocations { count: 2, bytes: 160, peak: 100 });
    }
}
