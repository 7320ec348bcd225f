//! A small heap that remembers its peak.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use embedded_alloc::LlffHeap;

/// Bytes of the heap.
pub const HEAP_SIZE: usize = 22 * 1024;

struct Memory(UnsafeCell<MaybeUninit<[u8; HEAP_SIZE]>>);

// SAFETY: only the heap touches it.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new(MaybeUninit::uninit()));
static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Measured(LlffHeap);

#[global_allocator]
static HEAP: Measured = Measured(LlffHeap::empty());

// SAFETY: every call goes to the inner heap unchanged.
unsafe impl GlobalAlloc for Measured {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        let pointer = unsafe { self.0.alloc(layout) };
        if !pointer.is_null() {
            let used = USED.load(Relaxed) + layout.size();
            USED.store(used, Relaxed);
            PEAK.store(used.max(PEAK.load(Relaxed)), Relaxed);
        }
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.store(USED.load(Relaxed) - layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { self.0.dealloc(pointer, layout) }
    }
}

/// Gives the heap its memory. Call it once, first.
pub fn start_heap() {
    // SAFETY: nothing is allocated before, and the memory is used for nothing else.
    unsafe { HEAP.0.init(MEMORY.0.get().addr(), HEAP_SIZE) }
}

/// Bytes that are taken.
#[must_use]
pub fn heap_used() -> usize {
    USED.load(Relaxed)
}

/// Most bytes that were taken at one time.
#[must_use]
pub fn heap_peak() -> usize {
    PEAK.load(Relaxed)
}
