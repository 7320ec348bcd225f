//! Sending once: lost answers, refusals, deadlines, cancelling, failover, replacement.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bundler_rpc::{AaCode, BundlerError, Bundlers, Deadline, ErrorKind, Retry};
use serde_json::{Value, json};
use support::{Reply, Server, receipt, signed, signed_with_fees};

const SEND: &str = "eth_sendUserOperation";
const RECEIPT: &str = "eth_getUserOperationReceipt";

fn seconds(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds))
}

/// Answers sends with the replies one after the other, then with "already known"; look-ups find nothing.
fn sends(replies: impl IntoIterator<Item = Reply>) -> Server {
    let mut replies: Vec<_> = replies.into_iter().collect();
    replies.reverse();
    Server::new(move |method, _| match method {
        SEND => replies.pop().unwrap_or(Reply::Error(-32602, "already known")),
        _ => Reply::Is(Value::Null),
    })
}

#[tokio::test(start_paused = true)]
async fn lost_answer_is_looked_up_and_the_same_bytes_go_out_again() {
    let operation = signed(1);
    let server = sends([Reply::Lost, Reply::Http(503), Reply::Error(-32603, "internal error")]);
    assert_eq!(server.bundler().submit(&operation, seconds(60)).await, Ok(operation.hash()));
    let sent = server.of(SEND);
    assert_eq!(sent.len(), 4);
    let expected: Value = serde_json::from_str(operation.params().get()).unwrap();
    assert!(sent.iter().all(|params| *params == expected));
    // Between two attempts there is a look-up, both questions in one request.
    let methods: Vec<Vec<_>> =
        server.packets().into_iter().map(|packet| packet.into_iter().map(|(method, _)| method).collect()).collect();
    assert_eq!(methods[..3], [vec![SEND], vec!["eth_getUserOperationByHash", RECEIPT], vec![SEND]]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_the_look_up_finds_is_not_sent_again() {
    let operation = signed(1);
    let hash = operation.hash();
    let server = Server::new(move |method, _| match method {
        SEND => Reply::Lost,
        RECEIPT => Reply::Is(receipt(hash)),
        _ => Reply::Is(Value::Null),
    });
    assert_eq!(server.bundler().submit(&operation, seconds(60)).await, Ok(hash));
    assert_eq!(server.of(SEND).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_used_nonce_after_a_lost_answer_is_looked_into() {
    let operation = signed(1);
    let hash = operation.hash();
    let mut looks = 0;
    let mut attempts = 0;
    let server = Server::new(move |method, _| match method {
        SEND => {
            attempts += 1;
            if attempts == 1 { Reply::Lost } else { Reply::Error(-32500, "AA25 invalid account nonce") }
        }
        RECEIPT => {
            looks += 1;
            Reply::Is(if looks < 4 { Value::Null } else { receipt(hash) })
        }
        _ => Reply::Is(Value::Null),
    });
    assert_eq!(server.bundler().submit(&operation, seconds(60)).await, Ok(hash));

    // Nobody knows the operation: its nonce is used by another one.
    let server = sends([Reply::Error(-32500, "AA25 invalid account nonce")]);
    let error = server.bundler().submit(&operation, seconds(60)).await.unwrap_err();
    assert_eq!((error.aa_code(), error.retry()), (Some(AaCode::InvalidNonce), Retry::Changed));
    assert_eq!(server.of(SEND).len(), 1);

    // Unless a copy of the request came first: the answer is about the copy.
    let copied = Server::new(move |method, _| match method {
        SEND => Reply::Error(-32500, "AA25 invalid account nonce"),
        RECEIPT => Reply::Is(receipt(hash)),
        _ => Reply::Is(Value::Null),
    });
    assert_eq!(copied.bundler().submit(&operation, seconds(60)).await, Ok(hash));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_at_once_with_its_revert_data() {
    let said = "UserOperation reverted with reason: AA23 reverted 0x526d0da5aabb";
    let server = sends([Reply::Error(-32500, said)]);
    let error = server.bundler().execute(&signed(1), seconds(60)).await.unwrap_err();
    assert_eq!(error.revert_data().unwrap().selector(), Some([0x52, 0x6d, 0x0d, 0xa5]));
    assert!(!error.is_retryable() && !error.is_ambiguous());
    assert_eq!(error.unsettled(), None);
    assert_eq!(server.packets().len(), 1);

    // After a lost answer it says nothing about what was sent before.
    let operation = signed(1);
    let server = sends([Reply::Lost, Reply::Error(-32500, said)]);
    let error = server.bundler().execute(&operation, seconds(60)).await.unwrap_err();
    assert_eq!(error.unsettled(), Some(operation.hash()));
    assert_eq!(error.revert_data().unwrap().selector(), Some([0x52, 0x6d, 0x0d, 0xa5]));
    assert!(error.to_string().contains("may still be mined"), "{error}");
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test(start_paused = true)]
async fn another_hash_than_the_local_one_is_not_believed() {
    let operation = signed(1);
    let other = signed(2).hash();
    let server = sends([Reply::Is(json!(other))]);
    let error = server.bundler().submit(&operation, seconds(60)).await.unwrap_err();
    let expected = operation.hash();
    let mismatch = BundlerError::HashMismatch { expected, seen: other };
    assert_eq!(error, BundlerError::Unsettled { hash: expected, error: Box::new(mismatch) });
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_the_deadline() {
    let server = sends([]);
    let deadline = seconds(0);
    let error = server.bundler().execute(&signed(1), deadline).await.unwrap_err();
    assert!(matches!(error, BundlerError::DeadlinePassed { .. }), "{error:?}");
    assert_eq!((error.unsettled(), server.packets().len()), (None, 0));

    // A server that stalls for longer than there is time.
    let server = Server::new(|_, _| Reply::Stall(Duration::from_secs(7)));
    let error = server.bundler().execute(&signed(1), seconds(10)).await.unwrap_err();
    assert_eq!(error.unsettled(), Some(signed(1).hash()), "{error:?}");
    let sent = server.of(SEND).len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((sent, server.of(SEND).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_sends_nothing_and_loses_nothing() {
    // The future is dropped after every possible number of milliseconds, so at every await point.
    for patience in 1..40 {
        let operation = signed(patience);
        let hash = operation.hash();
        let accepted = Arc::new(Mutex::new(false));
        let (taken, mut polls) = (Arc::clone(&accepted), 0);
        let server = Server::new(move |method, _| match method {
            SEND if *taken.lock().unwrap() => Reply::Error(-32602, "already known"),
            SEND => {
                *taken.lock().unwrap() = true;
                Reply::Lost
            }
            RECEIPT if *taken.lock().unwrap() => {
                polls += 1;
                Reply::Is(if polls < 4 { Value::Null } else { receipt(hash) })
            }
            _ => Reply::Is(Value::Null),
        })
        .with_latency(Duration::from_millis(5));
        let bundler = server.bundler();
        let cut = Duration::from_millis(patience * 10);
        let first = tokio::time::timeout(cut, bundler.execute(&operation, seconds(60))).await;
        let sent = server.of(SEND).len();
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(server.of(SEND).len(), sent, "sent after it was dropped");
        if first.is_err() {
            let found = bundler.execute(&operation, seconds(60)).await.unwrap();
            assert_eq!(found.user_op_hash, hash);
        }
        assert!(*accepted.lock().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_bundler_that_forgets_gets_the_same_bytes_again() {
    let operation = signed(1);
    let hash = operation.hash();
    let mut attempts = 0;
    let mined = Arc::new(Mutex::new(false));
    let done = Arc::clone(&mined);
    let server = Server::new(move |method, _| match method {
        SEND => {
            attempts += 1;
            // The first bundler process dies with its mempool, the second one mines.
            *done.lock().unwrap() = attempts == 2;
            Reply::Is(json!(hash))
        }
        RECEIPT if *done.lock().unwrap() => Reply::Is(receipt(hash)),
        _ => Reply::Is(Value::Null),
    });
    let receipt = server.bundler().execute(&operation, seconds(120)).await.unwrap();
    assert_eq!(receipt.user_op_hash, hash);
    assert_eq!(server.of(SEND).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_nonce_that_another_operation_used_is_said_so() {
    let operation = signed(1);
    let hash = operation.hash();
    let server = sends([Reply::Is(json!(hash)), Reply::Error(-32500, "AA25 invalid account nonce")]);
    let error = server.bundler().execute(&operation, seconds(120)).await.unwrap_err();
    assert_eq!(error, BundlerError::NonceUsed { hash });
}

#[tokio::test(start_paused = true)]
async fn the_next_bundler_gets_the_same_bytes() {
    let operation = signed(1);
    let hash = operation.hash();
    let down = Server::new(|_, _| Reply::Http(503));
    let up = Server::new(move |method, _| match method {
        SEND => Reply::Is(json!(hash)),
        RECEIPT => Reply::Is(receipt(hash)),
        _ => Reply::Is(Value::Null),
    });
    let bundlers = Bundlers::new([down.bundler(), up.bundler()]);
    let receipt = bundlers.execute(&operation, seconds(60)).await.unwrap();
    assert_eq!(receipt.user_op_hash, hash);
    assert_eq!((down.of(SEND), up.of(SEND).len()), (up.of(SEND), 1));

    // One that refuses for good speaks for all: validation is the same everywhere.
    let refusing = sends([Reply::Error(-32507, "AA24 signature error")]);
    let never_asked = sends([]);
    let bundlers = Bundlers::new([refusing.bundler(), never_asked.bundler()]);
    let error = bundlers.submit(&operation, seconds(60)).await.unwrap_err();
    assert_eq!((error.kind(), error.aa_code()), (Some(&ErrorKind::SignatureCheckFailed), Some(AaCode::SignatureError)));
    assert_eq!(never_asked.packets().len(), 0);

    // One that does not serve the method, or throttles the paymaster, does not.
    let useless = sends([Reply::Error(-32601, "no such method")]);
    let bundlers = Bundlers::new([useless.bundler(), up.bundler()]);
    assert_eq!(bundlers.submit(&operation, seconds(60)).await, Ok(hash));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_watches_both_hashes() {
    let pending = signed_with_fees(1, 1000, 100);
    let replacement = signed_with_fees(1, 1100, 110);
    for mined in [pending.hash(), replacement.hash()] {
        let accepted = replacement.hash();
        let mut polls = 0;
        let server = Server::new(move |method, params| match method {
            SEND => Reply::Is(json!(accepted)),
            RECEIPT => {
                polls += 1;
                let found = polls > 6 && support::asked(params) == mined;
                Reply::Is(if found { receipt(mined) } else { Value::Null })
            }
            _ => Reply::Is(Value::Null),
        });
        let receipt =
            server.bundler().replace(std::slice::from_ref(&pending), &replacement, seconds(60)).await.unwrap();
        assert_eq!(receipt.user_op_hash, mined);
    }

    // The pending one was mined just before: the refusal of the replacement is not the end.
    let mined = pending.hash();
    let server = Server::new(move |method, params| match method {
        SEND => Reply::Error(-32500, "AA25 invalid account nonce"),
        RECEIPT if support::asked(params) == mined => Reply::Is(receipt(mined)),
        _ => Reply::Is(Value::Null),
    });
    let receipt = server.bundler().replace(std::slice::from_ref(&pending), &replacement, seconds(60)).await.unwrap();
    assert_eq!(receipt.user_op_hash, mined);

    let server = sends([]);
    for weak in [signed_with_fees(1, 1099, 110), signed_with_fees(1, 1100, 109), signed_with_fees(2, 1100, 110)] {
        let error = server.bundler().replace(std::slice::from_ref(&pending), &weak, seconds(60)).await.unwrap_err();
        assert!(matches!(error, BundlerError::Request { .. }), "{error:?}");
    }
    assert_eq!(server.packets().len(), 0);
}

#[tokio::test]
async fn errors_keep_the_key_in_the_url_to_themselves() {
    let bundler = bundler_rpc::BundlerClient::http("http://127.0.0.1:9/v2/s3cret?apikey=s3cret").unwrap();
    let error = bundler.send(&signed(1)).await.unwrap_err();
    assert!(!format!("{error} {error:?} {bundler:?}").contains("s3cret"), "{error:?}");
    // Nothing listens there: the operation was certainly not taken.
    assert!(error.is_retryable() && !error.is_ambiguous());
}
