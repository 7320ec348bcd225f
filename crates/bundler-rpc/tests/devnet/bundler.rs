use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Devnet, EntryPoint, JsonRpc, Key};
use url::Url;

/// A bundler process that can be killed and started again on the same port.
pub(crate) struct Bundler {
    script: std::path::PathBuf,
    arguments: String,
    url: Url,
    process: Option<Child>,
}

impl Bundler {
    pub(crate) async fn start(devnet: &Devnet) -> Self {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let keys = [Key::Executor, Key::SecondExecutor].map(|key| key.secret().to_string()).join(",");
        let arguments = json!([
            "--entrypoints",
            EntryPoint::V07.address(),
            "--rpc-url",
            devnet.rpc_url(),
            "--port",
            port.to_string(),
            "--executor-private-keys",
            keys,
            "--utility-private-key",
            Key::Utility.secret(),
            "--safe-mode",
            "false",
            "--min-bundle-interval",
            "20",
            "--max-bundle-interval",
            "50",
            "--block-time",
            "50",
            "--refilling-wallets",
            "false",
            "--utility-wallet-monitor",
            "false",
            "--log-level",
            "fatal",
        ]);
        let mut bundler = Self {
            script: devnet.packages().folder().join("bundler.mjs"),
            arguments: arguments.to_string(),
            url: format!("http://127.0.0.1:{port}").parse().unwrap(),
            process: None,
        };
        bundler.restart().await;
        bundler
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }

    /// Ends the process as a crash does: with everything it had in memory.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) async fn restart(&mut self) {
        self.kill();
        let mut process = Command::new("node")
            .arg(&self.script)
            .current_dir(self.script.parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The process ends with this end of its standard input.
        writeln!(process.stdin.as_mut().unwrap(), "{}", self.arguments).unwrap();
        self.process = Some(process);
        let rpc = JsonRpc::new(self.url.clone());
        let start = Instant::now();
        while rpc.request::<Vec<String>>("eth_supportedEntryPoints", ()).await.is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "the bundler does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Bundler {
    fn drop(&mut self) {
        self.kill();
    }
}
