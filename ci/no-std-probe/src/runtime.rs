//! What the standard library would bring: a start, an end, a heap, and the memory functions that the compiler calls.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::fmt::Write as _;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const HEAP: usize = 4 << 20;

/// Gives memory and takes none back: the program is short.
#[repr(align(16))]
struct Bump(UnsafeCell<[u8; HEAP]>, AtomicUsize);

// SAFETY: the program has one thread.
unsafe impl Sync for Bump {}

// SAFETY: every block is handed out once, aligned and inside the array.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.0.get() as usize;
        let start = (base + self.1.load(Relaxed)).next_multiple_of(layout.align());
        if start - base + layout.size() > HEAP {
            return core::ptr::null_mut();
        }
        self.1.store(start - base + layout.size(), Relaxed);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump(UnsafeCell::new([0; HEAP]), AtomicUsize::new(0));

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Stderr, "{info}");
    exit(101)
}

/// The third file of the process.
pub(crate) struct Stderr;

impl core::fmt::Write for Stderr {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        syscall(1, 2, text.as_ptr() as usize, text.len());
        Ok(())
    }
}

fn syscall(number: usize, a: usize, b: usize, c: usize) -> usize {
    let result;
    // SAFETY: `write` reads a valid text, `exit` does not come back.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c, out("rcx") _, out("r11") _);
    }
    result
}

/// Ends the process.
pub(crate) fn exit(code: usize) -> ! {
    loop {
        syscall(60, code, 0, 0);
    }
}

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    exit(usize::from(!crate::run()))
}

global_asm!(".globl _start", "_start:", "xor %ebp, %ebp", "andq $-16, %rsp", "call start", "ud2", options(att_syntax));

// The host's `compiler_builtins` has none of these. In assembly, so that they cannot become calls to themselves.

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") value as u8) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= count {
        // SAFETY: the ranges do not overlap in the direction that matters.
        return unsafe { memcpy(to, from, count) };
    }
    // SAFETY: the caller's promise; from the end, since the start would be overwritten.
    unsafe {
        asm!("std", "rep movsb", "cld", inout("rcx") count => _,
            inout("rdi") to.add(count).wrapping_sub(1) => _, inout("rsi") from.add(count).wrapping_sub(1) => _);
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for index in 0..count {
        // SAFETY: the caller's promise. Volatile, so that the loop is not turned into a call of this function.
        let (a, b) = unsafe { (left.add(index).read_volatile(), right.add(index).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { memcmp(left, right, count) }
}

// The installed `alloc` was compiled for unwinding; links without optimisation name these.

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(102)
}
