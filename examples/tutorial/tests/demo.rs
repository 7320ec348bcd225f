//! The demo itself: it passes, it fails when a limit is missing, and it leaves nothing running however it ends.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tutorial"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    demo(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The steps that did not do what they must.
fn failed_steps(document: &Value) -> Vec<&str> {
    let steps = document["steps"].as_array().unwrap();
    assert!(steps.len() >= 20, "{document:#}");
    steps.iter().filter(|step| step["passed"] == false).map(|step| step["step"].as_str().unwrap()).collect()
}

#[test]
fn every_step_does_what_it_must_on_both_generations() {
    for generation in ["legacy", "current"] {
        let output = run(&["--generation", generation, "--json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!(failed_steps(&document), [""; 0], "{document:#}");
        assert_eq!(document["passed"], true);
        assert!(output.status.success());
        let operations = document["steps"].as_array().unwrap().iter().filter(|step| step["operation"].is_string());
        assert!(operations.count() >= 11, "{document:#}");
    }
}

#[test]
fn one_signature_for_two_chains() {
    let output = run(&["--mee", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let steps = document["steps"].as_array().unwrap();
    let failed: Vec<_> = steps.iter().filter(|step| step["passed"] == false).collect();
    assert!(failed.is_empty() && steps.len() == 12, "{document:#}");
    assert!(output.status.success());
}

#[test]
fn a_missing_limit_fails_its_step() {
    for (limit, step) in [
        ("usage", "refused: a third use"),
        ("time", "refused: after the window"),
        ("rule", "refused: a number above the limit"),
    ] {
        let output = run(&["--without", limit, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{limit}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let steps = document["steps"].as_array().unwrap();
        let failed = steps.iter().find(|seen| seen["step"] == step).unwrap_or_else(|| panic!("{document:#}"));
        assert_eq!(failed["passed"], false, "{limit}");
        assert!(failed["result"].as_str().unwrap().contains("the chain let it pass"), "{failed:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_exists() {
    let devnet = testkit::Devnet::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{}\n", testkit::Key::Owner.secret())).unwrap();
    let (rpc_url, bundler_url) = (devnet.rpc_url().to_string(), devnet.bundler_url().to_string());
    let key_file = key.to_str().unwrap();
    let arguments =
        ["--rpc-url", &rpc_url, "--bundler-url", &bundler_url, "--owner-key-file", key_file, "--generation", "current"];

    // Nobody funds the account there: the step says how much goes where.
    let poor = text(&run(&arguments).stdout);
    let (_, rest) = poor.split_once("owner's account").unwrap();
    let account = rest.split_whitespace().find(|word| word.starts_with("0x") && word.len() == 42).unwrap();
    assert!(poor.contains("remedy: send it 0.02"), "{poor}");

    let ether = alloy_primitives::U256::from(10).pow(alloy_primitives::U256::from(18));
    devnet.chain().fund(account.parse().unwrap(), ether).await.unwrap();
    let output = run(&[&arguments[..], &["--json"]].concat());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(failed_steps(&document), [""; 0], "{document:#}");
    assert!(output.status.success());
    // The counter is deployed where the chain has none of ours, and the account is used again.
    let again = run(&[&arguments[..], &["--json"]].concat());
    assert!(again.status.success(), "{again:?}");

    // Another generation's module is missing on a chain without it.
    devnet.chain().set_code(smart_sessions::session::Deployment::legacy().module, []).await.unwrap();
    let legacy = [&arguments[..7], &["legacy"]].concat();
    let missing = text(&run(&legacy).stderr);
    assert!(missing.contains("has no Legacy session module") && missing.contains("remedy"), "{missing}");
    assert_eq!(missing.trim().lines().count(), 1, "{missing}");
}

#[test]
fn plain_text_where_there_is_no_terminal() {
    let output = run(&["--generation", "current"]);
    let seen = text(&output.stdout);
    assert!(output.status.success(), "{seen}");
    assert!(!seen.contains('\u{1b}'), "no escape sequences: {seen}");
    assert!(seen.contains("steps did what they must"), "{seen}");
}

#[test]
fn what_cannot_work_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let key_file = key.to_str().unwrap();
    let unreachable =
        ["--rpc-url", "http://127.0.0.1:1", "--bundler-url", "http://127.0.0.1:1", "--owner-key-file", key_file];

    let missing = run(&unreachable);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("cannot read the owner's key from"), "{missing:?}");

    std::fs::write(&key, "0x1234").unwrap();
    let malformed = text(&run(&unreachable).stderr);
    assert!(malformed.contains("does not hold a private key"), "{malformed}");
    assert!(!malformed.contains("0x1234"), "the key's text is not shown: {malformed}");

    std::fs::write(&key, "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\n").unwrap();
    let unreachable = text(&run(&unreachable).stderr);
    assert!(unreachable.contains("no connection") && unreachable.contains("remedy"), "{unreachable}");
    assert_eq!(unreachable.trim().lines().count(), 1, "{unreachable}");
}

/// The processes that came from `ancestor`, with their command lines.
fn descendants(ancestor: u32) -> Vec<(u32, String)> {
    let processes: Vec<(u32, u32, String)> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            Some((id, parent, String::from_utf8_lossy(&command).replace('\0', " ")))
        })
        .collect();
    let mut family = vec![ancestor];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        for (id, _, command) in processes.iter().filter(|(_, of, _)| *of == parent) {
            family.push(*id);
            found.push((*id, command.clone()));
        }
    }
    found
}

fn runs(process: &(u32, String)) -> bool {
    let command = std::fs::read(format!("/proc/{}/cmdline", process.0)).unwrap_or_default();
    !process.1.is_empty() && String::from_utf8_lossy(&command).replace('\0', " ") == process.1
}

#[test]
fn nothing_is_left_running_however_it_ends() {
    for signal in ["INT", "TERM", "KILL"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        let mut child = demo(&[]).stdout(std::fs::File::create(&file).unwrap()).spawn().unwrap();
        // Node and bundler run once the demo speaks of its chain.
        until(Duration::from_secs(120), || {
            std::fs::read_to_string(&file).unwrap_or_default().contains("\nChain ").then_some(())
        });
        let started = descendants(child.id());
        assert!(["anvil", "bundler"].iter().all(|name| started.iter().any(|process| process.1.contains(name))));

        let killed = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = child.wait().unwrap();
        assert!(!status.success(), "{signal}: {status}");
        until(Duration::from_secs(15), || (!started.iter().any(runs)).then_some(()));
    }
}

fn until<T>(patience: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < end, "not within {patience:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
