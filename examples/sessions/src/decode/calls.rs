//! Call data: of the session module, of an account, of anything.

use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use smart_sessions::session::abi::ModuleCall;
use smart_sessions::userop::execution::{EXECUTE_SELECTOR, EXECUTE_USER_OP_SELECTOR};
use smart_sessions::userop::{Execution, ModeCode};

use super::{Reader, module};

/// Calls inside calls are followed this far.
pub(super) const DEPTH: usize = 4;

/// What an account's `execute` does, also behind `executeUserOp`.
pub(crate) fn execution(data: &Bytes) -> Option<(ModeCode, Execution)> {
    let inner = if data.starts_with(&EXECUTE_USER_OP_SELECTOR) { data.slice(4..) } else { data.clone() };
    Execution::decode(&inner).ok()
}

impl Reader {
    /// Call data of the session module or of an account's `execute`.
    pub(super) fn call(&self, data: &Bytes, depth: usize) -> Option<Value> {
        let selector = data.first_chunk::<4>()?;
        if let Some((_, signature)) = ModuleCall::FUNCTIONS.iter().find(|(known, _)| known == selector) {
            return Some(match ModuleCall::decode(data) {
                Ok(call) => self.module_call(&call, signature),
                Err(error) => {
                    json!({ "kind": "session module call", "function": signature, "malformed": error.to_string() })
                }
            });
        }
        let wrapped = *selector == EXECUTE_USER_OP_SELECTOR && data.get(4..8) == Some(&EXECUTE_SELECTOR);
        if !wrapped && *selector != EXECUTE_SELECTOR {
            return None;
        }
        let function = if wrapped { "executeUserOp around execute(bytes32,bytes)" } else { "execute(bytes32,bytes)" };
        Some(match execution(data) {
            Some((mode, execution)) => self.execute(function, mode, &execution, depth),
            None => {
                let inner = if wrapped { data.slice(4..) } else { data.clone() };
                let error = Execution::decode(&inner).err().map(|error| error.to_string());
                json!({ "kind": "account call", "function": function, "malformed": error })
            }
        })
    }

    fn execute(&self, function: &str, mode: ModeCode, execution: &Execution, depth: usize) -> Value {
        let calls: Vec<Value> = match execution {
            Execution::Static { target, data } => vec![self.one("static call", *target, None, data, depth)],
            Execution::Delegate { target, data } => vec![self.one("delegate call", *target, None, data, depth)],
            other => {
                let each = other.calls().iter();
                each.map(|call| self.one("call", call.to, Some(call.value.to_string()), &call.data, depth)).collect()
            }
        };
        let exec_type = mode.exec_type().map(|exec_type| format!("{exec_type:?}").to_lowercase());
        json!({
            "kind": "account call",
            "function": function,
            "callType": format!("{:?}", execution.call_type()).to_lowercase(),
            "execType": exec_type,
            "mode": mode.0,
            "calls": calls,
        })
    }

    fn one(&self, kind: &str, target: Address, value: Option<String>, data: &Bytes, depth: usize) -> Value {
        let selector = data.first_chunk::<4>().map(alloy_primitives::hex::encode_prefixed);
        let mut call = json!({ "kind": kind, "target": target, "valueWei": value, "selector": selector, "data": data });
        if let Some(inner) = depth.checked_sub(1).and_then(|depth| self.call(data, depth)) {
            call["decoded"] = inner;
        }
        call
    }

    pub(super) fn module_call(&self, call: &ModuleCall, signature: &str) -> Value {
        json!({ "kind": "session module call", "function": signature, "arguments": module::arguments(self, call) })
    }
}
