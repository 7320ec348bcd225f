use alloy_primitives::U256;
use alloy_sol_types::{SolCall as _, sol};
use serde_json::{Value, json};
use session_contracts::address::TOKEN;
use smart_sessions::userop::Call;
use smart_sessions::userop::account::Account as _;
use smart_sessions::{Error, Grant, SessionClient};
use testkit::{Devnet, Key};

use super::*;

sol! {
    function mint(address to, uint256 value) external;
    function transfer(address to, uint256 value) external returns (bool);
    function balanceOf(address owner) external view returns (uint256);
}

/// The service on a free port.
async fn serve(owner: &Owner<Nexus, PrivateKeySigner>, confirmation: Confirmation) -> String {
    let wallet = Arc::new(Wallet { owner: owner.clone(), confirmation });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, json_rpc::router(wallet)).await });
    url
}

async fn post(url: &str, body: Value) -> Value {
    reqwest::Client::new().post(url).json(&body).send().await.unwrap().json().await.unwrap()
}

fn request(params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "wallet_grantPermissions", "params": params })
}

/// Up to 100 of the token within an hour, for this key.
fn spending(key: Address) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    json!({
        "chainId": "0x7a69",
        "expiry": now + 3600,
        "signer": { "type": "account", "data": { "address": key } },
        "permissions": [{ "type": "erc20-token-transfer", "data": { "address": TOKEN, "allowance": "0x64" } }],
    })
}

fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_as_the_owner_decided() {
    let devnet = Devnet::start().await.unwrap();
    let (node, bundler) = (devnet.rpc_url().as_str(), devnet.bundler_url().as_str());
    let chain = Chain::http(node, bundler, Deployment::current()).await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap();
    let owner = Owner::nexus(chain.clone(), account.clone(), Key::Owner.signer());
    owner.install_session_module().await.unwrap();
    let mint = mintCall { to: account.address(), value: U256::from(1000) };
    devnet.chain().send(Key::Deployer.address(), TOKEN, U256::ZERO, mint.abi_encode()).await.unwrap();
    let key = PrivateKeySigner::random();

    // Granted over HTTP: the context and the key are all that the application needs.
    let url = serve(&owner, Confirmation::Unremarkable).await;
    let asked = spending(key.address());
    let answer = post(&url, request(json!([asked]))).await;
    let granted = &answer["result"][0];
    assert_eq!(granted["permissions"], asked["permissions"], "{answer:#}");
    assert_eq!(granted["address"], json!(account.address()));
    let grant = Grant::from_permission_response(&serde_json::from_value(granted.clone()).unwrap()).unwrap();
    let session = SessionClient::new(chain.clone(), account.clone(), grant, key.clone()).unwrap();
    let shop = Address::repeat_byte(7);
    let pay = |value: u64| [Call::new(TOKEN, transferCall { to: shop, value: U256::from(value) }.abi_encode())];
    session.use_permission(&pay(60)).await.unwrap();
    assert!(matches!(session.use_permission(&pay(101)).await, Err(Error::NotPermitted(_))));
    assert!(matches!(session.use_permission(&pay(41)).await, Err(Error::Refused(_))));
    let received: U256 = chain.node().call_sol(TOKEN, &balanceOfCall { owner: shop }).await.unwrap();
    assert_eq!(received, U256::from(60));

    // Without a word at the start, nothing is granted; and what would be half granted is refused by any wallet.
    let code = async |url: &str, body: Value| post(url, body).await["error"]["code"].as_i64();
    let refusing = serve(&owner, Confirmation::Refuse).await;
    assert_eq!(code(&refusing, request(json!([asked]))).await, Some(4001));
    let unlimited = json!([{ "type": "smart-sessions:function-call",
        "data": { "target": TOKEN, "selector": "0x095ea7b3", "policies": [{ "type": "sudo" }] } }]);
    assert_eq!(code(&url, request(json!([with(asked.clone(), "permissions", unlimited)]))).await, Some(4001));
    let mut more = asked["permissions"].clone();
    more.as_array_mut().unwrap().push(json!({ "type": "native-token-transfer", "data": { "allowance": "0x1" } }));
    for (field, value, expected) in [
        ("permissions", more, -32602),
        ("permissions", json!([]), -32602),
        ("expiry", json!(1), -32602),
        ("signer", json!({ "type": "wallet" }), -32602),
        ("chainId", json!("0x1"), 4901),
        ("address", json!(shop), 4100),
    ] {
        let seen = code(&url, request(json!([with(asked.clone(), field, value.clone())]))).await;
        assert_eq!(seen, Some(expected), "{field}: {value}");
    }

    // JSON-RPC and HTTP.
    assert_eq!(code(&url, request(json!({ "no": "list" }))).await, Some(-32602));
    assert_eq!(code(&url, with(request(json!([])), "method", json!("wallet_sign"))).await, Some(-32601));
    assert_eq!(code(&url, with(request(json!([])), "jsonrpc", json!("1.0"))).await, Some(-32600));
    assert_eq!(code(&url, json!([])).await, Some(-32600));
    let client = reqwest::Client::new();
    let raw = |body: &'static str, kind| client.post(&url).header("content-type", kind).body(body).send();
    let broken: Value = raw("{", "application/json").await.unwrap().json().await.unwrap();
    assert_eq!(broken["error"]["code"], -32700);
    // What a page can send without being asked by the browser is no JSON, and what says where it comes from is refused.
    assert_eq!(raw("{}", "text/plain").await.unwrap().status(), 415);
    let page = client.post(&url).header("origin", "https://example.org").json(&request(json!([asked]))).send().await;
    assert_eq!(page.unwrap().status(), 403);
}
