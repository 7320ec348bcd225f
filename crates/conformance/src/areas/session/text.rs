use anyhow::{Context, Result};
use session_types::stored::{MemberOrder, SessionData, enable_session_data_value, session_value};
use session_types::text::{BigInt, ReferenceError, Text, Value, reference_value};

use super::read::same;
use crate::{Document, Tally};

/// Runs a check over a list of a document that may hold lone surrogates: it is read by the reader under test, which
/// the checks then prove right.
fn each(document: &Document, tally: &mut Tally, list: &str, check: impl Fn(&Value<'_>) -> Result<()>) {
    let read = || -> Result<Value<'_>> { Ok(Value::parse(std::str::from_utf8(document.text())?)?) };
    let value = match read() {
        Ok(value) => value,
        Err(error) => return tally.record("document", Err(error)),
    };
    for (index, case) in value.member(list).and_then(Value::as_array).unwrap_or_default().iter().enumerate() {
        let name = case.member("name").and_then(Value::as_str).unwrap_or_default();
        tally.record(&format!("{list}[{index}] {name}"), check(case).map_err(|error| format!("{error:#}")));
    }
}

pub(super) fn stored(document: &Document, tally: &mut Tally) {
    each(document, tally, "cases", |case| {
        let expected = case.member("expected").context("no expected")?;
        match case.member("value") {
            Some(tree) => written(&untag(tree)?, expected),
            None => parsed(text(case, "text")?, expected),
        }
    });
}

fn text<'v>(value: &'v Value<'_>, name: &str) -> Result<&'v str> {
    value.member(name).and_then(Value::as_str).with_context(|| format!("no text {name}"))
}

fn written(value: &Value<'_>, expected: &Value<'_>) -> Result<()> {
    let Some(expected_text) = expected.member("text").and_then(Value::as_str) else {
        return same("text", value.to_text(), None);
    };
    let written = value.to_text().context("no text")?;
    same("text", written.as_str(), expected_text)?;
    let again = Value::parse(&written)?;
    if expected.member("reparsedSame").is_some() {
        same("read again", &again, value)?;
    } else {
        same("read again", again.clone(), untag(expected.member("reparsed").context("nothing to compare")?)?)?;
    }
    if value.member("moduleData").is_some() {
        session_data(&written)?;
    }
    Ok(())
}

fn parsed(text: &str, expected: &Value<'_>) -> Result<()> {
    if expected.member("fails").is_some() {
        anyhow::ensure!(Value::parse(text).is_err(), "read what cannot be read");
        return Ok(());
    }
    same("read", Value::parse(text)?, untag(expected.member("parsed").context("nothing to compare")?)?)
}

/// The typed readers agree with one another, and what they read is written in a library's form again.
fn session_data(text: &str) -> Result<()> {
    let data = SessionData::parse(text)?;
    same("session data", data.to_text().as_str(), text)?;
    data.granter()?;
    data.action()?;
    let ids = data.permission_ids()?;
    let sessions = data.sessions()?;
    let derived: Vec<_> = sessions.iter().map(|stored| stored.session.permission_id()).collect();
    same("permission ids", &ids, &derived)?;
    // The recorded index may point beyond the ids: an error, no other id.
    same("permission id", data.permission_id().ok().is_none_or(|id| ids.contains(&id)), true)?;
    for stored in &sessions {
        for order in [MemberOrder::Legacy, MemberOrder::Grant, MemberOrder::Prepare] {
            let value = session_value(order, stored.chain_id, &stored.session);
            let (chain, session) = session_types::stored::read_session(&value)?;
            same("session", (chain, &session), (Some(stored.chain_id), &stored.session))?;
        }
    }
    if let Some(enable) = data.enable_session_data()? {
        let session = &enable.enable_session.session_to_enable;
        let chain = sessions.iter().find(|stored| stored.session == *session).context("enables no stored session")?;
        let value = enable_session_data_value(MemberOrder::Prepare, chain.chain_id, &enable);
        same("enable data", session_types::stored::EnableSessionData::read(&value)?, enable.clone())?;
        // The recorded texts keep addresses as they came, ours are checksummed: the same but for letter case.
        let stored = data.value().member("moduleData").and_then(|data| data.member("enableSessionData"));
        let stored = stored.and_then(Value::to_text).context("no enable data")?;
        same("enable text", value.to_text().unwrap_or_default().to_lowercase(), stored.to_lowercase())?;
    }
    Ok(())
}

/// The value of a tagged tree.
fn untag(tree: &Value<'_>) -> Result<Value<'static>> {
    let [tag] = tree.as_object().context("no tag")? else { anyhow::bail!("not one tag") };
    let value = &tag.value;
    let pair = |pair: &Value<'_>| -> Result<(Text<'static>, Value<'static>)> {
        let [Value::String(name), value] = pair.as_array().context("no pair")? else { anyhow::bail!("no pair") };
        Ok((name.clone().into_owned(), untag(value)?))
    };
    Ok(match (tag.name.as_str().unwrap_or_default(), value) {
        ("undefined", _) => Value::Undefined,
        ("null", _) => Value::Null,
        ("bool", Value::Bool(flag)) => Value::Bool(*flag),
        ("number", Value::Number(number)) => Value::Number(*number),
        ("number", Value::String(text)) => Value::Number(text.as_str().context("number")?.parse()?),
        ("bigint", Value::String(text)) => Value::BigInt(BigInt::parse(text.as_str().context("bigint")?)?),
        ("string", Value::String(text)) => Value::String(text.clone().into_owned()),
        ("array", Value::Array(items)) => Value::array(items.iter().map(untag).collect::<Result<Vec<_>>>()?),
        ("object", Value::Array(pairs)) => Value::object(pairs.iter().map(pair).collect::<Result<Vec<_>>>()?),
        (tag, _) => anyhow::bail!("unknown tag {tag}"),
    })
}

pub(super) fn references(document: &Document, tally: &mut Tally) {
    each(document, tally, "cases", |case| {
        let input = case.member("input").context("no input")?;
        let value = input.member("value").context("no value")?.clone();
        let value = match (text(input, "type")?, value) {
            ("bigint", value) => Value::BigInt(BigInt::parse(value.as_str().context("no bigint")?)?),
            ("number", Value::String(number)) => Value::Number(number.as_str().context("no number")?.parse()?),
            (_, value) => value,
        };
        let expected = case.member("expected").context("no expected")?;
        reference(&value, expected.member("ok").and_then(Value::as_str))
    });
}

fn reference(value: &Value<'_>, expected: Option<&str>) -> Result<()> {
    let seen: Result<String, ReferenceError> = reference_value(value);
    match expected {
        Some(word) => same("word", seen.as_deref(), Ok(word)),
        None => same("refused", seen.is_err(), true),
    }
}
