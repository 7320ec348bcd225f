//! What a session key cannot get signed for the account.

use alloy_primitives::{Address, B256, Bytes, U256, address, eip191_hash_message, keccak256};
use alloy_sol_types::SolValue;
use session_contracts::Generation::Current;
use session_contracts::address::current;
use session_contracts::interface::{ERC7739Context, ERC7739Data, ISmartSession as M};

use crate::scene::{ACCOUNT, Scene, VALIDATOR, address_of, key, policy, session, sign};

const REQUESTER: Address = address!("0xaaa0000000000000000000000000000000000001");
const DOMAIN: B256 = B256::repeat_byte(0xd0);
const CONTENTS: B256 = B256::repeat_byte(0xc0);
const MAIL: &str = "Mail(string text)";

/// A scene with a session that may sign `MAIL` for the application of `DOMAIN`.
fn scene(policies: bool) -> (Scene, B256) {
    let mut scene = Scene::new(Current);
    scene.evm.set_chain_id(31337);
    let mut session = session(vec![]);
    session.sessionValidator = current::OWNABLE_VALIDATOR;
    session.sessionValidatorInitData = (U256::from(1), vec![address_of(&key(1))]).abi_encode_params().into();
    session.erc7739Policies = ERC7739Data {
        allowedERC7739Content: vec![ERC7739Context { appDomainSeparator: DOMAIN, contentNames: vec![MAIL.into()] }],
        erc1271Policies: if policies { vec![policy(current::SUDO, &[])] } else { vec![] },
    };
    let id = scene.enable(&session);
    (scene, id)
}

fn app_hash(domain: B256) -> B256 {
    keccak256([&[0x19, 0x01][..], domain.as_slice(), CONTENTS.as_slice()].concat())
}

/// The hash that the session key signs for the account.
fn nested(account: Address, description: &str) -> B256 {
    let name = description.split('(').next().unwrap_or_default();
    let parent = "contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)";
    let type_hash = keccak256(format!("TypedDataSign({name} {parent}{description}"));
    let fields = (type_hash, CONTENTS, keccak256("Nexus"), keccak256("1.2.0"), U256::from(31337), account, B256::ZERO);
    keccak256([&[0x19, 0x01][..], DOMAIN.as_slice(), keccak256(fields.abi_encode()).as_slice()].concat())
}

fn packed(id: B256, signature: &[u8], domain: B256, description: &str) -> Bytes {
    let length = u16::try_from(description.len()).unwrap().to_be_bytes();
    let parts = [id.as_slice(), signature, domain.as_slice(), CONTENTS.as_slice(), description.as_bytes(), &length];
    parts.concat().into()
}

fn valid(scene: &mut Scene, hash: B256, signature: Bytes) -> bool {
    let answer = scene.answer(M::isValidSignatureWithSenderCall { sender: REQUESTER, hash, signature });
    answer == [0x16, 0x26, 0xba, 0x7e]
}

#[test]
fn only_what_the_session_lists() {
    let (mut scene, id) = scene(true);
    let signature = sign(&key(1), nested(ACCOUNT, MAIL));
    assert!(valid(&mut scene, app_hash(DOMAIN), packed(id, &signature, DOMAIN, MAIL)));

    let other_domain = B256::repeat_byte(0xd1);
    assert!(!valid(&mut scene, app_hash(other_domain), packed(id, &signature, other_domain, MAIL)), "domain");
    assert!(!valid(&mut scene, app_hash(other_domain), packed(id, &signature, DOMAIN, MAIL)), "hash");
    let other_type = "Mail(string text,uint256 amount)";
    let signature_of_other = sign(&key(1), nested(ACCOUNT, other_type));
    assert!(!valid(&mut scene, app_hash(DOMAIN), packed(id, &signature_of_other, DOMAIN, other_type)), "type");
    let for_another = sign(&key(1), nested(VALIDATOR, MAIL));
    assert!(!valid(&mut scene, app_hash(DOMAIN), packed(id, &for_another, DOMAIN, MAIL)), "account");
    let by_another = sign(&key(2), nested(ACCOUNT, MAIL));
    assert!(!valid(&mut scene, app_hash(DOMAIN), packed(id, &by_another, DOMAIN, MAIL)), "key");
    let bare = [id.as_slice(), &sign(&key(1), app_hash(DOMAIN))].concat();
    assert!(!valid(&mut scene, app_hash(DOMAIN), bare.into()), "not nested");
    let personal = [id.as_slice(), &sign(&key(1), eip191_hash_message(app_hash(DOMAIN)))].concat();
    assert!(!valid(&mut scene, app_hash(DOMAIN), personal.into()), "personal message");
    for length in [0, 1, 31, 32, 33, 97] {
        assert!(!valid(&mut scene, app_hash(DOMAIN), vec![0xff; length].into()), "{length} bytes");
    }

    scene.answer(M::removeSessionCall { permissionId: id });
    assert!(!valid(&mut scene, app_hash(DOMAIN), packed(id, &signature, DOMAIN, MAIL)), "removed");
}

#[test]
fn a_wrapper_for_accounts_not_yet_deployed_is_taken_off() {
    let (mut scene, id) = scene(true);
    let inner = packed(id, &sign(&key(1), nested(ACCOUNT, MAIL)), DOMAIN, MAIL);
    let mut wrapped = (REQUESTER, Bytes::from_static(b"factory data"), inner).abi_encode_params();
    wrapped.extend([0x64, 0x92].repeat(16));
    assert!(valid(&mut scene, app_hash(DOMAIN), wrapped.into()));
}

#[test]
fn a_list_of_contents_without_a_policy_is_not_enough() {
    let (mut scene, id) = scene(false);
    let signature = packed(id, &sign(&key(1), nested(ACCOUNT, MAIL)), DOMAIN, MAIL);
    let call = M::isValidSignatureWithSenderCall { sender: REQUESTER, hash: app_hash(DOMAIN), signature };
    let outcome = scene.call(call.clone());
    let no_policies = [&[0x1c, 0x79, 0x2c, 0x05][..], id.as_slice()].concat();
    assert_eq!(outcome.reverted().map(|data| data.to_vec()), Some(no_policies), "{}", call.hash);
}
