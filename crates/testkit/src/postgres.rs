//! A PostgreSQL server of a test's own.
//!
//! The programs are those of Debian's package `postgresql`: the newest below `/usr/lib/postgresql`, or the ones that
//! `cargo xtask test` has unpacked below `target/postgres`, or those in the folder that `DEVNET_POSTGRES` names. A start takes
//! about two seconds, most of it for a new cluster, which stands in the folder for temporary files and goes with the
//! server, however the process ends. The server refuses to run as root: then it runs as `postgres`, or as `nobody`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use url::Url;

use crate::Error;
use crate::devnet::Logs;
use crate::npm::{Packages, base_folder};
use crate::supervisor::{Program, Supervisor};

/// Environment variable that names the folder of `initdb` and `postgres`.
pub const PROGRAMS_VARIABLE: &str = "DEVNET_POSTGRES";

const NAME: &str = "postgres";
const DEADLINE: Duration = Duration::from_secs(60);
/// How often another port is tried when somebody takes the free one first.
const PORTS: u32 = 3;

/// A new cluster in the folder `$1`, and its server: of the superuser `postgres` with the password `$2`, on the port `$3`.
/// What it writes need not outlive the machine.
const SCRIPT: &str = r#"
umask 077 && mkdir "$1" && cd "$1" && printf '%s' "$2" > password &&
"$0/initdb" --pgdata=data --username=postgres --pwfile=password --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync --no-instructions &&
exec "$0/postgres" -D data -h 127.0.0.1 -p "$3" -c unix_socket_directories= -c fsync=off -c shared_buffers=16MB -c max_connections=100
"#;

/// A running server with an empty database. It ends when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    // Dropped first: the log files may go only after the program that writes them.
    supervisor: Supervisor,
    server: Program,
    folder: PathBuf,
    url: Url,
    logs: Arc<Logs>,
}

impl Postgres {
    /// The superuser's password.
    pub const PASSWORD: &'static str = "known-to-all";

    /// Makes a cluster and starts its server on a free port.
    ///
    /// # Errors
    ///
    /// [`Error::NoPostgres`] without its programs; [`Error::Exited`] and [`Error::NotReady`] when it does not start.
    pub async fn start() -> Result<Self, Error> {
        let programs = programs().ok_or(Error::NoPostgres { variable: PROGRAMS_VARIABLE })?;
        let installed = tokio::task::spawn_blocking(Packages::installed).await;
        let packages = installed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let logs = Arc::new(Logs::create(&base_folder())?);
        for left in (0..PORTS).rev() {
            match Self::start_on(free_port()?, &programs, &packages, Arc::clone(&logs)).await {
                Err(Error::Exited { tail, .. }) if left > 0 && tail.contains("could not bind") => {}
                Err(error) => {
                    logs.keep();
                    return Err(error);
                }
                started => return started,
            }
        }
        Err(Error::PortTaken { program: NAME, port: 0 })
    }

    async fn start_on(port: u16, programs: &Path, packages: &Packages, logs: Arc<Logs>) -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("testkit-postgres-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        // One of a process that had the same id.
        drop(std::fs::remove_dir_all(&folder));
        let mut supervisor = Supervisor::start(packages, &logs.file("supervisor"))?;
        let mut command = as_someone_else();
        let arguments = [&*programs.to_string_lossy(), &*folder.to_string_lossy(), Self::PASSWORD, &port.to_string()];
        command.extend(["sh", "-c", SCRIPT].into_iter().chain(arguments).map(ToOwned::to_owned));
        let log = logs.file(&format!("{NAME}-{port}"));
        // Its immediate end, which takes its own processes and shared memory along.
        let server = supervisor.run_in(&folder, NAME, &command, (&log, "SIGQUIT"))?;
        server.says("database system is ready to accept connections", Instant::now() + DEADLINE).await?;
        let Ok(url) = Url::parse(&format!("postgres://postgres:{}@127.0.0.1:{port}/postgres", Self::PASSWORD)) else {
            unreachable!("a port always makes a valid URL")
        };
        Ok(Self { supervisor, server, folder, url, logs })
    }

    /// The superuser's address of the database `postgres`, with the password.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The cluster's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of what the server says. It goes with the server, except in a panic.
    #[must_use]
    pub fn logs(&self) -> &Path {
        self.logs.folder()
    }

    /// The id of the process whose group holds the server.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.supervisor.process_id()
    }

    /// Whether the server still runs.
    ///
    /// # Errors
    ///
    /// [`Error::Exited`] when it has ended.
    pub fn check(&self) -> Result<(), Error> {
        self.server.check()
    }
}

/// The folder of the server's programs.
fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(PROGRAMS_VARIABLE).filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    let unpacked = base_folder().with_file_name("postgres").join("bin");
    newest(Path::new("/usr/lib/postgresql")).or_else(|| Some(unpacked).filter(|folder| has_programs(folder)))
}

/// Of folders that are named by versions, the newest with the programs.
fn newest(base: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
    let versions = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin"))).filter(|(_, folder)| has_programs(folder))
    });
    versions.max().map(|(_, folder)| folder)
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn free_port() -> Result<u16, Error> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0));
    let port = listener.and_then(|listener| Ok(listener.local_addr()?.port()));
    port.map_err(|reason| Error::file("127.0.0.1", &reason))
}

/// What to put before a command so that it does not run as root.
fn as_someone_else() -> Vec<String> {
    let user = Command::new("id").arg("-u").output().map(|output| output.stdout).unwrap_or_default();
    if String::from_utf8_lossy(&user).trim() != "0" {
        return Vec::new();
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let exists = |name: &&str| users.lines().any(|line| line.split(':').next() == Some(name));
    let user = ["postgres", "nobody"].into_iter().find(exists).unwrap_or("nobody");
    let group = Command::new("id").args(["-g", user]).output().map(|output| output.stdout).unwrap_or_default();
    let group = String::from_utf8_lossy(&group).trim().to_owned();
    ["setpriv", "--reuid", user, "--regid", &group, "--clear-groups"].map(ToOwned::to_owned).to_vec()
}
