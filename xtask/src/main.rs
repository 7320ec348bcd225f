//! `cargo xtask …`: the project's commands. Each one is a thin wrapper, so that this program stays quick to build.

mod budgets;
mod cold_build;
mod command;
mod debian;
mod device_tools;
mod facade;
mod firmware;
mod no_std;
mod postgres;
mod test;

use clap::{Parser, Subcommand};

/// The project's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the whole tutorial on a local chain with a real node and a real bundler (`--help` lists its options)
    #[command(disable_help_flag = true)]
    Demo(Rest),
    /// Start a local chain with a bundler and all contracts, and keep it running until Ctrl-C
    #[command(disable_help_flag = true)]
    Devnet(Rest),
    /// Run every golden-vector check over the project's vectors, or over the files of `--dir DIR`
    #[command(disable_help_flag = true)]
    Vectors(Rest),
    /// Compile the Solidity sources and write their code, or compare it with `--check`
    #[command(disable_help_flag = true)]
    Contracts(Rest),
    /// Run every bench and write the tables and plots of `docs/performance.md` (`--help` lists its options)
    #[command(disable_help_flag = true)]
    Bench(Rest),
    /// Compare what the core crates link with the committed lists, or write these with `--write`
    Dependencies {
        /// Write the lists instead of comparing
        #[arg(long)]
        write: bool,
    },
    /// Compare what crates, programs and the device take with `docs/budgets.md`
    Budgets(budgets::Options),
    /// Build the signing device for a Cortex-M4, run it in an emulator, and build it for RISC-V and WebAssembly
    Firmware,
    /// Run all checks and tests, the fast ones first
    Test(test::Arguments),
}

/// Arguments that are handed on as they are.
#[derive(Debug, clap::Args)]
struct Rest {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Demo(rest) => command::become_binary("tutorial", "tutorial", &rest.arguments),
        Task::Devnet(rest) => command::become_binary("testkit", "devnet", &rest.arguments),
        Task::Vectors(rest) => command::become_binary("conformance", "conformance", &rest.arguments),
        Task::Contracts(rest) => command::become_binary("session-contracts", "compile", &rest.arguments),
        Task::Bench(rest) => {
            command::become_binary_with("measure", "report", &["--features", "report"], &rest.arguments)
        }
        Task::Dependencies { write } => no_std::dependency_lists(write),
        Task::Budgets(options) => budgets::run(&options),
        Task::Firmware => firmware::run(),
        Task::Test(arguments) => test::run(&arguments),
    }
}
