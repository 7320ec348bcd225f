use alloy_primitives::{Address, U256};
use anyhow::{Context, Result};
use serde_json::Value;
use session_types::validator::{
    EOA_STATELESS_VALIDATOR, MEE_K1_VALIDATOR, MEE_STX_VALIDATOR, MeeSessionKey, Owners, OwnersData, WebAuthnKey,
    WebAuthnSignature,
};
use session_types::{Deployment, SessionValidator};

use super::read::{address, bytes, cases, each, flag, member, number, same, small, text, texts};
use crate::{Document, Tally};

pub(super) fn validators(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let expected = member(case, "expected")?;
        match text(case, "kind")? {
            "ownable" => ownable(case, expected),
            "ownableSignature" => {
                let signatures = each(case, "signatures", |signature| {
                    let signature: alloy_primitives::Bytes = signature.as_str().context("no text")?.parse()?;
                    Ok(<[u8; 65]>::try_from(&signature[..])?)
                })?;
                same("joined", Owners::join_signatures(signatures), bytes(expected, "signature")?)
            }
            "webauthn" => webauthn(case, expected),
            "webauthnMock" => {
                let stub = bytes(expected, "signature")?;
                same("stub", WebAuthnSignature::stub().encode(), stub.clone())?;
                same("decoded", WebAuthnSignature::decode(&stub)?, WebAuthnSignature::stub())
            }
            "meeSessionValidator" => mee(case, expected),
            other => anyhow::bail!("unknown kind {other}"),
        }
    });
}

fn ownable(case: &Value, expected: &Value) -> Result<()> {
    let owners = texts::<Address>(case, "owners")?;
    let threshold = small(case, "threshold")?;
    let sorted = bytes(expected, "validationDataSortedByValue")?;
    let installed = bytes(expected, "installData")?;
    match Owners::new(usize::try_from(threshold)?, owners.iter().copied()) {
        Ok(checked) => {
            same("data", checked.encode(), sorted.clone())?;
            same("install data", checked.encode(), installed)?;
            same("stub", checked.stub_signature(), bytes(expected, "mockSignature")?)?;
            same("validator", SessionValidator::owners(&Deployment::current(), &checked).init_data(), &sorted)?;
        }
        // Refused by the contract, so only readable.
        Err(_) => {
            let mut owners = owners;
            owners.sort_unstable();
            let plain = OwnersData { threshold: U256::from(threshold), owners };
            same("data", plain.encode(), sorted.clone())?;
        }
    }
    let library = bytes(expected, "validationData")?;
    let read = OwnersData::decode(&library)?;
    same("read and written again", read.encode(), library.clone())?;
    if flag(expected, "librarySortsLikeContract")? {
        same("the library's data", library, sorted)
    } else {
        same("the library's order", read.is_ascending(), false)
    }
}

fn webauthn(case: &Value, expected: &Value) -> Result<()> {
    let key = WebAuthnKey::new(&bytes(case, "pubKey")?, text(case, "authenticatorId")?)?;
    let data = bytes(expected, "initData")?;
    same("data", key.encode(), data.clone())?;
    same("key", WebAuthnKey::decode(&data)?, key)?;
    let validator = SessionValidator::webauthn(&Deployment::current(), &key);
    same("validator", validator.address(), address(expected, "address")?)?;

    let given = member(case, "webauthn")?;
    let rs = bytes(case, "signature")?;
    anyhow::ensure!(rs.len() == 64, "signature of {} bytes", rs.len());
    let signature = WebAuthnSignature {
        authenticator_data: bytes(given, "authenticatorData")?,
        client_data_json: text(given, "clientDataJSON")?.to_owned(),
        response_type_location: number(given, "typeIndex")?,
        r: U256::from_be_slice(&rs[..32]),
        s: U256::from_be_slice(&rs[32..]),
        use_precompiled: flag(case, "usePrecompiled")?,
    };
    let bytes = bytes(expected, "signature")?;
    same("signature", signature.encode(), bytes.clone())?;
    same("decoded signature", WebAuthnSignature::decode(&bytes)?, signature)
}

fn mee(case: &Value, expected: &Value) -> Result<()> {
    let owner = address(case, "redeemer")?;
    let stateless = MeeSessionKey::Stateless { validator: EOA_STATELESS_VALIDATOR, owner };
    for (suite, validator, key) in
        [("suite2_1_0", MEE_K1_VALIDATOR, MeeSessionKey::Owner(owner)), ("suite3_0_0", MEE_STX_VALIDATOR, stateless)]
    {
        let expected = member(expected, suite)?;
        let session = SessionValidator::mee(validator, &key);
        same(suite, session.address(), address(expected, "sessionValidator")?)?;
        same(suite, session.init_data(), &bytes(expected, "initData")?)?;
        same(suite, MeeSessionKey::decode(session.init_data()), Some(key))?;
    }
    Ok(())
}
