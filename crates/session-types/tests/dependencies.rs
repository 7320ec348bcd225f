//! What a crate pays that takes this one alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Writes a crate with these dependencies and gives what it would link: names, versions and features.
fn tree(name: &str, dependencies: &str) -> BTreeSet<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{dependencies}"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("src/lib.rs"), "#![no_std]\n").unwrap();
    // The versions of this workspace.
    std::fs::copy(Path::new(ROOT).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .current_dir(&folder)
        .args(["tree", "--offline", "--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p} [{f}]"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter(|line| !line.starts_with(name)).map(str::to_owned).collect()
}

fn version(package: &str) -> String {
    let lock = std::fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn names(tree: &BTreeSet<String>) -> BTreeSet<&str> {
    tree.iter().filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn a_crate_that_takes_this_one_pays_for_alloy_primitives_alone() {
    let path = env!("CARGO_MANIFEST_DIR");
    let ours =
        tree("takes-session-types", &format!("session-types = {{ path = {path:?}, default-features = false }}\n"));
    let alloy: String = ["alloy-primitives", "alloy-sol-types", "thiserror"]
        .map(|package| format!("{package} = {{ version = \"={}\", default-features = false }}\n", version(package)))
        .concat();
    let alloy = tree("takes-alloy", &alloy);
    let (ours_names, alloy_names) = (names(&ours), names(&alloy));
    let more: Vec<_> = ours_names.difference(&alloy_names).filter(|name| **name != "session-types").collect();
    assert!(more.is_empty(), "packages that alloy does not bring: {more:?}");

    for absent in ["serde", "serde_json", "k256", "std", "getrandom", "alloy-sol-types", "alloy-signer"] {
        assert!(!ours_names.contains(absent), "{absent} is linked");
    }
    for line in &ours {
        let features = line.split_once('[').unwrap().1.trim_end_matches(']');
        assert!(!features.split(',').any(|feature| feature == "std"), "{line} has the standard library");
    }
    assert!(ours_names.contains("alloy-primitives"));
}

#[test]
fn the_test_sees_the_standard_library_when_it_is_there() {
    let path = env!("CARGO_MANIFEST_DIR");
    let std = tree("takes-std", &format!("session-types = {{ path = {path:?}, features = [\"std\", \"k256\"] }}\n"));
    assert!(names(&std).contains("k256"));
    assert!(std.iter().any(|line| line.starts_with("alloy-primitives") && line.contains("std")));
}
