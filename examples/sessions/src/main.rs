//! `sessions`: what a smart session permits, whether it permits a call, what some bytes are, and what a chain says.
//!
//! `sessions help` tells the rest; the README shows every command with its output.

mod arguments;
mod chains;
mod check;
mod decode;
mod explain;
mod failure;
mod found;
mod grants;
mod input;
mod output;
mod revoke;
mod session;
mod status;
mod tree;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use failure::Failure;
use output::Report;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) => {
            // A call that is to be copied is printed whole.
            let full = arguments.full || matches!(arguments.command, Command::Revoke(_));
            output::print(&report, arguments.json, full);
            ExitCode::from(report.exit)
        }
        Err(failure) => {
            output::print_failure(&failure, arguments.json);
            ExitCode::from(failure.exit())
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report, Failure> {
    match &arguments.command {
        Command::Explain(part) => explain::run(part),
        Command::Decode(part) => decode::run(part),
        Command::Status(part) => status::run(part),
        Command::Revoke(part) => revoke::run(part, arguments.json),
        Command::Check(part) => check::run(part),
    }
}
