//! The board: an ARM MPS2 with the AN386 image, a Cortex-M4 at 25 MHz, as the emulator knows it.

#![no_std]

mod heap;
mod stack;
mod timer;
mod uart;

use core::fmt::Write as _;

pub use cortex_m_rt::entry;
pub use heap::{HEAP_SIZE, heap_peak, heap_used, start_heap};
pub use stack::{paint_stack, stack_peak};
pub use timer::{instructions, start_timer};
pub use uart::Uart;

use cortex_m_semihosting::debug;

unsafe extern "C" {
    static __sidata: u8;
    static __sdata: u8;
    static __edata: u8;
    static __sbss: u8;
    static __ebss: u8;
}

/// Bytes of flash and of static RAM that the program takes, from the linker's own symbols.
#[must_use]
pub fn sizes() -> (usize, usize) {
    let data = (&raw const __edata).addr() - (&raw const __sdata).addr();
    let bss = (&raw const __ebss).addr() - (&raw const __sbss).addr();
    // Flash begins at 0, and the initial data are the last in it.
    ((&raw const __sidata).addr() + data, data + bss)
}

/// Tells the emulator's caller what the program took: `flash 1 static 2 heap 3 stack 4`, in bytes.
pub fn report() {
    let (flash, fixed) = sizes();
    if let Ok(mut out) = cortex_m_semihosting::hio::hstderr() {
        // The heap's memory is static too, but only what was used of it counts.
        let (heap, fixed) = (heap_peak(), fixed - HEAP_SIZE);
        let _ = writeln!(out, "flash {flash} static {fixed} heap {heap} stack {}", stack_peak());
    }
}

/// Ends the emulator.
pub fn exit(good: bool) -> ! {
    loop {
        debug::exit(if good { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    }
}

unsafe extern "C" {
    fn DefaultHandler();
}

/// The board's interrupts, none of which is switched on.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); 32] = [DefaultHandler; 32];

#[cortex_m_rt::exception]
unsafe fn HardFault(_: &cortex_m_rt::ExceptionFrame) -> ! {
    exit(false)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // Without the text: formatting it would cost flash that a device has not.
    if let Ok(mut out) = cortex_m_semihosting::hio::hstderr() {
        let _ = out.write_str("the device panicked\n");
    }
    exit(false)
}
