//! Every page stands in the table of contents, and every page with examples has them compiled.

use std::collections::BTreeSet;

use book::PAGES;

use crate::files::{documents, pages, read, root, shown};

#[test]
fn the_table_of_contents_names_every_page() {
    let summary = root().join("docs/SUMMARY.md");
    let text = read(&summary);
    let named: BTreeSet<String> = (text.lines())
        .filter_map(|line| line.split_once("](")?.1.strip_suffix(')'))
        .map(|path| format!("docs/{path}"))
        .collect();
    let there: BTreeSet<String> = pages().iter().filter(|page| **page != summary).map(|page| shown(page)).collect();
    assert_eq!(named, there);
}

/// The info strings of a page's fenced blocks.
fn fences(text: &str) -> Vec<&str> {
    let mut open = false;
    let mut found = Vec::new();
    for info in text.lines().filter_map(|line| line.trim_start().strip_prefix("```")) {
        if !open {
            found.push(info);
        }
        open = !open;
    }
    found
}

#[test]
fn every_rust_example_is_compiled() {
    let mut wrong = Vec::new();
    for document in documents() {
        let (name, text) = (shown(&document), read(&document));
        let rust: Vec<&str> = fences(&text).into_iter().filter(|info| info.starts_with("rust")).collect();
        // rustdoc compiles the pages of crates; the first page shows `examples/quickstart`, whose test compares the two.
        let compiled = PAGES.contains(&name.as_str()) || name.starts_with("crates/") || name == "README.md";
        if !rust.is_empty() && !compiled {
            wrong.push(format!("{name}: not in the list of pages in crates/book/src/lib.rs"));
        }
        wrong.extend(rust.iter().filter(|info| info.contains("ignore")).map(|info| format!("{name}: ```{info}")));
    }
    assert!(wrong.is_empty(), "examples that nothing compiles:\n{}", wrong.join("\n"));
}

#[test]
fn fences_are_told_from_their_ends() {
    assert_eq!(fences("```rust,no_run\nlet a;\n```\ntext\n```sh\nls\n```"), ["rust,no_run", "sh"]);
}
