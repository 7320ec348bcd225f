use serde_json::json;

use super::*;

/// A session of the second generation's contracts that permits one function.
const SESSION: &str = r#"{"sessionValidator":"0x000000000013fdB5234E4E3162a810F54d9f7E98","sessionValidatorInitData":
    "0x000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000400000000000000000000000000000000000000000000000000000000000000001000000000000000000000000d891475e9fc2f3122e05b3fd9154d80610a6ef20",
    "salt":"0x0000000000000000000000000000000000000000000000000000000000000001","userOpPolicies":[],"actions":[{"actionTarget":
    "0x00000000000000000000000000000000000000aa","actionTargetSelector":"0xd09de08a","actionPolicies":[{"policy":
    "0x00000000001d4479FA2A947026204d0283ceDe4B","initData":"0x00000000000000000000000000000002"}]}],"permitERC4337Paymaster":false}"#;

#[test]
fn a_node_that_does_not_answer_has_its_own_code() {
    let arguments =
        ["status", "--rpc-url", "http://127.0.0.1:1/", "--account", "0x00000000000000000000000000000000000000aa"];
    let output = run_with(&arguments, "");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(text(&output.stderr).contains("(remedy: "), "{output:?}");
}

#[test]
fn a_revocation_is_printed_as_calls() {
    let id = format!("0x{}", "11".repeat(32));
    let output = run_with(&["revoke", "--permission", &id, "--generation", "legacy", "--json"], "");
    let document = json_of(&output);
    let call_data = document["accounts"][0]["accountCallData"].as_str().unwrap();
    let decoded = json_of(&run_with(&["decode", "-", "--json"], call_data));
    let calls = decoded["readings"][0]["calls"].as_array().unwrap().clone();
    let functions: Vec<_> = calls.iter().map(|call| call["decoded"]["function"].as_str().unwrap()).collect();
    assert_eq!(functions, ["removeSession(bytes32)", "revokeEnableSignature(bytes32)"]);
    assert!(calls.iter().all(|call| call["decoded"]["arguments"]["permissionId"] == id), "{decoded:#}");
    assert_eq!(calls[0]["target"], document["accounts"][0]["calls"][0]["target"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_tells_what_is_enabled_and_what_was_revoked() {
    let devnet = testkit::Devnet::builder().without_bundler().start().await.unwrap();
    let stored = smart_sessions::session::text::Value::parse(SESSION).unwrap();
    let (_, session) = smart_sessions::session::stored::read_session(&stored).unwrap();
    let id = session.permission_id().to_string();
    let module = smart_sessions::session::Deployment::current().module;
    let url = devnet.rpc_url().to_string();
    // To the module every caller is an account.
    let account: Value = devnet.chain().rpc().request("eth_accounts", ()).await.unwrap();
    let account = account[0].as_str().unwrap().to_owned();
    let send = async |to: String, data: String| {
        let transaction = json!({ "from": account, "to": to, "data": data, "gas": "0x4c4b40" });
        let hash = devnet.chain().rpc().request("eth_sendTransaction", (transaction,)).await.unwrap();
        let receipt = devnet.chain().receipt(hash).await.unwrap();
        assert_eq!(receipt.status.to::<u64>(), 1, "{receipt:?}");
    };
    let status = |more: &[&str]| {
        let arguments = ["status", "--rpc-url", &url, "--account", &account, "--generation", "current", "--json"];
        let output = run_with(&[&arguments, more].concat(), SESSION);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        json_of(&output)["chains"][0]["modules"][0]["permissions"].clone()
    };
    assert_eq!(status(&[]), json!([]));

    send(module.to_string(), smart_sessions::session::abi::enable_sessions_calldata(&[session]).to_string()).await;
    let permissions = status(&["--session", "-"]);
    assert_eq!((&permissions[0]["kind"], &permissions[0]["permissionId"]), (&json!("enabled"), &json!(id)));
    let action = &permissions[0]["actions"][0];
    assert_eq!(action["selector"], "0xd09de08a", "{permissions:#}");
    assert_eq!(action["policies"][0]["kind"], "usage limit policy", "{permissions:#}");
    assert_eq!(action["policies"][0]["remaining"][0]["remaining"], "2", "{permissions:#}");

    let document = json_of(&run_with(&["revoke", "--permission", &id, "--generation", "current", "--json"], ""));
    for call in document["accounts"][0]["calls"].as_array().unwrap() {
        let part = |name: &str| call[name].as_str().unwrap().to_owned();
        send(part("target"), part("data")).await;
    }
    assert_eq!(status(&[]), json!([]));
    let gone = status(&["--permission", &id]);
    assert_eq!((&gone[0]["kind"], &gone[0]["enableNonce"]), (&json!("not enabled"), &json!("1")), "{gone:#}");
}
