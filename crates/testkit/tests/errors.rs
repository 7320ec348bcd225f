//! What cannot work is said in one line that says what to do.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

/// The devnet program.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devnet"));
    command.args(["--bundler-port", "0"]);
    command
}

/// A folder with a program that is a shell script, and nothing else.
fn script(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The path with a folder before all others.
fn path_with(folder: &std::path::Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// The one line that a failing command says.
#[track_caller]
fn complaint(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = message.lines().filter(|line| !line.starts_with("installing ")).collect();
    let [line] = lines[..] else { panic!("{message}") };
    line.strip_prefix("error: ").unwrap().to_owned()
}

#[test]
fn a_taken_port() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for ports in [["--port", &port, "--bundler-port", "0"], ["--port", "0", "--bundler-port", &port]] {
        let message = complaint(Command::new(env!("CARGO_BIN_EXE_devnet")).args(ports));
        assert!(message.contains(&format!("port {port}")) && message.contains("choose another"), "{message}");
    }
}

#[test]
fn node_is_missing() {
    let message = complaint(program().args(["--port", "0"]).env("PATH", "/nowhere"));
    assert!(message.starts_with("`node` was not found: install Node 20.11 or later"), "{message}");
}

#[test]
fn node_is_too_old() {
    let folder = script("node", "echo v18.19.1");
    let message = complaint(program().args(["--port", "0"]).env("PATH", path_with(&folder)));
    assert_eq!(message, "Node v18.19.1 is too old: install Node 20.11 or later");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn npm_fails() {
    let folder =
        script("npm", "echo 'npm error code ENOTFOUND' >&2; echo 'npm error network request failed' >&2; exit 1");
    let base = folder.join("devnet");
    for _ in 0..2 {
        let mut command = program();
        let message = complaint(command.args(["--port", "0"]).env("PATH", path_with(&folder)).env("DEVNET_DIR", &base));
        assert!(message.starts_with("npm could not install the devnet's packages: check the network"), "{message}");
        assert!(message.ends_with(": code ENOTFOUND; network request failed"), "{message}");
        // The lock, and the last attempt with npm's own words.
        assert_eq!(fs::read_dir(&base).unwrap().count(), 2);
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn anvil_is_not_there() {
    let message = complaint(program().args(["--port", "0"]).env("DEVNET_ANVIL", "/nowhere/anvil"));
    assert_eq!(message, "there is no anvil at /nowhere/anvil: give the path of one for this platform in DEVNET_ANVIL");
}

#[test]
fn anvil_fails() {
    let folder = script("anvil", "echo starting; echo 'no such hardfork'; exit 3");
    let output = program().args(["--port", "0"]).env("DEVNET_ANVIL", folder.join("anvil")).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    let line = message.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(line.starts_with("error: anvil ended unexpectedly with status 3 (log: "), "{message}");
    assert!(line.ends_with("): starting | no such hardfork"), "{message}");
    let kept = message.lines().find_map(|line| line.strip_prefix("logs are kept in ")).unwrap();
    fs::remove_dir_all(kept).unwrap();
    fs::remove_dir_all(folder).unwrap();
}
