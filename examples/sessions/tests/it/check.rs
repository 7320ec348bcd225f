use super::*;

const TARGET: &str = "0x00000000000000000000000000000000000000aa";

/// A session of the second generation's contracts: one call, twice, within a time frame.
fn session() -> String {
    let policies = r#"[{"policy":"0x00000000001d4479FA2A947026204d0283ceDe4B","initData":"0x00000000000000000000000000000002"},
        {"policy":"0x0000000000D30f611fA3bf652ac6879428586930","initData":"0x000077359400000059682f00"}]"#;
    format!(
        r#"{{"sessionValidator":"0x000000000013fdB5234E4E3162a810F54d9f7E98","sessionValidatorInitData":"0x","salt":"0x{:064x}",
        "userOpPolicies":[],"actions":[{{"actionTarget":"{TARGET}","actionTargetSelector":"0xd09de08a","actionPolicies":{policies}}}],
        "permitERC4337Paymaster":false}}"#,
        1
    )
}

fn check(more: &[&str]) -> (i32, Value) {
    let output = run_with(&[&["check", "-", "--json"], more].concat(), &session());
    (output.status.code().unwrap(), json_of(&output))
}

#[test]
fn permitted_refused_and_why() {
    let call = format!("{TARGET}:0xd09de08a");
    let now = ["--call", &call, "--time", "1700000000"];
    let (code, verdict) = check(&now);
    assert_eq!((code, verdict["kind"].as_str()), (0, Some("permitted")), "{verdict:#}");
    assert_eq!(verdict["window"]["validUntil"], 2_000_000_000_u64);
    assert_eq!(verdict["usedAfter"][0]["used"][0], "1");

    let (code, verdict) = check(&[&now[..], &["--used", "usage-limit=2"]].concat());
    assert_eq!((code, verdict["policyKind"].as_str()), (1, Some("usage limit")), "{verdict:#}");
    assert!(verdict["reason"].as_str().unwrap().ends_with("all 2 uses are spent"), "{verdict:#}");

    let (code, verdict) = check(&["--call", &call, "--time", "2000000001"]);
    assert_eq!((code, verdict["refusal"].as_str()), (1, Some("outside-window")), "{verdict:#}");

    let other = format!("{TARGET}:0xd09de08b");
    let (code, verdict) = check(&["--call", &other, "--time", "1700000000"]);
    assert_eq!((code, verdict["refusal"].as_str()), (1, Some("not-covered")), "{verdict:#}");
    assert!(verdict["moduleRevertsWith"].as_str().unwrap().starts_with("0x1c792c05"), "{verdict:#}");

    let (code, verdict) = check(&[&now[..], &["--paymaster", TARGET]].concat());
    assert_eq!((code, verdict["refusal"].as_str()), (1, Some("paymaster")), "{verdict:#}");

    // A batch counts each call.
    let three = ["--call", &call, "--call", &call, "--call", &call, "--time", "1700000000"];
    assert_eq!(check(&three).0, 1);
    assert_eq!(check(&three[2..]).0, 0);
}

#[test]
fn bad_input_is_told_from_a_refusal() {
    let call = format!("{TARGET}:0xd09de08a");
    for arguments in [
        vec!["--call", "here"],
        vec!["--call", "0x12:0x"],
        vec![],
        vec!["--call", &call, "--used", "sudo=1"],
        vec!["--call", &call, "--used", "2.usage-limit=1"],
        vec!["--call", &call, "--used", "usage-limit=1,2"],
        vec!["--call", &call, "--permission", "0x1111111111111111111111111111111111111111111111111111111111111111"],
    ] {
        let output = run_with(&[&["check", "-"][..], &arguments].concat(), &session());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
}
