//! Every name that the TypeScript documents and libraries use stands in the migration table and is found by rustdoc's search.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Api;
use crate::files::{below, read, root, shown};
use crate::table::rows;

/// The names, each with the lists that have it.
fn lists() -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in below(&root().join("docs/names"), "txt") {
        let text = read(&file);
        for name in text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
            names.entry(name.to_owned()).or_default().push(shown(&file));
        }
    }
    names
}

#[test]
fn every_name_has_a_row_and_the_search_finds_its_counterpart() {
    let (names, api) = (lists(), Api::read());
    assert!(names.len() > 300, "only {} names", names.len());
    let rows = rows(&read(&root().join("docs/from-typescript.md")));
    let mut wrong = Vec::new();
    let mut listed = BTreeSet::new();
    for row in &rows {
        for item in row.items.iter().filter(|item| !api.has(item)) {
            wrong.push(format!("{}: no public item {item}", row.names.join(", ")));
        }
        for name in &row.names {
            listed.insert(name.as_str());
            if !names.contains_key(name) {
                wrong.push(format!("{name}: in the table, in no list"));
            }
            if row.items.is_empty() {
                if row.remark.is_empty() {
                    wrong.push(format!("{name}: neither a counterpart nor a reason"));
                }
            } else if !row.items.iter().any(|item| api.is_found_by(item, name)) {
                wrong.push(format!("{name}: a search does not find {}", row.items.join(" or ")));
            }
        }
    }
    for (name, lists) in names.iter().filter(|(name, _)| !listed.contains(name.as_str())) {
        wrong.push(format!("{name}: no row, listed in {}", lists.join(", ")));
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

/// Names of the two documents that are TypeScript's, viem's or the reader's own need no counterpart; all others do.
#[test]
fn every_name_of_the_documents_is_found_by_search() {
    let rows = rows(&read(&root().join("docs/from-typescript.md")));
    let mut without = Vec::new();
    for (name, lists) in lists().iter().filter(|(_, lists)| lists.iter().any(|list| list.contains("document-"))) {
        if !rows.iter().any(|row| row.names.contains(name) && !row.items.is_empty()) {
            without.push(format!("{name} ({})", lists.join(", ")));
        }
    }
    assert!(without.is_empty(), "names of the documents without a counterpart:\n{}", without.join("\n"));
}
