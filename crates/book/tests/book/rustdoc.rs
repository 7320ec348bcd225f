//! What rustdoc makes of the names: run after `cargo doc --workspace --all-features --no-deps`, which `cargo xtask test` does in its
//! step `documentation`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use serde::Deserialize;

use crate::files::{documents, read, root, shown};
use crate::table::rows;

/// Where rustdoc writes to.
fn output() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("doc")
}

/// The pages of the items that the table names, from rustdoc's root: rustdoc has resolved each as a link.
fn pages() -> BTreeMap<String, String> {
    let page = read(&output().join("book/counterparts/index.html"));
    let links = page.split("<a href=\"../../").skip(1).filter_map(|rest| {
        let (target, rest) = rest.split_once('"')?;
        let (path, _) = rest.split_once("<code>")?.1.split_once("</code>")?;
        Some((path.to_owned(), target.to_owned()))
    });
    links.filter(|(path, _)| path.contains("::")).map(|(path, target)| (path, settled(target))).collect()
}

/// Where a page leads to: at an item's path inside of its crate rustdoc writes a page that leads to its public one.
fn settled(target: String) -> String {
    let (file, anchor) = target.split_once('#').map_or((target.as_str(), None), |(file, anchor)| (file, Some(anchor)));
    let text = fs::read_to_string(output().join(file)).unwrap_or_else(|error| panic!("rustdoc's {file}: {error}"));
    let Some((_, rest)) = text.split_once("http-equiv=\"refresh\" content=\"0;URL=") else { return target };
    let mut public: Vec<&str> = file.split('/').collect();
    public.pop();
    for part in rest.split('"').next().unwrap_or_default().split('/') {
        match part {
            ".." => drop(public.pop()),
            part => public.push(part),
        }
    }
    let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
    settled(format!("{}{anchor}", public.join("/")))
}

#[test]
#[ignore = "needs rustdoc's output"]
fn the_table_links_to_the_pages_of_the_items() {
    let page = root().join("docs/from-typescript.md");
    let text = read(&page);
    let pages = pages();
    // Each link is [`path`](address): the address is rustdoc's to say.
    let mut parts = text.split("[`");
    let mut wanted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        wanted.push_str("[`");
        match part.split_once("`]").and_then(|(path, rest)| Some((path, pages.get(path)?, rest))) {
            Some((path, target, rest)) => {
                let package = target.split('/').next().unwrap_or_default().replace('_', "-");
                let rest = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest);
                wanted.push_str(&format!("{path}`](https://docs.rs/{package}/latest/{target}){rest}"));
            }
            None => wanted.push_str(part),
        }
    }
    if env::var("UPDATE").is_ok_and(|value| value == "1") {
        fs::write(&page, wanted).expect("writable");
    } else {
        assert_eq!(text, wanted, "run it with UPDATE=1 in its environment");
    }
}

/// Something that rustdoc's search has found.
#[derive(Debug, Deserialize)]
struct Found {
    href: String,
}

#[test]
#[ignore = "needs rustdoc's output"]
fn rustdoc_finds_every_name() {
    let pages = pages();
    let rows = rows(&read(&root().join("docs/from-typescript.md")));
    let names: Vec<&String> = rows.iter().filter(|row| !row.items.is_empty()).flat_map(|row| &row.names).collect();

    let script = root().join("crates/book/search.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(output()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().expect("node runs");
    let question = serde_json::to_vec(&names).expect("names are JSON");
    node.stdin.take().expect("piped").write_all(&question).expect("node reads");
    let answer = node.wait_with_output().expect("node ends");
    assert!(answer.status.success(), "the search failed");
    let found: BTreeMap<String, Vec<Found>> = serde_json::from_slice(&answer.stdout).expect("an answer for each name");

    let mut missing = Vec::new();
    for row in &rows {
        for name in row.names.iter().filter(|_| !row.items.is_empty()) {
            let hits = || found.get(name).into_iter().flatten().filter_map(|found| found.href.strip_prefix("../"));
            if !row.items.iter().any(|item| hits().any(|hit| pages.get(item).is_some_and(|page| page == hit))) {
                missing.push(format!("{name}: not {}", row.items.join(" or ")));
            }
        }
    }
    assert!(missing.is_empty(), "{} of {} names not found:\n{}", missing.len(), names.len(), missing.join("\n"));
}

#[test]
#[ignore = "needs rustdoc's output"]
fn links_to_the_documentation_lead_to_pages() {
    let mut dead = Vec::new();
    for document in documents() {
        for rest in read(&document).split("https://docs.rs/").skip(1) {
            let address = rest.split([')', '>', '"', '\n']).next().unwrap_or_default().trim();
            // `package/latest/path`; a package's first page has no path.
            let Some((_, path)) = address.split_once("/latest/") else { continue };
            let file = path.split('#').next().unwrap_or_default();
            if !output().join(file).exists() {
                dead.push(format!("{}: {address}", shown(&document)));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}
