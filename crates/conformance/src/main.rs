//! `cargo xtask vectors [--dir DIR]`: runs every golden-vector check over the JSON files of a directory.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use conformance::Document;

/// Runs every golden-vector check over the JSON files of a directory, its folders included.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask vectors")]
struct Arguments {
    /// The directory; the project's own vectors when left out.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors"))]
    dir: PathBuf,
    /// How many failures to show of each file.
    #[arg(long, default_value_t = 5)]
    show: usize,
    /// Only the files whose path, from the directory on, begins with this text.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut files = Vec::new();
    collect(&arguments.dir, &mut files)?;
    files.sort();
    anyhow::ensure!(!files.is_empty(), "no .json file below {}", arguments.dir.display());

    let (mut passed, mut total, mut unchecked) = (0, 0, Vec::new());
    for path in &files {
        let label = path.strip_prefix(&arguments.dir).unwrap_or(path).with_extension("").display().to_string();
        if !label.starts_with(&arguments.only) {
            continue;
        }
        let document = Document::load(path).map_err(|error| anyhow::anyhow!("{label}: {error}"))?;
        let Some(tally) = conformance::run(&document) else {
            unchecked.push(label);
            continue;
        };
        println!("{label}: {}/{}", tally.passed(), tally.total());
        let failures = tally.failures();
        for failure in failures.iter().take(arguments.show) {
            println!("  {}", shorten(failure));
        }
        if failures.len() > arguments.show {
            println!("  … and {} more", failures.len() - arguments.show);
        }
        passed += tally.passed();
        total += tally.total();
    }
    for label in &unchecked {
        println!("{label}: no check for this file");
    }
    println!("vectors: {passed} passed, {} failed", total - passed);
    Ok(if passed == total && total > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(dir).map_err(|error| anyhow::anyhow!("{}: {error}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 600;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
