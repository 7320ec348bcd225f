//! The recorded world: a node, chains, keys, a clock and salts that answer as they did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use alloy_json_rpc::{RequestPacket, ResponsePacket, SerializedRequest};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_client::RpcClient;
use alloy_transport::{TransportError, TransportFut};
use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mee_client::sign::{AccountSigner, OwnerKey, SignerFailure, SigningRequest};
use mee_client::{Clock, HttpRequest, HttpResponse, HttpTransport, Method, SaltSource, TransportFailure};
use serde_json::{Value, json};

use super::json::{list, member, parse, same, small, without_bigints};

/// The recorded scenario and how far its replay is.
#[derive(Debug)]
pub(super) struct State {
    pub(super) scenario: Value,
    pub(super) step: i64,
    pub(super) requests: usize,
    pub(super) signatures: usize,
    pub(super) salts: usize,
    /// The path of every request.
    pub(super) paths: Vec<String>,
    /// What differs from the recording.
    pub(super) differences: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct World(Arc<Mutex<State>>);

impl World {
    pub(super) fn new(scenario: &Value) -> Self {
        let scenario = scenario.clone();
        Self(Arc::new(Mutex::new(State {
            scenario,
            step: -1,
            requests: 0,
            signatures: 0,
            salts: 0,
            paths: Vec::new(),
            differences: Vec::new(),
        })))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rpc(&self, chain_id: u64) -> RpcClient {
        RpcClient::new(Chains { world: self.clone(), chain_id }, true)
    }
}

impl Clock for World {
    fn now_ms(&self) -> u64 {
        small(&self.state().scenario["env"], "nowMs").unwrap_or_default()
    }
}

impl SaltSource for World {
    fn salt(&self) -> B256 {
        let mut state = self.state();
        let index = state.salts;
        state.salts += 1;
        let salt = state.scenario["env"]["salts"][index].as_str().and_then(|salt| salt.parse().ok());
        salt.unwrap_or_else(|| {
            state.differences.push(format!("salt {index} was not recorded"));
            B256::ZERO
        })
    }
}

impl HttpTransport for World {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportFailure>> {
        let mut state = self.state();
        let index = state.requests;
        state.requests += 1;
        state.paths.push(request.url.path().to_owned());
        let exchange = state.scenario["http"][index].clone();
        if exchange.is_null() {
            state.differences.push(format!("http[{index}] {} was not recorded", request.url.path()));
            return async { Err(TransportFailure::Timeout) }.boxed();
        }
        if let Err(error) = compare(&request, &exchange["request"]) {
            state.differences.push(format!("http[{index}]{error}"));
        }
        let status = small(&exchange["response"], "status").ok().and_then(|status| u16::try_from(status).ok());
        let body = exchange["response"]["body"].to_string().into_bytes();
        async move { Ok(HttpResponse::new(status.unwrap_or(500), body)) }.boxed()
    }
}

/// Compares a request with the recorded one. A doubled slash of the recording is a fault that is not repeated.
fn compare(request: &HttpRequest, recorded: &Value) -> Result<(), String> {
    let method = match request.method {
        Method::Get => "GET",
        _ => "POST",
    };
    let headers = request.headers.iter().map(|(name, value)| {
        let value = if name == "x-api-key" { "<redacted>" } else { value };
        (name.clone(), Value::from(value))
    });
    let mut seen = json!({
        "method": method,
        "path": request.url.path(),
        "headers": Value::Object(headers.collect()),
    });
    if let Some(body) = &request.body {
        seen["body"] = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    }
    let mut expected = recorded.clone();
    let path = expected["path"].as_str().unwrap_or_default().replace("//", "/");
    expected["path"] = path.into();
    same(&seen, &expected)
}

/// A key that must be asked for what was recorded.
#[derive(Debug)]
pub(super) struct Key<S> {
    pub(super) world: World,
    pub(super) inner: S,
}

impl<S: AccountSigner> AccountSigner for Key<S> {
    fn key(&self) -> OwnerKey {
        self.inner.key()
    }

