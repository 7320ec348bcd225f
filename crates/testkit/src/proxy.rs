//! A proxy that spoils requests and answers the way networks do: for clients that must survive it.
//!
//! Which request is spoilt how is decided by a seed, so that a run can be repeated, or by a list.
//!
//! ```no_run
//! # async fn example(devnet: testkit::Devnet) -> Result<(), testkit::Error> {
//! use testkit::proxy::{Fault, Proxy};
//!
//! let proxy = Proxy::to(devnet.bundler_url())
//!     .seed(7)
//!     .fault(Fault::LoseAnswer, 0.2)
//!     .fault(Fault::Unavailable, 0.1)
//!     .only(["eth_sendUserOperation"])
//!     .start()
//!     .await?;
//! // … a client uses proxy.url() …
//! println!("{} answers lost", proxy.count(Fault::LoseAnswer));
//! # Ok(())
//! # }
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::Bytes;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use url::Url;

use crate::Error;
use crate::http::{Received, Reply, Server};

/// One way of going wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The request arrives and is carried out; the connection ends without the answer.
    LoseAnswer,
    /// The request arrives and is carried out; half of the answer comes.
    CutAnswer,
    /// The request arrives twice, as after a retry on the way; the answer is the second one's.
    SendTwice,
    /// The answer's body comes twice, in one answer.
    DoubleAnswer,
    /// The request arrives; the answer comes after the proxy's [stall](ProxyBuilder::stall).
    Stall,
    /// The request does not arrive, and nothing is ever said.
    Silence,
    /// The request does not arrive: status 503.
    Unavailable,
    /// The request does not arrive: the connection is reset.
    Reset,
}

/// A request that a [`Proxy`] has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The JSON-RPC method; `batch` of a batch; the HTTP target of what is no JSON-RPC.
    pub method: String,
    /// What was done to it.
    pub fault: Option<Fault>,
    /// When it came, counted from the proxy's start.
    pub at: Duration,
}

/// Settings of a [`Proxy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ProxyBuilder {
    target: Url,
    seed: u64,
    faults: Vec<(Fault, f64)>,
    only: Option<Vec<String>>,
    script: VecDeque<Option<Fault>>,
    stall: Duration,
    limit: usize,
}

impl ProxyBuilder {
    /// Sets what decides which requests are spoilt.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a fault with its share of requests, between 0 and 1; the sum of all shares is at most 1.
    pub fn fault(mut self, fault: Fault, share: f64) -> Self {
        self.faults.push((fault, share));
        self
    }

