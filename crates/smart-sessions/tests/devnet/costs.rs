//! What is said of a chain counts for the owner's operations and for the session's.

use alloy_primitives::{Address, U256, bytes};
use serde_json::json;
use smart_sessions::bundler::paymaster::PaymasterClient;
use smart_sessions::bundler::{BundlerError, FeeSource, Spending, SpendingLimit, Sponsorship};
use smart_sessions::userop::Call;
use smart_sessions::{Chain, Error, Owner, SessionClient};
use testkit::Key;
use testkit::scripted::{Answer, Scripted};

use crate::ground::Ground;

/// What the owner's and the session's operation end with.
async fn both(ground: &Ground, chain: &Chain) -> [Result<alloy_primitives::B256, Error>; 2] {
    let account = ground.owner.account().clone();
    let (grant, _) = ground.owner.grant(&ground.free_session()).await.unwrap();
    let owner = Owner::nexus(chain.clone(), account.clone(), Key::Owner.signer());
    let session = SessionClient::new(chain.clone(), account, grant, ground.key.clone()).unwrap();
    let by_owner = owner.send(&[Call::new(Address::repeat_byte(7), bytes!(""))]).await;
    let by_session = session.use_permission(&[Ground::increment()]).await;
    [by_owner, by_session].map(|receipt| receipt.map(|receipt| receipt.user_op_hash))
}

async fn too_expensive(ground: &Ground, limit: SpendingLimit) -> [Spending; 2] {
    both(ground, &ground.chain.clone().with_spending_limit(limit)).await.map(|end| match end.unwrap_err() {
        Error::Network(error) => match *error {
            BundlerError::TooExpensive(exceeded) => exceeded.what,
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_fees_gas_and_sponsors_count_for_both_sides() {
    let ground = Ground::prepare().await;
    let limit = SpendingLimit::default();
    assert_eq!(too_expensive(&ground, limit.with_max_cost(U256::from(1_000))).await, [Spending::Cost; 2]);
    assert_eq!(too_expensive(&ground, limit.with_max_fee_per_gas(1)).await, [Spending::FeePerGas; 2]);
    assert_eq!(too_expensive(&ground, limit.with_max_gas(U256::from(21_000))).await, [Spending::Gas; 2]);
    assert_eq!(ground.count().await, 0);

    // Twice the gas, and the reference library's fees.
    let operations = async |chain: Chain| {
        let mut operations = Vec::new();
        for hash in both(&ground, &chain).await {
            operations.push(chain.bundler().operation(hash.unwrap()).await.unwrap().unwrap().user_operation);
        }
        operations
    };
    let generous = U256::from(10).pow(U256::from(18));
    // The first increment pays for the counter's storage.
    operations(ground.chain.clone()).await;
    let usual = operations(ground.chain.clone().with_spending_limit(limit.with_max_cost(generous))).await;
    let wide = ground.chain.clone().with_gas_percent(200).with_fees(FeeSource::NodeDoubled);
    let wide = operations(wide).await;
    for (usual, wide) in usual.iter().zip(&wide) {
        assert!(wide.call_gas_limit > usual.call_gas_limit.map(|gas| gas * 3 / 2), "{usual:?} {wide:?}");
        assert!(wide.max_priority_fee_per_gas > usual.max_priority_fee_per_gas, "{usual:?} {wide:?}");
    }
    assert_eq!(ground.count().await, 3);

    // The paymaster service is asked for both.
    let service = Scripted::start(|_| Answer::error(-32_000, "no sponsorship today")).await.unwrap();
    let client = PaymasterClient::http(service.url().as_str()).unwrap();
    let sponsorship = Sponsorship::new(client).with_context(json!({"policy": "p"}));
    let sponsored = ground.chain.clone().with_sponsorship(sponsorship);
    for end in both(&ground, &sponsored).await {
        let error = end.unwrap_err();
        assert!(error.to_string().contains("no sponsorship today"), "{error}");
        assert_eq!(error.unsettled(), None);
    }
    assert_eq!(service.methods(), ["pm_getPaymasterStubData"; 2]);
    assert_eq!(ground.count().await, 3);
}
