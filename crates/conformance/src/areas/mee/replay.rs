use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use alloy_signer_local::PrivateKeySigner;
use anyhow::Context as _;
use mee_client::session::{PaymentPolicyError, SessionActionError};
use mee_client::sign::{AccountSigner, P256Signer};
use mee_client::{
    Chain, ChainConfiguration, ClockLanes, MeeClient, MeeError, MeeVersion, MultichainAccount, ReadRetries,
};
use serde_json::Value;

use super::json::{list, member, parse, range, same, small};
use super::steps::Outcome;
use super::world::{Key, World};
use super::{plain, steps, tables};
use crate::{Document, Tally};

/// A replay: the recorded world, its accounts, and what the steps left.
pub(super) struct Replay {
    pub(super) world: World,
    pub(super) accounts: Vec<Arc<MultichainAccount>>,
    pub(super) clients: Vec<MeeClient>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) steps: Vec<Value>,
}

/// Whether a session was refused because its own rules would keep it from paying the node.
fn pays_no_fee(error: &anyhow::Error) -> bool {
    let Some(MeeError::Session(SessionActionError::Payment(error))) = error.downcast_ref() else { return false };
    matches!(error, PaymentPolicyError::RecipientPinned | PaymentPolicyError::AmountPinned)
}

pub(super) fn run(document: &Document, tally: &mut Tally) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(replay(document.value(), tally)),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = outcome {
        tally.record("scenario", Err(format!("{error:#}")));
    }
}

async fn replay(scenario: &Value, tally: &mut Tally) -> anyhow::Result<()> {
    let mut replay = Replay::new(scenario)?;
    let world = replay.world.clone();
    for (index, recorded) in list(scenario, "accounts")?.iter().enumerate() {
        let account = replay.account(recorded).await;
        let label = format!("accounts[{index}]");
        let checked = account.and_then(|account| {
            plain::check_account(&account, recorded)?;
            replay.accounts.push(Arc::new(account));
            Ok(())
        });
        tally.record(&label, checked.map_err(|error| format!("{error:#}")));
    }
    for (index, step) in replay.steps.clone().iter().enumerate() {
        let action = step["action"].as_str().unwrap_or_default().to_owned();
        let note = step["params"]["note"].as_str().unwrap_or_default().to_owned();
        let label = format!("steps[{index}] {action} {note}");
        world.state().step = i64::try_from(index)?;
        let outcome = replay.step(step).await;
        let outcome = outcome.and_then(|()| replay.check_counts(step));
        // What was not sent now would shift every later request.
        replay.catch_up(step)?;
        tally.record(&label, outcome.map_err(|error| format!("{error:#}")));
    }
    Ok(())
}

