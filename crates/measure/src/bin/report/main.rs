//! `cargo xtask bench`: runs every bench and writes `docs/performance.md` with its plots.

mod goals;
mod instructions;
mod plot;
mod rows;
mod run;
mod table;

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;

use crate::rows::Results;

/// Run every bench and write the tables and plots of `docs/performance.md`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", max_term_width = 110)]
struct Arguments {
    /// Only the benches whose name contains this text; the other rows stay as they are
    #[arg(long)]
    only: Option<String>,
    /// Take times only, without callgrind's instruction counts
    #[arg(long)]
    times_only: bool,
    /// Count instructions only, write nothing, and fail when a count grew by more than five per cent on the processor
    /// and compiler of the committed figures
    #[arg(long)]
    check: bool,
    /// Take the times that were measured last, and only write the tables and plots anew
    #[arg(long)]
    render: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let file = root().join("docs/performance/results.json");
    let mut results = Results::read(&file)?;
    if !arguments.render {
        let benches = run::benches(arguments.only.as_deref())?;
        if arguments.check {
            let Some(counted) = instructions::count(&benches)? else {
                println!("valgrind is not installed and cannot be: no instructions are counted");
                return Ok(());
            };
            let grown = instructions::compare(&results, &counted);
            let machine = run::machine()?;
            if build_of(&machine) != build_of(&results.machine) {
                // Another compiler writes other code, another processor chooses other copy loops.
                println!("{}\nthe figures are of another machine: {}", grown.join("\n"), build_of(&results.machine));
                return Ok(());
            }
            ensure!(grown.is_empty(), "{}", grown.join("\n"));
            return Ok(());
        }
        let machine = run::machine()?;
        results.replace(run::time(&benches)?, &benches);
        results.machine = machine;
        if !arguments.times_only {
            match instructions::count(&benches)? {
                Some(counted) => results.set_instructions(&counted),
                None => println!("valgrind is not installed and cannot be: times judge every goal"),
            }
        }
        results.write(&file)?;
    }
    table::write(&root().join("docs/performance.md"), &results, &goals::table(&results)?)?;
    plot::write(&root().join("docs/performance"), &results)?;
    print!("{}", table::of(&results));
    Ok(())
}

/// Processor, system and compiler of a machine's description.
fn build_of(machine: &str) -> &str {
    machine.split_once(", load ").map_or(machine, |(build, _)| build)
}

/// The workspace's root.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).map_or_else(|| own.clone(), PathBuf::from)
}
