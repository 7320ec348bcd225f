use std::time::Duration;

use alloy_primitives::{Bytes, U256};
use bundler_rpc::userop::EntryPoint;
use bundler_rpc::{BundlerClient, Deadline, FeeSource, NodeClient, NonceSource, OperationRequest, Preparer};
use testkit::Devnet;

use crate::account::Account;

/// Nodes derive the fee they suggest from recent blocks, which here hold nothing but these operations.
#[tokio::test]
async fn operations_in_a_row_do_not_raise_their_own_price() {
    let Some(devnet) = crate::start(Devnet::builder()).await else { return };
    let account = Account::new(&devnet, 1).await;
    let bundler = BundlerClient::http(devnet.bundler_url().as_str()).unwrap();
    let node = NodeClient::http(devnet.rpc_url().as_str()).unwrap();
    let preparer = Preparer::connect(bundler, node, EntryPoint::V0_7).await.unwrap().with_fees(FeeSource::Node);
    let mut fees = Vec::new();
    for count in 1..=10_u64 {
        let stub = Account::sign(alloy_primitives::B256::repeat_byte(0x5a));
        let nonce = NonceSource::Next(Account::lane(0));
        let request = OperationRequest::new(account.address, Account::call_data(), nonce, stub)
            .with_factory(account.factory.clone());
        let prepared = preparer.prepare(&request).await.unwrap();
        fees.push(prepared.fees().max_fee_per_gas);
        let signed = prepared.sign(Account::sign(prepared.hash())).unwrap();
        let receipt = preparer.bundler().execute(&signed, Deadline::after(Duration::from_secs(60))).await.unwrap();
        assert_eq!(receipt.require_success().unwrap().user_op_hash, signed.hash());
        assert_eq!(account.count(&devnet).await, U256::from(count));
    }
    let (first, last) = (fees[1], fees[9]);
    assert!(last <= first.saturating_mul(2), "fees grow: {fees:?}");

    // A wrong key: the bundler's refusal, typed.
    let nonce = NonceSource::Next(Account::lane(0));
    let request = OperationRequest::new(account.address, Account::call_data(), nonce, vec![0x5a; 65]);
    let wrong = async |_| Ok::<_, std::fmt::Error>(Bytes::from(vec![0x11; 65]));
    let error = preparer.execute(&request, Deadline::after(Duration::from_secs(60)), wrong).await.unwrap_err();
    assert!(error.aa_code().is_some() && !error.is_retryable(), "{error:?}");
}
