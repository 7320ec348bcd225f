//! Work in a queue, done once each by four processes that share an account's lanes, one of which is killed.
//!
//! The queue hands work out again when nobody has reported it in time. What says that each piece was done once is the
//! chain: each sets the counter to a number of its own, which the counter logs.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, SolEvent as _};
use serde_json::{Value, json};
use session_contracts::address::COUNTER;
use smart_sessions::bundler::UserOperationEvent;
use smart_sessions::policy::{KnownPolicy as _, Sudo};
use smart_sessions::session::{ActionData, ActionTarget, Deployment};
use smart_sessions::userop::account::Nexus;
use smart_sessions::userop::account::nexus::NexusDeployment;
use smart_sessions::userop::{Call, Nonce};
use smart_sessions::{
    Chain, Done, GrantFilter, LaneSpace, LeaseRequest, PostgresStore, SessionClient, SessionLanes, SessionStore,
    StoreError,
};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row as _};
use testkit::postgres::Postgres;

use crate::ground::{Ground, NumberChanged, setNumberCall};

/// How many pieces of work; the full size is 1000.
const SIZE: &str = "SHARED_WORK_OPERATIONS";
const DEFAULT_SIZE: i64 = 160;
/// How many more once the lanes of the killed process have come back.
const AFTERWARDS: i64 = 40;
const PROCESSES: usize = 4;
const LANES: u32 = 4;
const VICTIM: &str = "victim";
const HEIR: &str = "heir";
/// A lease lasts four times as long, and two seconds: so long are the lanes of the killed process nobody's.
const PATIENCE: Duration = Duration::from_secs(6);
const CLOCK_MARGIN: Duration = Duration::from_secs(1);

/// `taken_until` is the queue's own time-out; `hash` is what was reported.
const QUEUE: &str = "
    CREATE TABLE work (id bigint PRIMARY KEY, taken_by text, taken_until timestamptz, hash bytea, was_done_before boolean);
    CREATE TABLE workers (name text PRIMARY KEY, lanes bigint[], began bigint);
    CREATE TABLE troubles (name text, id bigint, words text);
    CREATE TABLE ended ()";
const ADD: &str = "INSERT INTO work (id) SELECT generate_series($1, $2)";
const TAKE: &str = "
    UPDATE work SET taken_by = $1, taken_until = now() + interval '8 s' WHERE id = (
        SELECT id FROM work WHERE hash IS NULL AND (taken_until IS NULL OR taken_until < now())
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id";
const REPORT: &str = "UPDATE work SET hash = $2, was_done_before = $3 WHERE id = $1";
const GIVE_BACK: &str = "UPDATE work SET taken_until = now() + interval '1 s' WHERE id = $1";

fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What the processes are told.
#[derive(serde::Serialize, serde::Deserialize)]
struct Orders {
    name: String,
    database: String,
    node: String,
    bundler: String,
    account: Address,
    key: B256,
}

const ORDERS: &str = "SHARED_WORK_ORDERS";

/// A process that ends with the test, whatever becomes of it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start(orders: &Orders, name: &str) -> Process {
    let orders = Orders {
        name: name.into(),
        database: orders.database.clone(),
        node: orders.node.clone(),
        bundler: orders.bundler.clone(),
        ..*orders
    };
    let process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "shared_work::process", "--ignored", "--nocapture"])
        .env(ORDERS, serde_json::to_string(&orders).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Process(process)
}

