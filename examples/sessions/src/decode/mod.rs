//! `sessions decode`: finds out what bytes are.

mod calls;
mod envelope;
mod errors;
mod module;
mod operation;
mod policy;
mod text;

use alloy_primitives::Bytes;
use serde_json::{Value, json};
use smart_sessions::policy::Glossary;
use smart_sessions::session::Deployment;
use smart_sessions::session::frozen::FrozenGrant;

pub(crate) use calls::execution;
pub(crate) use operation::operations;

use crate::arguments::{Decode, Generation};
use crate::input::Input;
use crate::output::Report;
use crate::{Failure, found, session};

/// What the readings need to know.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) glossary: Glossary,
    pub(crate) generation: Option<Generation>,
    pub(crate) chain: Option<u64>,
}

pub(crate) fn run(part: &Decode) -> Result<Report, Failure> {
    let reader = Reader { glossary: part.names.glossary(), generation: part.names.generation, chain: part.chain };
    let (length, readings) = match (Input::read(&part.input)?, part.policy) {
        (Input::Bytes(bytes), Some(policy)) => (Some(bytes.len()), reader.policy(policy, &bytes)?),
        (Input::Text(_), Some(_)) => {
            return Err(Failure::input("init data are bytes, this is text", "give the init data as 0x text"));
        }
        (Input::Bytes(bytes), None) => (Some(bytes.len()), reader.bytes(&bytes)),
        (Input::Text(text), None) => (None, reader.text(&text)?),
    };
    match <[Value; 1]>::try_from(readings) {
        Ok([reading]) => Ok(Report::new(json!({ "kind": "decoded", "length": length, "readings": [reading] }))),
        Err(readings) if readings.is_empty() => {
            let shown = length.map_or_else(|| "this text".to_owned(), |length| format!("these {length} bytes"));
            let remedy =
                "say what it is: --policy KIND for init data; give the whole signature, call data or operation";
            Err(Failure::input(format!("{shown} are nothing that is known here"), remedy))
        }
        Err(readings) => {
            let note = "these bytes can be several things: take the reading that fits where they come from";
            Ok(Report::new(json!({ "kind": "decoded", "length": length, "note": note, "readings": readings })))
        }
    }
}

impl Reader {
    /// Everything that the bytes can be. What has a selector, a magic number or compressed content is one thing only.
    pub(crate) fn bytes(&self, bytes: &Bytes) -> Vec<Value> {
        if bytes.is_empty() {
            let meaning = "no bytes: a call without data, a revert without reason, or a policy without settings";
            return vec![json!({ "kind": "nothing", "meaning": meaning })];
        }
        if bytes.starts_with(b"SSGRANT") {
            return vec![self.frozen(bytes)];
        }
        let certain = self
            .call(bytes, calls::DEPTH)
            .or_else(|| self.bundle(bytes))
            .or_else(|| errors::revert(bytes))
            .or_else(|| self.enabling_envelope(bytes));
        match certain {
            Some(reading) => vec![reading],
            None => self.guesses(bytes),
        }
    }

    fn guesses(&self, bytes: &Bytes) -> Vec<Value> {
        let mut readings = Vec::new();
        readings.extend(self.packed_operation(bytes));
        readings.extend(self.install_data(bytes));
        readings.extend(envelope::nested(bytes));
        readings.extend(envelope::using(bytes));
        readings.extend(self.any_policy(bytes));
        readings.extend(envelope::owners(bytes));
        readings
    }

    fn frozen(&self, bytes: &[u8]) -> Value {
        match FrozenGrant::decode(bytes) {
            Ok(frozen) => {
                let owner = frozen.owner().map(|owner| {
                    json!({
                        "validator": owner.validator,
                        "accountType": owner.account_type.as_str(),
                        "signature": owner.signature,
                    })
                });
                let sessions = found::of_frozen(&frozen);
                let sessions = sessions.iter().map(|found| {
                    json!({ "chainIds": found.chains, "account": found.account, "session": self.session(&found.session) })
                });
                json!({
                    "kind": "frozen grant",
                    "digest": frozen.grant().digest(),
                    "module": frozen.deployment().module,
                    "ownerSignature": owner,
                    "sessions": sessions.collect::<Value>(),
                })
            }
            Err(error) => json!({ "kind": "frozen grant", "malformed": error.to_string() }),
        }
    }

    pub(crate) fn session(&self, found: &smart_sessions::session::abi::Session) -> Value {
        let deployment: Deployment = found::Found::of(found.clone()).deployment(self.generation);
        session::members(found, &deployment, &self.glossary)
    }
}
