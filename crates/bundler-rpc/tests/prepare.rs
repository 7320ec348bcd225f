//! Round trips from calls to an operation hash.

mod support;

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, bytes, hex};
use bundler_rpc::paymaster::{PaymasterClient, PaymasterError};
use bundler_rpc::userop::{EntryPoint, Factory, NonceKey};
use bundler_rpc::{
    BundlerError, Deadline, Fees, LimitExceeded, NodeClient, NonceSource, OperationRequest, Preparer, Spending,
    SpendingLimit, Sponsorship,
};
use serde_json::{Value, json};
use support::{Reply, Server};

const TRIP: Duration = Duration::from_millis(50);
const PAYMASTER: Address = Address::repeat_byte(0xbb);

/// Node, bundler and paymaster in one server, each HTTP request taking one [`TRIP`].
fn everything(code: &'static str, data: Value) -> Server {
    Server::new(move |method, params| {
        Reply::Is(match method {
            "eth_chainId" => json!("0x7a69"),
            "eth_supportedEntryPoints" => json!([EntryPoint::V0_7.address]),
            "eth_getCode" => json!(code),
            "eth_call" => json!(B256::from(U256::from(7))),
            "eth_getBlockByNumber" => json!({"number": "0x1", "baseFeePerGas": "0x3b9aca00", "gasLimit": "0x1c9c380"}),
            "eth_maxPriorityFeePerGas" => json!("0x5f5e100"),
            "pimlico_getUserOperationGasPrice" => return Reply::Error(-32601, "no such method"),
            "eth_estimateUserOperationGas" => {
                json!({"preVerificationGas": "0x1", "verificationGasLimit": "0x64", "callGasLimit": "0xc8",
                       "paymasterVerificationGasLimit": "0x9", "paymasterPostOpGasLimit": "0x9"})
            }
            "pm_getPaymasterStubData" => {
                json!({"paymaster": PAYMASTER, "paymasterData": "0x0102", "paymasterPostOpGasLimit": "0x5"})
            }
            "pm_getPaymasterData" => data.clone(),
            // The hash is taken on trust by the script only: it cannot compute it.
            "eth_sendUserOperation" => return Reply::Error(-32602, "already known"),
            other => panic!("{other} {params}"),
        })
    })
    .with_latency(TRIP)
}

fn request() -> OperationRequest {
    let key = NonceKey(hex!("000000000000000000000000000000000000000000000001").into());
    OperationRequest::new(
        Address::repeat_byte(0xaa),
        bytes!("c0de"),
        NonceSource::Next(key),
        Bytes::from(vec![0xab; 65]),
    )
    .with_factory(Factory::new(Address::repeat_byte(0xfa), bytes!("01")))
}

fn preparer(server: &Server) -> Preparer {
    Preparer::new(server.bundler(), server.node(), EntryPoint::V0_7, 31337)
}

#[tokio::test(start_paused = true)]
async fn three_waits_from_calls_to_hash() {
    let server = everything("0x", Value::Null);
    let start = tokio::time::Instant::now();
    let preparer = preparer(&server);
    let prepared = preparer.prepare(&request()).await.unwrap();
    let signed = prepared.sign(bytes!("51")).unwrap();
    let hash = preparer.bundler().submit(&signed, Deadline::after(Duration::from_secs(9))).await.unwrap();
    assert_eq!(hash, prepared.hash());
    assert_eq!(start.elapsed().as_millis(), (TRIP * 3).as_millis());

    // Reads in one HTTP request, estimation, send; nothing is read twice.
    let packets = server.packets();
    assert_eq!(packets.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, 1]);
    let operation = prepared.operation();
    assert_eq!(operation.nonce, U256::from(7));
    assert_eq!((operation.call_gas_limit, operation.verification_gas_limit), (200, 100));
    assert_eq!(prepared.fees(), Fees { max_fee_per_gas: 2_100_000_000, max_priority_fee_per_gas: 100_000_000 });
    assert!(operation.factory.is_some());
}

