//! What the node writes into an operation's signature on chain.

use alloy_primitives::{Address, B256, Bytes, U256, aliases::U48};
use alloy_sol_types::SolValue as _;
use serde_json::Value;
use session_types::abi::{ChainDigest, EnableSession};
use session_types::{AccountType, EnableMode, PermissionId, SessionSignature};

use super::{number, tree};

const SIMPLE: [u8; 4] = [0x17, 0x7e, 0xee, 0x00];

/// The signature of one operation of a signed quote.
pub(super) fn signature(signed: &Value, index: usize) -> Option<Bytes> {
    let op = &signed["userOps"][index];
    let signature: Bytes = signed["signature"].as_str()?.parse().ok()?;
    let signature: Bytes = signature.strip_prefix(&SIMPLE)?.to_vec().into();
    let root: B256 = signed["hash"].as_str()?.parse().ok()?;
    let leaves = signed["userOps"].as_array()?.iter().map(leaf).collect::<Option<Vec<_>>>()?;
    let proof = tree::proof(&leaves, leaf(op)?);
    let Some(details) = op.get("sessionDetails").filter(|details| !details.is_null()) else {
        let (lower, upper) = window(op)?;
        let payload = (root, U48::from(lower), U48::from(upper), proof, signature).abi_encode_params();
        return Some([&SIMPLE[..], &payload].concat().into());
    };
    let payload = (root, proof, signature).abi_encode_params();
    let by_key: Bytes = [&SIMPLE[..], &payload].concat().into();
    Some(envelope(details, by_key)?.encode())
}

/// The session module's envelope around the session key's signature.
fn envelope(details: &Value, signature: Bytes) -> Option<SessionSignature> {
    let permission_id = PermissionId(details["permissionId"].as_str()?.parse().ok()?);
    let mode = match details["mode"].as_str()? {
        "0x00" => return Some(SessionSignature::Use { permission_id, signature }),
        "0x01" => EnableMode::Enable,
        "0x02" => EnableMode::UnsafeEnable,
        _ => return None,
    };
    let data = &details["enableSessionData"];
    let grant = &data["enableSession"];
    let owner: Bytes = grant["permissionEnableSig"].as_str()?.parse().ok()?;
    let validator: Address = data["validator"].as_str()?.parse().ok()?;
    let account = AccountType::from_name(data["accountType"].as_str()?)?;
    let digest = |entry: &Value| {
        Some(ChainDigest {
            chain_id: u64::try_from(number(&entry["chainId"])?).ok()?,
            session_digest: entry["sessionDigest"].as_str()?.parse().ok()?,
        })
    };
    let enable_session = EnableSession {
        chain_digest_index: u8::try_from(grant["chainDigestIndex"].as_u64()?).ok()?,
        hashes_and_chain_ids: grant["hashesAndChainIds"].as_array()?.iter().map(digest).collect::<Option<_>>()?,
        session_to_enable: serde_json::from_value(grant["sessionToEnable"].clone()).ok()?,
        permission_enable_sig: account.wrap_owner_signature(validator, &owner),
    };
    Some(SessionSignature::Enable { mode, enable_session: Box::new(enable_session), signature })
}

pub(super) fn window(op: &Value) -> Option<(u64, u64)> {
    let bound = |name: &str| u64::try_from(number(&op[name]).unwrap_or(U256::MAX)).ok();
    Some((bound("lowerBoundTimestamp")?, bound("upperBoundTimestamp")?))
}

fn leaf(op: &Value) -> Option<B256> {
    let (lower, upper) = window(op)?;
    Some(tree::leaf(op["userOpHash"].as_str()?.parse().ok()?, lower, upper, op["shortEncoding"] == true))
}
