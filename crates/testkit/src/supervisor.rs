use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Error;
use crate::npm::Packages;

/// How long the supervisor may take to kill its programs.
const GRACE: Duration = Duration::from_secs(5);

/// A Node process that starts programs for us and kills them all when our end of its standard input closes, which
/// happens however this process ends.
#[derive(Debug)]
pub(crate) struct Supervisor {
    process: Child,
    input: Option<ChildStdin>,
    exited: Arc<Mutex<HashMap<String, String>>>,
}

impl Supervisor {
    pub(crate) fn start(packages: &Packages, log: &Path) -> Result<Self, Error> {
        let script = packages.folder().join("supervisor.mjs");
        let errors = std::fs::File::create(log).map_err(|reason| Error::file(log, &reason))?;
        let mut command = Command::new("node");
        command.arg(&script).current_dir(packages.folder());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        // A group of its own: Ctrl-C in a terminal is then for us alone, and the group can be killed as a whole.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().map_err(|reason| Error::file("node", &reason))?;
        let exited = Arc::<Mutex<HashMap<_, _>>>::default();
        if let Some(output) = process.stdout.take() {
            let exited = Arc::clone(&exited);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let event: Value = serde_json::from_str(&line).unwrap_or_default();
                    if let (Some(name), Some(status)) = (event["exited"].as_str(), event["status"].as_str()) {
                        let mut exited = exited.lock().unwrap_or_else(PoisonError::into_inner);
                        exited.insert(name.to_owned(), status.to_owned());
                    }
                }
            });
        }
        let input = process.stdin.take();
        Ok(Self { process, input, exited })
    }

    /// Starts a program; what it says goes to the file `log`.
    pub(crate) fn run(&mut self, name: &'static str, command: &[String], log: &Path) -> Result<Program, Error> {
        self.send(&json!({ "start": name, "command": command, "log": log }))?;
        Ok(self.program(name, log))
    }

    /// The same for a program that ends well by a signal of its own, and whose folder is removed after it.
    pub(crate) fn run_in(
        &mut self,
        folder: &Path,
        name: &'static str,
        command: &[String],
        (log, signal): (&Path, &str),
    ) -> Result<Program, Error> {
        self.send(&json!({ "start": name, "command": command, "log": log, "end": signal, "remove": folder }))?;
        Ok(self.program(name, log))
    }

    fn program(&self, name: &'static str, log: &Path) -> Program {
        Program { name, log: log.to_path_buf(), exited: Arc::clone(&self.exited) }
    }

    /// Sends a line to a program's standard input.
    pub(crate) fn tell(&mut self, program: &Program, line: &str) -> Result<(), Error> {
        self.send(&json!({ "tell": program.name, "line": line }))
    }

    fn send(&mut self, message: &Value) -> Result<(), Error> {
        let Some(input) = &mut self.input else { return Ok(()) };
        writeln!(input, "{message}").map_err(|reason| Error::file("supervisor.mjs", &reason))
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.input.take());
        let deadline = Instant::now() + GRACE;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        // Nothing is left of the group, unless somebody killed the supervisor, or it hangs.
        let kill = ["-c", "kill -s KILL -- \"-$0\"", &self.process.id().to_string()];
        drop(Command::new("sh").args(kill).stderr(Stdio::null()).status());
        drop(self.process.wait());
    }
}

/// A program that a [`Supervisor`] runs.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    name: &'static str,
    log: PathBuf,
    exited: Arc<Mutex<HashMap<String, String>>>,
}

impl Program {
    /// Waits until the program says this.
    pub(crate) async fn says(&self, words: &str, deadline: Instant) -> Result<(), Error> {
        while !std::fs::read_to_string(&self.log).unwrap_or_default().contains(words) {
            self.wait(deadline).await?;
        }
        Ok(())
    }

    /// Waits until the program says which port it listens on.
    pub(crate) async fn port(&self, deadline: Instant) -> Result<u16, Error> {
        loop {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(port) = listening_port(&log) {
                return Ok(port);
            }
            self.wait(deadline).await?;
        }
    }

    /// Waits a little, and fails when the program has ended or the time is over.
    pub(crate) async fn wait(&self, deadline: Instant) -> Result<(), Error> {
        self.check()?;
        if Instant::now() > deadline {
            return Err(Error::NotReady { program: self.name, log: self.log.clone(), tail: self.tail() });
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(())
    }

    /// An error once the program has ended.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let exited = self.exited.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(status) = exited.get(self.name).cloned() else { return Ok(()) };
        Err(Error::Exited { program: self.name, status, log: self.log.clone(), tail: self.tail() })
    }

    /// The last words of the program, in one line.
    fn tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut lines: Vec<_> = log.lines().map(str::trim).filter(|line| !line.is_empty()).rev().take(6).collect();
        lines.reverse();
        lines.join(" | ")
    }
}

/// The port in `Listening on 127.0.0.1:PORT`, once the line is complete.
fn listening_port(log: &str) -> Option<u16> {
    let (_, rest) = log.rsplit_once("Listening on 127.0.0.1:")?;
    let (port, _) = rest.split_once('\n')?;
    port.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::listening_port;

    #[test]
    fn the_port_counts_once_its_line_is_complete() {
        assert_eq!(listening_port("x\nListening on 127.0.0.1:80"), None);
        assert_eq!(listening_port("x\nListening on 127.0.0.1:8045\ny"), Some(8045));
        assert_eq!(listening_port("x\n"), None);
    }
}
