//! Many operations through a bundler that fails in every way: each is executed exactly once, and reported so.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, U256};
use bundler_rpc::userop::EntryPoint;
use bundler_rpc::{Backoff, BundlerClient, Deadline, Fees, NodeClient, Polling};
use testkit::Devnet;
use testkit::proxy::{Fault, Proxy};

use crate::account::Account;
use crate::bundler::Bundler;

const LANES: u8 = 16;
/// How many operations all lanes send together, unless [`VARIABLE`] says otherwise.
const OPERATIONS: usize = 32;
/// The environment variable for another number, e.g. 1000.
const VARIABLE: &str = "FAULT_OPERATIONS";
const SEED: u64 = 0x5e55_1055;

const FAULTS: [(Fault, f64); 8] = [
    (Fault::LoseAnswer, 0.06),
    (Fault::Unavailable, 0.06),
    (Fault::Reset, 0.05),
    (Fault::CutAnswer, 0.03),
    (Fault::SendTwice, 0.04),
    (Fault::DoubleAnswer, 0.04),
    (Fault::Stall, 0.01),
    (Fault::Silence, 0.003),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_executed_exactly_once() {
    let operations = std::env::var(VARIABLE).map_or(OPERATIONS, |number| number.parse().expect(VARIABLE));
    let per_lane = u64::try_from(operations).unwrap().div_ceil(LANES.into());
    let Some(devnet) = crate::start(Devnet::builder().without_bundler()).await else { return };
    let mut bundler = Bundler::start(&devnet).await;
    // The long run stalls as long as people's patience with a server, the short one as long as theirs with a test.
    let is_long = operations > OPERATIONS;
    let mut proxy = Proxy::to(bundler.url()).seed(SEED).stall(Duration::from_secs(if is_long { 5 } else { 1 }));
    for (fault, share) in FAULTS {
        proxy = proxy.fault(fault, share);
    }
    let proxy = proxy.start().await.unwrap();

    let node = NodeClient::http(devnet.rpc_url().as_str()).unwrap();
    let polling = Polling::DEFAULT
        .with_backoff(Backoff::WAIT.with_first(Duration::from_millis(50)).with_longest(Duration::from_millis(800)));
    let client = BundlerClient::http(proxy.url().as_str()).unwrap().with_polling(polling);
    let account = Arc::new(Account::new(&devnet, 2).await);
    let market = node.fees().await.unwrap();
    let fees = Fees { max_fee_per_gas: market.max_fee_per_gas * 2, ..market };

    // The first operation deploys the account; the lanes need it there.
    let first = account.increment(0, 0, Some(account.factory.clone()), fees);
    let deadline = || Deadline::after(Duration::from_secs(180));
    client.execute(&first, deadline()).await.unwrap().require_success().unwrap();

    let start = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    let lanes = (1..=LANES).map(|lane| {
        let (client, account, done) = (client.clone(), Arc::clone(&account), Arc::clone(&done));
        tokio::spawn(async move {
            let mut mined = Vec::new();
            let mut slowest = Duration::ZERO;
            for sequence in 0..per_lane {
                let start = Instant::now();
                let operation = account.increment(lane, sequence, None, fees);
                let receipt = client.execute(&operation, Deadline::after(Duration::from_secs(180))).await;
                let receipt = receipt.unwrap_or_else(|error| panic!("lane {lane}, {sequence}: {error:?}"));
                assert_eq!(receipt.user_op_hash, operation.hash());
                mined.push(receipt.require_success().unwrap().user_op_hash);
                done.fetch_add(1, Ordering::Relaxed);
                slowest = slowest.max(start.elapsed());
            }
            (mined, slowest)
        })
    });
    let lanes: Vec<_> = lanes.collect();

    // The bundler dies with its mempool, twice.
    let all = usize::from(LANES) * usize::try_from(per_lane).unwrap();
    for share in [3, 2] {
        while done.load(Ordering::Relaxed) < all / share && !lanes.iter().all(tokio::task::JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bundler.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        bundler.restart().await;
    }
    let mut reported = vec![first.hash()];
    let mut slowest = Duration::ZERO;
    for lane in lanes {
        let (mined, slowest_here) = lane.await.unwrap();
        reported.extend(mined);
        slowest = slowest.max(slowest_here);
    }
    let elapsed = start.elapsed();

    // On the chain: the counter, the nonce of every lane, and one event for each operation.
    assert_eq!(reported.len(), all + 1);
    assert_eq!(account.count(&devnet).await, U256::from(all + 1));
    for lane in 1..=LANES {
        let nonce = node.nonce(EntryPoint::V0_7, account.address, Account::lane(lane)).await.unwrap();
        assert_eq!(nonce, Account::lane(lane).at(per_lane).to_u256());
    }
    let mut transactions = HashSet::new();
    for hash in &reported {
        let found = node.find_operation(EntryPoint::V0_7, *hash, 0).await.unwrap().expect("no event on the chain");
        assert!(found.success);
        transactions.insert(found.transaction_hash);
    }
    assert_eq!(reported.iter().collect::<HashSet<&B256>>().len(), all + 1);

    let counts: BTreeMap<_, _> = FAULTS.iter().map(|(fault, _)| (format!("{fault:?}"), proxy.count(*fault))).collect();
    println!(
        "{all} operations in {elapsed:?}, the slowest in {slowest:?}; {} bundles, {} requests, {} sends, faults {counts:?}",
        transactions.len(),
        proxy.events().len(),
        proxy.requests("eth_sendUserOperation"),
    );
    assert!(counts.values().sum::<usize>() > operations / 8, "{counts:?}");
}
