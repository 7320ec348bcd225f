mod execution;
pub(super) mod json;
mod nonce;
mod operation;

use crate::Check;

pub(super) const CHECKS: &[Check] = &[
    Check { title: "operation hash and packed form", schema: "", name: "userops", run: operation::references },
    Check { title: "operation hash and packed form", schema: "userops", name: "userops", run: operation::contracts },
    Check { title: "execution", schema: "", name: "executions", run: execution::calls },
    Check { title: "execution", schema: "execute", name: "execute", run: execution::forms },
    Check { title: "nonce key", schema: "", name: "nonce-keys", run: nonce::references },
    Check { title: "nonce", schema: "nonces", name: "nonces", run: nonce::layouts },
];
