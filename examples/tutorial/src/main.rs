//! The whole tutorial on a chain: `cargo xtask demo`.
//!
//! The program plays two parts. Without a subcommand it is the owner: it prepares the account, grants sessions and
//! revokes them. For every use of a session it starts itself again with `use-session`: a process that is given the stored
//! text and the session key, and nothing else of the owner's.

mod arguments;
mod attempt;
mod chain;
mod counter;
mod mee;
mod report;
mod scenario;
mod sessions;
mod user;
mod user_process;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Part};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let work = async {
        match &arguments.part {
            Some(Part::UseSession(attempt)) => user::run(attempt).await,
            None if arguments.mee => mee::run(&arguments).await,
            None => scenario::run(&arguments).await,
        }
    };
    // A signal drops the work, and with it the node and the bundler that it started.
    let outcome = tokio::select! {
        outcome = work => outcome,
        signal = interrupted() => Err(anyhow::anyhow!("stopped by {signal}")),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ends when somebody wants the program to.
async fn interrupted() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "an interrupt",
        _ = terminate.recv() => "a termination signal",
        _ = hang_up.recv() => "a hang-up",
    }
}