    fn sign<'a>(&'a self, request: SigningRequest<'a>) -> BoxFuture<'a, Result<Bytes, SignerFailure>> {
        async move {
            let signature = self.inner.sign(request).await?;
            let mut state = self.world.state();
            let index = state.signatures;
            state.signatures += 1;
            if let Err(error) = check_signature(&request, &signature, &state.scenario["signatures"][index]) {
                state.differences.push(format!("signatures[{index}]: {error:#}"));
            }
            Ok(signature)
        }
        .boxed()
    }
}

fn check_signature(request: &SigningRequest<'_>, signature: &Bytes, recorded: &Value) -> anyhow::Result<()> {
    let kind = match request {
        SigningRequest::PersonalMessage(_) => "personal_sign",
        SigningRequest::TypedData(_) => "eip712",
        SigningRequest::Authorization(_) => "eip7702",
        _ => "transaction",
    };
    anyhow::ensure!(member(recorded, "kind")? == kind, "expected {}, saw {kind}", recorded["kind"]);
    match kind {
        "personal_sign" | "eip712" => {
            let digest: B256 = parse(recorded, "digest")?;
            anyhow::ensure!(digest == request.digest(), "expected digest {digest}, saw {}", request.digest());
            let expected: Bytes = parse(recorded, "signature")?;
            anyhow::ensure!(expected == *signature, "expected {expected}, saw {signature}");
            if let SigningRequest::TypedData(data) = request {
                let recorded = without_bigints(member(recorded, "payload")?);
                let mut shown = data.json.clone();
                // Some recorders leave the domain's own type out.
                if recorded["types"].get("EIP712Domain").is_none() {
                    shown["types"].as_object_mut().map(|types| types.remove("EIP712Domain"));
                }
                within(&shown, &recorded).map_err(|error| anyhow::anyhow!("typed data{error}"))?;
            }
        }
        "eip7702" => {
            let result = member(recorded, "result")?;
            let words: [B256; 2] = [parse(result, "r")?, parse(result, "s")?];
            anyhow::ensure!(signature.starts_with(&words.as_flattened()), "expected {words:?}, saw {signature}");
        }
        // A transaction is compared when it is sent.
        _ => {}
    }
    Ok(())
}

/// Whether everything that a wallet is shown was recorded so; the recording has members that are not signed.
fn within(shown: &Value, recorded: &Value) -> Result<(), String> {
    match (shown, recorded) {
        (Value::Object(shown), Value::Object(recorded)) => shown.iter().try_for_each(|(name, shown)| {
            let recorded = recorded.get(name).ok_or_else(|| format!(".{name} was not recorded"))?;
            within(shown, recorded).map_err(|error| format!(".{name}{error}"))
        }),
        (Value::Array(shown), Value::Array(recorded)) if shown.len() == recorded.len() => {
            let mut pairs = shown.iter().zip(recorded).enumerate();
            pairs.try_for_each(|(index, (shown, recorded))| {
                within(shown, recorded).map_err(|error| format!("[{index}]{error}"))
            })
        }
        _ => same(shown, recorded),
    }
}

trait Flattened {
    fn as_flattened(&self) -> Vec<u8>;
}

impl Flattened for [B256; 2] {
    fn as_flattened(&self) -> Vec<u8> {
        self.iter().flat_map(|word| word.0).collect()
    }
}

/// A chain's RPC server that answers as it did.
#[derive(Clone, Debug)]
struct Chains {
    world: World,
    chain_id: u64,
}

impl tower::Service<RequestPacket> for Chains {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let answer = match &packet {
            RequestPacket::Single(request) => self.answer(request),
            RequestPacket::Batch(_) => Err(anyhow::anyhow!("a batch was sent")),
        };
        let text = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.world.state().differences.push(format!("chain {}: {error:#}", self.chain_id));
                json!({ "jsonrpc": "2.0", "id": 0, "error": { "code": -1, "message": "not recorded" } })
            }
        };
        async move { serde_json::from_value(text).map_err(|error| TransportError::deser_err(error, "")) }.boxed()
    }
}

impl Chains {
    fn answer(&self, request: &SerializedRequest) -> anyhow::Result<Value> {
        let params: Value = match request.params() {
            Some(params) => serde_json::from_str(params.get())?,
            None => json!([]),
        };
        let id = serde_json::to_value(request.id())?;
        let state = self.world.state();
        let recorded = find(&state, self.chain_id, request.method(), &params);
        let result = match recorded {
            Some(entry) if entry.get("error").is_some() => {
                return Ok(json!({ "jsonrpc": "2.0", "id": id, "error": entry["error"] }));
            }
            Some(entry) => entry["result"].clone(),
            None => default_answer(&state, self.chain_id, request.method(), &params)
                .with_context(|| format!("{} {params} was not recorded", request.method()))?,
        };
        Ok(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
    }
}

/// The last recorded answer to the same question up to the present step.
fn find<'a>(state: &'a State, chain_id: u64, method: &str, params: &Value) -> Option<&'a Value> {
    let asked = question(method, params);
    let at = |entry: &Value| entry["fromStep"].as_i64().unwrap_or_default();
    let fits = |entry: &&Value| {
        entry["chainId"].as_u64() == Some(chain_id)
            && entry["method"] == method
            && at(entry) <= state.step
            && same(&question(method, &entry["params"]), &asked).is_ok()
    };
    list(&state.scenario, "rpc").ok()?.iter().filter(fits).max_by_key(|entry| at(entry))
}

/// What matters of a question: fees and senders of calls do not.
fn question(method: &str, params: &Value) -> Value {
    let call = &params[0];
    match method {
        "eth_call" => json!([call["to"], call["data"]]),
        "eth_estimateGas" => {
            let value = call["value"].as_str().filter(|value| *value != "0x0");
            json!([call["to"], call["data"], value])
        }
        _ => params.clone(),
    }
}

/// Answers that follow from the scenario's state: whether accounts have code.
fn default_answer(state: &State, chain_id: u64, method: &str, params: &Value) -> Option<Value> {
    let address = params[0].as_str()?;
    let mut deployments = list(&state.scenario, "accounts")
        .ok()?
        .iter()
        .flat_map(|account| account["deployments"].as_array().map_or(&[][..], Vec::as_slice));
    let own = deployments.any(|deployment| {
        deployment["chainId"].as_u64() == Some(chain_id)
            && deployment["address"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(address))
    });
    (method == "eth_getCode" && own).then(|| {
        let deployed = &state.scenario["env"]["chainState"]["deployed"][chain_id.to_string()];
        Value::from(if deployed == true { "0x60006000" } else { "0x" })
    })
}
