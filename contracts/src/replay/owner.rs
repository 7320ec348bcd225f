use alloy_primitives::{Address, B256, Bytes, FixedBytes, address};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::Value;

use super::erc1271::{Domain, compare, set_domain};
use super::text::OperationText;
use super::{RecordingError, Verdict, published, read, word};
use crate::interface::{IModule, ISmartSession};

const REQUESTER: Address = address!("0x00000000000000000000000000000000000c0ffe");

#[derive(Debug, Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    flow: String,
    account_address: Address,
    account_domain: Domain,
    validator: Address,
    owner: Address,
    hash_given_to_is_valid_signature: Option<B256>,
    /// The validator's address and what it is given.
    wrapped: Option<Bytes>,
    user_op_hash: Option<B256>,
    signature: Option<Bytes>,
    on_chain: Bytes,
}

/// Replays recorded signatures of an account's owner (`nexus-signatures`) against the owner validator, which a
/// stand-in account asks. What only the account itself does, its module enable mode, is left out.
///
/// # Errors
/// When the recording is of another kind.
pub fn owner_signatures(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    let recording: Recording = read(recording)?;
    let mut evm = published();
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for (index, case) in recording.cases.into_iter().enumerate() {
        evm.restore(&start);
        let (account, validator) = (case.account_address, case.validator);
        set_domain(&mut evm, account, &case.account_domain);
        let install = IModule::onInstallCall { data: case.owner.to_vec().into() };
        evm.call(account, validator, Default::default(), install.abi_encode());
        let result = if let Some(hash) = case.hash_given_to_is_valid_signature {
            let signature = case.wrapped.as_deref().and_then(|wrapped| wrapped.get(20..)).unwrap_or_default();
            let call = ISmartSession::isValidSignatureWithSenderCall {
                sender: REQUESTER,
                hash,
                signature: Bytes::copy_from_slice(signature),
            };
            let outcome = evm.static_call(account, validator, call.abi_encode());
            let answer = FixedBytes::try_from(&case.on_chain[..]).unwrap_or_default();
            compare(answer, &outcome)
        } else if case.flow.contains("enable mode") {
            continue;
        } else {
            let op = OperationText::signed(case.signature.unwrap_or_default()).packed(account);
            let call = ISmartSession::validateUserOpCall { op, userOpHash: case.user_op_hash.unwrap_or_default() };
            let outcome = evm.static_call(account, validator, call.abi_encode());
            let held = word(&outcome).is_some_and(|word| word.to_be_bytes_vec() == case.on_chain);
            super::expect(held, || case.on_chain.to_string(), &outcome)
        };
        verdicts.push(Verdict { step: format!("case {index}, {}", case.flow), result });
    }
    Ok(verdicts)
}
