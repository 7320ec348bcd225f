use anyhow::Context;
use session_types::abi::{ChainDigest, EnableSession};
use session_types::{AccountType, EnableMode, PermissionId, SessionSignature, enable_payload, write_use};

use super::read::{address, bytes, cases, each, hash, member, same, session, small, text};
use crate::{Document, Tally};

pub(super) fn envelopes(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let expected = member(case, "expected")?;
        let packed = bytes(expected, "packed")?;
        let signature = bytes(case, "signature")?;
        let envelope = match text(case, "mode")? {
            "USE" => {
                let permission_id = PermissionId(hash(case, "permissionId")?);
                let mut buffer = vec![0; packed.len()];
                let written = write_use(permission_id, &signature, &mut buffer);
                same("written", (written, buffer.as_slice()), (Some(packed.len()), &packed))?;
                SessionSignature::Use { permission_id, signature }
            }
            mode => {
                let mode = if mode == "ENABLE" { EnableMode::Enable } else { EnableMode::UnsafeEnable };
                let account = AccountType::from_name(text(case, "accountType")?).context("unknown account type")?;
                let (validator, owner) = (address(case, "validator")?, bytes(case, "ownerSignature")?);
                let permission_enable_sig = account.wrap_owner_signature(validator, &owner);
                same("owner signature", &permission_enable_sig, &bytes(expected, "permissionEnableSig")?)?;
                let apart = account.unwrap_owner_signature(&permission_enable_sig).context("cannot be unwrapped")?;
                same("unwrapped", apart, (validator, &owner[..]))?;
                let enable_session = EnableSession {
                    chain_digest_index: u8::try_from(small(case, "chainDigestIndex")?)?,
                    hashes_and_chain_ids: each(case, "hashesAndChainIds", |entry| {
                        Ok(ChainDigest {
                            chain_id: small(entry, "chainId")?,
                            session_digest: hash(entry, "sessionDigest")?,
                        })
                    })?,
                    session_to_enable: session(member(case, "sessionToEnable")?)?,
                    permission_enable_sig,
                };
                let payload = enable_payload(&enable_session, &signature);
                same("payload", payload, bytes(expected, "abiEncoded")?.to_vec())?;
                SessionSignature::Enable { mode, enable_session: Box::new(enable_session), signature }
            }
        };
        same("packed", envelope.encode(), packed.clone())?;
        if expected.get("permissionId").is_some() {
            same("permission id", envelope.permission_id().0, hash(expected, "permissionId")?)?;
        }
        same("decoded", SessionSignature::decode(&packed)?, envelope)
    });
}
