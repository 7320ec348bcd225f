use std::collections::BTreeMap;
use std::sync::Arc;

use smart_sessions::session::EnableMode;
use smart_sessions::userop::Nonce;
use smart_sessions::{Error, FileStore, SessionStore, StoreError};

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
