use alloy_primitives::{Address, B256, Bytes, FixedBytes, address, b256, eip191_hash_message};
use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use serde::Deserialize;
use serde_json::Value;

use super::text::SessionText;
use super::{RecordingError, Verdict, expect, published, read, stand_in_account};
use crate::address::current::SMART_SESSION;
use crate::evm::{Evm, Outcome};
use crate::interface::{ISmartSession, IStandIn};

/// Some contract that checks a signature.
const REQUESTER: Address = address!("0x00000000000000000000000000000000000c0ffe");

pub(super) const DETECTION_HASH: B256 = b256!("0x7739773977397739773977397739773977397739773977397739773977397739");

#[derive(Debug, Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    session_key_private_key: B256,
    account: Address,
    account_domain: Domain,
    session: SessionText,
    permission_id: B256,
    expected: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) chain_id: super::text::Number,
    #[serde(default)]
    pub(super) salt: B256,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    app_hash: B256,
    final_hash: B256,
    session_signature: Bytes,
    signature: Bytes,
    contract_answer: FixedBytes<4>,
    answer_for_detection_hash: FixedBytes<4>,
    answer_when_session_module_asks: FixedBytes<4>,
    answer_personal_signature: FixedBytes<4>,
    answer_unknown_permission: FixedBytes<4>,
}

/// Replays recorded signatures of session keys for an account (`erc1271`), with their wrong variants.
///
/// # Errors
/// When the recording is of another kind.
pub fn session_signatures(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    let recording: Recording = read(recording)?;
    let mut evm = published();
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for case in recording.cases {
        evm.restore(&start);
        set_domain(&mut evm, case.account, &case.account_domain);
        let enable = ISmartSession::enableSessionsCall { sessions: vec![case.session.into()] };
        let outcome = evm.call(case.account, SMART_SESSION, Default::default(), enable.abi_encode());
        let ids = outcome.returned().map(|data| ISmartSession::enableSessionsCall::abi_decode_returns(data));
        let result = expect(ids == Some(Ok(vec![case.permission_id])), || "the permission id".to_owned(), &outcome);
        verdicts.push(Verdict { step: format!("{} enable", case.name), result });

        let expected = case.expected;
        let (hash, signature) = (expected.app_hash, expected.signature);
        let personal = personal_signature(&case.session_key_private_key, expected.final_hash)
            .map(|personal| replace(&signature, &expected.session_signature, &personal))
            .unwrap_or_default();
        let unknown = [&(!case.permission_id)[..], signature.get(32..).unwrap_or_default()].concat();
        let questions = [
            ("signature", REQUESTER, hash, signature.clone(), expected.contract_answer),
            ("detection", REQUESTER, DETECTION_HASH, Bytes::new(), expected.answer_for_detection_hash),
            ("asked by the module", SMART_SESSION, hash, signature, expected.answer_when_session_module_asks),
            ("personal signature", REQUESTER, hash, personal, expected.answer_personal_signature),
            ("unknown permission", REQUESTER, hash, unknown.into(), expected.answer_unknown_permission),
        ];
        for (what, sender, hash, signature, answer) in questions {
            let call = ISmartSession::isValidSignatureWithSenderCall { sender, hash, signature };
            let outcome = evm.static_call(case.account, SMART_SESSION, call.abi_encode());
            verdicts.push(Verdict { step: format!("{} {what}", case.name), result: compare(answer, &outcome) });
        }
    }
    Ok(verdicts)
}

/// Puts a stand-in account with this EIP-712 domain on the domain's chain.
pub(super) fn set_domain(evm: &mut Evm, account: Address, domain: &Domain) {
    stand_in_account(evm, account);
    evm.set_chain_id(domain.chain_id.0.saturating_to());
    let call =
        IStandIn::setDomainCall { name: domain.name.clone(), version: domain.version.clone(), salt: domain.salt };
    evm.call(account, account, Default::default(), call.abi_encode());
}

pub(super) fn compare(answer: FixedBytes<4>, outcome: &Outcome) -> Result<(), String> {
    let word = answer.iter().chain([0; 28].iter());
    let held = outcome.returned().is_some_and(|data| data.iter().eq(word));
    expect(held, || answer.to_string(), outcome)
}

/// The session key's signature in the form that the validator must refuse here.
fn personal_signature(key: &B256, hash: B256) -> Option<Bytes> {
    let key = SigningKey::from_slice(key.as_slice()).ok()?;
    let (signature, parity) = key.sign_prehash_recoverable(eip191_hash_message(hash).as_slice()).ok()?;
    let mut bytes = signature.to_bytes().to_vec();
    bytes.push(27 + parity.to_byte());
    Some(bytes.into())
}

/// Exchanges the session key's part of the whole signature, which stands behind the permission id.
fn replace(signature: &Bytes, part: &Bytes, other: &Bytes) -> Bytes {
    let rest = signature.get(32 + part.len()..).unwrap_or_default();
    [signature.get(..32).unwrap_or_default(), other, rest].concat().into()
}
