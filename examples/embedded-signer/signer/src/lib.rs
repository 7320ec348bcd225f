//! A signing device for session keys: what it does between its byte stream, its screen and its button.
//!
//! The host sends a session grant, later operations. The device decodes both itself, shows in words what they mean, asks the person
//! who holds it, checks every operation against the policies of the grant, and signs only what they permit. It trusts the host with
//! nothing but the time, which the entry point checks again on the chain.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod device;
mod key;
mod message;
mod words;

pub use device::{Device, Person};
#[cfg(feature = "k256")]
pub use key::OwnKey;
pub use key::{Approved, Key, SecureElement};
pub use message::{
    Answer, END, GrantHeader, Link, MAX_FRAME, Malformed, OperationHeader, Request, read_frame, write_frame,
};

/// Answers requests until the conversation ends.
pub fn serve<K: Key, P: Person>(device: &mut Device<K, P>, link: &mut impl Link) {
    while let Some((kind, payload)) = read_frame(link) {
        let answer = device.answer(kind, payload);
        write_frame(link, &answer);
    }
}
