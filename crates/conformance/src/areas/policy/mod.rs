//! Policies: encodings, and the contracts' behaviour.

mod behaviour;
mod checks;
mod encoding;
mod json;

use crate::Check;

pub(super) const CHECKS: &[Check] = &[
    Check { title: "init data, both ways", schema: "", name: "policies", run: encoding::run },
    Check { title: "single policies", schema: "policy-behaviour/1", name: "", run: behaviour::run },
    Check { title: "policies called directly", schema: "", name: "policy-checks", run: checks::run },
];
