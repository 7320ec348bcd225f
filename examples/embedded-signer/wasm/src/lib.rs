//! The signing device for hosts that run WebAssembly: five imported functions, one exported.

#![no_std]
#![cfg(target_arch = "wasm32")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::fmt::{Display, Write};

use embedded_signer::{Device, Link, OwnKey, Person, serve};
use linked_list_allocator::Heap;

#[link(wasm_import_module = "device")]
unsafe extern "C" {
    /// The next byte from the host, or -1 at the end.
    safe fn receive() -> i32;
    /// Sends bytes to the host.
    fn send(bytes: *const u8, length: usize);
    /// Shows text on the screen.
    fn show(text: *const u8, length: usize);
    /// The button: 1 for yes.
    safe fn agrees() -> i32;
}

struct Host;

impl Link for Host {
    fn read(&mut self) -> Option<u8> {
        u8::try_from(receive()).ok()
    }

    fn write(&mut self, bytes: &[u8]) {
        // SAFETY: the bytes are in our memory.
        unsafe { send(bytes.as_ptr(), bytes.len()) }
    }
}

struct Screen;

impl Write for Screen {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        // SAFETY: the text is in our memory.
        unsafe { show(text.as_ptr(), text.len()) };
        Ok(())
    }
}

impl Person for Screen {
    fn agrees(&mut self, text: &dyn Display) -> bool {
        let _ = write!(self, "{text}Agree? [y/n] ");
        agrees() == 1
    }
}

// The second of the test keys that every local chain knows.
const KEY: [u8; 32] = alloy_primitives::hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");

/// Serves until the stream ends. Call it once.
#[unsafe(no_mangle)]
pub extern "C" fn run() {
    static mut MEMORY: [u8; 256 * 1024] = [0; 256 * 1024];
    // SAFETY: called once, and nothing else touches the memory.
    unsafe { (*HEAP.0.get()).init((&raw mut MEMORY).cast(), 256 * 1024) };
    if let Some(key) = OwnKey::new(&KEY) {
        serve(&mut Device::new(key, Screen), &mut Host);
    }
}

struct OneThread(UnsafeCell<Heap>);

// SAFETY: the module has one thread.
unsafe impl Sync for OneThread {}

#[global_allocator]
static HEAP: OneThread = OneThread(UnsafeCell::new(Heap::empty()));

// SAFETY: the inner heap hands out every block once.
unsafe impl GlobalAlloc for OneThread {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no call of the heap calls the heap.
        let heap = unsafe { &mut *self.0.get() };
        heap.allocate_first_fit(layout).map_or(core::ptr::null_mut(), |block| block.as_ptr())
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; the caller's pointer came from `alloc`.
        unsafe { (*self.0.get()).deallocate(core::ptr::NonNull::new_unchecked(pointer), layout) }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
