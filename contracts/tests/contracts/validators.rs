//! Who signs what, for validators that keep keys.

use alloy_primitives::{Address, B256, Bytes, U256, address, eip191_hash_message, fixed_bytes};
use alloy_sol_types::{SolCall, SolValue};
use k256::ecdsa::SigningKey;
use session_contracts::Contract;
use session_contracts::Generation::Current;
use session_contracts::address::{current, legacy, owner};
use session_contracts::evm::Outcome;
use session_contracts::interface::{IModule, ISmartSession as M};

use crate::scene::{ACCOUNT, Scene, address_of, key, operation, selector, sign};

const HASH: B256 = B256::repeat_byte(0xaa);
const STRANGER: Address = address!("0x5717a00000000000000000000000000000000001");

fn owners(threshold: u64, keys: &[SigningKey]) -> Bytes {
    let mut owners: Vec<_> = keys.iter().map(address_of).collect();
    owners.sort();
    (U256::from(threshold), owners).abi_encode_params().into()
}

fn personal(key: &SigningKey, v_raised_by: u8) -> Vec<u8> {
    let mut signature = sign(key, eip191_hash_message(HASH));
    signature[64] += v_raised_by;
    signature
}

/// What a session's validator answers: `None` when it reverts.
fn stateless(validator: Address, signature: Vec<u8>, data: Bytes) -> Option<bool> {
    let mut scene = Scene::new(Current);
    let call = IModule::validateSignatureWithDataCall { hash: HASH, signature: signature.into(), data };
    let outcome = scene.evm.static_call(scene.module, validator, call.abi_encode());
    outcome.returned().map(|data| IModule::validateSignatureWithDataCall::abi_decode_returns(data).unwrap())
}

#[test]
fn each_owner_list_wants_its_own_form() {
    let (key, data) = (key(1), owners(1, &[key(1)]));
    let forms = [("raw", sign(&key, HASH)), ("personal", personal(&key, 0)), ("personal, v + 4", personal(&key, 4))];
    for (validator, accepted) in [
        (current::OWNABLE_VALIDATOR, ["raw", "personal, v + 4"].as_slice()),
        (legacy::OWNABLE_VALIDATOR, &["personal"]),
    ] {
        for (form, signature) in &forms {
            let expected = Some(accepted.contains(form));
            assert_eq!(stateless(validator, signature.clone(), data.clone()), expected, "{validator} {form}");
        }
    }
}

#[test]
fn owner_lists_count_signers() {
    let keys = [1, 2, 3].map(key);
    let signatures = |numbers: &[usize]| -> Vec<u8> { numbers.iter().flat_map(|n| sign(&keys[*n], HASH)).collect() };
    let ask =
        |numbers: &[usize], data: &Bytes| stateless(current::OWNABLE_VALIDATOR, signatures(numbers), data.clone());
    let data = owners(2, &keys);
    assert_eq!(ask(&[0, 1], &data), Some(true));
    assert_eq!(ask(&[2, 0], &data), Some(true), "in any order");
    assert_eq!(ask(&[1, 2, 1], &data), Some(true), "what follows is ignored");
    assert_eq!(ask(&[1, 1], &data), Some(false), "one owner twice");
    assert_eq!(ask(&[1], &data), None, "too few");
    let stranger = [sign(&keys[0], HASH), sign(&key(9), HASH)].concat();
    assert_eq!(stateless(current::OWNABLE_VALIDATOR, stranger, data), Some(false));

    let mut unsorted: Vec<_> = keys.iter().map(address_of).collect();
    unsorted.sort_by(|a, b| b.cmp(a));
    let unsorted = (U256::from(1), unsorted).abi_encode_params().into();
    assert_eq!(ask(&[0], &unsorted), Some(false), "owners out of order");
    assert_eq!(ask(&[0], &owners(0, &keys)), Some(false), "threshold zero");
}

