//! `sessions revoke`.

use serde_json::{Value, json};
use smart_sessions::session::abi::{ModuleFunction as _, RemoveSession, RevokeEnableSignature};
use smart_sessions::userop::{Call, execution};

use crate::arguments::Revoke;
use crate::output::Report;

pub(crate) fn run(part: &Revoke) -> Report {
    let module = part.generation.deployment().module;
    let permission_id = part.permission;
    let remove = RemoveSession { permission_id }.calldata();
    let cancel = RevokeEnableSignature { permission_id }.calldata();
    let calls = [Call::new(module, remove), Call::new(module, cancel)];
    let show =
        |(call, what): (&Call, &str)| json!({ "kind": what, "target": call.to, "valueWei": "0", "data": call.data });
    let whats = ["removeSession(bytes32)", "revokeEnableSignature(bytes32)"];
    Report::new(json!({
        "kind": "revocation",
        "permissionId": permission_id,
        "calls": calls.iter().zip(whats).map(show).collect::<Value>(),
        "accountCallData": execution::execute(calls.to_vec()),
        "how": "have the account make these calls: in its owner's wallet, or as an operation with this accountCallData",
    }))
}
