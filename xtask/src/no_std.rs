//! Proof that the core crates need no standard library, and no more crates than they say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::command::{cargo, root, run};

const CORE: [&str; 3] = ["session-types", "policy-encoding", "userop"];

/// Links the core crates into a program without `std`, runs it, and shows that a leak of `std` would be seen.
pub(crate) fn probe() -> anyhow::Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        println!("the probe is a program for x86_64 Linux: left out");
        return Ok(());
    }
    run(probe_cargo("run").args(["--quiet", "--release"])).context("the core crates do not work without `std`")?;
    let leak = probe_cargo("build").args(["--quiet", "--release", "--features", "std-leak"]).output()?;
    let message = String::from_utf8_lossy(&leak.stderr);
    ensure!(!leak.status.success(), "a dependency that uses `std` was linked and nobody noticed");
    ensure!(message.contains("E0152"), "the leak of `std` failed for another reason:\n{message}");
    Ok(())
}

fn probe_cargo(subcommand: &str) -> Command {
    let mut command = cargo([subcommand]);
    command
        .current_dir(root().join("ci/no-std-probe"))
        .env("CARGO_TARGET_DIR", root().join("target/no-std-probe"))
        .env_remove("RUSTFLAGS");
    command
}

/// Checks every combination of the core crates' features, each crate by itself.
pub(crate) fn feature_powerset() -> anyhow::Result<()> {
    for package in CORE {
        let stated = stated_features(package)?;
        let names: Vec<&String> = stated.keys().collect();
        let combinations = (0..1_usize << names.len()).map(|bits| {
            names
                .iter()
                .enumerate()
                .filter(|(index, _)| bits >> index & 1 == 1)
                .map(|(_, name)| name.as_str())
                .collect()
        });
        for chosen in combinations.filter(|chosen: &Vec<&str>| is_distinct(chosen, &stated)) {
            let chosen = chosen.join(",");
            let mut command = cargo(["check", "--quiet", "--package", package, "--no-default-features", "--features"]);
            run(command.arg(&chosen)).with_context(|| format!("{package} with features `{chosen}`"))?;
        }
    }
    Ok(())
}

/// Whether none of the chosen features brings another one along: the same combination is checked without that one too.
fn is_distinct(chosen: &[&str], stated: &BTreeMap<String, Vec<String>>) -> bool {
    let brought = |name: &str| {
        chosen.iter().any(|other| stated.get(*other).is_some_and(|brings| brings.iter().any(|brought| brought == name)))
    };
    !chosen.iter().any(|name| brought(name))
}

/// The features that a crate states, but `default`.
fn features(package: &str) -> anyhow::Result<Vec<String>> {
    Ok(stated_features(package)?.into_keys().collect())
}

/// The same, with what each of them brings along.
fn stated_features(package: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let output = cargo(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let found = packages.iter().find(|candidate| candidate["name"] == package).context("no such package")?;
    let features = found["features"].as_object().context("no features")?;
    let brings = |value: &serde_json::Value| {
        value.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let stated = features.iter().filter(|(name, _)| *name != "default");
    Ok(stated.map(|(name, value)| (name.clone(), brings(value))).collect())
}

/// Compares what each core crate links, without features and with each of them, with the committed list.
pub(crate) fn dependency_lists(write: bool) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for package in CORE {
        let seen = dependency_list(package)?;
        let path = root().join("ci/dependencies").join(format!("{package}.txt"));
        if write {
            std::fs::create_dir_all(root().join("ci/dependencies"))?;
            std::fs::write(&path, seen)?;
        } else {
            let allowed = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            wrong.extend(differences(package, &allowed, &seen));
        }
    }
    if !wrong.is_empty() {
        bail!("{}\n`cargo xtask dependencies --write` writes the lists anew, for the review to see", wrong.join("\n"));
    }
    Ok(())
}

/// One line a crate that is linked, and the feature that brings it: `serde  serde_core`.
fn dependency_list(package: &str) -> anyhow::Result<String> {
    let always = linked(package, "")?;
    let mut text = format!("# What {package} links, on any target. After a name: the feature that brings it.\n");
    for name in &always {
        writeln!(text, "{name}")?;
    }
    for feature in features(package)? {
        for name in linked(package, &feature)?.difference(&always) {
            writeln!(text, "{name}  [{feature}]")?;
        }
    }
    Ok(text)
}

fn linked(package: &str, features: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut command =
        cargo(["tree", "--quiet", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]);
    command.args(["--target", "all", "--package", package, "--no-default-features", "--features", features]);
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter(|line| !line.contains("(proc-macro)"));
    let names = names.filter_map(|line| line.split_whitespace().next());
    Ok(names.filter(|name| *name != package).map(str::to_owned).collect())
}

fn differences(package: &str, allowed: &str, seen: &str) -> Vec<String> {
    let lines =
        |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<BTreeSet<_>>();
    let (allowed, seen) = (lines(allowed), lines(seen));
    let new = seen.difference(&allowed).map(|line| format!("{package} links `{line}`, which is not in its list"));
    let gone =
        allowed.difference(&seen).map(|line| format!("{package} no longer links `{line}`: take it from its list"));
    new.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{differences, is_distinct};

    #[test]
    fn what_a_feature_brings_is_not_chosen_twice() {
        let stated = BTreeMap::from([
            ("serde".to_owned(), vec!["dep:serde".to_owned()]),
            ("erc7715".to_owned(), vec!["serde".to_owned()]),
        ]);
        assert!(is_distinct(&[], &stated) && is_distinct(&["serde"], &stated) && is_distinct(&["erc7715"], &stated));
        assert!(!is_distinct(&["erc7715", "serde"], &stated));
    }

    #[test]
    fn a_new_and_a_gone_dependency_are_named() {
        let allowed = "# words\nalloy-primitives\nserde_core  [serde]\n";
        assert!(differences("userop", allowed, allowed).is_empty());
        let seen = "alloy-primitives\nonce_cell\n";
        let found = differences("userop", allowed, seen);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("`once_cell`"), "{found:?}");
        assert!(found[1].contains("`serde_core  [serde]`"), "{found:?}");
    }
}
