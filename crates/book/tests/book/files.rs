//! The project's files.

use std::fs;
use std::path::{Path, PathBuf};

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All files below a folder whose name ends so, sorted.
pub(crate) fn below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|seen| seen == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file's text.
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A path as it is written in messages and in the list of pages: from the root.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every page of the book.
pub(crate) fn pages() -> Vec<PathBuf> {
    below(&root().join("docs"), "md")
}

/// Every Markdown file that the project shows to readers: the book, the root's files and those of each member.
pub(crate) fn documents() -> Vec<PathBuf> {
    let root = root();
    let mut found = pages();
    let mut folders = vec![root.clone(), root.join("contracts"), root.join("vectors")];
    for parent in ["crates", "examples"] {
        folders.extend(fs::read_dir(root.join(parent)).unwrap().map(|entry| entry.unwrap().path()));
    }
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        found.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    found.sort();
    found
}
