//! Starting the user's part as a process of its own, with the session key and the stored text and nothing else.

use std::path::PathBuf;
use std::process::Stdio;

use alloy_primitives::{Address, Bytes, hex};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context as _, bail, ensure};
use smart_sessions::Grant;

use crate::arguments::Generation;
use crate::attempt::{Answer, Check};
use crate::chain::Ground;
use crate::report::Evidence;

/// A user: a session key and a folder with the sessions that it was given.
#[derive(Debug)]
pub(crate) struct User<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) generation: Generation,
    pub(crate) folder: PathBuf,
    pub(crate) key: &'a PrivateKeySigner,
}

impl User<'_> {
    /// Stores a session where the user finds it: the hand-over from owner to user.
    pub(crate) fn store(&self, name: &'static str, grant: &Grant) -> anyhow::Result<String> {
        let text = grant.to_text();
        std::fs::write(self.file(name), &text).context("cannot store the session")?;
        Ok(text)
    }

    /// Lets the user's process make one call.
    pub(crate) async fn attempt(
        &self,
        session: &'static str,
        key: &PrivateKeySigner,
        call: (Address, Bytes),
        check: Check,
    ) -> anyhow::Result<Answer> {
        let program = std::env::current_exe().context("cannot find the program itself")?;
        let output = tokio::process::Command::new(program)
            .arg("use-session")
            .args(["--rpc-url", &self.ground.rpc_url, "--bundler-url", &self.ground.bundler_url])
            .args(["--generation", self.generation.name(), "--check", check.name()])
            .args(["--target", &call.0.to_string(), "--data", &call.1.to_string()])
            .arg("--session")
            .arg(self.file(session))
            .env("SESSION_KEY", hex::encode_prefixed(key.to_bytes()))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot start the user's process")?;
        ensure!(
            output.status.success(),
            "the user's process failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        serde_json::from_slice(&output.stdout).context("the user's process gave no answer")
    }

    /// The user makes a call, and it must succeed.
    pub(crate) async fn must_use(&self, session: &'static str, call: (Address, Bytes)) -> anyhow::Result<Evidence> {
        match self.attempt(session, self.key, call, Check::LocalAndChain).await? {
            Answer::Mined { operation, gas_used } => Ok(Evidence::new("").operation(operation, Some(gas_used))),
            other => bail!("{}", other.text()),
        }
    }

    /// The chain must refuse the call, and the error must name the limit.
    pub(crate) async fn must_be_refused(
        &self,
        session: &'static str,
        key: &PrivateKeySigner,
        call: (Address, Bytes),
        expected: &str,
    ) -> anyhow::Result<Evidence> {
        match self.attempt(session, key, call, Check::ChainOnly).await? {
            Answer::Refused { limit: Some(limit), text } => {
                ensure!(limit.contains(expected), "refused by {limit}, expected {expected}: {text}");
                Ok(Evidence::new(format!("refused by the chain, stopped by {limit}")))
            }
            Answer::Mined { .. } => bail!("the chain let it pass; expected a refusal by {expected}"),
            other => bail!("{}", other.text()),
        }
    }

    /// The library must say no before anything is sent, and name what does not fit.
    pub(crate) async fn must_not_be_sent(
        &self,
        session: &'static str,
        call: (Address, Bytes),
    ) -> anyhow::Result<Evidence> {
        match self.attempt(session, self.key, call, Check::LocalAndChain).await? {
            Answer::NotPermitted { text } => Ok(Evidence::new(format!("nothing sent: {text}"))),
            Answer::Mined { .. } => bail!("the call was made; expected our own check to say no"),
            other => bail!("{}", other.text()),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}
