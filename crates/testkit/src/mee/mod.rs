//! A MEE node on this machine: real HTTP, quotes with prices, and operations carried out on local chains.
//!
//! The node answers `info`, `quote`, `quote-permit`, `exec`, `explorer/{hash}` and, as the server of its own gas tank,
//! `sponsorship/nonce` and `sponsorship/sign`. It executes each operation through the entry point as its own bundler, for
//! which it deposits the gas, and takes its fee as the quote's first operation says. Its gas tank pays by a plain
//! transfer of the node's, since a tank is no account of a user.
//!
//! It knows the simple mode of the suites up to 2.1.0, in which the owner or the session key signs the root of a Merkle
//! tree. Other quotes are refused with status 400.

mod envelope;
mod execute;
mod quote;
mod tree;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use crate::scripted::{Answer, Request, Scripted};
use crate::{Chain, Error, Key};

/// Something that the node does wrong, or that goes wrong for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeeFault {
    /// The operations' time is over before they are sent.
    Expired,
    /// The operation with this number, counted from 0 without the payment, fails in simulation.
    SimulationFailure(usize),
    /// The operation with this number, counted from 0 without the payment, is reported as mined and reverted.
    MinedFailure(usize),
    /// Execution begins only after this time.
    Slow(Duration),
    /// The quote is for other call data than was asked for, with hashes that fit.
    TamperedCallData,
    /// The fee is this many times the usual.
    Overcharge(u64),
    /// The answer to `exec` is lost, although the supertransaction runs.
    LostAnswer,
}

/// A chain that the node executes on, with the tokens that it takes there.
#[derive(Clone, Debug)]
pub struct MeeChain {
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The chain.
    pub chain: Chain,
    /// The fee tokens, beside the native one: address and decimals.
    pub tokens: Vec<(Address, u8)>,
}

/// A supertransaction that the node was given.
#[derive(Clone, Debug)]
struct Job {
    hash: B256,
    signed: Value,
}

#[derive(Debug)]
struct State {
    chains: BTreeMap<u64, MeeChain>,
    faults: Vec<MeeFault>,
    /// Quotes by hash, as they were given.
    quotes: BTreeMap<B256, Value>,
    /// What the explorer says.
    reports: BTreeMap<B256, Value>,
    tank_nonce: u64,
}

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, fault: &MeeFault) -> bool {
        self.lock().faults.contains(fault)
    }
}

/// A running node. It ends when it is dropped.
#[derive(Debug)]
pub struct MeeNode {
    server: Scripted,
    shared: Shared,
    executor: JoinHandle<()>,
}

impl MeeNode {
    /// Starts a node for these chains.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when no port can be had.
    pub async fn start(chains: impl IntoIterator<Item = MeeChain>) -> Result<Self, Error> {
        let state = State {
            chains: chains.into_iter().map(|chain| (chain.chain_id, chain)).collect(),
            faults: Vec::new(),
            quotes: BTreeMap::new(),
            reports: BTreeMap::new(),
            tank_nonce: 0,
        };
        let shared = Shared(Arc::new(Mutex::new(state)));
        let (jobs, inbox) = mpsc::unbounded_channel();
        let executor = tokio::spawn(execute::run(shared.clone(), inbox));
        let answering = shared.clone();
        let server = Scripted::start(move |request| answer(&answering, &jobs, request)).await?;
        Ok(Self { server, shared, executor })
    }

    /// The node's base address for a client, for example `http://127.0.0.1:40123/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}v1", self.server.url())
    }

    /// Where the server answers.
    #[must_use]
    pub const fn server(&self) -> &Url {
        self.server.url()
    }

    /// The node's own address, which receives the fees.
    #[must_use]
    pub fn address(&self) -> Address {
        node_address()
    }

    /// The gas tank, which pays for sponsored supertransactions.
    #[must_use]
    pub fn tank(&self) -> Address {
        tank_address()
    }

    /// Makes mistakes from now on, instead of those made before.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = MeeFault>) {
        self.shared.lock().faults = faults.into_iter().collect();
    }

    /// Everything that was asked.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
}

impl Drop for MeeNode {
    fn drop(&mut self) {
        self.executor.abort();
    }
}

