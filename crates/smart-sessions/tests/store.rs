//! The checks that every store must pass, and what only files can get wrong.

use std::path::Path;

use alloy_primitives::Address;
use smart_sessions::store_conformance::{check, sample_grant};
use smart_sessions::{
    FileStore, Grant, GrantFilter, LaneSpace, LeaseRequest, MemoryStore, SessionStore as _, StoreError,
};

const ACCOUNT: Address = Address::repeat_byte(0x11);

fn grant(number: u8) -> Grant {
    sample_grant(10, ACCOUNT, number).unwrap()
}

async fn open(folder: &Path) -> FileStore {
    FileStore::open(folder.join("sessions")).await.unwrap()
}

#[tokio::test]
async fn memory_store_keeps_the_rules() {
    check(&MemoryStore::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn file_store_keeps_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    check(&open(folder.path()).await).await.unwrap();
}

#[tokio::test]
async fn file_outlives_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let space = LaneSpace { chain_id: 10, account: ACCOUNT };
    let request = LeaseRequest { space, count: 2, total: 10, now: 100, until: 200 };
    let lease = {
        let store = open(folder.path()).await;
        store.put(&grant(1)).await.unwrap();
        store.lease(request).await.unwrap()
    };
    let store = open(folder.path()).await;
    assert_eq!(store.list(GrantFilter::default()).await, Ok(vec![grant(1)]));
    let next = store.lease(request).await.unwrap();
    assert_eq!(next.lanes, [3, 4]);
    assert!(next.id > lease.id);
    store.renew(&lease, 150, 300).await.unwrap();
}

#[tokio::test]
async fn damage_is_told_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.put(&grant(1)).await.unwrap();
    let whole = std::fs::read(store.path()).unwrap();
    for at in (0..whole.len()).step_by(23).chain([whole.len() - 1]) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        refused(&store, &damaged).await;
    }
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        refused(&store, &whole[..length]).await;
    }
    std::fs::write(store.path(), &whole).unwrap();
    assert_eq!(store.get((&grant(1)).into()).await, Ok(Some(grant(1))));
}

/// Every function fails, and leaves the bytes as they are.
async fn refused(store: &FileStore, bytes: &[u8]) {
    std::fs::write(store.path(), bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
    let is_told = |error: Option<StoreError>| {
        let told = matches!(error, Some(StoreError::Damaged { .. } | StoreError::Newer { .. }));
        assert!(told, "{error:?} for {text}");
    };
    is_told(store.get((&grant(1)).into()).await.err());
    is_told(store.put(&grant(2)).await.err());
    is_told(store.remove((&grant(1)).into()).await.err());
    is_told(FileStore::open(store.path()).await.err());
    assert_eq!(std::fs::read(store.path()).unwrap(), bytes);
}

#[tokio::test]
async fn later_versions_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.put(&grant(1)).await.unwrap();
    let text = std::fs::read_to_string(store.path()).unwrap();
    std::fs::write(store.path(), text.replacen("store 1 ", "store 2 ", 1)).unwrap();
    let newer = StoreError::Newer { path: store.path().into(), version: 2, supported: 1 };
    assert_eq!(store.put(&grant(2)).await, Err(newer));
}

#[tokio::test]
async fn waiting_for_the_lock_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.with_patience(std::time::Duration::from_millis(20));
    let other = std::fs::File::create(folder.path().join("sessions.lock")).unwrap();
    other.lock().unwrap();
    assert!(matches!(store.put(&grant(1)).await, Err(StoreError::Busy { .. })));
    assert_eq!(store.list(GrantFilter::default()).await, Ok(vec![]), "reading needs no lock");
    drop(other);
    assert_eq!(store.put(&grant(1)).await, Ok(()));
}

#[cfg(unix)]
#[tokio::test]
async fn others_cannot_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.put(&grant(1)).await.unwrap();
    assert_eq!(std::fs::metadata(store.path()).unwrap().permissions().mode() & 0o077, 0);
}
