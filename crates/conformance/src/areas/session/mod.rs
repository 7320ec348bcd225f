//! `session-types`: ids, digests, envelopes, the module's interface, validators, stored text.

mod digest;
mod envelope;
mod erc1271;
mod flz;
mod id;
mod legacy;
mod module;
mod read;
mod text;
mod validator;

use crate::Check;

pub(super) const CHECKS: &[Check] = &[
    Check { title: "session ids", schema: "", name: "ids", run: id::ids },
    Check { title: "enableSessions", schema: "", name: "sessions", run: module::sessions },
    Check { title: "management calls", schema: "", name: "management-calls", run: module::management },
    Check { title: "session digests", schema: "", name: "digests", run: digest::digests },
    Check { title: "session envelopes", schema: "", name: "session-signatures", run: envelope::envelopes },
    Check { title: "FastLZ", schema: "", name: "flz", run: flz::flz },
    Check { title: "session validators", schema: "", name: "session-validators", run: validator::validators },
    Check { title: "nested ERC-1271 signatures", schema: "", name: "erc1271", run: erc1271::signatures },
    Check { title: "stored text", schema: "", name: "stored-text", run: text::stored },
    Check { title: "reference values", schema: "", name: "reference-values", run: text::references },
    Check { title: "legacy stored text", schema: "legacy-sessions", name: "", run: legacy::storage },
    Check { title: "legacy reference values", schema: "legacy-sessions", name: "", run: legacy::references },
    Check { title: "legacy use signatures", schema: "legacy-sessions", name: "", run: legacy::use_signatures },
];
