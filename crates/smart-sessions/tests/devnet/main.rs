//! Sessions on a local chain with a bundler.

mod ground;
mod lanes;
#[cfg(feature = "passkey")]
mod passkey;
mod plan;
mod status;
mod transports;
