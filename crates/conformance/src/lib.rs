//! Golden-vector checks of every crate, over any directory of vector files.
//!
//! A [`Document`] is one JSON file. Every [`Check`] says which documents it understands, by the document's schema
//! and by how its file name begins, so that another directory with other cases of the same kinds runs unchanged.
//! `cargo xtask vectors` is the command line of this crate.

pub mod areas;
mod check;
mod document;
mod tally;

pub use check::Check;
pub use document::{Document, LoadError};
pub use tally::Tally;

/// Runs every check that understands `document`, or gives `None` when none does.
#[must_use]
pub fn run(document: &Document) -> Option<Tally> {
    let mut checks = areas::checks().filter(|check| check.understands(document)).peekable();
    checks.peek()?;
    let mut tally = Tally::default();
    for check in checks {
        tally.in_check(check.title, |tally| (check.run)(document, tally));
    }
    Some(tally)
}