#[test]
fn owner_lists_serve_accounts() {
    for validator in [current::OWNABLE_VALIDATOR, legacy::OWNABLE_VALIDATOR] {
        let mut scene = Scene::new(Current);
        let install = IModule::onInstallCall { data: owners(1, &[key(1)]) };
        assert!(scene.evm.call(ACCOUNT, validator, U256::ZERO, install.abi_encode()).is_success());
        let mut validate = |signature: Vec<u8>| {
            let call = M::validateUserOpCall { op: operation(vec![], signature), userOpHash: HASH };
            let outcome = scene.evm.static_call(ACCOUNT, validator, call.abi_encode());
            U256::from_be_slice(outcome.returned().unwrap())
        };
        assert_eq!(validate(personal(&key(1), 0)), U256::ZERO);
        assert_eq!(validate(sign(&key(1), HASH)), U256::from(1), "operations want the personal form");
        assert_eq!(validate(personal(&key(2), 0)), U256::from(1));
        let short = M::validateUserOpCall { op: operation(vec![], vec![1; 64]), userOpHash: HASH };
        let outcome = scene.evm.static_call(ACCOUNT, validator, short.abi_encode());
        assert_eq!(selector(&outcome), Some(fixed_bytes!("8baa579f")));
    }
}

#[test]
fn both_of_two_signatures_that_say_the_same_are_not_taken() {
    let data: Bytes = address_of(&key(1)).to_vec().into();
    let signature = sign(&key(1), HASH);
    assert_eq!(stateless(owner::NEXUS_LEGACY, signature.clone(), data.clone()), Some(true));
    let mut other = signature.clone();
    let order = U256::from_be_slice(&alloy_primitives::hex!(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    ));
    let s = order - U256::from_be_slice(&signature[32..64]);
    other[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    other[64] = 27 + 28 - other[64];
    assert_eq!(stateless(owner::NEXUS_LEGACY, other, data), Some(false));
}

struct Owned {
    scene: Scene,
}

impl Owned {
    fn new() -> Self {
        let mut scene = Scene::new(Current);
        let install = IModule::onInstallCall { data: address_of(&key(1)).to_vec().into() };
        assert!(scene.evm.call(ACCOUNT, owner::NEXUS_LEGACY, U256::ZERO, install.abi_encode()).is_success());
        Self { scene }
    }

    fn manage(&mut self, call: Vec<u8>) -> Outcome {
        self.scene.evm.call(ACCOUNT, owner::NEXUS_LEGACY, U256::ZERO, call)
    }

    fn is_valid(&mut self, sender: Address, signature: Vec<u8>) -> bool {
        let call = M::isValidSignatureWithSenderCall { sender, hash: HASH, signature: signature.into() };
        let outcome = self.scene.evm.static_call(ACCOUNT, owner::NEXUS_LEGACY, call.abi_encode());
        outcome.returned().unwrap().starts_with(&[0x16, 0x26, 0xba, 0x7e])
    }
}

#[test]
fn one_owner_signs_plainly_for_safe_senders_only() {
    let mut owned = Owned::new();
    for signature in [sign(&key(1), HASH), personal(&key(1), 0)] {
        assert!(!owned.is_valid(STRANGER, signature.clone()));
        assert!(owned.is_valid(ACCOUNT, signature.clone()), "the account itself");
        owned.manage(IModule::addSafeSenderCall { sender: STRANGER }.abi_encode());
        assert!(owned.is_valid(STRANGER, signature.clone()));
        assert!(!owned.is_valid(STRANGER, sign(&key(2), HASH)));
        owned.manage(IModule::removeSafeSenderCall { sender: STRANGER }.abi_encode());
        assert!(!owned.is_valid(STRANGER, signature));
    }
}

#[test]
fn one_owner_is_set_once() {
    let mut owned = Owned::new();
    let install = IModule::onInstallCall { data: address_of(&key(2)).to_vec().into() };
    assert!(owned.manage(install.abi_encode()).reverted().is_some());
    assert!(owned.manage(IModule::onUninstallCall { data: Bytes::new() }.abi_encode()).is_success());
    assert!(!owned.is_valid(ACCOUNT, sign(&key(1), HASH)), "nobody owns it now");
    assert!(owned.manage(install.abi_encode()).is_success());
    assert!(owned.is_valid(ACCOUNT, sign(&key(2), HASH)));

    let zero = IModule::onInstallCall { data: Address::ZERO.to_vec().into() };
    let mut fresh = Scene::new(Current);
    assert!(fresh.evm.call(ACCOUNT, owner::NEXUS_LEGACY, U256::ZERO, zero.abi_encode()).reverted().is_some());
    assert_eq!(Contract::K1Validator.name(), "K1Validator");
}
