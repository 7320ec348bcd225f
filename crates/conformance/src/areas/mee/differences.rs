//! Where this client does not do what the recorded one did, on purpose.

use std::path::Path;

use mee_client::error_text;
use serde_json::{Value, json};

use super::replay::Replay;
use super::steps::Outcome;
use crate::Document;

async fn replayed(name: &str) -> (Value, Replay) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/mee")).join(name);
    let scenario = Document::load(&path).unwrap().value().clone();
    let replay = Replay::whole(&scenario).await.unwrap();
    (scenario, replay)
}

#[tokio::test]
async fn quotes_of_a_fee_payer_are_asked_for_without_a_doubled_slash() {
    let (scenario, replay) = replayed("quote-feepayer-double-slash.json").await;
    assert_eq!(scenario["http"][1]["request"]["path"], "/v1//quote-permit");
    assert_eq!(replay.world.state().paths, ["/v1/info", "/v1/quote-permit"]);
}

#[tokio::test]
async fn permissions_that_share_an_id_have_an_answer_for_each_chain() {
    let (scenario, replay) = replayed("use-permission-v2.1.0.json").await;
    let recorded = scenario["steps"].as_array().unwrap().last().unwrap()["result"].as_object().unwrap();
    let recorded: usize = recorded.values().map(|chains| chains.as_object().unwrap().len()).sum();
    let Some(Outcome::Enabled(enabled)) = replay.outcomes.last() else { panic!("no answer") };
    let answers: usize = enabled.values().map(std::collections::BTreeMap::len).sum();
    assert_eq!((recorded, answers, enabled.len()), (1, 2, 1));
}

#[tokio::test]
async fn a_grant_whose_own_rules_keep_the_node_from_being_paid_is_refused() {
    let (scenario, replay) = replayed("grant-typed-data-v3.0.0.json").await;
    assert!(scenario["steps"][1].get("result").is_some());
    assert!(matches!(replay.outcomes[1], Outcome::Failed));
    // The grants before and after it are as recorded.
    assert!(matches!(replay.outcomes[0], Outcome::Details(_)) && matches!(replay.outcomes[2], Outcome::Details(_)));
}

#[test]
fn an_error_without_words_shows_its_content() {
    assert_eq!(error_text(&json!({ "retryAfter": 7 })), r#"{"retryAfter":7}"#);
}
