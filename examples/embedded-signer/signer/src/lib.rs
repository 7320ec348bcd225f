#![doc = "Device logic."]
#![no_std]
extern crate alloc;