async fn queue(address: &str) -> PgPool {
    PgPoolOptions::new().max_connections(5).connect(address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_killed_process_is_done_once() {
    let size: i64 = env::var(SIZE).map_or(DEFAULT_SIZE, |size| size.parse().unwrap());
    let (ground, server) = tokio::join!(Ground::prepare(), Postgres::start());
    let server = server.unwrap();
    let database = server.url().to_string();
    let store = PostgresStore::connect(&database).await.unwrap();
    store.migrate().await.unwrap();
    let policies = vec![Sudo.on(&ground.chain.deployment().policies).unwrap()];
    let target = ActionTarget::Exact { target: COUNTER, selector: setNumberCall::SELECTOR.into() };
    let session = ground.session_of(ActionData::new(target, policies));
    let (grant, _) = ground.owner.grant(&session).await.unwrap();
    store.put(&grant).await.unwrap();
    let queue = queue(&database).await;
    sqlx::raw_sql(QUEUE).execute(&queue).await.unwrap();
    sqlx::query(ADD).bind(1_i64).bind(size).execute(&queue).await.unwrap();
    let chain = Seen { first_block: ground.devnet.chain().block_number().await.unwrap() + 1, ground: &ground };

    let others = tokio::spawn(others(ground.devnet.chain().clone()));
    let begin = Instant::now();
    let orders = Orders {
        name: String::new(),
        database,
        node: ground.devnet.rpc_url().to_string(),
        bundler: ground.devnet.bundler_url().to_string(),
        account: ground.account(),
        key: ground.key.to_bytes(),
    };
    let mut victim = start(&orders, VICTIM);
    let mut workers: Vec<Process> = (1..PROCESSES).map(|number| start(&orders, &format!("worker {number}"))).collect();

    // In the middle, and when it has done something that it has not reported.
    let unreported = async |at_least: i64| {
        let rows = "SELECT id FROM work WHERE taken_by = $1 AND hash IS NULL AND (SELECT count(hash) FROM work) >= $2";
        let rows = sqlx::query_scalar(rows).bind(VICTIM).bind(at_least).fetch_all(&queue);
        let taken: BTreeSet<i64> = rows.await.unwrap().into_iter().collect();
        if taken.is_empty() {
            return taken;
        }
        let done: BTreeSet<i64> = chain.numbers().await.into_iter().collect();
        &done & &taken
    };
    while unreported(size / 3).await.is_empty() {
        assert!(victim.0.try_wait().unwrap().is_none(), "the victim ended by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    victim.0.kill().unwrap();
    victim.0.wait().unwrap();
    let unreported = unreported(0).await;
    assert!(!unreported.is_empty());
    let killed_after = begin.elapsed();
    let lanes = "SELECT lane, ends::bigint FROM smart_sessions.lanes \
                 WHERE lane = ANY((SELECT lanes FROM workers WHERE name = $1)::bigint[]) ORDER BY lane";
    let lanes = sqlx::query(lanes).bind(VICTIM).fetch_all(&queue).await.unwrap();
    let ends: i64 = lanes.iter().map(|row| row.get::<i64, _>(1)).max().unwrap();
    let lanes: Vec<i64> = lanes.iter().map(|row| row.get(0)).collect();
    assert_eq!(lanes.len(), usize::try_from(LANES).unwrap());
    let lost = "SELECT count(*) FROM work WHERE taken_by = $1 AND hash IS NULL";
    let lost: i64 = sqlx::query_scalar(lost).bind(VICTIM).fetch_one(&queue).await.unwrap();

    // Its lanes come back.
    workers.push(start(&orders, HEIR));
    let inherited = "SELECT lanes, began FROM workers WHERE name = $1";
    let (inherited, heir_began): (Vec<i64>, i64) = loop {
        if let Some(row) = sqlx::query(inherited).bind(HEIR).fetch_optional(&queue).await.unwrap() {
            break (row.get(0), row.get(1));
        }
        assert!(begin.elapsed() < Duration::from_secs(300), "nobody gets the lanes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(inherited, lanes);
    assert!(heir_began >= ends, "lanes until {ends} were given at {heir_began}");
    sqlx::query(ADD).bind(size + 1).bind(size + AFTERWARDS).execute(&queue).await.unwrap();

    let left =
        async || sqlx::query_scalar::<_, i64>("SELECT count(*) FROM work WHERE hash IS NULL").fetch_one(&queue).await;
    let (mut last, mut since) = (i64::MAX, Instant::now());
    while last > 0 {
        let now = left().await.unwrap();
        if now < last {
            (last, since) = (now, Instant::now());
        }
        assert!(
            since.elapsed() < Duration::from_secs(90),
            "{last} pieces of work are not done: {:?}",
            troubles(&queue).await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sqlx::query("INSERT INTO ended DEFAULT VALUES").execute(&queue).await.unwrap();
    let took = begin.elapsed();
    others.abort();
    for mut worker in workers {
        assert!(worker.0.wait().unwrap().success());
    }
    chain.was_done_once(&queue, size + AFTERWARDS).await;

    let before = "SELECT id FROM work WHERE was_done_before ORDER BY id";
    let before: BTreeSet<i64> = sqlx::query_scalar(before).fetch_all(&queue).await.unwrap().into_iter().collect();
    assert!(unreported.is_subset(&before), "{unreported:?} were done by the victim, {before:?} were found");
    let heirs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM work WHERE taken_by = $1").bind(HEIR).fetch_one(&queue).await.unwrap();
    assert!(heirs > 0, "the lanes that came back are used");
    let troubles = troubles(&queue).await;
    eprintln!(
        "{} pieces of work over {} lanes in {took:.1?}; killed after {killed_after:.1?} with {lost} unreported, {} of them \
         mined; found done before: {}; over inherited lanes: {heirs}; tried again: {} {troubles:?}",
        size + AFTERWARDS,
        PROCESSES * lanes.len(),
        unreported.len(),
        before.len(),
        troubles.len(),
    );
}

/// Blocks of others. Where ours are the only ones, the node takes what they pay for the market's price, and each operation
/// is dearer than the one before.
async fn others(chain: testkit::Chain) {
    loop {
        chain.mine(1).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn troubles(queue: &PgPool) -> Vec<String> {
    let words = "SELECT name || ', ' || id || ': ' || words FROM troubles";
    sqlx::query_scalar(words).fetch_all(queue).await.unwrap()
}

/// What the chain says.
struct Seen<'a> {
    ground: &'a Ground,
    first_block: u64,
}

impl Seen<'_> {
    async fn logs(&self, address: Address, topics: Value) -> Vec<Value> {
        let filter = json!({ "address": address, "topics": topics, "fromBlock": format!("{:#x}", self.first_block) });
        self.ground.devnet.chain().rpc().request("eth_getLogs", (filter,)).await.unwrap()
    }

    /// The numbers that the counter was set to, in order.
    async fn numbers(&self) -> Vec<i64> {
        let logs = self.logs(COUNTER, json!([NumberChanged::SIGNATURE_HASH, self.ground.account().into_word()])).await;
        let number = |log: &Value| log["data"].as_str().unwrap().parse::<U256>().unwrap().to();
        logs.iter().map(number).collect()
    }

    async fn was_done_once(&self, queue: &PgPool, count: i64) {
        let mut numbers = self.numbers().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "each number once: none lost, none double");

        // As many operations as pieces of work: no nonce was wanted by two.
        let topics = json!([UserOperationEvent::SIGNATURE_HASH, null, self.ground.account().into_word()]);
        let entry_point = testkit::EntryPoint::V07.address();
        let mut of_lane = BTreeMap::<_, Vec<u64>>::new();
        let mut mined = BTreeSet::new();
        for log in self.logs(entry_point, topics).await {
            let word = |index: usize| log["data"].as_str().unwrap()[2 + index * 64..][..64].to_owned();
            assert_eq!(U256::from_str_radix(&word(1), 16).unwrap(), U256::ONE, "its calls went through");
            let nonce = Nonce::from(U256::from_str_radix(&word(0), 16).unwrap());
            of_lane.entry(nonce.key).or_default().push(nonce.sequence);
            mined.insert(log["topics"][1].as_str().unwrap().parse::<B256>().unwrap());
        }
        assert_eq!(of_lane.len(), PROCESSES * usize::try_from(LANES).unwrap());
        for (key, mut sequence) in of_lane {
            sequence.sort_unstable();
            assert_eq!(sequence, (0..).take(sequence.len()).collect::<Vec<u64>>(), "{key:?}");
        }
        let hashes = async |statement: &'static str| -> BTreeSet<B256> {
            let hashes: Vec<Vec<u8>> = sqlx::query_scalar(statement).fetch_all(queue).await.unwrap();
            assert_eq!(i64::try_from(hashes.len()).unwrap(), count);
            hashes.iter().map(|hash| B256::from_slice(hash)).collect()
        };
        assert_eq!(hashes("SELECT hash FROM work").await, mined, "what was reported is what was mined");
        assert_eq!(hashes("SELECT hash FROM smart_sessions.operations").await, mined, "and what was written down");
    }
}

/// One of the processes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the test above, which starts it"]
async fn process() {
    let orders: Orders = serde_json::from_str(&env::var(ORDERS).expect("orders, from the test above")).unwrap();
    let chain =
        Chain::http(&orders.node, &orders.bundler, Deployment::current()).await.unwrap().with_patience(PATIENCE);
    let store = Arc::new(PostgresStore::connect(&orders.database).await.unwrap());
    let grant = store.list(GrantFilter::of(chain.chain_id(), orders.account)).await.unwrap().pop().unwrap();
    if orders.name == HEIR {
        wait_for_lanes(&store, LaneSpace { chain_id: chain.chain_id(), account: orders.account }).await;
    }
    let account = Nexus::at(NexusDeployment::LEGACY_A, orders.account);
    let key = PrivateKeySigner::from_bytes(&orders.key).unwrap();
    let session = SessionClient::new(chain, account, grant, key).unwrap();
    let lanes = session.lease_lanes_within(store.clone(), LANES, CLOCK_MARGIN).await.unwrap();

    let queue = queue(&orders.database).await;
    let began = i64::try_from(unix_time()).unwrap();
    let worker = sqlx::query("INSERT INTO workers VALUES ($1, $2, $3)").bind(&orders.name);
    let held: Vec<i64> = lanes.lanes().iter().copied().map(i64::from).collect();
    worker.bind(held).bind(began).execute(&queue).await.unwrap();
    let tasks = (0..LANES).map(|_| work(&lanes, &queue, &orders.name));
    futures_util::future::join_all(tasks).await;
    lanes.close().await.unwrap();
}

/// Until there are lanes among those that the processes share.
async fn wait_for_lanes(store: &PostgresStore, space: LaneSpace) {
    let total = 1 + LANES * u32::try_from(PROCESSES).unwrap();
    loop {
        let now = unix_time();
        match store.lease(LeaseRequest { space, count: LANES, total, now, until: now + 10 }).await {
            Ok(lease) => return store.release(&lease).await.unwrap(),
            Err(StoreError::NoLanes { .. }) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn work(lanes: &SessionLanes<Nexus, PrivateKeySigner>, queue: &PgPool, name: &str) {
    loop {
        let Some(id): Option<i64> = sqlx::query_scalar(TAKE).bind(name).fetch_optional(queue).await.unwrap() else {
            if sqlx::query("SELECT FROM ended").fetch_optional(queue).await.unwrap().is_some() {
                return;
            }
            lanes.keep().await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let calls = [Call::new(COUNTER, setNumberCall { number: U256::from(id) }.abi_encode())];
        match lanes.use_once(&format!("work {id}"), &calls).await {
            Ok(done) => {
                if name == VICTIM {
                    // Time to be killed in.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                let was_before = matches!(done, Done::Before(_));
                let report = sqlx::query(REPORT).bind(id).bind(done.hash().to_vec()).bind(was_before);
                report.execute(queue).await.unwrap();
            }
            Err(error) => {
                let trouble = sqlx::query("INSERT INTO troubles VALUES ($1, $2, $3)").bind(name).bind(id);
                trouble.bind(error.to_string()).execute(queue).await.unwrap();
                sqlx::query(GIVE_BACK).bind(id).execute(queue).await.unwrap();
            }
        }
    }
}
