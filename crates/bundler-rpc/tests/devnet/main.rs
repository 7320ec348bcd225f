//! The client against a real node and a real bundler.

mod account;
mod bundler;
mod faults;
mod fees;
#[cfg(unix)]
mod ipc;

use testkit::{Devnet, DevnetBuilder, Error};

/// Starts the local chain; `None`, and a word about it, where there is no Node to run it.
async fn start(builder: DevnetBuilder) -> Option<Devnet> {
    match builder.start().await {
        Ok(devnet) => Some(devnet),
        Err(error @ (Error::Missing { .. } | Error::TooOld { .. })) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
