//! Every step of every recording of the project, against our contracts.

use std::path::Path;

use serde_json::Value;
use session_contracts::Generation;
use session_contracts::replay::{
    RecordingError, Verdict, compressions, digests, operations, owner_signatures, policy_behaviour, policy_checks,
    policy_state, session_behaviour, session_signatures,
};

type Replay = fn(&Value) -> Result<Vec<Verdict>, RecordingError>;

fn recording(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(name).with_extension("json");
    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
}

fn all_match(name: &str, replay: Replay, steps: usize) {
    let verdicts = replay(&recording(name)).unwrap();
    let wrong: Vec<_> = verdicts.iter().filter(|verdict| verdict.result.is_err()).take(10).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    assert_eq!(verdicts.len(), steps, "{name}: steps");
}

#[test]
fn policies_behave_as_recorded() {
    for (name, steps) in [
        ("universal_action", 515),
        ("spending_limit", 295),
        ("spending_limit_first_generation", 299),
        ("value_limit", 208),
        ("usage_limit", 118),
        ("time_frame", 160),
        ("arg_policy", 331),
        ("contract_whitelist", 68),
        ("simple_gas", 81),
        ("sudo", 42),
    ] {
        all_match(&format!("policies/{name}"), policy_behaviour, steps);
    }
}

#[test]
fn policies_tell_their_state_as_recorded() {
    all_match("policy-state", policy_state, 79);
}

#[test]
fn both_session_modules_behave_as_recorded() {
    all_match("policies/smart_session", |recording| session_behaviour(recording, Generation::Current), 431);
    all_match("policies/smart_session", |recording| session_behaviour(recording, Generation::Legacy), 431);
}

#[test]
fn policies_called_directly_behave_as_recorded() {
    all_match("policy-checks", policy_checks, 275);
}

#[test]
fn session_modules_want_the_recorded_hashes_signed() {
    all_match("digests", digests, 180);
}

#[test]
fn session_module_decompresses_what_clients_compress() {
    all_match("flz", compressions, 157);
}

#[test]
fn operations_are_validated_as_recorded() {
    all_match("validate-userop", operations, 97);
}

#[test]
fn session_keys_sign_for_accounts_as_recorded() {
    all_match("erc1271", session_signatures, 72);
}

#[test]
fn owners_sign_for_accounts_as_recorded() {
    all_match("accounts/nexus-signatures", owner_signatures, 16);
}

#[test]
fn other_behaviour_is_told_apart() {
    let mut changed = recording("policies/sudo");
    changed["cases"][0]["steps"][1]["expect"] = serde_json::json!({ "result": "fail" });
    let verdicts = policy_behaviour(&changed).unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| verdict.result.is_err()).count(), 1);

    let mut changed = recording("policy-state");
    changed["recordings"][0]["cases"][0]["steps"][0]["reads"][0]["returned"] = "0x".into();
    let verdicts = policy_state(&changed).unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| verdict.result.is_err()).count(), 1);

    let mut changed = recording("policies/smart_session");
    let data = changed["cases"][0]["steps"][3]["expect"]["data"].as_str().unwrap().replace("98", "99");
    changed["cases"][0]["steps"][3]["expect"]["data"] = data.into();
    let verdicts = session_behaviour(&changed, Generation::Current).unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| verdict.result.is_err()).count(), 1);

    assert!(policy_checks(&recording("policies/sudo")).is_err());
}
