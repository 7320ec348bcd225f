//! Hashes of EIP-712 typed data given as JSON.

use std::collections::BTreeSet;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::areas::userop::json::{member, number, text};

/// The domain separator.
pub(super) fn domain_separator(data: &Value) -> Result<B256> {
    let domain = member(data, "domain")?;
    let known = [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
        ("salt", "bytes32"),
    ];
    let members: Vec<Value> = known
        .iter()
        .filter(|(name, _)| domain.get(*name).is_some())
        .map(|(name, kind)| json!({"name": name, "type": kind}))
        .collect();
    let mut types = Map::new();
    types.insert("EIP712Domain".to_owned(), Value::Array(members));
    hash(&types, "EIP712Domain", domain)
}

/// The struct hash of the message.
pub(super) fn struct_hash(data: &Value) -> Result<B256> {
    hash(types(data)?, text(data, "primaryType")?, member(data, "message")?)
}

/// The primary type as `encodeType` writes it.
pub(super) fn encode_type(data: &Value) -> Result<String> {
    encoded(types(data)?, text(data, "primaryType")?)
}

fn types(data: &Value) -> Result<&Map<String, Value>> {
    member(data, "types")?.as_object().context("types")
}

fn members<'a>(types: &'a Map<String, Value>, name: &str) -> Result<&'a Vec<Value>> {
    types.get(name).and_then(Value::as_array).with_context(|| format!("no type {name}"))
}

fn encoded(types: &Map<String, Value>, primary: &str) -> Result<String> {
    let mut referenced = BTreeSet::new();
    let mut open = vec![primary.to_owned()];
    while let Some(name) = open.pop() {
        for member in members(types, &name)? {
            let base = text(member, "type")?.split('[').next().unwrap_or("").to_owned();
            if types.contains_key(&base) && base != primary && referenced.insert(base.clone()) {
                open.push(base);
            }
        }
    }
    let mut out = String::new();
    for name in std::iter::once(primary.to_owned()).chain(referenced) {
        let list = members(types, &name)?
            .iter()
            .map(|member| Ok(format!("{} {}", text(member, "type")?, text(member, "name")?)))
            .collect::<Result<Vec<_>>>()?;
        out.push_str(&format!("{name}({})", list.join(",")));
    }
    Ok(out)
}

fn hash(types: &Map<String, Value>, name: &str, value: &Value) -> Result<B256> {
    let mut words = keccak256(encoded(types, name)?).to_vec();
    for field in members(types, name)? {
        let inner = member(value, text(field, "name")?)?;
        words.extend_from_slice(word(types, text(field, "type")?, inner)?.as_slice());
    }
    Ok(keccak256(words))
}

fn word(types: &Map<String, Value>, kind: &str, value: &Value) -> Result<B256> {
    if let Some((base, _)) = kind.rsplit_once('[') {
        let items = value.as_array().context("array")?;
        let words = items.iter().map(|item| word(types, base, item)).collect::<Result<Vec<_>>>()?;
        return Ok(keccak256(words.iter().flatten().copied().collect::<Vec<u8>>()));
    }
    if types.contains_key(kind) {
        return hash(types, kind, value);
    }
    let raw = || -> Result<Bytes> { Ok(value.as_str().context("text")?.parse()?) };
    Ok(match kind {
        "string" => keccak256(value.as_str().context("text")?),
        "bytes" => keccak256(raw()?),
        "address" => B256::left_padding_from(&raw()?),
        "bool" => B256::with_last_byte(u8::from(value.as_bool().context("bool")?)),
        kind if kind.starts_with("bytes") => B256::right_padding_from(&raw()?),
        kind if kind.starts_with("uint") => number(value)?.into(),
        kind if kind.starts_with("int") => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.strip_prefix('-')
                .map_or_else(|| text.parse::<U256>(), |rest| Ok(rest.parse::<U256>()?.wrapping_neg()))?
                .into()
        }
        other => bail!("type {other}"),
    })
}
