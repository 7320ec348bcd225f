//! The board's serial ports, without interrupts.

/// A serial port.
#[derive(Debug)]
pub struct Uart(*mut u32);

const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 2;

impl Uart {
    /// The port to the host.
    #[must_use]
    pub fn host() -> Self {
        Self::start(0x4000_4000 as *mut u32)
    }

    /// The port to screen and button.
    #[must_use]
    pub fn person() -> Self {
        Self::start(0x4000_5000 as *mut u32)
    }

    fn start(base: *mut u32) -> Self {
        // SAFETY: the registers baud divider and control of the board's port.
        unsafe {
            base.add(4).write_volatile(16);
            base.add(2).write_volatile(3);
        }
        Self(base)
    }

    fn state(&self) -> u32 {
        // SAFETY: the port's state register.
        unsafe { self.0.add(1).read_volatile() }
    }

    /// Waits for a byte.
    #[must_use]
    pub fn receive(&mut self) -> u8 {
        while self.state() & RECEIVE_FULL == 0 {}
        // SAFETY: the port's data register; the upper bytes are 0.
        (unsafe { self.0.read_volatile() } & 0xff) as u8
    }

    /// Sends a byte.
    pub fn send(&mut self, byte: u8) {
        while self.state() & TRANSMIT_FULL != 0 {}
        // SAFETY: the port's data register.
        unsafe { self.0.write_volatile(byte.into()) };
    }
}

impl core::fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        text.bytes().for_each(|byte| self.send(byte));
        Ok(())
    }
}
