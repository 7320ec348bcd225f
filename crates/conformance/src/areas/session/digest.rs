use alloy_primitives::{B256, Bytes};
use anyhow::{Context, Result};
use k256::ecdsa::SigningKey;
use session_types::{
    ChainSession, DOMAIN_SEPARATOR, Deployment, EnableMode, MultiChainGrant, SessionSigner, SigningForm,
    SmartSessionMode, multi_chain_digest,
};

use super::read::{address, bytes, cases, each, flag, hash, list, member, number, same, session, small, text, texts};
use crate::{Document, Tally};

pub(super) fn digests(document: &Document, tally: &mut Tally) {
    tally.record(
        "domain separator",
        hash(document.value(), "domainSeparator").and_then(|expected| same("separator", DOMAIN_SEPARATOR, expected)),
    );
    cases(document, tally, |case| {
        let mode = u8::try_from(small(case, "mode")?)?;
        let mode = SmartSessionMode::from_byte(mode)?.enable_mode().context("mode enables nothing")?;
        let module = address(case, "smartSession")?;
        let deployment = match text(case, "deployment")? {
            "v1" => Deployment::legacy(),
            "current" => Deployment::current(),
            other => anyhow::bail!("unknown deployment {other}"),
        };
        same("module", module, deployment.module)?;
        let entries = each(case, "entries", |entry| {
            Ok(ChainSession {
                chain_id: small(entry, "chainId")?,
                account: address(entry, "account")?,
                module,
                nonce: number(entry, "nonce")?,
                session: session(member(entry, "session")?)?,
            })
        })?;

        let expected = member(case, "expected")?;
        for (entry, flags) in entries.iter().zip(list(expected, "flags")?) {
            let seen = entry.session.signed_flags(mode.into());
            same("generic", seen.permit_generic_policy, flag(flags, "permitGenericPolicy")?)?;
            same("admin", seen.permit_admin_access, flag(flags, "permitAdminAccess")?)?;
            same("ignore", seen.ignore_security_attestations, flag(flags, "ignoreSecurityAttestations")?)?;
        }
        let ids: Vec<B256> = entries.iter().map(|entry| entry.session.permission_id().0).collect();
        same("permission ids", ids, texts(expected, "permissionIds")?)?;
        let alone: Vec<B256> = entries.iter().map(|entry| entry.digest(mode)).collect();
        let hash_expected = hash(expected, "chainSessionsHash")?;
        fixed_flags(mode, &entries, hash_expected, hash(expected, "abstractjsFixedFlagsHash")?)?;

        let grant = MultiChainGrant::new(mode, entries)?;
        let digests: Vec<B256> = grant.chain_digests().map(|digest| digest.session_digest).collect();
        same("digests of single sessions", &alone, &digests)?;
        same("session digests", digests, texts(expected, "sessionDigests")?)?;
        same("hash", grant.digest(), hash_expected)?;

        let key = SigningKey::from_slice(&bytes(case, "signerPrivateKey")?)?;
        let sign = |form: SigningForm| -> Result<Bytes> { Ok(form.sign(&key, grant.digest())?.into()) };
        same("personal", sign(SigningForm::PersonalMessage)?, bytes(expected, "personalSignature")?)?;
        same("typed data", sign(SigningForm::Raw)?, bytes(expected, "typedDataSignature")?)?;
        let raw: Bytes = key.sign_prehash(&grant.personal_message_hash())?.into();
        same("personal message hash", raw, bytes(expected, "personalSignature")?)
    });
}

/// A library signs with constant flags (generic false, admin false, ignore true): our derived flags give the same hash
/// exactly when they are those.
fn fixed_flags(
    mode: EnableMode,
    entries: &[ChainSession<session_types::abi::Session>],
    hash: B256,
    fixed: B256,
) -> Result<()> {
    let derived_are_fixed = entries.iter().all(|entry| {
        let flags = entry.session.signed_flags(mode.into());
        !flags.permit_generic_policy && !flags.permit_admin_access && flags.ignore_security_attestations
    });
    same("constant flags", hash == fixed, derived_are_fixed)?;
    if entries.iter().all(|entry| {
        let flags = entry.session.signed_flags(mode.into());
        !flags.permit_generic_policy && !flags.permit_admin_access
    }) {
        let digests = entries.iter().map(|entry| entry.chain_digest(EnableMode::UnsafeEnable));
        same("hash of constant flags", multi_chain_digest(digests), fixed)?;
    }
    Ok(())
}
