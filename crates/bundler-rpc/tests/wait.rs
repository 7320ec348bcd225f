//! Waiting: faults on the way, many waits at once, early ends.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use alloy_primitives::B256;
use bundler_rpc::{BundlerError, Deadline, ErrorKind, Outcome, Polling, Progress, StatusMethod};
use serde_json::{Value, json};
use support::{Reply, Server, asked, receipt, signed};

const RECEIPT: &str = "eth_getUserOperationReceipt";

fn seconds(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn faults_on_the_way_are_tolerated() {
    let hash = B256::repeat_byte(1);
    let mut answers = vec![
        Reply::Is(receipt(hash)),
        Reply::Is(json!({"not": "a receipt"})),
        Reply::Error(-32603, "internal error"),
        Reply::Error(-32602, "missing/invalid userOpHash"),
        Reply::Lost,
        Reply::Http(503),
        Reply::Http(429),
        Reply::Is(Value::Null),
    ];
    let server = Server::new(move |_, _| answers.pop().unwrap());
    let found = server.bundler().wait(hash, seconds(60)).await.unwrap();
    assert_eq!((found.user_op_hash, found.outcome()), (hash, Outcome::Success));
    assert_eq!(server.packets().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_and_names_the_last_failure() {
    let server = Server::new(|_, _| Reply::Http(503));
    let start = tokio::time::Instant::now();
    let error = server.bundler().wait(B256::ZERO, seconds(10)).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    let BundlerError::DeadlinePassed { last: Some(last), .. } = error else { panic!("{error:?}") };
    assert!(matches!(*last, BundlerError::Transport { .. }), "{last:?}");

    // Also when a request hangs.
    let server = Server::new(|_, _| Reply::Stall(Duration::from_secs(1000)));
    let start = tokio::time::Instant::now();
    assert!(server.bundler().wait(B256::ZERO, seconds(10)).await.is_err());
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_receipts_ends_the_wait() {
    let server = Server::new(|_, _| Reply::Error(-32601, "the method does not exist"));
    let error = server.bundler().wait(B256::ZERO, seconds(600)).await.unwrap_err();
    assert_eq!(error.kind(), Some(&ErrorKind::MethodNotFound));
    assert_eq!(server.packets().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_waits_share_requests() {
    const WAITS: u64 = 10_000;
    let mut polls: HashMap<B256, u32> = HashMap::new();
    let server = Server::new(move |_, params| {
        let hash = asked(params);
        let seen = polls.entry(hash).or_default();
        *seen += 1;
        Reply::Is(if *seen < 3 { Value::Null } else { receipt(hash) })
    });
    let bundler = server.bundler().with_polling(Polling::DEFAULT.with_batch(500));
    let start = tokio::time::Instant::now();
    let waits = (0..WAITS).map(|index| {
        let (bundler, hash) = (bundler.clone(), B256::from(alloy_primitives::U256::from(index)));
        tokio::spawn(async move { (hash, bundler.wait(hash, seconds(300)).await.unwrap().user_op_hash) })
    });
    for wait in waits.collect::<Vec<_>>() {
        let (hash, found) = wait.await.unwrap();
        assert_eq!(found, hash);
    }
    let packets = server.packets();
    assert_eq!(packets.iter().map(Vec::len).sum::<usize>(), 3 * 10_000);
    // Sixty full requests would do; some are not full because their operations were due earlier than others.
    assert!(packets.len() <= 120, "{} requests", packets.len());
    assert!(packets.iter().all(|packet| packet.len() <= 500));
    // At most twenty requests a second.
    let least = Polling::DEFAULT.spacing * u32::try_from(packets.len() - 1).unwrap();
    assert!(start.elapsed() >= least, "{:?} for {} requests", start.elapsed(), packets.len());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_about_operations_that_nobody_waits_for() {
    let server = Server::new(|_, _| Reply::Is(Value::Null));
    let bundler = server.bundler();
    for _ in 0..2 {
        assert!(bundler.wait(B256::ZERO, seconds(5)).await.is_err());
        let asked = server.packets().len();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(server.packets().len() <= asked + 1, "still asking");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_batches_gets_single_requests() {
    let server = Server::new(|_, params| Reply::Is(receipt(asked(params)))).without_batches();
    let bundler = server.bundler();
    let hashes = [1, 2, 3].map(B256::repeat_byte);
    let waits = hashes.map(|hash| bundler.wait(hash, seconds(60)));
    for (hash, found) in hashes.into_iter().zip(futures_util::future::join_all(waits).await) {
        assert_eq!(found.unwrap().user_op_hash, hash);
    }
    // One refused batch, then one by one; never a second batch.
    let batches = server.packets().into_iter().filter(|packet| packet.len() > 1).count();
    assert_eq!(batches, 1);
}

fn progress(answer: &Value) -> Progress {
    match answer.as_str() {
        Some("dropped") => Progress::Dropped { reason: "out of gas".into() },
        _ => Progress::Unknown,
    }
}

const STATUS: StatusMethod = StatusMethod::new("vendor_status", progress);

#[tokio::test(start_paused = true)]
async fn a_status_method_ends_the_wait_early() {
    let hash = B256::repeat_byte(1);
    let server = Server::new(|method, _| match method {
        RECEIPT => Reply::Is(Value::Null),
        _ => Reply::Is(json!("dropped")),
    });
    let bundler = server.bundler().with_polling(Polling::DEFAULT.with_status(STATUS));
    let start = tokio::time::Instant::now();
    let error = bundler.wait(hash, seconds(600)).await.unwrap_err();
    assert_eq!(error, BundlerError::Dropped { hash, reason: "out of gas".into() });
    assert!(start.elapsed() < Duration::from_secs(5));
    // The question goes along with the one about the receipt.
    assert!(server.packets().iter().any(|packet| packet.len() == 2));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_operation_is_sent_again_at_once() {
    let operation = signed(1);
    let hash = operation.hash();
    let mut attempts = 0;
    let server = Server::new(move |method, _| match method {
        "eth_sendUserOperation" => {
            attempts += 1;
            Reply::Is(json!(hash))
        }
        RECEIPT if attempts == 2 => Reply::Is(receipt(hash)),
        RECEIPT => Reply::Is(Value::Null),
        _ => Reply::Is(json!("dropped")),
    });
    let bundler = server.bundler().with_polling(Polling::DEFAULT.with_status(STATUS));
    let start = tokio::time::Instant::now();
    assert_eq!(bundler.execute(&operation, seconds(60)).await.unwrap().user_op_hash, hash);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_mined_operation_whose_calls_reverted_is_no_success() {
    let hash = B256::repeat_byte(1);
    let server = Server::new(move |_, _| {
        let mut reverted = receipt(hash);
        reverted["success"] = json!(false);
        reverted["reason"] = json!("0x526d0da5");
        Reply::Is(reverted)
    });
    let found = server.bundler().wait(hash, seconds(60)).await.unwrap();
    let error = found.require_success().unwrap_err();
    assert_eq!(error.revert_data().unwrap().selector(), Some([0x52, 0x6d, 0x0d, 0xa5]));
    assert!(error.to_string().contains("0x526d0da5"), "{error}");
}
