//! A server of a test's own, of which nothing is left.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use testkit::postgres::Postgres;

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// The server's own process, from the file that it writes.
fn server(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap().lines().next().unwrap().to_owned()
}

#[track_caller]
fn assert_gone(pid: &str, folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while is_alive(pid) || folder.exists() {
        assert!(Instant::now() < deadline, "{} is alive: {}; {} is there", pid, is_alive(pid), folder.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn nothing_is_left_behind() {
    let postgres = Postgres::start().await.unwrap();
    postgres.check().unwrap();
    let (pid, folder, logs) = (server(postgres.folder()), postgres.folder().to_owned(), postgres.logs().to_owned());
    assert!(is_alive(&pid) && std::net::TcpStream::connect(("127.0.0.1", postgres.url().port().unwrap())).is_ok());
    drop(postgres);
    assert_gone(&pid, &folder);
    assert!(!logs.exists());

    // The process is killed: nobody is left to drop anything.
    let postgres = Postgres::start().await.unwrap();
    let (pid, folder) = (server(postgres.folder()), postgres.folder().to_owned());
    let supervisor = postgres.process_id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &supervisor]).status().unwrap().success());
    assert_gone(&pid, &folder);
    assert!(postgres.check().is_err() || !is_alive(&supervisor));
}
