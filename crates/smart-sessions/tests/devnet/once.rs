use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256};
use smart_sessions::session::EnableMode;
use smart_sessions::userop::Call;
use smart_sessions::{
    Done, Error, Grant, GrantFilter, GrantKey, LaneLease, LaneSpace, LeaseRequest, MemoryStore, RecordedOperation,
    Recording, SessionStore, StoreError, StoreFuture, WorkId,
};

use crate::ground::Ground;

/// A store whose process is killed as soon as an operation is written down.
#[derive(Debug)]
struct Killed(MemoryStore);

impl SessionStore for Killed {
    fn put<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, ()> {
        self.0.put(grant)
    }
    fn get(&self, key: GrantKey) -> StoreFuture<'_, Option<Grant>> {
        self.0.get(key)
    }
    fn list(&self, filter: GrantFilter) -> StoreFuture<'_, Vec<Grant>> {
        self.0.list(filter)
    }
    fn remove(&self, key: GrantKey) -> StoreFuture<'_, bool> {
        self.0.remove(key)
    }
    fn lease(&self, request: LeaseRequest) -> StoreFuture<'_, LaneLease> {
        self.0.lease(request)
    }
    fn renew<'a>(&'a self, lease: &'a LaneLease, now: u64, until: u64) -> StoreFuture<'a, LaneLease> {
        self.0.renew(lease, now, until)
    }
    fn release<'a>(&'a self, lease: &'a LaneLease) -> StoreFuture<'a, ()> {
        self.0.release(lease)
    }
    fn recorded<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, Vec<RecordedOperation>> {
        self.0.recorded(work)
    }
    fn record<'a>(
        &'a self,
        work: &'a WorkId,
        operation: &'a RecordedOperation,
        after: Option<B256>,
    ) -> StoreFuture<'a, Recording> {
        Box::pin(async move {
            self.0.record(work, operation, after).await?;
            Err(StoreError::Backend("killed".into()))
        })
    }
    fn forget<'a>(&'a self, work: &'a WorkId) -> StoreFuture<'a, bool> {
        self.0.forget(work)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_done_once() {
    let ground = Ground::prepare().await;
    let grant = ground.owner.sign_grant(&ground.free_session(), EnableMode::UnsafeEnable).await.unwrap();
    let memory = MemoryStore::new();
    let space = LaneSpace { chain_id: ground.chain.chain_id(), account: ground.account() };
    let recorded = async |name: &str| memory.recorded(&WorkId { space, name: name.into() }).await.unwrap().pop();
    let over = async |store: Arc<dyn SessionStore>, count| ground.client(grant.clone()).lease_lanes(store, count).await;
    let lanes = over(Arc::new(memory.clone()), 1).await.unwrap();
    let calls = [Ground::increment()];

    // Killed before it sent anything: the next one sends the very same operation, which also enables the session.
    let killed = over(Arc::new(Killed(memory.clone())), 1).await.unwrap();
    assert_eq!(killed.use_once("first", &calls).await, Err(StoreError::Backend("killed".into()).into()));
    assert_eq!(ground.count().await, 0);
    let written = recorded("first").await.unwrap();
    let done = lanes.use_once("first", &calls).await.unwrap();
    assert!(matches!(&done, Done::Now(receipt) if receipt.user_op_hash == written.hash), "{done:?}");
    let again = killed.use_once("first", &calls).await.unwrap();
    assert!(matches!(&again, Done::Before(_)), "{again:?}");
    assert_eq!((again.hash(), again.transaction_hash()), (done.hash(), done.transaction_hash()));
    assert_eq!(ground.count().await, 1);

    // Killed, and another operation takes the nonce: a new operation is signed.
    assert!(killed.use_once("second", &calls).await.is_err());
    let written = recorded("second").await.unwrap();
    killed.use_permission(&[Ground::increment(), Ground::increment()]).await.unwrap();
    assert_eq!(ground.count().await, 3);
    let done = lanes.use_once("second", &calls).await.unwrap();
    assert_ne!(done.hash(), written.hash);
    assert_eq!(recorded("second").await.unwrap().hash, done.hash());
    assert_eq!(ground.count().await, 4);

    // Killed after it sent the operation, while nobody mines.
    ground.devnet.hold_bundles(true).await.unwrap();
    let begun = tokio::time::timeout(Duration::from_secs(2), lanes.use_once("third", &calls)).await;
    assert!(begun.is_err(), "{begun:?}");
    let written = recorded("third").await.unwrap();
    let more = over(Arc::new(memory.clone()), 2).await.unwrap();
    let (one, other, ()) = tokio::join!(more.use_once("third", &calls), killed.use_once("third", &calls), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        ground.devnet.hold_bundles(false).await.unwrap();
    });
    assert_eq!((one.unwrap().hash(), other.unwrap().hash()), (written.hash, written.hash));
    assert_eq!(ground.count().await, 5);

    // The lane of what was dropped rests from here on.
    drop(lanes);
    // Begun at the same time by several: one operation, whoever sends it.
    let together = futures_util::future::join_all([&more, &more, &more].map(|lanes| lanes.use_once("fourth", &calls)));
    let together: Vec<_> = together.await.into_iter().map(|done| done.unwrap().hash()).collect();
    assert!(together.iter().all(|hash| *hash == together[0]), "{together:?}");
    assert_eq!(ground.count().await, 6);

    // Killed, and the lane's next work makes the same calls with the same nonce: both are done.
    assert!(killed.use_once("same", &calls).await.is_err());
    killed.clone().close().await.unwrap();
    let heir = over(Arc::new(memory.clone()), 1).await.unwrap();
    let second = heir.use_once("same again", &calls).await.unwrap();
    assert_ne!(heir.use_once("same", &calls).await.unwrap().hash(), second.hash());
    assert_eq!(ground.count().await, 8);

    // What the session does not permit is not written down.
    let forbidden = [Call::new(Address::repeat_byte(5), vec![1, 2, 3, 4])];
    assert!(matches!(more.use_once("fifth", &forbidden).await, Err(Error::NotPermitted(_))));
    assert_eq!(recorded("fifth").await, None);
    // Forgotten work is new work.
    assert_eq!(memory.forget(&WorkId { space, name: "first".into() }).await, Ok(true));
    more.use_once("first", &calls).await.unwrap();
    assert_eq!(ground.count().await, 9);
    let alone = ground.client(grant.clone()).lanes(1).unwrap();
    assert_eq!(alone.use_once("sixth", &calls).await, Err(Error::NotLeased));
}
