use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use bundler_rpc::paymaster::PaymasterClient;
use bundler_rpc::userop::{EntryPoint, Factory};
use bundler_rpc::{
    BundlerClient, BundlerError, Deadline, FeeSource, Fees, NodeClient, NonceSource, OperationRequest,
    PartialOperation, Preparer, SpendingLimit, Sponsorship,
};
use serde_json::Value;

use super::compare::expected_request;
use super::server::Server;
use crate::{Document, Tally};

/// The chain of the recorded signatures.
const CHAIN_ID: u64 = 84532;

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, super::block_on(check(case)));
    }
}

struct Recorded<'a> {
    requests: &'a [Value],
}

impl Recorded<'_> {
    fn first(&self, method: &str) -> Option<&Value> {
        self.requests.iter().find(|request| request["method"] == method)
    }

    fn operation(&self, method: &str) -> Result<Option<PartialOperation>, String> {
        let Some(request) = self.first(method) else { return Ok(None) };
        serde_json::from_value(request["params"][0].clone()).map(Some).map_err(|error| error.to_string())
    }
}

fn read<T: serde::de::DeserializeOwned>(case: &Value, name: &str) -> Result<T, String> {
    serde_json::from_value(case[name].clone()).map_err(|error| format!("{name}: {error}"))
}

async fn check(case: &Value) -> Result<(), String> {
    let recorded = Recorded { requests: case["requests"].as_array().ok_or("no requests")? };
    let sent = recorded.operation("eth_sendUserOperation")?.ok_or("no operation is sent")?;
    let entry_point: Address = recorded
        .first("eth_sendUserOperation")
        .and_then(|r| r["params"][1].as_str()?.parse().ok())
        .ok_or("entry point")?;
    let entry_point = EntryPoint::from_address(entry_point).ok_or("unknown entry point")?;

    let results: Vec<_> = recorded.requests.to_vec();
    let server = Server::start(Box::new(move |path, request| {
        let found = results.iter().find(|r| r["endpoint"] == path && r["method"] == request["method"]);
        let response = found.map_or_else(
            || serde_json::json!({"jsonrpc": "2.0", "error": {"code": -32601, "message": "not recorded"}}),
            |found| serde_json::json!({"jsonrpc": "2.0", "result": found["result"]}),
        );
        (200, response)
    }))
    .await?;

    let node = NodeClient::http(&format!("{}/node", server.url)).map_err(|error| error.to_string())?;
    let bundler = BundlerClient::http(&format!("{}/bundler", server.url)).map_err(|error| error.to_string())?;
    let stub = recorded.first("pm_getPaymasterStubData").or_else(|| recorded.first("pm_getPaymasterData"));
    let sponsorship = match stub {
        Some(stub) => {
            let url = format!("{}{}", server.url, stub["endpoint"].as_str().unwrap_or("/paymaster"));
            let client = PaymasterClient::http(&url).map_err(|error| error.to_string())?;
            let context = stub["params"][3].clone();
            Some(Sponsorship::new(client).with_context(context))
        }
        None => None,
    };
    let preparer = Preparer::new(bundler, node, entry_point, CHAIN_ID)
        .with_fees(FeeSource::NodeDoubled)
        // The recorded client asks for no block to measure answers by.
        .with_spending_limit(SpendingLimit::NONE)
        .with_sponsorship(sponsorship);

    let request = request(case, &recorded, &sent)?;
    let signer: PrivateKeySigner = read::<String>(case, "ownerPrivateKey")?.parse().map_err(|_| "no key")?;
    let prepared = preparer.prepare(&request).await.map_err(|error| error.to_string())?;
    let recorded_signature = sent.signature.clone().unwrap_or_default();
    let signature = sign(&signer, prepared.hash(), &recorded_signature)?;
    let signed = prepared.sign(signature).map_err(|error| error.to_string())?;
    let outcome = preparer.bundler().submit(&signed, Deadline::after(Duration::from_secs(5))).await;

    // The recorded bundler makes the hash up, which is noticed here.
    let hash = match outcome {
        Ok(hash) => hash,
        Err(BundlerError::Unsettled { error, .. }) => match *error {
            BundlerError::HashMismatch { seen, .. } => seen,
            error => return Err(error.to_string()),
        },
        Err(error) => return Err(error.to_string()),
    };
    if hash != read::<B256>(&case["outcome"], "hash")? {
        return Err(format!("hash {hash}, recorded {}", case["outcome"]["hash"]));
    }
    same_requests(&server, recorded.requests)
}

