//! The bytes of a [`FileStore`](super::FileStore): a line about the body, then the body, JSON.
//!
//! ```text
//! smart-sessions store 1 0x<keccak-256 of the body>
//! {"lastLease":…,"grants":[{"chainId":…,"account":"0x…","permissionId":"0x…","text":"…"}],"lanes":[…],"works":[…]}
//! ```

use std::path::Path;
use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{format, str};

use alloy_primitives::{Address, B256, keccak256};
use serde::{Deserialize, Serialize};
use session_types::PermissionId;

use super::contents::Contents;
use super::lease::{LeaseRow, Leases};
use super::{GrantKey, LaneSpace, RecordedOperation, StoreError, WorkId};

const NAME: &str = "smart-sessions store ";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    last_lease: u64,
    grants: Vec<GrantRow>,
    lanes: Vec<LeaseRow>,
    works: Vec<WorkRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GrantRow {
    chain_id: u64,
    account: Address,
    permission_id: B256,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WorkRow {
    chain_id: u64,
    account: Address,
    name: String,
    operations: Vec<RecordedOperation>,
}

/// The bytes of a store.
pub(crate) fn encode(contents: &Contents) -> Result<Vec<u8>, serde_json::Error> {
    let row = |(key, text): (&GrantKey, &String)| GrantRow {
        chain_id: key.chain_id,
        account: key.account,
        permission_id: key.permission_id.0,
        text: text.clone(),
    };
    let (last_lease, lanes) = contents.leases.rows();
    let work_row = |(work, operations): (&WorkId, &Vec<RecordedOperation>)| WorkRow {
        chain_id: work.space.chain_id,
        account: work.space.account,
        name: work.name.clone(),
        operations: operations.clone(),
    };
    let grants = contents.grants.iter().map(row).collect();
    let works = contents.works.iter().map(work_row).collect();
    let body = serde_json::to_vec(&Body { last_lease, grants, lanes, works })?;
    let mut bytes = format!("{NAME}{VERSION} {}\n", keccak256(&body)).into_bytes();
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Reads the bytes of the store at `path`.
pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<Contents, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { path: path.into(), reason };
    let not_ours = || damaged("it does not begin as a store does".to_string());
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(not_ours)?;
    let (line, body) = (&bytes[..end], &bytes[end + 1..]);
    let line = str::from_utf8(line).ok().and_then(|line| line.strip_prefix(NAME)).ok_or_else(not_ours)?;
    let (version, checksum) = line.split_once(' ').ok_or_else(not_ours)?;
    let version: u32 = version.parse().map_err(|_| not_ours())?;
    if version > VERSION {
        return Err(StoreError::Newer { path: path.into(), version, supported: VERSION });
    }
    if version != VERSION {
        return Err(not_ours());
    }
    let expected: B256 = checksum.parse().map_err(|_| not_ours())?;
    let seen = keccak256(body);
    if seen != expected {
        return Err(damaged(format!("its checksum is {expected}, its bytes give {seen}")));
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| damaged(error.to_string()))?;
    let leases = Leases::from_rows(body.last_lease, body.lanes)
        .ok_or_else(|| damaged("its leases contradict each other".to_string()))?;
    let mut contents = Contents { leases, ..Contents::default() };
    for GrantRow { chain_id, account, permission_id, text } in body.grants {
        contents.put(GrantKey { chain_id, account, permission_id: PermissionId(permission_id) }, text);
    }
    for WorkRow { chain_id, account, name, operations } in body.works {
        contents.works.put(WorkId { space: LaneSpace { chain_id, account }, name }, operations);
    }
    Ok(contents)
}
