//! The scripted server and the spoiling proxy.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::proxy::{Fault, Proxy};
use testkit::scripted::{Answer, Scripted};
use testkit::{Error, JsonRpc};

/// A server whose answers count up.
async fn counter() -> Scripted {
    let count = std::sync::atomic::AtomicU64::new(0);
    Scripted::start(move |_| Answer::result(count.fetch_add(1, std::sync::atomic::Ordering::SeqCst))).await.unwrap()
}

/// The next number as a client without pooled connections gets it, in at most two seconds.
async fn ask(url: &url::Url) -> Result<u64, String> {
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(2)).build().unwrap();
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "next", "params": [] }).to_string();
    let answer = client.post(url.clone()).body(body).send().await.map_err(|error| format!("{error:?}"))?;
    if !answer.status().is_success() {
        return Err(answer.status().to_string());
    }
    let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    Ok(value["result"].as_u64().unwrap())
}

#[tokio::test]
async fn a_scripted_server_answers_and_records() {
    let answers = [Answer::result("a"), Answer::error(-32500, "AA23"), Answer::text(503, "busy")];
    let server = Scripted::list(answers).await.unwrap();
    let rpc = JsonRpc::new(server.url().clone());
    assert_eq!(rpc.request::<String>("one", (1,)).await.unwrap(), "a");
    let error = rpc.request::<String>("two", ()).await.unwrap_err();
    let Error::Rpc { method, code, message, .. } = error else { panic!("{error}") };
    assert_eq!((method.as_str(), code, message.as_str()), ("two", Some(-32500), "AA23"));
    assert!(rpc.request::<String>("three", ()).await.is_err());
    assert!(rpc.request::<String>("four", ()).await.is_err());
    assert_eq!(server.methods(), ["one", "two", "three", "four"]);
    let first = &server.requests()[0];
    assert_eq!((first.method.as_str(), first.params()), ("POST", &json!([1])));
    assert_eq!(first.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_scripted_server_serves_batches_and_rest() {
    let server = Scripted::start(|request| match request.rpc_method() {
        "" => Answer::json(200, &json!({ "path": request.target })),
        method => Answer::result(method.len()),
    });
    let server = server.await.unwrap();
    let client = reqwest::Client::new();
    let batch = json!([{ "id": 7, "method": "abc" }, { "id": 8, "method": "abcd" }]).to_string();
    let answer = client.post(server.url().clone()).body(batch).send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer[1], json!({ "jsonrpc": "2.0", "id": 8, "result": 4 }));
    let answer = client.get(server.url().join("/v1/x?y=1").unwrap()).send().await.unwrap().text().await.unwrap();
    assert_eq!(answer, r#"{"path":"/v1/x?y=1"}"#);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn scripted_connections_fail_as_told() {
    let late = Answer::result(1).after(Duration::from_millis(300));
    let server =
        Scripted::list([Answer::Close, Answer::Reset, Answer::Cut(json!("x".repeat(99))), late]).await.unwrap();
    for _ in 0..3 {
        ask(server.url()).await.unwrap_err();
    }
    let start = Instant::now();
    assert_eq!(ask(server.url()).await, Ok(1));
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let server = counter().await;
    let arrived = || server.requests().len();
    let proxy = Proxy::to(server.url()).stall(Duration::from_millis(300)).start().await.unwrap();
    assert_eq!((ask(proxy.url()).await, arrived()), (Ok(0), 1));

    proxy.next([Some(Fault::LoseAnswer), None]);
    ask(proxy.url()).await.unwrap_err();
    assert_eq!((ask(proxy.url()).await, arrived()), (Ok(2), 3));

    proxy.next([Some(Fault::CutAnswer)]);
    ask(proxy.url()).await.unwrap_err();
    assert_eq!(arrived(), 4);

    proxy.next([Some(Fault::SendTwice)]);
    assert_eq!((ask(proxy.url()).await, arrived()), (Ok(5), 6));

    proxy.next([Some(Fault::DoubleAnswer)]);
    assert!(ask(proxy.url()).await.unwrap_err().contains("trailing characters"));

    proxy.next([Some(Fault::Stall)]);
    let start = Instant::now();
    assert_eq!(ask(proxy.url()).await, Ok(7));
    assert!(start.elapsed() >= Duration::from_millis(300));

    proxy.next([Some(Fault::Unavailable), Some(Fault::Reset), Some(Fault::Silence)]);
    assert!(ask(proxy.url()).await.unwrap_err().contains("503"));
    assert!(ask(proxy.url()).await.unwrap_err().contains("ConnectionReset"));
    assert!(ask(proxy.url()).await.unwrap_err().contains("TimedOut"));
    assert_eq!(arrived(), 8);

    assert_eq!(proxy.requests("next"), 10);
    assert_eq!(proxy.events().iter().filter(|event| event.fault.is_some()).count(), 8);
    assert_eq!(proxy.count(Fault::Reset), 1);
}

#[tokio::test]
async fn a_seed_decides_once_and_for_all() {
    let server = counter().await;
    let run = async |seed| {
        let proxy = Proxy::to(server.url()).seed(seed).fault(Fault::Unavailable, 0.3).fault(Fault::LoseAnswer, 0.2);
        let proxy = proxy.start().await.unwrap();
        for _ in 0..60 {
            drop(ask(proxy.url()).await);
        }
        proxy.events().iter().map(|event| event.fault).collect::<Vec<_>>()
    };
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
    let share = |fault| first.iter().filter(|found| **found == Some(fault)).count();
    assert!((6..=30).contains(&share(Fault::Unavailable)), "{first:?}");
    assert!((3..=22).contains(&share(Fault::LoseAnswer)), "{first:?}");
}

#[tokio::test]
async fn other_methods_and_requests_over_the_limit_are_spared() {
    let server = counter().await;
    let proxy = Proxy::to(server.url()).fault(Fault::Unavailable, 1.0).only(["other"]).start().await.unwrap();
    assert_eq!(ask(proxy.url()).await, Ok(0));
    let proxy = Proxy::to(server.url()).fault(Fault::Unavailable, 1.0).limit(2).start().await.unwrap();
    for _ in 0..2 {
        ask(proxy.url()).await.unwrap_err();
    }
    assert_eq!(ask(proxy.url()).await, Ok(1));
}

#[tokio::test]
async fn an_unreachable_target_is_a_bad_gateway() {
    let gone = Scripted::list([]).await.unwrap().url().clone();
    let proxy = Proxy::to(&gone).start().await.unwrap();
    assert!(ask(proxy.url()).await.unwrap_err().contains("502"));
}
