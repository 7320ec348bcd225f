//! A scripted server behind alloy's transport interface: it answers as the test says and remembers what came.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use alloy_json_rpc::{RequestPacket, ResponsePacket, SerializedRequest};
use alloy_primitives::{Address, B256, U256, bytes};
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use bundler_rpc::userop::{EntryPoint, UserOperation};
use bundler_rpc::{BundlerClient, NodeClient, RpcClient, SignedOperation};
use serde_json::{Value, json};

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers with a result.
    Is(Value),
    /// Answers with a JSON-RPC error.
    Error(i64, &'static str),
    /// The whole HTTP request is answered with this status.
    Http(u16),
    /// The answer is lost: the connection breaks.
    Lost,
    /// Nothing comes for this long, then the connection breaks.
    Stall(Duration),
}

pub(crate) type Script = dyn FnMut(&str, &Value) -> Reply + Send;

/// One HTTP request: the JSON-RPC requests in it.
pub(crate) type Packet = Vec<(String, Value)>;

#[derive(Clone)]
pub(crate) struct Server {
    script: Arc<Mutex<Box<Script>>>,
    packets: Arc<Mutex<Vec<Packet>>>,
    latency: Duration,
    batches: bool,
}

impl Server {
    pub(crate) fn new(script: impl FnMut(&str, &Value) -> Reply + Send + 'static) -> Self {
        Self {
            script: Arc::new(Mutex::new(Box::new(script))),
            packets: Arc::default(),
            latency: Duration::ZERO,
            batches: true,
        }
    }

    /// With a time that each HTTP request takes.
    pub(crate) const fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Refuses batches.
    pub(crate) const fn without_batches(mut self) -> Self {
        self.batches = false;
        self
    }

    pub(crate) fn rpc(&self) -> RpcClient {
        RpcClient::new(self.clone(), true)
    }

    pub(crate) fn bundler(&self) -> BundlerClient {
        BundlerClient::new(self.rpc())
    }

    pub(crate) fn node(&self) -> NodeClient {
        NodeClient::new(self.rpc())
    }

    pub(crate) fn packets(&self) -> Vec<Packet> {
        self.packets.lock().unwrap().clone()
    }

    /// The parameters of every request of a method.
    pub(crate) fn of(&self, method: &str) -> Vec<Value> {
        let packets = self.packets();
        packets.into_iter().flatten().filter(|(name, _)| name == method).map(|(_, params)| params).collect()
    }

    async fn answer(self, packet: RequestPacket) -> Result<ResponsePacket, TransportError> {
        tokio::time::sleep(self.latency).await;
        let (requests, is_batch) = match packet {
            RequestPacket::Single(one) => (vec![one], false),
            RequestPacket::Batch(many) => (many, true),
        };
        let read = |request: &SerializedRequest| {
            let params = request.params().map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap());
            (request.method().to_owned(), params)
        };
        let asked: Packet = requests.iter().map(read).collect();
        self.packets.lock().unwrap().push(asked.clone());
        if is_batch && !self.batches {
            return Err(TransportErrorKind::http_error(400, "no batches".into()));
        }
        let mut answers = Vec::new();
        for (request, (method, params)) in requests.iter().zip(&asked) {
            let reply = (self.script.lock().unwrap())(method, params);
            let mut answer = json!({"jsonrpc": "2.0", "id": request.id()});
            match reply {
                Reply::Is(result) => answer["result"] = result,
                Reply::Error(code, message) => answer["error"] = json!({"code": code, "message": message}),
                Reply::Http(status) => return Err(TransportErrorKind::http_error(status, "busy".into())),
                Reply::Lost => return Err(TransportErrorKind::custom_str("connection reset")),
                Reply::Stall(time) => {
                    tokio::time::sleep(time).await;
                    return Err(TransportErrorKind::custom_str("connection reset"));
                }
            }
            answers.push(answer);
        }
        let body = if is_batch { Value::Array(answers) } else { answers.remove(0) };
        serde_json::from_value(body).map_err(|error| TransportError::deser_err(error, "scripted"))
    }
}

impl tower::Service<RequestPacket> for Server {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        Box::pin(self.clone().answer(packet))
    }
}

/// A signed operation with this nonce.
pub(crate) fn signed(nonce: u64) -> SignedOperation {
    signed_with_fees(nonce, 2_000_000_000, 100_000_000)
}

pub(crate) fn signed_with_fees(nonce: u64, max_fee: u128, priority: u128) -> SignedOperation {
    let operation = UserOperation::new(Address::repeat_byte(0xaa), U256::from(nonce), bytes!("c0de"))
        .with_fees(max_fee, priority)
        .with_gas(1, 2, U256::from(3))
        .with_signature(bytes!("5151"));
    SignedOperation::new(operation, EntryPoint::V0_7, 31337).unwrap()
}

/// The receipt of a mined operation whose calls went through.
pub(crate) fn receipt(hash: B256) -> Value {
    json!({
        "userOpHash": hash,
        "sender": Address::repeat_byte(0xaa),
        "nonce": "0x0",
        "actualGasCost": "0x1",
        "actualGasUsed": "0x1",
        "success": true,
        "logs": [],
        "receipt": {"transactionHash": B256::repeat_byte(0x77)},
    })
}

/// The hash that a look-up asks for.
pub(crate) fn asked(params: &Value) -> B256 {
    params[0].as_str().unwrap().parse().unwrap()
}