#[tokio::test(start_paused = true)]
async fn one_wait_when_gas_and_fees_are_given() {
    let server = everything("0x6001", Value::Null);
    let preparer = preparer(&server);
    let fees = Fees { max_fee_per_gas: 2_000_000_000, max_priority_fee_per_gas: 100_000_000 };
    let mut request = request().with_fees(fees).with_gas(200, 100, U256::from(1));

    // Nonce and code in one HTTP request: then the hash is known.
    let start = tokio::time::Instant::now();
    preparer.prepare(&request).await.unwrap();
    assert_eq!(start.elapsed().as_millis(), TRIP.as_millis());

    // With the nonce given too, only the send is left.
    request.nonce = NonceSource::Fixed(U256::from(7));
    let start = tokio::time::Instant::now();
    let prepared = preparer.prepare(&request).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    let signed = prepared.sign(bytes!("51")).unwrap();
    let hash = preparer.bundler().submit(&signed, Deadline::after(Duration::from_secs(9))).await.unwrap();
    assert_eq!((hash, start.elapsed().as_millis()), (prepared.hash(), TRIP.as_millis()));
    let packets = server.packets();
    assert_eq!(packets.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_exists_is_asked_about_once() {
    let server = everything("0x6001", Value::Null);
    let preparer = preparer(&server);
    for _ in 0..3 {
        assert_eq!(preparer.prepare(&request()).await.unwrap().operation().factory, None);
    }
    assert_eq!(server.of("eth_getCode").len(), 1);

    // That it does not exist is never remembered.
    let server = everything("0x", Value::Null);
    let preparer = self::preparer(&server);
    for _ in 0..3 {
        assert!(preparer.prepare(&request()).await.unwrap().operation().factory.is_some());
    }
    assert_eq!(server.of("eth_getCode").len(), 3);
}

#[cfg(feature = "pimlico")]
#[tokio::test(start_paused = true)]
async fn prices_of_the_bundler_are_asked_for_alongside() {
    use bundler_rpc::FeeSource;
    use bundler_rpc::vendor::Speed;

    let price = json!({"maxFeePerGas": "0x9", "maxPriorityFeePerGas": "0x8"});
    let prices =
        json!({"slow": price, "standard": price, "fast": {"maxFeePerGas": "0x12", "maxPriorityFeePerGas": "0x10"}});
    let bundler = Server::new(move |method, _| match method {
        "pimlico_getUserOperationGasPrice" => Reply::Is(prices.clone()),
        _ => Reply::Is(json!({"preVerificationGas": "0x1", "verificationGasLimit": "0x2", "callGasLimit": "0x3"})),
    })
    .with_latency(TRIP);
    let node = everything("0x6001", Value::Null);
    let start = tokio::time::Instant::now();
    let preparer = Preparer::new(bundler.bundler(), node.node(), EntryPoint::V0_7, 31337)
        .with_fees(FeeSource::Pimlico(Speed::Fast));
    let prepared = preparer.prepare(&request()).await.unwrap();
    assert_eq!(prepared.fees(), Fees { max_fee_per_gas: 18, max_priority_fee_per_gas: 16 });
    assert_eq!(start.elapsed().as_millis(), (TRIP * 2).as_millis());

    // A bundler without the method: the node's estimate.
    let server = everything("0x6001", Value::Null);
    let preparer = self::preparer(&server).with_fees(FeeSource::Pimlico(Speed::Fast));
    assert_eq!(preparer.prepare(&request()).await.unwrap().fees().max_fee_per_gas, 2_100_000_000);
}

fn too_expensive<T: std::fmt::Debug>(answer: Result<T, BundlerError>) -> LimitExceeded {
    match answer.unwrap_err() {
        BundlerError::TooExpensive(exceeded) => exceeded,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_signer_sees_no_operation_above_the_limit() {
    let server = everything("0x6001", Value::Null);
    // 301 gas at 2.1 gwei.
    let cost = U256::from(632_100_000_000_u64);
    let of = |limit| preparer(&server).with_spending_limit(SpendingLimit::MEASURED.with_max_cost(limit));
    assert_eq!(of(cost).prepare(&request()).await.unwrap().operation().required_prefund(), Some(cost));

    let sign = async |_| -> Result<Bytes, std::fmt::Error> { panic!("asked to sign") };
    let allowed = cost - U256::ONE;
    let deadline = Deadline::after(Duration::from_secs(9));
    let exceeded = too_expensive(of(allowed).execute(&request(), deadline, sign).await);
    assert_eq!(exceeded, LimitExceeded { what: Spending::Cost, asked: cost, allowed });
    assert_eq!(
        exceeded.to_string(),
        "the operation may cost 632100000000 wei, allowed are 632099999999: nothing was signed"
    );
    assert_eq!(server.of("eth_sendUserOperation").len(), 0);

    // What the caller gives is under the absolute bounds too, at once or later.
    let dear = Fees { max_fee_per_gas: 3_000_000_000, max_priority_fee_per_gas: 1 };
    assert_eq!(too_expensive(of(cost).prepare(&request().with_fees(dear)).await).what, Spending::Cost);
    let prepared = of(cost).prepare(&request()).await.unwrap();
    assert_eq!(too_expensive(prepared.with_fees(dear)).what, Spending::Cost);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_stays_below_the_limit() {
    let server = everything("0x6001", Value::Null);
    let preparer = preparer(&server);
    let pending = preparer.prepare(&request()).await.unwrap().sign(bytes!("51")).unwrap();
    let limit = SpendingLimit::MEASURED.with_max_fee_per_gas(2_309_999_999);
    let limited = preparer.clone().with_spending_limit(limit);
    let exceeded = too_expensive(limited.prepare_replacement(&pending, vec![0xab; 65]).await);
    assert_eq!((exceeded.what, exceeded.asked), (Spending::FeePerGas, U256::from(2_310_000_000_u64)));
    let enough = preparer.clone().with_spending_limit(limit.with_max_fee_per_gas(2_310_000_000));
    assert!(enough.prepare_replacement(&pending, vec![0xab; 65]).await.is_ok());

    // Raised again and again: at some time no block pays that.
    let dear = Fees { max_fee_per_gas: 99_000_000_000, max_priority_fee_per_gas: 1 };
    let pending = preparer.prepare(&request().with_fees(dear)).await.unwrap().sign(bytes!("51")).unwrap();
    let exceeded = too_expensive(preparer.prepare_replacement(&pending, vec![0xab; 65]).await);
    assert_eq!((exceeded.what, exceeded.allowed), (Spending::MeasuredFee, U256::from(100_000_000_000_u64)));
    let anything = preparer.with_spending_limit(SpendingLimit::NONE);
    assert!(anything.prepare_replacement(&pending, vec![0xab; 65]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn answers_that_cannot_be_are_refused_unless_the_caller_gave_them() {
    let server = Server::new(|method, _| {
        Reply::Is(match method {
            "eth_call" => json!(B256::ZERO),
            "eth_getCode" => json!("0x6001"),
            "eth_getBlockByNumber" => json!({"baseFeePerGas": "0x3b9aca00", "gasLimit": "0x1c9c380"}),
            "eth_maxPriorityFeePerGas" => json!("0x174876e800"),
            "eth_estimateUserOperationGas" => {
                json!({"preVerificationGas": "0x1c9c381", "verificationGasLimit": "0x1", "callGasLimit": "0x1"})
            }
            other => panic!("{other}"),
        })
    });
    // A priority fee of 100 gwei where blocks charge one.
    let exceeded = too_expensive(preparer(&server).prepare(&request()).await);
    assert_eq!((exceeded.what, exceeded.asked), (Spending::MeasuredFee, U256::from(102_000_000_000_u64)));
    let given = Fees { max_fee_per_gas: 102_000_000_000, max_priority_fee_per_gas: 100_000_000_000 };
    let exceeded = too_expensive(preparer(&server).prepare(&request().with_fees(given)).await);
    assert_eq!((exceeded.what, exceeded.asked), (Spending::MeasuredPreVerificationGas, U256::from(30_000_001)));

    // With fees and gas given, nothing is left to be measured, and no block is asked for.
    let asked = server.of("eth_getBlockByNumber").len();
    let all_given = request().with_fees(given).with_gas(1, 1, U256::from(30_000_001));
    assert!(preparer(&server).prepare(&all_given).await.is_ok());
    assert_eq!(server.of("eth_getBlockByNumber").len(), asked);
    let unmeasured = SpendingLimit::default().without_measure();
    assert!(preparer(&server).with_spending_limit(unmeasured).prepare(&request()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_paymaster_is_asked_before_and_after_the_estimation() {
    let server = everything("0x6001", json!({"paymaster": PAYMASTER, "paymasterData": "0x0304"}));
    let sponsorship = Sponsorship::new(PaymasterClient::new(server.rpc())).with_context(json!({"policyId": "p"}));
    let prepared = preparer(&server).with_sponsorship(sponsorship.clone()).prepare(&request()).await.unwrap();
    let paymaster = prepared.operation().paymaster.clone().unwrap();
    assert_eq!((paymaster.address, paymaster.data.clone()), (PAYMASTER, bytes!("0304")));
    // The paymaster's own limit stays, the one it leaves open is estimated.
    assert_eq!((paymaster.verification_gas_limit, paymaster.post_op_gas_limit), (9, 5));
    let final_request = &server.of("pm_getPaymasterData")[0];
    assert_eq!(final_request[0]["callGasLimit"], "0xc8");
    assert_eq!((&final_request[2], &final_request[3]), (&json!("0x7a69"), &json!({"policyId": "p"})));

    // Another paymaster than the one that gas was estimated for.
    let other = Address::repeat_byte(0xcc);
    let server = everything("0x6001", json!({"paymaster": other, "paymasterData": "0x0304"}));
    let sponsorship = Sponsorship::new(PaymasterClient::new(server.rpc()));
    let error = preparer(&server).with_sponsorship(sponsorship.clone()).prepare(&request()).await.unwrap_err();
    assert_eq!(error, BundlerError::Paymaster(PaymasterError::Changed { stub: PAYMASTER, data: other }));
    let allowed = preparer(&server).with_sponsorship(sponsorship.allow_mismatch()).prepare(&request()).await.unwrap();
    assert_eq!(allowed.operation().paymaster.as_ref().unwrap().address, other);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_stubs_estimates_itself() {
    let server = everything(
        "0x6001",
        json!({"paymaster": PAYMASTER, "paymasterData": "0x0304", "preVerificationGas": "0x1", "verificationGasLimit": "0x2",
               "callGasLimit": "0x3", "paymasterVerificationGasLimit": "0x4", "paymasterPostOpGasLimit": "0x5"}),
    );
    let sponsorship = Sponsorship::new(PaymasterClient::new(server.rpc())).without_stub();
    let prepared = preparer(&server).with_sponsorship(sponsorship).prepare(&request()).await.unwrap();
    assert_eq!(prepared.operation().call_gas_limit, 3);
    let methods: Vec<_> = server.packets().into_iter().flatten().map(|(method, _)| method).collect();
    assert!(!methods.iter().any(|method| method.contains("Stub") || method.contains("estimate")), "{methods:?}");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_pays_more_and_asks_the_paymaster_again() {
    let server = everything("0x6001", json!({"paymaster": PAYMASTER, "paymasterData": "0x0304"}));
    let sponsorship = Sponsorship::new(PaymasterClient::new(server.rpc()));
    let preparer = preparer(&server).with_sponsorship(sponsorship);
    let dear = Fees { max_fee_per_gas: 10_000_000_001, max_priority_fee_per_gas: 100 };
    let pending = preparer.prepare(&request().with_fees(dear)).await.unwrap();
    let replacement = preparer.prepare_replacement(&pending.sign(bytes!("51")).unwrap(), vec![0xab; 65]).await.unwrap();
    // 10 % more, rounded up, on one; what is asked for now on the other.
    assert_eq!(replacement.fees(), Fees { max_fee_per_gas: 11_000_000_002, max_priority_fee_per_gas: 100_000_000 });
    assert_eq!(replacement.operation().nonce, pending.operation().nonce);
    assert_ne!(replacement.hash(), pending.hash());
    assert_eq!(server.of("pm_getPaymasterData").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn endpoints_of_different_chains_are_told_apart() {
    let bundler = Server::new(|method, _| {
        Reply::Is(if method == "eth_chainId" { json!("0x1") } else { json!([EntryPoint::V0_7.address]) })
    });
    let node = everything("0x", Value::Null);
    let error = Preparer::connect(bundler.bundler(), node.node(), EntryPoint::V0_7).await.unwrap_err();
    assert_eq!(error, BundlerError::ChainMismatch { expected: 31337, seen: 1 });
    let error = Preparer::connect(node.bundler(), node.node(), EntryPoint::V0_8).await.unwrap_err();
    assert!(matches!(error, BundlerError::UnsupportedEntryPoint { .. }), "{error:?}");
    assert!(Preparer::connect(node.bundler(), node.node(), EntryPoint::V0_7).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn node_reads_survive_a_stumble_and_report_reverts() {
    let mut calls = 0;
    let server = Server::new(move |_, _| {
        calls += 1;
        match calls {
            1 => Reply::Http(503),
            2 => Reply::Error(-32005, "limit exceeded"),
            3 => Reply::Is(json!("0x")),
            _ => Reply::Error(3, "execution reverted"),
        }
    });
    let node: NodeClient = server.node();
    assert_eq!(node.code(Address::ZERO).await, Ok(Bytes::new()));
    let error = node.code(Address::ZERO).await.unwrap_err();
    assert_eq!((error.code(), server.packets().len()), (Some(3), 4));
}
