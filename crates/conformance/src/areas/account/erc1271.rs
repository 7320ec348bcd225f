use alloy_primitives::B256;
use anyhow::{Result, ensure};
use serde_json::Value;
use userop::account::Validator;

use super::modules::account;
use crate::areas::userop::json::{address, bytes, member, number, text};
use crate::{Document, Tally};

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, check(case));
    }
}

fn check(case: &Value) -> Result<()> {
    let kind = text(case, "account")?;
    let account = account(kind, address(case, "accountAddress")?)?;
    let validator = Validator::Installed(address(case, "validator")?);
    let signature = bytes(case, "signature")?;
    let wrapped = bytes(case, "wrapped")?;
    let seen = account.wrap_signature(validator, &signature)?;
    ensure!(seen == wrapped, "expected {wrapped}, saw {seen}");
    let (named, inner) = account.unwrap_enable_signature(&wrapped)?;
    ensure!(named == validator && inner.len() == signature.len(), "the wrapped signature reads back differently");

    let hash: B256 = text(case, "hash")?.parse()?;
    let signed: B256 = text(case, "signedHash")?.parse()?;
    let chain_id = u64::try_from(number(member(case, "chainId")?)?)?;
    let ours = account.signing_hash(validator, hash, chain_id)?;
    if kind == "kernel" {
        // The library hands Kernel's validators the bare hash; the account gives them one under its own domain.
        ensure!(signed == hash && ours != hash, "kernel: expected the library's bare hash, saw {signed}");
        return Ok(());
    }
    ensure!(ours == signed, "hash to sign: expected {signed}, saw {ours}");
    Ok(())
}