fn node_address() -> Address {
    Key::Executor.address()
}

fn tank_address() -> Address {
    Key::Paymaster.address()
}

fn answer(shared: &Shared, jobs: &mpsc::UnboundedSender<Job>, request: &Request) -> Answer {
    let target = request.target.trim_start_matches("/v1/");
    let refuse = |status, message: &str| Answer::json(status, &json!({ "error": message }));
    match (request.method.as_str(), target) {
        ("GET", "info") => Answer::json(200, &info(shared)),
        ("POST", "quote" | "quote-permit") => match quote::quote(shared, &request.json) {
            Ok(quote) => Answer::json(200, &quote),
            Err(message) => refuse(400, &message),
        },
        ("POST", "exec") => match accept(shared, &request.json) {
            Ok(job) => {
                let hash = job.hash;
                if jobs.send(job).is_err() {
                    return refuse(500, "the executor has ended");
                }
                if shared.has(&MeeFault::LostAnswer) {
                    return Answer::Close;
                }
                Answer::json(200, &json!({ "hash": hash }))
            }
            Err(message) => refuse(400, &message),
        },
        ("GET", target) => match target.strip_prefix("explorer/").map(str::parse::<B256>) {
            Some(Ok(hash)) => match shared.lock().reports.get(&hash) {
                Some(report) => Answer::json(200, report),
                None => refuse(404, "Supertransaction not found"),
            },
            _ if target.starts_with("sponsorship/nonce/") => {
                let mut state = shared.lock();
                state.tank_nonce += 1;
                Answer::json(200, &json!({ "nonce": state.tank_nonce.to_string() }))
            }
            _ => refuse(404, "unknown path"),
        },
        ("POST", target) if target.starts_with("sponsorship/sign/") => Answer::json(200, &sponsored(&request.json)),
        _ => refuse(404, "unknown path"),
    }
}

/// The quote with the tank's approval. The local node is its own tank, so the prefix says all.
fn sponsored(quote: &Value) -> Value {
    let mut quote = quote.clone();
    if let Some(op) = quote.pointer_mut("/userOps/0/userOp").and_then(Value::as_object_mut) {
        op.insert("signature".to_owned(), "0x177eee00".into());
    }
    quote
}

/// A supertransaction that runs at most once.
fn accept(shared: &Shared, signed: &Value) -> Result<Job, String> {
    let hash: B256 = signed["hash"].as_str().and_then(|hash| hash.parse().ok()).ok_or("no hash")?;
    let mut state = shared.lock();
    let quote = state.quotes.get(&hash).ok_or("unknown quote")?;
    if quote["userOps"].as_array().map(Vec::len) != signed["userOps"].as_array().map(Vec::len) {
        return Err("not the quote that was given".to_owned());
    }
    if state.reports.contains_key(&hash) {
        return Err("already executed".to_owned());
    }
    let mut report = signed.clone();
    for op in report["userOps"].as_array_mut().into_iter().flatten() {
        op["executionStatus"] = "PENDING".into();
        op["executionData"] = "".into();
        op["executionError"] = "".into();
        op["isConfirmed"] = false.into();
    }
    state.reports.insert(hash, report);
    Ok(Job { hash, signed: signed.clone() })
}

fn info(shared: &Shared) -> Value {
    let state = shared.lock();
    let chains = state.chains.values();
    json!({
        "version": "1.0.0",
        "node": node_address(),
        "supportedChains": chains.clone().map(|chain| json!({
            "chainId": chain.chain_id.to_string(),
            "name": format!("local {}", chain.chain_id),
        })).collect::<Vec<_>>(),
        "supportedGasTokens": chains.map(|chain| json!({
            "chainId": chain.chain_id.to_string(),
            "isArbitraryFeeTokensSupported": false,
            "paymentTokens": chain.tokens.iter().map(|(address, decimals)| json!({
                "name": "Local token",
                "address": address,
                "symbol": "LOCAL",
                "decimals": decimals,
                "permitEnabled": false,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

/// A whole number, as a number or as text.
fn number(value: &Value) -> Option<U256> {
    match value {
        Value::Number(number) => number.as_u64().map(U256::from),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