/// What is given and what is to be asked for, as the recorded requests show it.
fn request(case: &Value, recorded: &Recorded<'_>, sent: &PartialOperation) -> Result<OperationRequest, String> {
    let asked = ["pm_getPaymasterStubData", "eth_estimateUserOperationGas"];
    let asked = asked.iter().find_map(|method| recorded.operation(method).transpose()).transpose()?;
    let estimated = recorded.operation("eth_estimateUserOperationGas")?;
    let stub = asked.and_then(|operation| operation.signature).unwrap_or_else(|| Bytes::from(vec![0xab; 65]));
    let nonce = NonceSource::Fixed(sent.nonce);
    let mut request = OperationRequest::new(read(case, "account")?, read::<Bytes>(case, "callData")?, nonce, stub)
        .with_factory(Factory::new(read(case, "factory")?, read::<Bytes>(case, "factoryData")?));
    if recorded.first("eth_getBlockByNumber").is_none() {
        request = request.with_fees(Fees {
            max_fee_per_gas: sent.max_fee_per_gas.unwrap_or_default(),
            max_priority_fee_per_gas: sent.max_priority_fee_per_gas.unwrap_or_default(),
        });
    }
    // A limit that is not zero in the estimation was given, and without an estimation all were.
    let given = estimated.as_ref().unwrap_or(sent);
    request.call_gas_limit = given.call_gas_limit.filter(|gas| *gas > 0);
    request.verification_gas_limit = given.verification_gas_limit.filter(|gas| *gas > 0);
    request.pre_verification_gas = given.pre_verification_gas.filter(|gas| *gas > U256::ZERO);
    Ok(request)
}

/// Signs the hash in the form that the recorded owner used: raw, or as a personal message.
fn sign(signer: &PrivateKeySigner, hash: B256, recorded: &Bytes) -> Result<Bytes, String> {
    let raw = signer.sign_hash_sync(&hash).map_err(|error| error.to_string())?;
    let personal = signer.sign_message_sync(hash.as_slice()).map_err(|error| error.to_string())?;
    let forms = [raw, personal].map(|signature| Bytes::from(signature.as_bytes().to_vec()));
    let found = forms.iter().find(|signature| *signature == recorded);
    found.cloned().ok_or_else(|| format!("the signature over {hash} is {forms:?}, recorded {recorded}"))
}

/// The same requests in the same order; reads of the node have no order among themselves.
fn same_requests(server: &Server, recorded: &[Value]) -> Result<(), String> {
    let without_id = |(path, request): (String, Value)| (path, expected_request(&request));
    let mut seen: Vec<_> = server.requests().into_iter().map(without_id).collect();
    let expected = |request: &Value| {
        let path = request["endpoint"].as_str().unwrap_or_default().to_owned();
        let body = serde_json::json!({"jsonrpc": "2.0", "method": request["method"], "params": request["params"]});
        (path, expected_request(&body))
    };
    let mut expected: Vec<_> = recorded.iter().map(expected).collect();
    let order = |(path, request): &(String, Value)| (path != "/node", path == "/node", request["method"].to_string());
    let is_node = |entry: &(String, Value)| entry.0 == "/node";
    let sort_reads = |requests: &mut Vec<(String, Value)>| {
        let reads = requests.iter().take_while(|entry| is_node(entry)).count();
        requests[..reads].sort_by_key(order);
    };
    sort_reads(&mut seen);
    sort_reads(&mut expected);
    for (seen, expected) in seen.iter().zip(&expected) {
        if seen != expected {
            return Err(format!("sent {seen:?}, recorded {expected:?}"));
        }
    }
    if seen.len() == expected.len() {
        Ok(())
    } else {
        Err(format!("{} requests, recorded {}", seen.len(), expected.len()))
    }
}
