#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop { debug::exit(debug::EXIT_FAILURE); }
}

#[entry]
fn main() -> ! {
    hprintln!("{}", alloy_primitives::keccak256(b"hello"));
    loop { debug::exit(debug::EXIT_SUCCESS); }
}
#[global_allocator]
static A: embedded_alloc::LlffHeap = embedded_alloc::LlffHeap::empty();
