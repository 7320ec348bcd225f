use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolError, SolValue, sol};
use serde::Deserialize;
use serde_json::Value;

use super::text::{Number, OperationText, SessionText};
use super::{RecordingError, Verdict, expect, published, read, stand_in_account};
use crate::Contract;
use crate::evm::Evm;
use crate::interface::{ChainDigest, EnableSession, ISmartSession, IStandIn, Session};

sol! {
    #[derive(Debug)]
    error InvalidEnableSignature(address account, bytes32 hash);
}

#[derive(Debug, Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    mode: Number,
    smart_session: Address,
    entries: Vec<Entry>,
    expected: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    chain_id: Number,
    account: Address,
    nonce: Number,
    session: SessionText,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    permission_ids: Vec<B256>,
    session_digests: Vec<B256>,
    chain_sessions_hash: B256,
}

/// Asks the session modules of both generations for recorded digests (`digests`), once directly and once by an enable
/// signature that the account refuses: the refusal names the hash that the module wanted to be signed.
///
/// # Errors
/// When the recording is of another kind.
pub fn digests(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    let recording: Recording = read(recording)?;
    let mut evm = published();
    let start = evm.snapshot();
    let mut verdicts = Vec::new();
    for case in recording.cases {
        let mode: u8 = case.mode.0.saturating_to();
        let entries = case.entries.iter().zip(&case.expected.session_digests);
        let chains: Vec<_> = entries
            .map(|(entry, digest)| ChainDigest { chainId: entry.chain_id.0.saturating_to(), sessionDigest: *digest })
            .collect();
        let expected = case.expected.permission_ids.into_iter().zip(case.expected.session_digests);
        for (index, (entry, (permission_id, digest))) in case.entries.into_iter().zip(expected).enumerate() {
            evm.restore(&start);
            evm.set_chain_id(entry.chain_id.0.saturating_to());
            stand_in_account(&mut evm, entry.account);
            let ask = Ask { module: case.smart_session, account: entry.account, permission_id, mode };
            for _ in 0..entry.nonce.0.saturating_to::<u64>() {
                let call = ISmartSession::revokeEnableSignatureCall { permissionId: permission_id };
                ask.call(&mut evm, call.abi_encode());
            }
            let session = Session::from(entry.session);
            let result = ask.digest(&mut evm, session.clone(), digest);
            verdicts.push(Verdict { step: format!("{} entry {index}: digest", case.name), result });
            let place = u8::try_from(index).unwrap_or(u8::MAX);
            let result = ask.signed_hash(&mut evm, session, place, &chains, case.expected.chain_sessions_hash);
            verdicts.push(Verdict { step: format!("{} entry {index}: signed hash", case.name), result });
        }
    }
    Ok(verdicts)
}

struct Ask {
    module: Address,
    account: Address,
    permission_id: B256,
    mode: u8,
}

impl Ask {
    fn call(&self, evm: &mut Evm, data: Vec<u8>) -> crate::evm::Outcome {
        evm.call(self.account, self.module, Default::default(), data)
    }

    fn digest(&self, evm: &mut Evm, session: Session, digest: B256) -> Result<(), String> {
        let call = ISmartSession::getSessionDigestCall {
            permissionId: self.permission_id,
            account: self.account,
            data: session,
            mode: self.mode,
        };
        let outcome = self.call(evm, call.abi_encode());
        expect(outcome.returned().is_some_and(|data| data[..] == digest[..]), || digest.to_string(), &outcome)
    }

    fn signed_hash(
        &self,
        evm: &mut Evm,
        session: Session,
        index: u8,
        chains: &[ChainDigest],
        hash: B256,
    ) -> Result<(), String> {
        let enable = EnableSession {
            chainDigestIndex: index,
            hashesAndChainIds: chains.to_vec(),
            sessionToEnable: session,
            permissionEnableSig: Bytes::from_static(&[0]),
        };
        let data = (enable, Bytes::new()).abi_encode_params();
        let signature = [&[self.mode][..], &literal_runs(&data)].concat().into();
        let op = OperationText::signed(signature).packed(self.account);
        let call = ISmartSession::validateUserOpCall { op, userOpHash: B256::ZERO };
        let outcome = self.call(evm, call.abi_encode());
        let wanted = InvalidEnableSignature { account: self.account, hash }.abi_encode();
        expect(outcome.reverted().is_some_and(|data| data[..] == wanted[..]), || hash.to_string(), &outcome)
    }
}

/// FastLZ without any match, which every decompressor takes.
fn literal_runs(data: &[u8]) -> Vec<u8> {
    let runs = data.chunks(32).flat_map(|run| {
        let length = u8::try_from(run.len() - 1).unwrap_or_default();
        std::iter::once(length).chain(run.iter().copied())
    });
    runs.collect()
}

#[derive(Debug, Deserialize)]
struct Compressions {
    cases: Vec<Compression>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Compression {
    name: String,
    data: Bytes,
    compressed: Bytes,
    compressed_exact_integer: Option<Bytes>,
}

/// Decompresses recorded data (`flz`) as the session module does.
///
/// # Errors
/// When the recording is of another kind.
pub fn compressions(recording: &Value) -> Result<Vec<Verdict>, RecordingError> {
    const DECOMPRESSOR: Address = Address::repeat_byte(0xdc);
    let recording: Compressions = read(recording)?;
    let mut evm = Evm::new();
    evm.set_code(DECOMPRESSOR, Contract::StandInDecompressor.runtime_code());
    let mut verdicts = Vec::new();
    for case in recording.cases {
        let forms = [("compressed", Some(case.compressed)), ("exact", case.compressed_exact_integer)];
        for (form, compressed) in forms {
            let Some(data) = compressed else { continue };
            let outcome = evm.static_call(Address::ZERO, DECOMPRESSOR, IStandIn::decompressCall { data }.abi_encode());
            let seen = outcome.returned().map(|data| IStandIn::decompressCall::abi_decode_returns(data));
            let held = seen.as_ref() == Some(&Ok(case.data.clone()));
            let result = if held { Ok(()) } else { Err("does not decompress to the data".to_owned()) };
            verdicts.push(Verdict { step: format!("{} {form}", case.name), result });
        }
    }
    Ok(verdicts)
}
