//! Init data of policies.

use serde_json::{Value, json};
use smart_sessions::policy::{AnyPolicy, explain::Words};
use smart_sessions::session::{PolicyKind, PolicyRevision};

use super::Reader;
use crate::arguments::{Generation, PolicyName};
use crate::{Failure, session};

impl Reader {
    /// Init data of a policy that is named: in the generation asked for, or in each that accepts them.
    pub(super) fn policy(&self, policy: PolicyName, init_data: &[u8]) -> Result<Vec<Value>, Failure> {
        let generations = self.generation.map_or(Generation::ALL.to_vec(), |generation| vec![generation]);
        let mut readings = Vec::new();
        let mut problems = Vec::new();
        for generation in generations {
            match self.policy_of(generation, policy.kind(), init_data) {
                Some(Ok(reading)) => self.add(&mut readings, reading, generation),
                Some(Err(problem)) => problems.push(format!("{}: {problem}", generation.name())),
                None => problems.push(format!("{}: there is no {} policy", generation.name(), policy.kind())),
            }
        }
        if readings.is_empty() {
            let remedy =
                "check that the bytes are whole and of this policy; --generation names the contract's generation";
            return Err(Failure::input(
                format!("no init data of a {} policy: {}", policy.kind(), problems.join("; ")),
                remedy,
            ));
        }
        Ok(readings)
    }

    /// Every policy that accepts the bytes.
    pub(super) fn any_policy(&self, init_data: &[u8]) -> Vec<Value> {
        let mut readings = Vec::new();
        let generations = self.generation.map_or(Generation::ALL.to_vec(), |generation| vec![generation]);
        // The sudo policy ignores its init data: everything would be its.
        for kind in PolicyKind::ALL.into_iter().filter(|kind| *kind != PolicyKind::Sudo) {
            for &generation in &generations {
                if let Some(Ok(reading)) = self.policy_of(generation, kind, init_data) {
                    self.add(&mut readings, reading, generation);
                }
            }
        }
        readings
    }

    /// Adds a reading; generations that read the same share one.
    fn add(&self, readings: &mut Vec<Value>, reading: Value, generation: Generation) {
        let same = readings
            .iter_mut()
            .find(|seen| (&seen["policyKind"], &seen["says"]) == (&reading["policyKind"], &reading["says"]));
        match same.and_then(|seen| seen["generations"].as_array_mut()) {
            Some(generations) => generations.push(json!(generation.name())),
            None => readings.push(reading),
        }
    }

    fn policy_of(&self, generation: Generation, kind: PolicyKind, init_data: &[u8]) -> Option<Result<Value, String>> {
        let revision: PolicyRevision = generation.deployment().policies.deployed(kind)?.revision;
        Some(AnyPolicy::decode(kind, revision, init_data).map_err(|error| error.to_string()).map(|policy| {
            json!({
                "kind": format!("init data of the {kind} policy"),
                "policyKind": kind.to_string(),
                "generations": [generation.name()],
                "says": session::says(&policy, &Words::new(&self.glossary)),
            })
        }))
    }
}
