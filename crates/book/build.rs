//! Turns the items that `docs/from-typescript.md` names into links that rustdoc has to resolve.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let page = "../../docs/from-typescript.md";
    println!("cargo::rerun-if-changed={page}");
    let mut links = String::new();
    for path in fs::read_to_string(page)?.split("[`").skip(1).filter_map(|rest| rest.split_once("`]")) {
        let (path, after) = path;
        // A definition's target is for readers of the book; here the path itself must lead to an item.
        if path.contains("::") && !after.starts_with(':') {
            let _ = writeln!(links, "- [`{path}`]");
        }
    }
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(out.join("counterparts.md"), links)
}
