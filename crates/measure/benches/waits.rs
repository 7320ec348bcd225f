//! Ten thousand waits for receipts at once: what they cost beside bare batches of the same questions, what they hold in memory, and how
//! many requests they make.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use alloy_json_rpc::{RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest};
use alloy_primitives::{Address, B256, U256};
use alloy_transport::{TransportError, TransportFut};
use bundler_rpc::{BundlerClient, Deadline, Polling, RpcClient, UserOperationReceipt};
use futures_util::future::{join_all, try_join_all};
use serde_json::value::RawValue;

const WAITS: u64 = 10_000;
const BATCH: usize = 100;

/// A bundler in this process: it knows no receipt until it is told that all operations are mined.
#[derive(Clone, Default)]
struct Bundler(Arc<State>);

#[derive(Default)]
struct State {
    mined: AtomicBool,
    requests: AtomicU64,
}

impl Bundler {
    fn answer(&self, request: &SerializedRequest) -> Response {
        let text = if self.0.mined.load(Relaxed) {
            let params: [B256; 1] = serde_json::from_str(request.params().map_or("", RawValue::get)).expect("a hash");
            let (hash, sender, transaction) = (params[0], Address::repeat_byte(0xaa), B256::repeat_byte(0x77));
            format!(
                r#"{{"userOpHash":"{hash}","sender":"{sender}","nonce":"0x0","actualGasCost":"0x1","actualGasUsed":"0x1","success":true,"logs":[],"receipt":{{"transactionHash":"{transaction}"}}}}"#
            )
        } else {
            "null".to_owned()
        };
        let payload = ResponsePayload::Success(RawValue::from_string(text).expect("JSON"));
        Response { id: request.id().clone(), payload }
    }
}

impl tower::Service<RequestPacket> for Bundler {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        self.0.requests.fetch_add(1, Relaxed);
        let answer = match &packet {
            RequestPacket::Single(one) => ResponsePacket::Single(self.answer(one)),
            RequestPacket::Batch(many) => ResponsePacket::Batch(many.iter().map(|one| self.answer(one)).collect()),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

fn hashes() -> impl Iterator<Item = B256> {
    (0..WAITS).map(|index| B256::from(U256::from(index)))
}

fn waits(bundler: &BundlerClient) -> impl Future<Output = Vec<Arc<UserOperationReceipt>>> + use<> {
    let bundler = bundler.clone();
    async move {
        let waits = hashes().map(|hash| {
            let bundler = bundler.clone();
            tokio::spawn(async move {
                let receipt = bundler.wait(hash, Deadline::after(Duration::from_secs(600))).await;
                Arc::new(receipt.expect("a receipt"))
            })
        });
        try_join_all(waits.collect::<Vec<_>>()).await.expect("no wait panics")
    }
}

/// The same questions in full batches, by alloy's client alone.
async fn bare(rpc: &RpcClient) -> Vec<UserOperationReceipt> {
    let hashes: Vec<B256> = hashes().collect();
    let mut receipts = Vec::with_capacity(hashes.len());
    for some in hashes.chunks(BATCH) {
        let mut batch = rpc.new_batch();
        let calls: Vec<_> =
            some.iter().map(|hash| batch.add_call("eth_getUserOperationReceipt", &[*hash]).expect("a call")).collect();
        batch.send().await.expect("an answer");
        receipts.extend(join_all(calls).await.into_iter().map(|receipt| receipt.expect("a receipt")));
    }
    receipts
}

/// Bytes for each wait while all of them wait, and requests a second meanwhile.
fn while_nothing_is_mined() -> (u64, f64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = Bundler::default();
    let bundler = BundlerClient::new(RpcClient::new(server.clone(), true));
    let (seconds, allocations) = measure::count(|| {
        runtime.block_on(async {
            let all = tokio::spawn(waits(&bundler));
            let start = Instant::now();
            tokio::time::sleep(Duration::from_secs(6)).await;
            let seconds = start.elapsed().as_secs_f64();
            all.abort();
            seconds
        })
    });
    let requests = u32::try_from(server.0.requests.load(Relaxed)).unwrap_or(u32::MAX);
    (allocations.peak / WAITS, f64::from(requests) / seconds)
}

fn main() {
    let mut suite = measure::suite!("bundler-rpc");
    if !suite.takes_times() {
        // Not under an instruction counter: it would take minutes.
        return;
    }
    let (bytes, rate) = while_nothing_is_mined();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = Bundler::default();
    server.0.mined.store(true, Relaxed);
    let rpc = RpcClient::new(server, true);
    let eager = Polling::DEFAULT.with_spacing(Duration::ZERO).with_batch(BATCH);
    let bundler = BundlerClient::new(rpc.clone()).with_polling(eager);
    assert_eq!(runtime.block_on(bare(&rpc)).len(), runtime.block_on(waits(&bundler)).len());
    suite
        .operation("10,000 waits for receipts")
        .floor("the same questions in full batches, by alloy-rpc-client alone", || runtime.block_on(bare(&rpc)))
        .ours(|| runtime.block_on(waits(&bundler)))
        .note(format!("{bytes} bytes for each wait, its task included; {rate:.1} requests a second to the bundler"));
}
