//! No relative link of any document leads nowhere.

use std::collections::HashSet;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::files::{documents, read, root, shown};

#[test]
fn every_relative_link_leads_somewhere() {
    let mut dead = Vec::new();
    for document in documents() {
        for target in relative_links(&read(&document)) {
            if let Err(reason) = resolve(&document, &target) {
                dead.push(format!("{}: {target}: {reason}", shown(&document)));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

fn relative_links(text: &str) -> Vec<String> {
    let links = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    });
    // `crate::Item` is rustdoc's, which checks it.
    links.filter(|target| !target.contains("://") && !target.contains("::") && !is_item(target)).collect()
}

/// The name of an item, as a crate's page links to it: `Chain`, `Chain()`, `permission`.
fn is_item(target: &str) -> bool {
    !target.contains(['.', '/', '#'])
}

fn resolve(document: &Path, target: &str) -> Result<(), String> {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let file = if path.is_empty() { document.to_path_buf() } else { document.with_file_name("").join(path) };
    if !file.exists() {
        return Err("no such file".to_owned());
    }
    if is_page(document) && !document.ends_with("SUMMARY.md") && is_page(&file) && file.ends_with("README.md") {
        return Err("the book makes an index.html of it".to_owned());
    }
    match anchor {
        Some(anchor) if file.extension().is_some_and(|extension| extension == "md") => {
            if anchors(&read(&file)).contains(anchor) { Ok(()) } else { Err("no such heading".to_owned()) }
        }
        _ => Ok(()),
    }
}

fn is_page(file: &Path) -> bool {
    file.starts_with(root().join("docs"))
}

/// The anchors of a page's headings: lower case, blanks as hyphens, without punctuation.
fn anchors(text: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
            Event::End(TagEnd::Heading(_)) => {
                let letters = heading.take().unwrap_or_default().to_lowercase();
                let kept = letters.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
                found.insert(kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect());
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_dead_link_is_found() {
    let here = root().join("docs/architecture.md");
    assert_eq!(resolve(&here, "nowhere.md"), Err("no such file".to_owned()));
    assert_eq!(resolve(&here, "architecture.md#no-such-heading"), Err("no such heading".to_owned()));
    assert_eq!(resolve(&here, "#decisions"), Ok(()));
    assert_eq!(relative_links("[a](b.md) [c](https://d) [e](f::G) ![h](i.svg)"), ["b.md", "i.svg"]);
}
