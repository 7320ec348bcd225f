use alloy_primitives::{B256, FixedBytes, U256};
use anyhow::{Result, ensure};
use serde_json::Value;
use userop::{Nonce, NonceKey};

use super::json::{address, bytes, member, number, optional, text};
use crate::{Document, Tally};

/// Keys of both reference libraries.
pub(super) fn references(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, reference(case));
    }
}

/// Keys and nonces of every account's layout.
pub(super) fn layouts(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, layout(case));
    }
}

fn reference(case: &Value) -> Result<()> {
    let expected = member(case, "expected")?;
    let stated = number(member(expected, "nonceKey")?)?;
    if text(case, "kind")? == "moduleSdk" {
        let key = module_sdk(text(case, "accountType")?, case)?;
        ensure!(key.to_u192().to::<U256>() == stated, "expected {stated}, saw {}", key.0);
        return Ok(());
    }
    let [mode] = bytes(case, "validationMode")?[..] else { anyhow::bail!("validation mode") };
    let batch = NonceKey::batch_of(number(member(case, "key")?)?);
    let key = NonceKey::batch_mode_validator(batch, mode, address(case, "moduleAddress")?);
    ensure!(key.to_u192().to::<U256>() == stated, "key: expected {stated}, saw {}", key.0);
    let text: FixedBytes<24> = text(expected, "nonceKeyHex")?.parse()?;
    ensure!(key.0 == text, "key: expected {text}, saw {}", key.0);
    let nonce = key.at(u64::try_from(number(member(case, "sequence")?)?)?);
    check_nonce(nonce, number(member(expected, "nonce")?)?)
}

/// The key that module-sdk makes: for Nexus its own layout that the account does not know, for Kernel the root form.
fn module_sdk(account: &str, case: &Value) -> Result<NonceKey> {
    let validator = address(case, "validator")?;
    Ok(match account {
        "kernel" => NonceKey::mode_kind_validator_lane(0, 0, validator, [0; 2]),
        _ => NonceKey::validator_lane(validator, [0; 4]),
    })
}

fn layout(case: &Value) -> Result<()> {
    let stated: FixedBytes<24> = text(case, "key")?.parse()?;
    let key = if optional(case, "source").is_some() {
        module_sdk(text(case, "account")?, case)?
    } else {
        let [mode] = bytes(case, "validationMode")?[..] else { anyhow::bail!("validation mode") };
        let batch = NonceKey::batch_of(number(member(case, "inputKey")?)?);
        ensure!(bytes(case, "batchId")? == batch[..], "batch: saw {batch:?}");
        NonceKey::batch_mode_validator(batch, mode, address(case, "validator")?)
    };
    ensure!(key.0 == stated, "key: expected {stated}, saw {}", key.0);
    if optional(case, "selectsInstalledValidator").is_some() {
        let stated: FixedBytes<24> = text(case, "selectsInstalledValidator")?.parse()?;
        let key = NonceKey::mode_kind_validator_lane(0, 1, address(case, "validator")?, [0; 2]);
        ensure!(key.0 == stated, "expected {stated}, saw {}", key.0);
    }
    let nonce = key.at(u64::try_from(number(member(case, "sequence")?)?)?);
    let stated: B256 = text(case, "nonce")?.parse()?;
    check_nonce(nonce, stated.into())
}

fn check_nonce(nonce: Nonce, stated: U256) -> Result<()> {
    ensure!(nonce.to_u256() == stated, "nonce: expected {stated}, saw {}", nonce.to_u256());
    ensure!(Nonce::from(stated) == nonce, "the nonce reads back differently");
    Ok(())
}
