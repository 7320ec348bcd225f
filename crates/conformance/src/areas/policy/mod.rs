//! Policies: encodings, and the contracts' behaviour.

pub(super) mod actions;
mod behaviour;
mod checks;
mod encoding;
mod json;
mod sessions;

use crate::Check;

pub(super) const CHECKS: &[Check] = &[
    Check { title: "init data, both ways", schema: "", name: "policies", run: encoding::run },
    Check { title: "single policies", schema: "policy-behaviour/1", name: "", run: behaviour::run },
    Check { title: "what policies tell of their state", schema: "policy-state/1", name: "", run: behaviour::states },
    Check { title: "policies called directly", schema: "", name: "policy-checks", run: checks::run },
    Check { title: "operations through the module", schema: "", name: "validate-userop", run: sessions::operations },
    Check { title: "sessions step by step", schema: "session-behaviour/1", name: "", run: sessions::steps },
    Check { title: "legacy action configs", schema: "", name: "action-configs", run: actions::configs },
    Check { title: "actions by purpose", schema: "", name: "session-actions", run: actions::purposes },
    Check { title: "fee actions", schema: "", name: "fee-actions", run: actions::fees },
    Check { title: "legacy requests", schema: "legacy-sessions", name: "", run: actions::prepare },
];
