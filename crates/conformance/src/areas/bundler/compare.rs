use serde_json::{Map, Value};

/// A value in one spelling: hex and addresses in lower case, `{"bigint": …}` and small numbers as quantities, no nulls.
pub(super) fn normal(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            if let (1, Some(Value::String(decimal))) = (members.len(), members.get("bigint")) {
                return alloy_primitives::U256::from_str_radix(decimal, 10)
                    .map_or_else(|_| value.clone(), |number| Value::String(format!("{number:#x}")));
            }
            let members = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(members.map(|(name, value)| (name.clone(), normal(value))).collect::<Map<_, _>>())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(normal).collect()),
        Value::String(text) if text.starts_with("0x") => Value::String(text.to_ascii_lowercase()),
        Value::Number(number) => number.as_u64().map_or_else(|| value.clone(), |number| format!("{number:#x}").into()),
        other => other.clone(),
    }
}

/// A recorded request as it is sent here: with the differences that the module's table lists.
pub(super) fn expected_request(recorded: &Value) -> Value {
    let mut request = recorded.clone();
    if let Some(members) = request.as_object_mut() {
        members.remove("id");
        let params = members.entry("params").or_insert_with(|| Value::Array(Vec::new()));
        let is_paymaster = recorded["method"].as_str().is_some_and(|method| method.starts_with("pm_getPaymaster"));
        if let Some(params) = params.as_array_mut() {
            if is_paymaster && params.get(3).is_some_and(Value::is_null) {
                params[3] = Value::Object(Map::new());
            }
            if let Some(parity) = params.first_mut().and_then(|op| op.pointer_mut("/eip7702Auth/yParity")) {
                let is_odd = parity.as_str().is_some_and(|text| text.ends_with('1'));
                *parity = Value::from(if is_odd { "0x1" } else { "0x0" });
            }
        }
    }
    lower(&request)
}

/// Addresses and hex compare without case; everything else is compared as it stands, nulls included.
pub(super) fn lower(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let lowered = members.iter().map(|(name, value)| {
                let name = if name.starts_with("0x") { name.to_ascii_lowercase() } else { name.clone() };
                (name, lower(value))
            });
            Value::Object(lowered.collect())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(lower).collect()),
        Value::String(text) if text.starts_with("0x") => Value::String(text.to_ascii_lowercase()),
        other => other.clone(),
    }
}

/// Members of receipts that say nothing about operations and are not kept.
const NOT_KEPT: [&str; 5] = ["removed", "blockTimestamp", "logsBloom", "type", "contractAddress"];

/// Whether what was read equals what was recorded: every member, save those that are not kept and those that stand for
/// nothing (a zero paymaster, an empty reason).
pub(super) fn same(path: &str, read: &Value, recorded: &Value) -> Result<(), String> {
    match (read, recorded) {
        (Value::Object(read), Value::Object(recorded)) => {
            for (name, recorded) in recorded {
                let stands_for_nothing = match name.as_str() {
                    "paymaster" => recorded.as_str() == Some("0x0000000000000000000000000000000000000000"),
                    "reason" | "message" | "transactionHash" => matches!(recorded.as_str(), Some("" | "0x")),
                    "isFinal" => recorded == false,
                    _ => false,
                };
                match read.get(name) {
                    Some(read) => same(&format!("{path}.{name}"), read, recorded)?,
                    None if stands_for_nothing || NOT_KEPT.contains(&name.as_str()) => {}
                    None => return Err(format!("{path}.{name} is not read, recorded {recorded}")),
                }
            }
            let added = read.keys().find(|name| !recorded.contains_key(*name));
            added.map_or(Ok(()), |name| Err(format!("{path}.{name} is read and not recorded")))
        }
        (Value::Array(read), Value::Array(recorded)) if read.len() == recorded.len() => {
            let mut pairs = read.iter().zip(recorded).enumerate();
            pairs.try_for_each(|(index, (read, recorded))| same(&format!("{path}[{index}]"), read, recorded))
        }
        (read, recorded) if read == recorded => Ok(()),
        // viem turns a transaction's status into a word.
        (Value::String(read), Value::String(recorded)) if path.ends_with(".receipt.status") => {
            let word = if read == "0x1" { "success" } else { "reverted" };
            if word == recorded { Ok(()) } else { Err(format!("{path}: {read}, recorded {recorded}")) }
        }
        (read, recorded) => Err(format!("{path}: read {read}, recorded {recorded}")),
    }
}
