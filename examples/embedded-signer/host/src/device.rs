//! A device at the other end of a byte stream, and the person who holds it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use alloy_primitives::B256;
use anyhow::{Context as _, bail, ensure};
use embedded_signer::{Answer, END};
use session_types::PermissionId;

/// What runs the device's program.
#[derive(Debug)]
pub(crate) enum Board {
    /// A Cortex-M4 in an emulator.
    Emulated { qemu: PathBuf, firmware: PathBuf },
    /// WebAssembly in Node.
    Node { module: PathBuf },
}

/// A running device.
#[derive(Debug)]
pub(crate) struct Remote {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    agrees: Arc<AtomicBool>,
    screens: Receiver<String>,
    _folder: tempfile::TempDir,
}

const QUESTION: &str = "Agree? [y/n] ";

impl Remote {
    pub(crate) fn start(board: &Board, show: bool) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let screen = folder.path().join("screen");
        // Named pipes that are open for both directions on both sides: no side waits for the other to open them.
        for end in ["in", "out"] {
            let made = Command::new("mkfifo").arg(screen.with_extension(end)).status()?;
            ensure!(made.success(), "mkfifo");
        }
        let open = |end| OpenOptions::new().read(true).write(true).open(screen.with_extension(end));
        let (output, input) = (open("out")?, open("in")?);
        let mut child =
            command(board, &screen).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (to, from) = child.stdin.take().zip(child.stdout.take()).context("no pipes")?;
        let agrees = Arc::new(AtomicBool::new(true));
        let (sender, screens) = channel();
        let person = Arc::clone(&agrees);
        std::thread::spawn(move || hold(output, input, &person, &sender, show));
        Ok(Self { child, to, from, agrees, screens, _folder: folder })
    }

    /// Sends a frame and waits for the answer.
    pub(crate) fn ask(&mut self, kind: u8, payload: &[u8]) -> anyhow::Result<Answer> {
        self.to.write_all(&[kind])?;
        self.to.write_all(&u32::try_from(payload.len())?.to_be_bytes())?;
        self.to.write_all(payload)?;
        self.to.flush()?;
        let mut head = [0; 5];
        if self.from.read_exact(&mut head).is_err() {
            bail!("the device stopped: {}", self.last_words()?);
        }
        let [kind, length @ ..] = head;
        let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length))?];
        self.from.read_exact(&mut bytes)?;
        answer(kind, &bytes)
    }

    /// What the screen showed last, if it showed anything since the last time.
    pub(crate) fn screen(&self) -> Option<String> {
        self.screens.recv_timeout(Duration::from_millis(1)).ok()
    }

    /// Whether the person presses yes from now on.
    pub(crate) fn set_agrees(&self, agrees: bool) {
        self.agrees.store(agrees, SeqCst);
    }

    /// Ends the conversation; gives what the device says of itself.
    pub(crate) fn end(mut self) -> anyhow::Result<String> {
        self.to.write_all(&[END])?;
        self.to.flush()?;
        let words = self.last_words()?;
        ensure!(self.child.wait()?.success(), "the device failed: {words}");
        Ok(words)
    }

    fn last_words(&mut self) -> anyhow::Result<String> {
        let mut words = String::new();
        if let Some(mut error) = self.child.stderr.take() {
            error.read_to_string(&mut words)?;
        }
        Ok(words.trim().to_owned())
    }
}

fn command(board: &Board, screen: &Path) -> Command {
    match board {
        Board::Emulated { qemu, firmware } => {
            let mut command = Command::new(qemu);
            command
                .args([
                    "-M",
                    "mps2-an386",
                    "-cpu",
                    "cortex-m4",
                    "-display",
                    "none",
                    "-monitor",
                    "none",
                    "-serial",
                    "stdio",
                ])
                .args(["-chardev", &format!("pipe,id=screen,path={}", screen.display()), "-serial", "chardev:screen"])
                .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"])
                .arg(firmware);
            command
        }
        Board::Node { module } => {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wasm/device.mjs");
            let mut command = Command::new("node");
            command.arg(script).arg(module).arg(screen);
            command
        }
    }
}

/// Reads the screen and presses the button.
fn hold(mut screen: File, mut button: File, agrees: &AtomicBool, screens: &Sender<String>, show: bool) {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = screen.read(&mut buffer) {
        text.extend_from_slice(&buffer[..count]);
        let Some(shown) = text.strip_suffix(QUESTION.as_bytes()) else { continue };
        let shown = String::from_utf8_lossy(shown).into_owned();
        let press = agrees.load(SeqCst);
        if show {
            println!("{shown}{QUESTION}{}\n", if press { 'y' } else { 'n' });
        }
        if screens.send(shown).is_err() || button.write_all(if press { b"y" } else { b"n" }).is_err() {
            return;
        }
        text.clear();
    }
}

fn answer(kind: u8, bytes: &[u8]) -> anyhow::Result<Answer> {
    let word =
        |index: usize| bytes.get(index * 32..index * 32 + 32).map(B256::from_slice).context("the answer is too short");
    Ok(match kind {
        0x81 => Answer::Granted { permission_id: PermissionId(word(0)?), session_digest: word(1)?, digest: word(2)? },
        0x82 => Answer::Signed { hash: word(0)?, envelope: bytes[32..].to_vec() },
        0x83 => Answer::ToSign { hash: word(0)?, prehash: word(1)? },
        0xe0 => Answer::Refused(String::from_utf8_lossy(bytes).into_owned()),
        _ => bail!("the device answers with kind {kind:#x}"),
    })
}
