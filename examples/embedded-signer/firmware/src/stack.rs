//! How deep the stack ever was, by painting it.

unsafe extern "C" {
    static _stack_start: u8;
    static _stack_end: u8;
}

const PAINT: u32 = 0xdead_beef;

/// Paints the stack below the current frame. Call it first.
pub fn paint_stack() {
    let end = (&raw const _stack_end).cast::<u32>().cast_mut();
    // A margin for this function's own frame.
    let here = (cortex_m::register::msp::read() as usize - 64) & !3;
    let mut word = end;
    while word.addr() < here {
        // SAFETY: below the stack pointer nothing is alive, and no interrupt is on.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
}

/// Bytes of the stack that were ever written.
#[must_use]
pub fn stack_peak() -> usize {
    let start = (&raw const _stack_start).addr();
    let mut word = (&raw const _stack_end).cast::<u32>();
    // SAFETY: inside the stack's memory.
    while word.addr() < start && unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    start - word.addr()
}
