//! Accounts on a real node with a real bundler: their code comes from npm packages, the operations from this crate.

mod harness;
mod kernel;
mod nexus;
mod safe7579;
mod session;
