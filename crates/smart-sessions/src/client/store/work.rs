//! Which operation answers for a piece of work: the rules, without any storage.

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use alloy_primitives::B256;

use super::LaneSpace;

/// A piece of work that is to be done once, whoever does it and however often it is begun.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[doc(alias = "idempotencyKey")]
pub struct WorkId {
    /// Whose account on which chain.
    pub space: LaneSpace,
    /// Its name, the caller's choice: an order's number, the row of a queue. Not long: databases keep an index of them.
    pub name: String,
}

/// An operation for a piece of work, written down before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordedOperation {
    /// Its hash.
    pub hash: B256,
    /// A block that was there before it was sent.
    pub from_block: u64,
    /// The signed operation as it goes over the wire, JSON.
    pub operation: String,
}

/// What came of writing an operation down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recording {
    /// It answers for the work.
    Done,
    /// It does not: it should have come after another operation than the newest one of the work.
    Taken,
    /// It does not: the same operation stands for other work, with the same calls and a nonce that nobody has used.
    Shared,
}

/// All that a store has of them: the operations of each work, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Works(BTreeMap<WorkId, Vec<RecordedOperation>>);

impl Works {
    pub(crate) fn recorded(&self, work: &WorkId) -> Vec<RecordedOperation> {
        self.0.get(work).cloned().unwrap_or_default()
    }

    pub(crate) fn record(&mut self, work: &WorkId, new: &RecordedOperation, after: Option<B256>) -> Recording {
        let has = |operations: &[RecordedOperation]| operations.iter().any(|operation| operation.hash == new.hash);
        if self.0.iter().any(|(other, operations)| other != work && other.space == work.space && has(operations)) {
            return Recording::Shared;
        }
        let newest = self.0.get(work).and_then(|operations| operations.last()).map(|operation| operation.hash);
        if newest == Some(new.hash) {
            return Recording::Done;
        }
        if newest != after || self.0.get(work).is_some_and(|operations| has(operations)) {
            return Recording::Taken;
        }
        self.0.entry(work.clone()).or_default().push(new.clone());
        Recording::Done
    }

    pub(crate) fn forget(&mut self, work: &WorkId) -> bool {
        self.0.remove(work).is_some()
    }
}

#[cfg(feature = "file-store")]
impl Works {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&WorkId, &Vec<RecordedOperation>)> {
        self.0.iter()
    }

    pub(crate) fn put(&mut self, work: WorkId, operations: Vec<RecordedOperation>) {
        self.0.insert(work, operations);
    }
}
