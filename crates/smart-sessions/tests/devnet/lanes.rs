use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use smart_sessions::session::EnableMode;
use smart_sessions::userop::Nonce;
use smart_sessions::{
    Chain, Error, FileStore, LaneSpace, LeaseRequest, MemoryStore, SessionClient, SessionStore, StoreError,
};
use testkit::proxy::{Fault, Proxy};

use crate::ground::Ground;

const LANES: u32 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_counts_once() {
    let ground = Ground::prepare().await;
    // Not enabled yet: the first operation does that, the others wait for it.
    let grant = ground.owner.sign_grant(&ground.free_session(), EnableMode::UnsafeEnable).await.unwrap();
    let lanes = ground.client(grant.clone()).lanes(LANES).unwrap();
    let operations: u64 = 48;
    let answers = lanes.use_many((0..operations).map(|_| vec![Ground::increment()])).await;
    let mut of_lane = BTreeMap::<_, Vec<u64>>::new();
    for answer in answers {
        let nonce = Nonce::from(answer.unwrap().nonce);
        of_lane.entry(nonce.key).or_default().push(nonce.sequence);
    }
    assert_eq!(ground.count().await, operations);
    assert_eq!(of_lane.len(), usize::try_from(LANES).unwrap());
    for (key, mut sequence) in of_lane {
        sequence.sort_unstable();
        let expected: Vec<u64> = (0..).take(sequence.len()).collect();
        assert_eq!(sequence, expected, "{key:?}");
    }

    // Two holders of one store, as two processes would be: neither gets in the other's way.
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn SessionStore> = Arc::new(FileStore::open(folder.path().join("sessions")).await.unwrap());
    let leased = async || ground.client(grant.clone()).lease_lanes(Arc::clone(&store), 4).await.unwrap();
    let (first, second) = (leased().await, leased().await);
    let batches = || (0..8).map(|_| vec![Ground::increment()]);
    let task = tokio::spawn({
        let first = first.clone();
        async move { first.use_many((0..8).map(|_| vec![Ground::increment()])).await }
    });
    let mut answers = second.use_many(batches()).await;
    answers.extend(task.await.unwrap());
    let mut nonces: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().nonce).collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 16);
    assert_eq!(ground.count().await, operations + 16);

    // Given back, they are free at once, and no longer usable.
    first.clone().close().await.unwrap();
    assert_eq!(first.use_permission(&[Ground::increment()]).await.err(), Some(Error::LanesClosed));
    let (third, _) = (leased().await, second);
    assert_eq!(third.count(), 4);
    assert!(ground.client(grant.clone()).lanes(0).is_err());
    let total = 1 << 24;
    let too_many = ground.client(grant).lease_lanes(store, total).await.err();
    assert!(matches!(too_many, Some(Error::Store(StoreError::NoLanes { .. }))), "{too_many:?}");
}

/// A lane that is given back is the next one's; one on which something may be under way is not given back.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_rests_only_if_something_was_sent_and_its_end_is_unknown() {
    let ground = Ground::prepare().await;
    let (grant, _) = ground.owner.grant(&ground.free_session()).await.unwrap();
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
    let through = async |proxy: &Proxy| {
        let (node, bundler) = (ground.node_url(), proxy.url().to_string());
        let chain = Chain::http(&node, &bundler, *ground.chain.deployment()).await.unwrap();
        let chain = chain.with_patience(Duration::from_secs(2));
        let client = SessionClient::new(chain, ground.owner.account().clone(), grant.clone(), ground.key.clone());
        client.unwrap().lease_lanes(Arc::clone(&store), 1).await.unwrap()
    };
    let spoilt = async |method: &str, fault| {
        Proxy::to(ground.bundler_url()).only([method]).fault(fault, 1.0).start().await.unwrap()
    };
    let space = LaneSpace { chain_id: grant.chain_id, account: grant.account };
    let next_lane = async || {
        let request = LeaseRequest { space, count: 1, total: 1 << 24, now: 0, until: 1 };
        let lease = store.lease(request).await.unwrap();
        store.release(&lease).await.unwrap();
        lease.lanes[0]
    };
    let free = next_lane().await;

    // Nothing was sent, whatever it was that failed before: by an error, or by a dropped future.
    let proxy = spoilt("eth_estimateUserOperationGas", Fault::Unavailable).await;
    let lanes = through(&proxy).await;
    let error = lanes.use_permission(&[Ground::increment()]).await.unwrap_err();
    assert_eq!(error.unsettled(), None, "{error}");
    lanes.close().await.unwrap();
    assert_eq!(next_lane().await, free);
    let proxy = spoilt("eth_estimateUserOperationGas", Fault::Silence).await;
    let lanes = through(&proxy).await;
    dropped_at(&proxy, lanes.use_permission(&[Ground::increment()])).await;
    lanes.close().await.unwrap();
    assert_eq!(next_lane().await, free);

    // Sent, and mined.
    let proxy = Proxy::to(ground.bundler_url()).start().await.unwrap();
    let lanes = through(&proxy).await;
    lanes.use_permission(&[Ground::increment()]).await.unwrap();
    lanes.close().await.unwrap();
    assert_eq!(next_lane().await, free);

    // Sent, and nothing is known.
    let proxy = spoilt("eth_sendUserOperation", Fault::Unavailable).await;
    let lanes = through(&proxy).await;
    let error = lanes.use_permission(&[Ground::increment()]).await.unwrap_err();
    assert!(error.unsettled().is_some(), "{error}");
    lanes.close().await.unwrap();
    assert_eq!(next_lane().await, free + 1);
    let proxy = spoilt("eth_sendUserOperation", Fault::Silence).await;
    let lanes = through(&proxy).await;
    dropped_at(&proxy, lanes.use_permission(&[Ground::increment()])).await;
    lanes.close().await.unwrap();
    assert_eq!(next_lane().await, free + 2);
}

/// Drops the work when the proxy has seen the request that it spoils.
async fn dropped_at<T>(proxy: &Proxy, work: impl Future<Output = T>) {
    let seen = async {
        while proxy.count(Fault::Silence) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = work => panic!("ended before it was dropped"),
        () = seen => {}
    }
}
