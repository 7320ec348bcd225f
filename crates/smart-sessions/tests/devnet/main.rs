//! Sessions on a local chain with a bundler.

mod ground;
mod lanes;
mod plan;
mod status;
