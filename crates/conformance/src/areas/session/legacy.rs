use alloy_primitives::{Bytes, keccak256};
use anyhow::Context;
use k256::ecdsa::SigningKey;
use serde_json::Value as Json;
use session_types::text::{BigInt, Member, Value, reference_value};
use session_types::validator::OWNER_STUB_SIGNATURE;
use session_types::{Deployment, PermissionId, SessionSignature};

use super::read::{bytes, hash, member, same, small, text, texts};
use crate::{Document, Tally};

/// Values as these files hold them: bigints are `{"bigint": "…"}`, undefined members are `null`.
fn value(json: &Json) -> anyhow::Result<Value<'static>> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.as_f64().context("number")?),
        Json::String(text) => Value::string(text.clone()),
        Json::Array(items) => Value::array(items.iter().map(value).collect::<anyhow::Result<Vec<_>>>()?),
        Json::Object(members) => match members.get("bigint").and_then(Json::as_str) {
            Some(number) => Value::BigInt(BigInt::parse(number)?),
            None => {
                let pair = |(name, json): (&String, &Json)| Ok((name.clone(), value(json)?));
                Value::object(members.iter().map(pair).collect::<anyhow::Result<Vec<_>>>()?)
            }
        },
    })
}

/// The same value, with the members of every object sorted and those without a value left out: these files do not keep
/// the order of members and write `null` for `undefined`.
fn unordered(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(unordered).collect()),
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .into_iter()
                .filter(|member| !matches!(member.value, Value::Null | Value::Undefined))
                .map(|member| Member { name: member.name, value: unordered(member.value) })
                .collect();
            members.sort_by_key(|member| member.name.to_string());
            Value::Object(members.into())
        }
        other => other,
    }
}

pub(super) fn storage(document: &Document, tally: &mut Tally) {
    for (label, case) in document.list("storage") {
        let outcome = (|| {
            let stored = text(case, "text")?;
            let parsed = Value::parse(stored)?;
            same("written again", parsed.to_text().as_deref(), Some(stored)).or_else(|error| {
                // A user's object that looks like a tag is a bigint from then on.
                let text = parsed.to_text().context("no text")?;
                let again = Value::parse(&text)?;
                if again == parsed { Ok(()) } else { Err(error) }
            })?;
            same("read", unordered(parsed), unordered(value(member(case, "parsedAgain")?)?))
        })();
        tally.record(&label, outcome);
    }
}

pub(super) fn references(document: &Document, tally: &mut Tally) {
    for (label, case) in document.list("referenceValues") {
        let outcome = (|| {
            let seen = reference_value(&value(member(case, "input")?)?);
            match member(case, "result")?.get("value") {
                Some(word) => same("word", seen.ok().as_deref(), word.as_str()),
                None => same("refused", seen.is_err(), true),
            }
        })();
        tally.record(&label, outcome);
    }
}

pub(super) fn use_signatures(document: &Document, tally: &mut Tally) {
    let form = Deployment::legacy().ownable_validator.signing_form;
    for (label, case) in document.list("useSignatures") {
        let outcome = (|| {
            let ids = texts::<PermissionId>(case, "permissionIds")?;
            let index = usize::try_from(small(case, "permissionIdIndex")?)?;
            let permission_id = *ids.get(index).context("no permission id at the index")?;
            let envelope = SessionSignature::Use { permission_id, signature: OWNER_STUB_SIGNATURE.into() };
            same("stub", envelope.encode(), bytes(case, "stub")?)?;
            let key = SigningKey::from_slice(&bytes(case, "privateKey")?)?;
            let address = keccak256(&key.verifying_key().to_encoded_point(false).as_bytes()[1..]);
            same("signer", Bytes::copy_from_slice(&address[12..]), bytes(case, "signer")?)?;
            let signature = form.sign(&key, hash(case, "userOpHash")?)?;
            same("signature", envelope.with_signature(signature.into()).encode(), bytes(case, "signature")?)
        })();
        tally.record(&label, outcome.map_err(|error| format!("{error:#}")));
    }
}
