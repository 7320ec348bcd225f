//! `cargo run -p session-contracts -- compile [--check]`: compiles the Solidity into `contracts/compiled`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use session_contracts::compile::{CompileError, compile, keep, kept};

#[derive(Debug, Parser)]
#[command(name = "session-contracts", about = "Our own contracts for tests and the demo")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Compile the Solidity and keep the code beside it.
    Compile {
        /// Change nothing; fail when the code that is kept is not what the sources give.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let Task::Compile { check } = Arguments::parse().command;
    match run(check) {
        Ok(fresh) if fresh || !check => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("the kept code is not up to date: run `cargo run -p session-contracts -- compile`");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the code that is kept was what the sources give.
fn run(check: bool) -> Result<bool, CompileError> {
    let (compiled, before) = (compile()?, kept()?);
    for (name, code) in &compiled {
        let state = if before.get(name) == Some(code) { "same" } else { "changed" };
        println!("{name:<24} {:>6} bytes  {state}", code.len());
    }
    if !check {
        keep(&compiled)?;
    }
    Ok(compiled == before)
}
