use super::*;

/// The only reading.
fn reading(input: &str, more: &[&str]) -> Value {
    let output = run_with(&[&["decode", "-", "--json"], more].concat(), input);
    assert_eq!(output.status.code(), Some(0), "{input}: {output:?}");
    let document = json_of(&output);
    assert_eq!(document["readings"].as_array().unwrap().len(), 1, "{document:#}");
    document["readings"][0].clone()
}

#[test]
fn envelopes_of_every_mode() {
    for case in cases("session-signatures") {
        let name = case["name"].as_str().unwrap();
        let packed = case["expected"]["packed"].as_str().unwrap();
        let id = case["expected"]["permissionId"].as_str().or(case["permissionId"].as_str()).unwrap();
        let document = json_of(&run_with(&["decode", "-", "--json"], packed));
        let found = document["readings"].as_array().into_iter().flatten().find(|one| one["kind"] == "session envelope");
        match found {
            Some(found) => {
                assert_eq!(found["permissionId"], id, "{name}");
                let signature = case["signature"].as_str().or(case["sessionSignature"].as_str());
                assert!(signature.is_none_or(|signature| found["sessionSignature"] == signature), "{name}: {found:#}");
            }
            // A few bytes behind an id are no signature of any validator.
            None => assert!(packed.len() < 2 + 2 * (33 + 64) && name.starts_with("use"), "{name}: {document:#}"),
        }
    }
}

#[test]
fn operations_and_their_hash() {
    for case in cases("userops") {
        let version = case["entryPointVersion"].as_str().unwrap();
        let chain = case["chainId"].to_string();
        let operation = case["userOperation"].to_string();
        let found = reading(&operation, &["--chain", chain.trim_matches('"')]);
        let hashes = found["hashes"].as_array().unwrap();
        if found["factory"]["eip7702"] == true && found["delegatedTo"].is_null() {
            // Such a hash holds the delegate, which the operation does not name.
            continue;
        }
        let hash = hashes.iter().find(|hash| hash["version"] == version).unwrap_or_else(|| panic!("{found:#}"));
        assert_eq!(hash["hash"], case["expected"]["userOpHash"], "{}", case["name"]);
    }
}

#[test]
fn executions_are_opened() {
    for case in cases("executions") {
        let calls = case["calls"].as_array();
        let (Some(calls), Some(data)) = (calls, case["expected"]["callData"].as_str()) else { continue };
        let found = reading(data, &[]);
        assert_eq!(found["kind"], "account call", "{found:#}");
        assert_eq!(found["calls"].as_array().unwrap().len(), calls.len(), "{}", case["name"]);
        for (seen, call) in found["calls"].as_array().unwrap().iter().zip(calls) {
            assert_eq!(seen["target"], call["to"], "{}", case["name"]);
        }
    }
}

#[test]
fn calls_of_the_module() {
    for case in cases("management-calls") {
        for (name, data) in case["expected"].as_object().unwrap() {
            let Some(data) = data.as_str().filter(|data| data.len() >= 10) else { continue };
            let found = reading(data, &[]);
            assert_eq!(found["kind"], "session module call", "{name}: {found:#}");
            assert_eq!(found.get("malformed"), None, "{name}");
        }
    }
}

#[test]
fn init_data_of_policies() {
    let (mut read, mut refused) = (0, 0);
    for case in cases("policies") {
        let policy = match case["kind"].as_str().unwrap() {
            "sudo" => "sudo",
            "timeFrame" => "time-frame",
            "usageLimit" => "usage-limit",
            "valueLimit" => "value-limit",
            "spendingLimits" => "spending-limits",
            "universal" => "universal-action",
            "arg" => "arg-policy",
            "contractWhitelist" => "contract-whitelist",
            "simpleGas" => "simple-gas",
            _ => continue,
        };
        for (generation, member) in [("current", "initData"), ("legacy", "legacyInitData")] {
            let Some(data) = case["expected"][member].as_str() else { continue };
            let arguments = ["decode", "-", "--policy", policy, "--generation", generation, "--json"];
            let output = run_with(&arguments, data);
            let document = json_of(&output);
            match output.status.code() {
                Some(0) => {
                    let says = document["readings"][0]["says"].as_array();
                    assert!(says.is_some_and(|says| !says.is_empty()), "{document:#}");
                    read += 1;
                }
                // Recorded are also settings that the contract refuses.
                code => {
                    assert_eq!((code, document["kind"].as_str()), (Some(2), Some("error")), "{document:#}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 2 * refused, "{read} read, {refused} refused");
}

#[test]
fn errors_from_bytes_texts_and_answers() {
    let id = "11".repeat(32);
    let violation = format!("0x3b577361{id}{:0>64}", "1d4479fa2a947026204d0283cede4b");
    for input in [
        violation.clone(),
        format!("UserOperation reverted during simulation with reason: AA23 reverted {violation}"),
        format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-32500,"message":"AA23 reverted {violation}"}}}}"#),
        format!(r#"{{"code":-32500,"message":"AA23 reverted","data":{{"revertData":"{violation}"}}}}"#),
    ] {
        let found = reading(&input, &[]);
        let revert = if found["revert"].is_object() { &found["revert"] } else { &found };
        assert_eq!(revert["error"], "PolicyViolation(bytes32,address)", "{input}: {found:#}");
        assert_eq!(revert["arguments"][0]["value"], format!("0x{id}"));
        assert_eq!(revert["arguments"][1]["value"], "0x00000000001d4479FA2A947026204d0283ceDe4B");
    }
    let nonce = reading("AA25 invalid account nonce", &[]);
    assert_eq!(nonce["aaCode"], 25, "{nonce:#}");
    assert_eq!(run_with(&["decode", "-"], "the server is tired").status.code(), Some(2));
}

#[test]
fn bytes_that_are_nothing_are_not_called_a_policy() {
    for input in ["0x1234", "0xdeadbeefdeadbeef"] {
        assert_eq!(run_with(&["decode", input], "").status.code(), Some(2), "{input}");
    }
    // A sentence may be given as it is.
    assert_eq!(run_with(&["decode", "AA25 invalid account nonce"], "").status.code(), Some(0));
}
