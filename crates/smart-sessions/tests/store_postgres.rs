//! The checks that every store must pass, against a real server, and what only databases can get wrong.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, B256};
use smart_sessions::store_conformance::{check, sample_grant};
use smart_sessions::{
    GrantFilter, GrantKey, LaneSpace, LeaseRequest, PostgresStore, RecordedOperation, Recording, SessionStore,
    StoreError, WorkId,
};
use sqlx::{Connection as _, PgConnection};
use testkit::postgres::Postgres;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ACCOUNT: Address = Address::repeat_byte(0x11);
const SPACE: LaneSpace = LaneSpace { chain_id: 10, account: ACCOUNT };

const fn request(count: u32) -> LeaseRequest {
    LeaseRequest { space: SPACE, count, total: 1000, now: 100, until: 200 }
}

/// A new database with settings of its own, and its address.
async fn database(server: &Postgres, name: &'static str, settings: &[&'static str]) -> String {
    let mut admin = PgConnection::connect(server.url().as_str()).await.unwrap();
    let mut run = async |statement: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    };
    run(format!("CREATE DATABASE {name}")).await;
    for setting in settings {
        run(format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    let mut address = server.url().clone();
    address.set_path(name);
    address.into()
}

async fn migrated(address: &str) -> PostgresStore {
    let store = PostgresStore::connect(address).await.unwrap();
    store.migrate().await.unwrap();
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_keeps_the_rules() {
    let server = Postgres::start().await.unwrap();
    let address = database(&server, "plain", &[]).await;
    let store = PostgresStore::connect(&address).await.unwrap();
    let none = StoreError::Schema { found: None, expected: 1 };
    assert_eq!(store.list(GrantFilter::default()).await, Err(none.clone()));
    assert_eq!(store.lease(request(1)).await, Err(none));
    // Processes that start together.
    let others = [migrated(&address), migrated(&address), migrated(&address), migrated(&address)];
    futures_util::future::join_all(others).await;
    check(&store).await.unwrap();

    // Whatever the defaults are.
    let strict = ["default_transaction_isolation = serializable", "default_transaction_read_only = on"];
    let careless = ["synchronous_commit = off", "search_path = nowhere"];
    check(&migrated(&database(&server, "strict", &strict[..1]).await).await).await.unwrap();
    check(&migrated(&database(&server, "read_only", &strict[1..]).await).await).await.unwrap();
    check(&migrated(&database(&server, "careless", &careless).await).await).await.unwrap();

    outlives_the_store(&migrated(&database(&server, "again", &[]).await).await, &server).await;
    leaves_later_versions_alone(&address).await;
    ends_its_waits(&migrated(&database(&server, "waits", &[]).await).await, &server).await;
    keeps_secrets(&server).await;
}

async fn outlives_the_store(store: &PostgresStore, server: &Postgres) {
    let grant = sample_grant(10, ACCOUNT, 1).unwrap();
    store.put(&grant).await.unwrap();
    let lease = store.lease(request(2)).await.unwrap();
    store.close().await;
    assert!(matches!(store.list(GrantFilter::default()).await, Err(StoreError::Database { .. })));
    let mut address = server.url().clone();
    address.set_path("again");
    let store = migrated(address.as_str()).await;
    assert_eq!(store.list(GrantFilter::default()).await, Ok(vec![grant]));
    let next = store.lease(request(2)).await.unwrap();
    assert_eq!(next.lanes, [3, 4]);
    assert!(next.id > lease.id);
    store.renew(&lease, 150, 300).await.unwrap();
}

async fn leaves_later_versions_alone(address: &str) {
    let store = migrated(address).await;
    let mut admin = PgConnection::connect(address).await.unwrap();
    sqlx::query("UPDATE smart_sessions.schema_version SET version = 2").execute(&mut admin).await.unwrap();
    let newer = StoreError::Schema { found: Some(2), expected: 1 };
    assert_eq!(store.migrate().await, Err(newer.clone()));
    assert_eq!(store.put(&sample_grant(10, ACCOUNT, 1).unwrap()).await, Err(newer.clone()));
    assert_eq!(store.get(GrantKey::from(&sample_grant(10, ACCOUNT, 1).unwrap())).await, Err(newer));
}

async fn ends_its_waits(store: &PostgresStore, server: &Postgres) {
    let lease = store.lease(request(1)).await.unwrap();
    let mut address = server.url().clone();
    address.set_path("waits");
    let mut other = PgConnection::connect(address.as_str()).await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    let lock = "SELECT 1 FROM smart_sessions.lane_spaces FOR UPDATE";
    sqlx::query(lock).execute(&mut *transaction).await.unwrap();
    let waiting = store.clone().with_patience(Duration::from_millis(300));
    assert!(matches!(waiting.lease(request(1)).await, Err(StoreError::TimedOut { .. })));
    assert!(matches!(waiting.renew(&lease, 150, 300).await, Err(StoreError::TimedOut { .. })));
    assert_eq!(waiting.put(&sample_grant(10, ACCOUNT, 1).unwrap()).await, Ok(()), "grants do not wait for leases");
    transaction.rollback().await.unwrap();
    assert_eq!(store.lease(request(1)).await.unwrap().lanes, [2], "what did not end in time was not done");
}

async fn keeps_secrets(server: &Postgres) {
    let right = server.url().as_str();
    let wrong = right.replace(Postgres::PASSWORD, "hunter2");
    let store = PostgresStore::connect(right).await.unwrap();
    let mut words = vec![format!("{store:?}"), format!("{:?}", Arc::new(store) as Arc<dyn SessionStore>)];
    let addresses = [
        wrong.clone(),
        wrong.replace("postgres://", "mysql://"),
        wrong.replace("127.0.0.1", "127.0.0.1:1:1"),
        wrong.replace("127.0.0.1:", "no host:"),
        wrong.clone() + "?sslmode=hunter2",
        wrong.clone() + "?port=hunter2",
        wrong.replace("/postgres", "/no_such_database"),
        "hunter2".into(),
    ];
    for address in addresses {
        let error = PostgresStore::connect(&address).await.unwrap_err();
        words.extend([format!("{error}"), format!("{error:?}")]);
    }
    for words in words {
        assert!(!words.contains("hunter2") && !words.contains(Postgres::PASSWORD), "{words}");
    }
}

/// Connections are cut all the time: every function does what it says once, or says that it is not known.
#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_do_nothing_twice() {
    let server = Postgres::start().await.unwrap();
    let proxy = Cutter::before(&server).await;
    let store = migrated(&proxy.address).await;
    proxy.is_cutting.store(true, Ordering::Relaxed);

    let leases = futures_util::future::join_all((0..12).map(|_| store.lease(request(3)))).await;
    let leases: Vec<_> = leases.into_iter().map(Result::unwrap).collect();
    let lanes: BTreeSet<u32> = leases.iter().flat_map(|lease| lease.lanes.iter().copied()).collect();
    assert_eq!(lanes, (1..=36).collect(), "no lane twice, none that nobody knows of");
    for lease in &leases[..6] {
        store.release(lease).await.unwrap();
    }
    for lease in &leases[6..] {
        assert_eq!(store.renew(lease, 150, 300).await.unwrap().until, 300);
    }
    let work = |number: u8| WorkId { space: SPACE, name: number.to_string() };
    let operation =
        |number: u8| RecordedOperation { hash: B256::repeat_byte(number), from_block: 1, operation: "{}".into() };
    for number in 0..6 {
        let (work, operation) = (work(number), operation(number));
        assert_eq!(store.record(&work, &operation, None).await, Ok(Recording::Done));
        assert_eq!(store.recorded(&work).await, Ok(vec![operation]));
    }
    let cut = proxy.cuts.load(Ordering::Relaxed);
    assert!(cut > 10, "{cut} connections were cut");

    // The one kind of answer that cannot be asked for again.
    let grant = sample_grant(10, ACCOUNT, 1).unwrap();
    let mut unknown = 0;
    for _ in 0..20 {
        store.put(&grant).await.unwrap();
        match store.remove((&grant).into()).await {
            Ok(true) => {}
            Err(StoreError::OutcomeUnknown { .. }) => unknown += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(unknown > 0);
    proxy.is_cutting.store(false, Ordering::Relaxed);
    let free: BTreeSet<u32> = leases[..6].iter().flat_map(|lease| lease.lanes.iter().copied()).collect();
    assert_eq!(store.lease(request(18)).await.unwrap().lanes, Vec::from_iter(free));
}

/// Stands between store and server, and cuts every third connection right behind a commit, before its answer.
struct Cutter {
    address: String,
    is_cutting: Arc<AtomicBool>,
    cuts: Arc<AtomicU32>,
}

impl Cutter {
    async fn before(server: &Postgres) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, mut address) = (server.url().port().unwrap(), server.url().clone());
        address.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (is_cutting, cuts) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default());
        let (cutting, count) = (Arc::clone(&is_cutting), Arc::clone(&cuts));
        let commits = Arc::<AtomicU32>::default();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let (cutting, count, commits) = (Arc::clone(&cutting), Arc::clone(&count), Arc::clone(&commits));
                tokio::spawn(async move {
                    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                        (client.into_split(), server.into_split());
                    let back = tokio::spawn(async move {
                        let mut bytes = vec![0; 65536];
                        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                            if to_client.write_all(&bytes[..length]).await.is_err() {
                                break;
                            }
                        }
                    });
                    let mut bytes = vec![0; 65536];
                    while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                        let commits = bytes[..length].windows(7).any(|word| word == b"COMMIT\0")
                            && commits.fetch_add(1, Ordering::Relaxed) % 3 == 2;
                        if commits && cutting.load(Ordering::Relaxed) {
                            back.abort();
                            count.fetch_add(1, Ordering::Relaxed);
                            drop(to_server.write_all(&bytes[..length]).await);
                            // The server does it; nobody is told.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                            return;
                        }
                        if to_server.write_all(&bytes[..length]).await.is_err() {
                            break;
                        }
                    }
                    back.abort();
                });
            }
        });
        Self { address: address.into(), is_cutting, cuts }
    }
}
