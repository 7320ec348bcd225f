#[cfg(test)]
mod supertransactions;

use serde_json::Value;
use session_contracts::Generation;
use session_contracts::replay::{
    RecordingError, Verdict, compressions, digests, operations, owner_signatures, policy_behaviour, policy_checks,
    session_behaviour, session_signatures,
};

use crate::{Check, Document, Tally};

pub(super) const CHECKS: &[Check] = &[
    Check {
        title: "our policy contracts",
        schema: "policy-behaviour/1",
        name: "",
        run: |document, tally| replay(document, tally, policy_behaviour),
    },
    Check {
        title: "our session module",
        schema: "session-behaviour/1",
        name: "",
        run: |document, tally| replay(document, tally, |recording| session_behaviour(recording, Generation::Current)),
    },
    Check {
        title: "our session module of the first generation",
        schema: "session-behaviour/1",
        name: "",
        run: |document, tally| replay(document, tally, |recording| session_behaviour(recording, Generation::Legacy)),
    },
    Check {
        title: "our policy contracts, called directly",
        schema: "",
        name: "policy-checks",
        run: |document, tally| replay(document, tally, policy_checks),
    },
    Check {
        title: "our session module",
        schema: "",
        name: "validate-userop",
        run: |document, tally| replay(document, tally, operations),
    },
    Check {
        title: "our session module and owner-list validator",
        schema: "",
        name: "erc1271",
        run: |document, tally| replay(document, tally, session_signatures),
    },
    Check {
        title: "our session modules",
        schema: "",
        name: "digests",
        run: |document, tally| replay(document, tally, digests),
    },
    Check {
        title: "our session module",
        schema: "",
        name: "flz",
        run: |document, tally| replay(document, tally, compressions),
    },
    Check {
        title: "our owner validator",
        schema: "nexus-signatures",
        name: "",
        run: |document, tally| replay(document, tally, owner_signatures),
    },
];

fn replay(document: &Document, tally: &mut Tally, run: impl Fn(&Value) -> Result<Vec<Verdict>, RecordingError>) {
    match run(document.value()) {
        Ok(verdicts) => verdicts.into_iter().for_each(|verdict| tally.record(&verdict.step, verdict.result)),
        Err(error) => tally.record("document", Err(error)),
    }
}
