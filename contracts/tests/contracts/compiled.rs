//! The code that is kept is what the sources give.

use session_contracts::Contract;
use session_contracts::compile::{compile, kept};

#[test]
fn kept_code_is_up_to_date() {
    let compiled = compile().unwrap_or_else(|error| panic!("{error}"));
    let kept = kept().unwrap();
    let stale: Vec<_> =
        compiled.iter().filter(|(name, code)| kept.get(*name) != Some(*code)).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "not up to date, run `cargo run -p session-contracts -- compile`: {stale:?}");

    let mut names: Vec<_> = Contract::ALL.iter().map(|contract| contract.name()).collect();
    names.sort_unstable();
    assert!(names.iter().eq(compiled.keys()), "contracts without a variant, or variants without a contract");
    assert!(names.iter().eq(kept.keys()), "compiled code that belongs to no contract");
}
