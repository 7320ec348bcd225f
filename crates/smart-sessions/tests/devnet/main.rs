//! Sessions on a local chain with a bundler.

mod budgets;
mod costs;
mod ground;
mod lanes;
mod once;
#[cfg(feature = "passkey")]
mod passkey;
mod plan;
mod revoke;
#[cfg(feature = "postgres")]
mod shared_work;
mod status;
mod transports;
mod watch;
