use super::*;
use crate::account::Generic;
use alloy_primitives::bytes;
use core::convert::Infallible;

fn account() -> Generic {
    Generic::at(Address::repeat_byte(1)).with_factory(Factory::new(Address::repeat_byte(2), bytes!("03")))
}

fn key() -> NonceKey {
    account().nonce_key(Address::repeat_byte(4).into(), crate::account::ValidationMode::Validate, 5).unwrap()
}

fn start() -> Preparation {
    Preparation::new(&account(), bytes!("06"), key(), 31337, bytes!("ff"))
}

fn first_answers(preparation: &mut Preparation, code: &[u8]) {
    preparation.code(code);
    preparation.nonce(&key().at(9).to_u256().to_be_bytes::<32>()).unwrap();
    preparation.fees(20, 10).unwrap();
}

fn stub() -> PaymasterAnswer {
    let gas = GasEstimate { paymaster_verification: Some(50), paymaster_post_op: Some(60), ..GasEstimate::default() };
    PaymasterAnswer { address: Address::repeat_byte(7), data: bytes!("aa"), is_final: false, gas }
}

#[test]
fn plain_operation_takes_two_rounds() {
    let mut preparation = start();
    let first = preparation.needs();
    assert!(
        matches!(&first[..], [Need::Code(_), Need::Nonce(call), Need::Fees] if call.to == EntryPoint::V0_7.address)
    );
    first_answers(&mut preparation, &[]);
    assert_eq!(preparation.needs(), [Need::Gas]);
    assert_eq!(preparation.operation().signature, bytes!("ff"));
    preparation.gas(GasEstimate::new(1, 2, U256::from(3))).unwrap();
    assert!(preparation.needs().is_empty());

    let expected = preparation.operation().hash(EntryPoint::V0_7, 31337).unwrap();
    let signable = preparation.finish().unwrap();
    assert_eq!(signable.hash(), expected);
    assert!(signable.operation().factory.is_some());
    let signed = signable.sign(|hash| Ok::<_, Infallible>(hash.to_vec().into())).unwrap();
    assert_eq!((&signed.operation.signature[..], signed.hash), (expected.as_slice(), expected));
    assert_eq!(signed.operation.hash(EntryPoint::V0_7, 31337), Ok(expected));
}

#[test]
fn known_values_are_not_asked_for() {
    let mut preparation = start().with_deployed(true).with_nonce(key().at(3));
    preparation.fees(2, 1).unwrap();
    preparation.gas(GasEstimate::new(1, 2, U256::from(3))).unwrap();
    assert!(preparation.needs().is_empty());
    let signable = preparation.finish().unwrap();
    assert_eq!(signable.operation().nonce, key().at(3).to_u256());
    assert_eq!(signable.operation().factory, None);
}

#[test]
fn sponsored_operation_asks_the_paymaster_around_the_estimate() {
    let mut preparation = start().sponsored();
    first_answers(&mut preparation, &[1]);
    assert_eq!(preparation.operation().factory, None);
    assert_eq!(preparation.needs(), [Need::PaymasterStub]);
    preparation.paymaster_stub(stub());
    assert_eq!(preparation.needs(), [Need::Gas]);
    let mut estimate = GasEstimate::new(1, 2, U256::from(3));
    estimate.paymaster_verification = Some(999);
    preparation.gas(estimate).unwrap();
    assert_eq!(preparation.needs(), [Need::PaymasterData]);

    let other = PaymasterAnswer { address: Address::repeat_byte(8), ..stub() };
    let error = FlowError::Paymaster { expected: Address::repeat_byte(7), seen: Address::repeat_byte(8) };
    assert_eq!(preparation.paymaster_data(other), Err(error));
    let data = PaymasterAnswer { data: bytes!("bb"), gas: GasEstimate::default(), ..stub() };
    preparation.paymaster_data(data).unwrap();
    let paymaster = preparation.finish().unwrap().operation().paymaster.clone().unwrap();
    assert_eq!(paymaster, Paymaster::new(Address::repeat_byte(7), bytes!("bb")).with_gas(50, 60));
}

#[test]
fn final_stub_with_all_limits_ends_the_preparation() {
    let mut preparation = start().sponsored();
    first_answers(&mut preparation, &[]);
    let gas = GasEstimate { paymaster_verification: Some(4), ..GasEstimate::new(1, 2, U256::from(3)) };
    preparation.paymaster_stub(PaymasterAnswer { is_final: true, gas, ..stub() });
    assert!(preparation.needs().is_empty());
    assert_eq!(preparation.operation().call_gas_limit, 1);
}

#[test]
fn answers_that_cannot_be_are_refused() {
    let mut preparation = start();
    assert_eq!(preparation.nonce(&[1]), Err(FlowError::NonceLength { length: 1 }));
    assert!(matches!(preparation.nonce(&[0; 32]), Err(FlowError::NonceKey { .. })));
    assert_eq!(preparation.fees(1, 2), Err(FlowError::Fees { max: 1, priority: 2 }));
    let missing = GasEstimate { call: None, ..GasEstimate::new(1, 2, U256::from(3)) };
    assert_eq!(preparation.gas(missing), Err(FlowError::MissingGas { field: GasField::Call }));
    assert_eq!(preparation.clone().finish(), Err(FlowError::Incomplete { needs: 3 }));

    first_answers(&mut preparation, &[]);
    preparation.gas(GasEstimate::new(1 << 120, 2, U256::from(3))).unwrap();
    assert!(matches!(
        preparation.finish(),
        Err(FlowError::Operation(OperationError::GasOverflow { field: GasField::Call, .. }))
    ));
}

#[test]
fn stub_is_a_signature_without_zero_bytes() {
    assert!(STUB_SIGNATURE.iter().all(|byte| *byte != 0));
    let signature = k256::ecdsa::Signature::from_slice(&STUB_SIGNATURE[..64]).unwrap();
    assert!(signature.normalize_s().is_none());
    let recovery = k256::ecdsa::RecoveryId::from_byte(STUB_SIGNATURE[64] - 27).unwrap();
    let hash = B256::repeat_byte(0x77);
    assert!(k256::ecdsa::VerifyingKey::recover_from_prehash(hash.as_slice(), &signature, recovery).is_ok());
}