    /// Spoils only requests of these JSON-RPC methods (or HTTP targets).
    pub fn only(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = Some(methods.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what happens to the first requests, one after the other, before the shares count.
    pub fn first(mut self, faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        self.script = faults.into_iter().collect();
        self
    }

    /// Sets how long a [`Fault::Stall`] takes; 2 s by default.
    pub const fn stall(mut self, time: Duration) -> Self {
        self.stall = time;
        self
    }

    /// Sets how many requests are spoilt at most; no limit by default.
    pub const fn limit(mut self, faults: usize) -> Self {
        self.limit = faults;
        self
    }

    /// Starts the proxy.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when no port can be had.
    pub async fn start(self) -> Result<Proxy, Error> {
        let (rng, start) = (StdRng::seed_from_u64(self.seed), Instant::now());
        let state = State { builder: self, rng, start, events: Vec::new(), client: reqwest::Client::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = Server::start(move |received| handle(Arc::clone(&shared), received)).await?;
        Ok(Proxy { server, state })
    }
}

/// A proxy in front of a server, which spoils some of what passes.
#[derive(Debug)]
pub struct Proxy {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    builder: ProxyBuilder,
    rng: StdRng,
    start: Instant,
    events: Vec<Event>,
    client: reqwest::Client,
}

impl Proxy {
    /// A proxy to this server, which spoils nothing until told to.
    pub fn to(target: &Url) -> ProxyBuilder {
        ProxyBuilder {
            target: target.clone(),
            seed: 0,
            faults: Vec::new(),
            only: None,
            script: VecDeque::new(),
            stall: Duration::from_secs(2),
            limit: usize::MAX,
        }
    }

    /// Where clients go.
    #[must_use]
    pub const fn url(&self) -> &Url {
        self.server.url()
    }

    /// Says what happens to the next requests, before anything else.
    pub fn next(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.lock().builder.script.extend(faults);
    }

    /// All requests up to now, in their order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// How often a fault happened.
    #[must_use]
    pub fn count(&self, fault: Fault) -> usize {
        self.lock().events.iter().filter(|event| event.fault == Some(fault)).count()
    }

    /// How many requests came for a method.
    #[must_use]
    pub fn requests(&self, method: &str) -> usize {
        self.lock().events.iter().filter(|event| event.method == method).count()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What happens to a request, noted down.
    fn decide(&mut self, method: String) -> Option<Fault> {
        let builder = &mut self.builder;
        let spoilt = self.events.iter().filter(|event| event.fault.is_some()).count();
        let mut fault = None;
        if builder.only.as_ref().is_none_or(|only| only.contains(&method)) {
            // Drawn for each request, so that a limit or a list does not shift what the seed gives to later ones.
            let mut share = self.rng.random::<f64>();
            let drawn = builder.faults.iter().find(|(_, part)| {
                share -= part;
                share < 0.0
            });
            fault = builder.script.pop_front().unwrap_or_else(|| drawn.map(|(fault, _)| *fault));
        }
        let fault = fault.filter(|_| spoilt < builder.limit);
        self.events.push(Event { method, fault, at: self.start.elapsed() });
        fault
    }
}

async fn handle(state: Arc<Mutex<State>>, received: Received) -> Reply {
    let (fault, client, target, stall) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = state.decide(name(&received));
        (fault, state.client.clone(), state.builder.target.clone(), state.builder.stall)
    };
    match fault {
        Some(Fault::Unavailable) => return Reply::unavailable(),
        Some(Fault::Reset) => return Reply::Reset,
        Some(Fault::Silence) => return Reply::Silence,
        Some(Fault::SendTwice) => drop(forward(&client, &target, &received).await),
        _ => {}
    }
    let answer = forward(&client, &target, &received).await;
    match (fault, answer) {
        (Some(Fault::LoseAnswer), _) => Reply::Close,
        (Some(Fault::CutAnswer), Reply::Send { body, .. }) => Reply::Cut { body },
        (Some(Fault::DoubleAnswer), Reply::Send { status, headers, body }) => {
            Reply::Send { status, headers, body: [&body[..], &body[..]].concat().into() }
        }
        (Some(Fault::Stall), answer) => {
            tokio::time::sleep(stall).await;
            answer
        }
        (_, answer) => answer,
    }
}

/// What a request is called in lists and events.
fn name(received: &Received) -> String {
    match serde_json::from_slice::<Value>(&received.body) {
        Ok(Value::Array(_)) => "batch".to_owned(),
        Ok(Value::Object(call)) if call.contains_key("jsonrpc") => {
            call.get("method").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        _ => received.target.clone(),
    }
}

async fn forward(client: &reqwest::Client, target: &Url, received: &Received) -> Reply {
    let unreachable = |error: reqwest::Error| Reply::json(502, error.to_string().into_bytes());
    let Ok(url) = target.join(&received.target) else { return Reply::json(502, &b"no such target"[..]) };
    let method = reqwest::Method::from_bytes(received.method.as_bytes()).unwrap_or_default();
    let mut request = client.request(method, url).body(received.body.0.clone());
    // All but what belongs to one connection, and what would have the answer come in a form to be unpacked.
    let own = ["host", "connection", "content-length", "transfer-encoding", "accept-encoding"];
    for (name, value) in received.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        request = request.header(name, value);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return unreachable(error),
    };
    let status = answer.status().as_u16();
    let headers = answer.headers().iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    match answer.bytes().await {
        Ok(body) => Reply::Send { status, headers, body: Bytes::from(body) },
        Err(error) => unreachable(error),
    }
}
