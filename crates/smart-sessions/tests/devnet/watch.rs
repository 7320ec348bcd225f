use std::time::Duration;

use alloy_primitives::U256;
use serde_json::json;
use smart_sessions::bundler::{Backoff, BundlerClient, NodeClient};
use smart_sessions::policy::{KnownPolicy as _, UsageLimit};
use smart_sessions::session::EnableMode;
use smart_sessions::session::abi::ModuleEvent;
use smart_sessions::{Chain, RevokePlan, SessionEvent, Watch};
use testkit::proxy::{Fault, Proxy};
use testkit::scripted::{Answer, Scripted};
use tokio::time::timeout;

use crate::ground::Ground;

async fn all(watch: &mut Watch) -> Vec<SessionEvent> {
    let mut events = Vec::new();
    while let Some(event) = watch.next_now().await.unwrap() {
        events.push(event);
    }
    events
}

fn names(events: &[SessionEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.event.name()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_seen_in_order_and_once() {
    let ground = Ground::prepare().await;
    let (chain, account) = (&ground.chain, ground.account());
    let policy = UsageLimit::new(3).unwrap().on(&chain.deployment().policies).unwrap();
    let (granted, _) = ground.owner.grant(&ground.session(vec![policy])).await.unwrap();
    let signed = ground.owner.sign_grant(&ground.free_session(), EnableMode::UnsafeEnable).await.unwrap();
    ground.client(signed.clone()).use_permission(&[Ground::increment()]).await.unwrap();
    let cancel =
        RevokePlan::of_grants([&granted]).cancel_signatures(chain.chain_id(), account, signed.permission_id, U256::ONE);
    assert!(ground.owner.carry_out(&cancel).await.receipt.is_some());

    let now = || chain.watch(0).with_depth(0).of_account(account);
    let events = all(&mut now()).await;
    let expected = ["SessionCreated", "PolicyEnabled", "SessionValidatorEnabled", "SessionRemoved", "NonceIterated"];
    for name in expected {
        assert!(names(&events).contains(&name), "{name}: {:?}", names(&events));
    }
    let removed = events.iter().find(|event| matches!(event.event, ModuleEvent::SessionRemoved(_))).unwrap();
    assert_eq!(removed.permission_id(), Some(granted.permission_id));
    assert!(events.is_sorted_by_key(|event| (event.block_number, event.log_index)));
    let of_session = all(&mut now().of_session(signed.permission_id)).await;
    assert!(names(&of_session).contains(&"NonceIterated") && !names(&of_session).contains(&"SessionRemoved"));
    assert_eq!(all(&mut now().with_range(1)).await, events);
    let with_policies = all(&mut now().with_policies()).await;
    assert_eq!(names(&with_policies).iter().filter(|name| **name == "PolicySet").count(), 2);
    assert_eq!(all(&mut now().of_account(chain.deployment().module)).await, []);

    // Resumed after each event: none is lost, and none but those of the block comes twice.
    let mut watch = now();
    let mut seen = Vec::new();
    while let Some(event) = watch.next_now().await.unwrap() {
        seen.push(event);
        let mut resumed = now().from_block(watch.position());
        let rest = all(&mut resumed).await;
        assert!(events[seen.len()..].iter().all(|event| rest.contains(event)));
        assert!(rest.iter().all(|again| !seen.contains(again) || again.block_number >= event.block_number));
    }
    assert_eq!(seen, events);

    // A block is read when enough others are above it.
    let head = chain.node().latest_block().await.unwrap().number.unwrap();
    let mut deep = chain.watch(removed.block_number).with_depth(head - removed.block_number + 2);
    assert_eq!(deep.next_now().await.unwrap(), None);
    ground.devnet.chain().mine(2).await.unwrap();
    assert!(deep.next_now().await.unwrap().is_some());

    waiting_and_failures(&ground, &events).await;
}

async fn waiting_and_failures(ground: &Ground, events: &[SessionEvent]) {
    let proxy = Proxy::to(ground.devnet.rpc_url()).start().await.unwrap();
    let node = NodeClient::http(proxy.url().as_ref()).unwrap().with_backoff(Backoff::NEVER);
    let bundler = BundlerClient::http(ground.devnet.bundler_url().as_ref()).unwrap();
    let chain = Chain::connect(node, bundler, *ground.chain.deployment()).await.unwrap();
    let watch = || chain.watch(0).with_depth(0).of_account(ground.account()).with_interval(Duration::from_millis(50));
    proxy.next([Some(Fault::Reset), Some(Fault::Unavailable), None, Some(Fault::CutAnswer)]);
    let mut watching = watch();
    assert_eq!(all(&mut watching).await, events);
    assert_eq!(proxy.count(Fault::CutAnswer), 1);

    // A wait that is given up takes nothing with it.
    assert!(timeout(Duration::from_millis(120), watching.next()).await.is_err());
    let (grant, _) = ground.owner.grant(&ground.free_session()).await.unwrap();
    let next = timeout(Duration::from_secs(20), watching.next()).await.unwrap().unwrap();
    assert_eq!(next.permission_id(), Some(grant.permission_id));

    // A node that stays away is an error after a while, and no reason to begin anew.
    let impatient = chain.clone().with_patience(Duration::ZERO);
    let mut watching = impatient.watch(0).with_depth(0).of_account(ground.account());
    proxy.next([Some(Fault::Unavailable)]);
    assert!(watching.next_now().await.is_err());
    assert_eq!(all(&mut watching).await[..events.len()], *events);
}

/// Public nodes refuse ranges that are too long, each in its own words: the range is halved until it is taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_is_refused_is_halved() {
    let node = Scripted::start(|request| match request.rpc_method() {
        "eth_chainId" => Answer::result("0x1"),
        "eth_getCode" => Answer::result("0x00"),
        "eth_getBlockByNumber" => Answer::result(json!({ "number": "0x3e7", "timestamp": "0x1" })),
        _ => {
            let block = |name: &str| {
                let text = request.params()[0][name].as_str().unwrap_or_default();
                u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
            };
            match block("toBlock") - block("fromBlock") {
                0..100 => Answer::result(json!([])),
                _ => Answer::error(-32005, "query returned more than 10000 results"),
            }
        }
    })
    .await
    .unwrap();
    let chain = Chain::http(node.url().as_ref(), node.url().as_ref(), Default::default()).await.unwrap();
    let mut watch = chain.watch(0).with_depth(0);
    assert_eq!(watch.next_now().await.unwrap(), None);
    assert_eq!(watch.position(), 1000);
    let ranges: Vec<_> = node.requests().into_iter().filter(|request| request.rpc_method() == "eth_getLogs").collect();
    assert!((14..60).contains(&ranges.len()), "{}", ranges.len());
}
