//! Runs one decoder of the bounded run in `session-types`' tests: reading, then writing and reading again.

#[path = "../crates/session-types/tests/decoders/mod.rs"]
mod decoders;

pub(crate) fn run(name: &str, data: &[u8]) {
    for decoder in decoders::DECODERS.iter().filter(|decoder| decoder.name == name) {
        (decoder.read)(data);
        (decoder.round_trip)(data);
    }
}
