use super::*;

#[test]
fn stored_texts_are_explained() {
    let mut explained = 0;
    // The file has texts that are no Unicode: JSON libraries refuse them.
    let path = format!("{}/../../vectors/stored-text.json", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(path).unwrap();
    let document = smart_sessions::session::text::Value::parse(&file).unwrap();
    for case in document.member("cases").unwrap().as_array().unwrap() {
        let name = case.member("name").unwrap().as_str().unwrap();
        let stored = case.member("expected").unwrap().member("text").and_then(|text| text.as_str()).unwrap_or_default();
        if !name.starts_with("session-data") || !stored.contains("\"moduleData\"") {
            continue;
        }
        let output = run_with(&["explain", "-", "--json"], stored);
        let document = json_of(&output);
        assert_eq!(output.status.code(), Some(0), "{name}: {document:#}");
        assert_eq!(document["source"], "SessionData", "{name}");
        let id = document["sessions"][0]["permissionId"].as_str().unwrap();
        assert!(stored.contains(id), "{name}: {id}");
        explained += 1;
    }
    assert!(explained >= 5, "{explained}");
}

#[test]
fn call_data_that_enables_sessions_is_explained() {
    for case in cases("sessions").iter().filter(|case| !case["sessions"].as_array().unwrap().is_empty()) {
        let data = case["expected"]["enableSessionsCalldata"].as_str().unwrap();
        let document = json_of(&run_with(&["explain", "-", "--json"], data));
        let ids = |value: &Value, member: &str| {
            let mut ids: Vec<_> = value
                .as_array()
                .unwrap()
                .iter()
                .map(|item| match member {
                    "" => item.to_string(),
                    member => item[member].to_string(),
                })
                .collect();
            ids.sort();
            ids.dedup();
            ids
        };
        let expected = ids(&case["expected"]["permissionIds"], "");
        assert_eq!(ids(&document["sessions"], "permissionId"), expected, "{}", case["name"]);
        let plain = text(&run_with(&["explain", "-"], data).stdout);
        assert!(plain.contains("Nothing else is permitted."), "{plain}");
        assert!(!plain.contains('\u{1b}'), "no colours into a pipe");
    }
}

#[test]
fn a_policy_that_nobody_knows_is_called_unknown() {
    let session = r#"{"sessionValidator":"0x000000000013fdB5234E4E3162a810F54d9f7E98","sessionValidatorInitData":"0x","salt":
        "0x0000000000000000000000000000000000000000000000000000000000000001","userOpPolicies":[],"actions":[{"actionTarget":
        "0x00000000000000000000000000000000000000aa","actionTargetSelector":"0xd09de08a","actionPolicies":[{"policy":
        "0x00000000000000000000000000000000000000bb","initData":"0x1234"}]}],"permitERC4337Paymaster":false}"#;
    let plain = text(&run_with(&["explain", "-"], session).stdout);
    assert!(plain.contains("? ") && plain.contains("0x00000000000000000000000000000000000000bb"), "{plain}");
    let call = "0x00000000000000000000000000000000000000aa:0xd09de08a";
    let output = run_with(&["check", "-", "--call", call, "--json"], session);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(json_of(&output)["kind"], "depends on the chain");
}

#[test]
fn input_that_holds_no_session_is_refused_with_a_remedy() {
    for input in ["", "hello", "0x", "0x12", "0x123", "{}", "[]", "[1,2", r#"{"granter":1}"#, "{\"a\":\u{7}}"] {
        let output = run_with(&["explain", "-"], input);
        assert_eq!(output.status.code(), Some(2), "{input}");
        let problem = text(&output.stderr);
        assert!(problem.starts_with("error: ") && problem.contains("(remedy: "), "{input}: {problem}");
        assert_eq!(problem.lines().count(), 1, "{input}: {problem}");
    }
}
