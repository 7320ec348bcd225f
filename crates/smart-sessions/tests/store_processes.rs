//! Several processes at one store: no lane twice at the same time, no grant lost, whoever is killed.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::Address;
use smart_sessions::store_conformance::sample_grant;
use smart_sessions::{FileStore, GrantFilter, LaneSpace, LeaseRequest, SessionStore, StoreError};

const ACCOUNT: Address = Address::repeat_byte(0x11);
const WORKERS: u8 = 4;
const ROUNDS: u8 = 8;
/// Fewer lanes than the workers want together.
const TOTAL: u32 = 8;
const WANTED: u32 = 3;
const FOLDER: &str = "STORE_TEST_FOLDER";
const ROLE: &str = "STORE_TEST_ROLE";
/// Of a database; without it the store is a file in the folder.
const ADDRESS: &str = "STORE_TEST_ADDRESS";

const fn request(count: u32, now: u64) -> LeaseRequest {
    let space = LaneSpace { chain_id: 10, account: ACCOUNT };
    LeaseRequest { space, count, total: TOTAL, now, until: now + 100 }
}

async fn open(folder: &Path, address: &str) -> Arc<dyn SessionStore> {
    #[cfg(feature = "postgres")]
    if !address.is_empty() {
        return Arc::new(smart_sessions::PostgresStore::connect(address).await.unwrap());
    }
    assert_eq!(address, "", "the feature `postgres`");
    Arc::new(FileStore::open(folder.join("sessions")).await.unwrap())
}

fn start(folder: &Path, address: &str, role: u8) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(ADDRESS, address)
        .env(ROLE, role.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn processes_share_one_file() {
    share("").await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn processes_share_one_database() {
    let server = testkit::postgres::Postgres::start().await.unwrap();
    let address = server.url().as_str();
    smart_sessions::PostgresStore::connect(address).await.unwrap().migrate().await.unwrap();
    share(address).await;
}

async fn share(address: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), address).await;
    let mut victim = start(folder.path(), address, WORKERS);
    let workers: Vec<_> = (0..WORKERS).map(|role| start(folder.path(), address, role)).collect();
    while !folder.path().join("victim-holds").exists() {
        assert!(victim.try_wait().unwrap().is_none(), "the victim ended by itself");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // In the middle of whatever it is doing.
    tokio::time::sleep(Duration::from_millis(100)).await;
    victim.kill().unwrap();
    victim.wait().unwrap();

    for mut worker in workers {
        let mut words = String::new();
        worker.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert!(worker.wait().unwrap().success(), "{words}");
    }
    let grants = store.list(GrantFilter { chain_id: Some(10), account: None }).await.unwrap();
    assert_eq!(grants.len(), usize::from(WORKERS * ROUNDS), "every grant of every worker");
    // The victim's lane is its own until its lease ends, then anyone's.
    let taken = store.lease(request(TOTAL - 1, 150)).await;
    assert!(matches!(taken, Err(StoreError::NoLanes { free: 6, .. })), "{taken:?}");
    assert_eq!(store.lease(request(TOTAL - 1, 200)).await.unwrap().lanes.len(), 7);
}

/// One of the processes: started by the tests above, with its folder and role.
#[tokio::test]
#[ignore = "a part of the tests above, which start it"]
async fn process() {
    let folder = std::env::var(FOLDER).expect("the folder, from the test that starts this");
    let (folder, role) = (Path::new(&folder), std::env::var(ROLE).unwrap().parse::<u8>().unwrap());
    let store = open(folder, &std::env::var(ADDRESS).unwrap()).await;
    if role == WORKERS {
        be_killed(folder, &*store).await;
    }
    for round in 0..ROUNDS {
        let lease = loop {
            match store.lease(request(WANTED, 100)).await {
                Ok(lease) => break lease,
                Err(StoreError::NoLanes { .. }) => tokio::time::sleep(Duration::from_millis(3)).await,
                Err(error) => panic!("{error}"),
            }
        };
        let names: Vec<_> = lease.lanes.iter().map(|lane| folder.join(format!("lane-{lane}"))).collect();
        for name in &names {
            File::create_new(name).expect("a lane that nobody else holds");
        }
        store.put(&sample_grant(10, ACCOUNT, role * ROUNDS + round).unwrap()).await.unwrap();
        let lease = store.renew(&lease, 150, 200).await.unwrap();
        names.iter().for_each(|name| fs::remove_file(name).unwrap());
        store.release(&lease).await.unwrap();
    }
}

/// Holds a lane and writes without end.
async fn be_killed(folder: &Path, store: &dyn SessionStore) -> ! {
    let lease = loop {
        if let Ok(lease) = store.lease(request(1, 100)).await {
            break lease;
        }
    };
    for lane in &lease.lanes {
        File::create_new(folder.join(format!("lane-{lane}"))).unwrap();
    }
    File::create_new(folder.join("victim-holds")).unwrap();
    loop {
        store.put(&sample_grant(99, ACCOUNT, 1).unwrap().with_description("again")).await.unwrap();
        store.remove((&sample_grant(99, ACCOUNT, 1).unwrap()).into()).await.unwrap();
    }
}
