//! However a devnet's process ends, nothing of it is left.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::Devnet;

/// The processes of a group that still run; those that ended and are not yet buried do not count.
fn alive(group: u32) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // `pid (name) state parent group …`, where the name can hold anything.
        let Some((head, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        if fields.first() != Some(&"Z") && fields.get(2) == Some(&group.to_string().as_str()) {
            found.push(head.to_owned());
        }
    }
    found
}

#[track_caller]
fn assert_gone(group: u32) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !alive(group).is_empty() {
        assert!(Instant::now() < deadline, "still there: {:?}", alive(group));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The devnet program with other arguments, and what it says once it is ready.
fn program(arguments: &[&str]) -> (Child, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_devnet"))
        .args(["--port", "0", "--bundler-port", "0", "--json"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap_or_default())
}

/// The logs of the only devnet of a process.
fn logs(child: &Child) -> PathBuf {
    testkit::npm::base_folder().join("logs").join(format!("{}-0", child.id()))
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn signals_leave_nothing_behind() {
    for (name, code) in [("-INT", Some(0)), ("-TERM", Some(0)), ("-HUP", Some(0)), ("-KILL", None)] {
        // The bundler once: it is what takes time, and is in the same group.
        let without: &[&str] = if name == "-KILL" { &[] } else { &["--no-bundler"] };
        let (mut child, places) = program(without);
        let group = u32::try_from(places["processGroup"].as_u64().unwrap()).unwrap();
        assert_eq!(alive(group).len(), if name == "-KILL" { 3 } else { 2 }, "supervisor, node and bundler run");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), code, "{name}");
        assert_gone(group);
        // Nobody was left to remove them.
        assert_eq!(logs(&child).exists(), name == "-KILL");
        drop(std::fs::remove_dir_all(logs(&child)));
    }
}

#[test]
fn a_kill_during_start_leaves_nothing_behind() {
    for wait in [30, 80, 150] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_devnet"))
            .args(["--port", "0", "--bundler-port", "0", "--json"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let supervisors = children(child.id());
        signal(&child, "-KILL");
        child.wait().unwrap();
        supervisors.into_iter().for_each(assert_gone);
        drop(std::fs::remove_dir_all(logs(&child)));
    }
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |process: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent_field = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent_field == Some(parent)
    };
    processes.filter(is_child).collect()
}

#[tokio::test]
async fn drop_and_panic_leave_nothing_behind() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let (group, logs) = (devnet.process_id(), devnet.logs().to_owned());
    assert_eq!(alive(group).len(), 2);
    drop(devnet);
    assert_eq!(alive(group), [""; 0]);
    assert!(!logs.exists());

    let (sender, receiver) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let devnet = Devnet::builder().without_bundler().start().await.unwrap();
        sender.send((devnet.process_id(), devnet.logs().to_owned())).unwrap();
        panic!("this panic is part of the test");
    });
    let (group, logs) = receiver.await.unwrap();
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(alive(group), [""; 0]);
    assert!(logs.join("anvil.log").exists(), "a panic keeps the logs");
    std::fs::remove_dir_all(logs).unwrap();
}

#[tokio::test]
async fn a_killed_supervisor_takes_its_programs_along() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let group = devnet.process_id();
    assert!(Command::new("kill").args(["-KILL", &group.to_string()]).status().unwrap().success());
    drop(devnet);
    assert_gone(group);
}

#[tokio::test]
async fn a_crash_is_reported_with_the_last_words() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    devnet.check().unwrap();
    let node = children(devnet.process_id());
    assert!(Command::new("kill").args(["-KILL", &node[0].to_string()]).status().unwrap().success());
    let message = devnet.crashed().await.to_string();
    assert!(message.starts_with("anvil ended unexpectedly with signal SIGKILL (log: "), "{message}");
    assert!(message.contains("eth_"), "{message}");
    let logs = devnet.logs().to_owned();
    drop(devnet);
    assert!(logs.join("anvil.log").exists(), "a crash keeps the logs");
    std::fs::remove_dir_all(logs).unwrap();
}
