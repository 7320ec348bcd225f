//! Sessions on a local chain with a bundler.

mod budgets;
mod costs;
mod ground;
mod lanes;
#[cfg(feature = "passkey")]
mod passkey;
mod plan;
mod revoke;
mod status;
mod transports;
mod watch;