impl Replay {
    pub(super) fn new(scenario: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            world: World::new(scenario),
            accounts: Vec::new(),
            clients: Vec::new(),
            outcomes: Vec::new(),
            steps: list(scenario, "steps")?.clone(),
        })
    }

    /// Runs every step of a scenario, whatever comes of it.
    #[cfg(test)]
    pub(super) async fn whole(scenario: &Value) -> anyhow::Result<Self> {
        let mut replay = Self::new(scenario)?;
        for recorded in list(scenario, "accounts")? {
            let account = replay.account(recorded).await?;
            replay.accounts.push(Arc::new(account));
        }
        for (index, step) in replay.steps.clone().iter().enumerate() {
            replay.world.state().step = i64::try_from(index)?;
            let _ = replay.step(step).await;
            replay.catch_up(step)?;
        }
        Ok(replay)
    }

    /// The quote of the first step that asks for one.
    #[cfg(test)]
    pub(super) async fn first_quote(&mut self, scenario: &Value) -> anyhow::Result<mee_client::VerifiedQuote> {
        let account = self.account(&list(scenario, "accounts")?[0]).await?;
        self.accounts.push(Arc::new(account));
        let index = self.steps.iter().position(|step| step["action"] == "getQuote").context("no quote")?;
        let step = self.steps[index].clone();
        self.world.state().step = i64::try_from(index)?;
        self.set_up(&step).await?;
        match steps::run(self, &step).await? {
            Outcome::Quote(quote) => Ok(*quote),
            _ => anyhow::bail!("no quote"),
        }
    }

    async fn account(&self, recorded: &Value) -> anyhow::Result<MultichainAccount> {
        let signer = self.signer(member(recorded, "signer")?.as_str().context("no signer")?)?;
        let foreign = recorded["signer"] == "session";
        let owner = signer.key().address();
        let mut configurations = Vec::new();
        for deployment in list(recorded, "deployments")? {
            let chain_id = small(deployment, "chainId")?;
            let version: MeeVersion = parse(deployment, "meeVersion")?;
            let chain = Chain::new(chain_id, self.world.rpc(chain_id));
            let address: Address = parse(deployment, "address")?;
            let configuration = ChainConfiguration::new(chain, version);
            configurations.push(match () {
                () if foreign => configuration.existing_at(address),
                () if address == owner => configuration.owned_at(address),
                () => configuration,
            });
        }
        Ok(MultichainAccount::resolve(signer, U256::ZERO, configurations).await?)
    }

    fn signer(&self, name: &str) -> anyhow::Result<Arc<dyn AccountSigner>> {
        let role = name.trim_end_matches("-p256");
        let secret: B256 = parse(member(&self.world.state().scenario["env"]["keys"], role)?, "privateKey")?;
        let world = self.world.clone();
        Ok(if role == name {
            Arc::new(Key { world, inner: PrivateKeySigner::from_bytes(&secret)? })
        } else {
            Arc::new(Key { world, inner: P256Signer::from_bytes(&secret).context("no P-256 key")? })
        })
    }

    /// A key like that of the first account.
    pub(super) fn first_signer(&self) -> anyhow::Result<Arc<dyn AccountSigner>> {
        let name = self.world.state().scenario["accounts"][0]["signer"].clone();
        self.signer(name.as_str().context("no signer")?)
    }

    pub(super) fn new_client(&self, account: usize, api_key: &str) -> anyhow::Result<MeeClient> {
        let account = self.accounts.get(account).context("no such account")?;
        Ok(MeeClient::builder(Arc::clone(account))
            .node("http://mock.example/v1")
            .api_key(api_key)
            .transport(Arc::new(self.world.clone()))
            .clock(Arc::new(self.world.clone()))
            .salts(Arc::new(self.world.clone()))
            .lanes(Arc::new(ClockLanes(self.world.clone())))
            .polling_interval(Duration::from_millis(1))
            .read_retries(ReadRetries { times: 0, first_pause: Duration::ZERO })
            .build()?)
    }

    /// Makes the clients whose set-up was recorded between the steps.
    async fn set_up(&mut self, step: &Value) -> anyhow::Result<()> {
        let (first, _) = range(step, "http")?;
        while self.world.state().requests < first {
            let index = self.world.state().requests;
            let path = self.world.state().scenario["http"][index]["request"]["path"].clone();
            if path.as_str().is_some_and(|path| path.ends_with("/info")) {
                let account = self.clients.len().min(self.accounts.len().saturating_sub(1));
                let client = self.new_client(account, "key")?;
                client.check_chains().await?;
                self.clients.push(client);
            } else {
                // Asked for by the harness, not by the scenario.
                self.world.state().requests += 1;
            }
        }
        if self.clients.is_empty() && !self.accounts.is_empty() && range(step, "http")? == (0, 0) {
            self.clients.push(self.new_client(0, "key")?);
        }
        Ok(())
    }

    async fn step(&mut self, step: &Value) -> anyhow::Result<()> {
        self.set_up(step).await?;
        let outcome = match tables::run(step, mee_client::Clock::now_ms(&self.world) / 1000) {
            Ok(Some(outcome)) => Ok(outcome),
            Ok(None) => match plain::run(self, step).await {
                Some(outcome) => outcome,
                None => steps::run(self, step).await,
            },
            Err(error) => Err(error),
        };
        let checked = match (&outcome, step.get("error")) {
            (Err(_), Some(_)) => Ok(()),
            (Err(error), None) if pays_no_fee(error) => return self.refused(step),
            (Ok(outcome), None) => outcome.check(self, step),
            (Err(error), None) => Err(anyhow::anyhow!("{error:#}")),
            (Ok(_), Some(error)) => Err(anyhow::anyhow!("expected an error like {}", error["message"])),
        };
        self.outcomes.push(outcome.unwrap_or(Outcome::Failed));
        checked
    }

    /// A grant that the recorded client made although its fees cannot be paid: ours is refused before anything is asked.
    fn refused(&mut self, step: &Value) -> anyhow::Result<()> {
        anyhow::ensure!(self.world.state().requests == range(step, "http")?.0, "something was sent");
        self.outcomes.push(Outcome::Failed);
        self.catch_up(step)
    }

    /// Everything that was sent, signed and drawn was recorded for this step, and nothing is missing.
    fn check_counts(&self, step: &Value) -> anyhow::Result<()> {
        let mut state = self.world.state();
        let differences = std::mem::take(&mut state.differences);
        anyhow::ensure!(differences.is_empty(), "{}", differences.join("; "));
        for (name, seen) in [("http", state.requests), ("signatures", state.signatures), ("salts", state.salts)] {
            let (_, end) = range(step, name)?;
            anyhow::ensure!(seen == end, "{name}: expected {end} so far, saw {seen}");
        }
        Ok(())
    }

    fn catch_up(&self, step: &Value) -> anyhow::Result<()> {
        let mut state = self.world.state();
        state.differences.clear();
        state.requests = range(step, "http")?.1;
        state.signatures = range(step, "signatures")?.1;
        state.salts = range(step, "salts")?.1;
        Ok(())
    }

    /// The recorded value, with references to requests and answers followed.
    pub(super) fn expected(&self, value: &Value) -> Value {
        let state = self.world.state();
        let exchange = |index: &Value| {
            let index = index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
            state.scenario["http"][index].clone()
        };
        match value {
            Value::Object(members) => {
                if let Some(index) = members.get("$httpResponse") {
                    return exchange(index)["response"]["body"].clone();
                }
                if let Some(index) = members.get("$httpRequest") {
                    return exchange(index)["request"]["body"].clone();
                }
                drop(state);
                match members.get("$bigint") {
                    Some(number) => number.clone(),
                    None => members.iter().map(|(name, value)| (name.clone(), self.expected(value))).collect(),
                }
            }
            Value::Array(values) => {
                drop(state);
                values.iter().map(|value| self.expected(value)).collect()
            }
            other => other.clone(),
        }
    }

    pub(super) fn same(&self, seen: &Value, recorded: &Value) -> anyhow::Result<()> {
        same(seen, &self.expected(recorded)).map_err(|error| anyhow::anyhow!("result{error}"))
    }
}
