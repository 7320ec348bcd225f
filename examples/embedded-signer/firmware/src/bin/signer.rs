//! The signing device on the board: the host on one serial port, screen and button on the other.

#![no_std]
#![no_main]

use core::fmt::{Display, Write as _};

use embedded_signer::{Device, Link, Person, serve};
use firmware::{Uart, entry};

struct Host(Uart);

impl Link for Host {
    fn read(&mut self) -> Option<u8> {
        Some(self.0.receive())
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0.send(*byte));
    }
}

struct Board(Uart);

impl Person for Board {
    fn agrees(&mut self, text: &dyn Display) -> bool {
        let _ = write!(self.0, "{text}Agree? [y/n] ");
        self.0.receive() == b'y'
    }
}

// The second of the test keys that every local chain knows. A product takes its key from a secure store.
#[cfg(feature = "k256")]
const KEY: [u8; 32] = alloy_primitives::hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");

#[entry]
fn main() -> ! {
    firmware::paint_stack();
    firmware::start_heap();
    #[cfg(feature = "k256")]
    let Some(key) = embedded_signer::OwnKey::new(&KEY) else { firmware::exit(false) };
    #[cfg(not(feature = "k256"))]
    let key = embedded_signer::SecureElement;
    serve(&mut Device::new(key, Board(Uart::person())), &mut Host(Uart::host()));
    firmware::report();
    firmware::exit(true)
}
