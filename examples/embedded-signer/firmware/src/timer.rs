//! The board's first timer: counts down at 25 MHz, in the emulator one tick every 40 instructions.

const TIMER: *mut u32 = 0x4000_0000 as *mut u32;

/// Starts it from the top.
pub fn start_timer() {
    // SAFETY: the registers control, value and reload of the board's timer, which nobody else uses.
    unsafe {
        TIMER.add(1).write_volatile(u32::MAX);
        TIMER.add(2).write_volatile(u32::MAX);
        TIMER.write_volatile(1);
    }
}

/// Instructions since the start, within 40, when the emulator runs with `-icount shift=0`.
#[must_use]
pub fn instructions() -> u32 {
    // SAFETY: as above.
    let value = unsafe { TIMER.add(1).read_volatile() };
    (u32::MAX - value).wrapping_mul(40)
}
