use std::path::Path;
use std::time::Duration;

use alloy_primitives::U256;
use alloy_rpc_client::{ClientBuilder, IpcConnect};
use alloy_transport_http::reqwest;
use bundler_rpc::userop::EntryPoint;
use bundler_rpc::{BundlerClient, Deadline, NodeClient, NonceSource, OperationRequest, Preparer};
use serde_json::{Deserializer, Value};
use testkit::Devnet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use crate::account::Account;

/// Node and bundler behind one socket, as alloy's own transport speaks to it: no HTTP, and no batches on the wire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_and_bundler_behind_one_socket() {
    let Some(devnet) = crate::start(Devnet::builder()).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("rpc");
    let server = serve(&socket, devnet.rpc_url().to_string(), devnet.bundler_url().to_string());
    let rpc = ClientBuilder::default().ipc(IpcConnect::new(socket)).await.unwrap();

    let account = Account::new(&devnet, 3).await;
    let (bundler, node) = (BundlerClient::new(rpc.clone()), NodeClient::new(rpc));
    let preparer = Preparer::connect(bundler, node, EntryPoint::V0_7).await.unwrap();
    for count in 1..=2_u64 {
        let stub = Account::sign(alloy_primitives::B256::repeat_byte(0x5a));
        let nonce = NonceSource::Next(Account::lane(0));
        let request = OperationRequest::new(account.address, Account::call_data(), nonce, stub)
            .with_factory(account.factory.clone());
        let sign = async |hash| Ok::<_, std::fmt::Error>(Account::sign(hash));
        let receipt = preparer.execute(&request, Deadline::after(Duration::from_secs(60)), sign).await.unwrap();
        receipt.require_success().unwrap();
        assert_eq!(account.count(&devnet).await, U256::from(count));
    }
    let unknown = preparer.bundler().receipt(alloy_primitives::B256::ZERO).await.unwrap();
    assert!(unknown.is_none());
    server.abort();
}

/// Hands each request on to the server that knows its method.
fn serve(socket: &Path, node: String, bundler: String) -> tokio::task::JoinHandle<()> {
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (client, mut seen) = (reqwest::Client::new(), Vec::new());
        loop {
            let mut requests = Deserializer::from_slice(&seen).into_iter::<Value>();
            let (request, length) = match requests.next() {
                Some(Ok(request)) => (request, requests.byte_offset()),
                // The rest is still to come.
                _ => match stream.read_buf(&mut seen).await {
                    Ok(1..) => continue,
                    _ => return,
                },
            };
            seen.drain(..length);
            let method = request["method"].as_str().expect("one request at a time");
            let url = if method.contains("UserOperation") || method.contains("EntryPoints") { &bundler } else { &node };
            let answer = client.post(url).header("content-type", "application/json").body(request.to_string());
            let answer = answer.send().await.unwrap().bytes().await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    })
}
