//! A policy of a session on a chain, and what is left of its limits.

use std::boxed::Box;
use std::vec::Vec;

use alloy_primitives::{Address, B256};
use bundler_rpc::BundlerError;
use policy_encoding::check::Context;
use policy_encoding::state::{Budget, PolicyState, StateError, StateReading};
use policy_encoding::{AnyPolicy, Registry};
use session_types::{ActionId, PermissionId, PolicyKind};

use super::batch::{Answers, Batch};

/// One of a session's lists of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PolicyPlace {
    /// Those that are asked once for each operation.
    UserOp,
    /// Those that are asked for each call of an action.
    Action(ActionId),
    /// Those that are asked for each signature.
    Erc1271,
}

impl PolicyPlace {
    /// A name for programs, which stays: `user-op`, `action`, `erc1271`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UserOp => "user-op",
            Self::Action(_) => "action",
            Self::Erc1271 => "erc1271",
        }
    }

    /// Under which a policy in this place keeps what it counts.
    pub(crate) fn config_id(self, permission_id: PermissionId, account: Address) -> B256 {
        let id = match self {
            Self::UserOp => permission_id.user_op_policy_id(),
            Self::Action(action) => permission_id.action_policy_id(action),
            Self::Erc1271 => permission_id.erc1271_policy_id(),
        };
        B256::from(id.config_id(account))
    }
}

impl std::fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UserOp => f.write_str("for user operations"),
            Self::Action(action) => write!(f, "for action {action}"),
            Self::Erc1271 => f.write_str("for signatures"),
        }
    }
}

/// A policy that a chain lists for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyStatus {
    /// Where it is.
    pub place: PolicyPlace,
    /// Its contract.
    pub policy: Address,
    /// What kind of policy it is, when the deployment knows it.
    pub kind: Option<PolicyKind>,
    /// What it has stored, or why that is not known.
    pub state: Result<PolicyState, Unreadable>,
}

impl PolicyStatus {
    /// What is left of each of its limits that run out. Empty when there is none, and when the state is not readable:
    /// [`state`](Self::state) tells which.
    pub fn remaining(&self) -> impl Iterator<Item = Remaining> {
        let budgets = self.state.as_ref().map_or_else(|_| Vec::new(), PolicyState::budgets);
        let &Self { place, policy, kind, .. } = self;
        budgets.into_iter().map(move |budget| Remaining { place, policy, kind, budget })
    }
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// Where its policy is.
    pub place: PolicyPlace,
    /// The policy's contract.
    pub policy: Address,
    /// What kind of policy it is.
    pub kind: Option<PolicyKind>,
    /// What is counted, the limit, and how much of it is used.
    pub budget: Budget,
}

/// Why it is not known what a policy has stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The deployment does not know the contract.
    #[error("the policy is not known")]
    UnknownPolicy,
    /// The contract does not tell, or what it tells cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The contract refused the question, or the node did.
    #[error("the question was not answered: {0}")]
    Unanswered(Box<BundlerError>),
}

/// Whose policies are asked.
pub(crate) struct Asker<'a> {
    pub(crate) account: Address,
    pub(crate) permission_id: PermissionId,
    pub(crate) module: Address,
    pub(crate) registry: &'a Registry,
}

/// A policy that was asked.
pub(crate) struct AskedPolicy {
    place: PolicyPlace,
    policy: Address,
    kind: Option<PolicyKind>,
    reading: Result<(StateReading, Vec<usize>), Unreadable>,
}

impl Asker<'_> {
    /// Asks a policy. Spending limits are asked about `tokens`.
    pub(crate) fn ask(
        &self,
        batch: &mut Batch,
        place: PolicyPlace,
        policy: Address,
        tokens: impl IntoIterator<Item = Address>,
    ) -> AskedPolicy {
        let known = self.registry.find(policy);
        let reading = known.ok_or(Unreadable::UnknownPolicy).and_then(|(kind, revision)| {
            let config_id = place.config_id(self.permission_id, self.account);
            let context = Context { config_id, caller: self.module, account: self.account, revision };
            Ok(StateReading::new(kind, &context, tokens)?)
        });
        let reading = reading.map(|reading| {
            let places = reading.calls().iter().map(|call| batch.call(policy, call.clone())).collect();
            (reading, places)
        });
        AskedPolicy { place, policy, kind: known.map(|(kind, _)| kind), reading }
    }
}

impl AskedPolicy {
    pub(crate) fn read(self, answers: &Answers) -> PolicyStatus {
        let Self { place, policy, kind, reading } = self;
        let state = reading.and_then(|(reading, places)| {
            let answers = places.into_iter().map(|place| answers.raw(place)).collect::<Result<Vec<_>, _>>();
            let answers = answers.map_err(|error| Unreadable::Unanswered(Box::new(error)))?;
            Ok(reading.decode(&answers)?)
        });
        PolicyStatus { place, policy, kind, state }
    }
}

/// The tokens that a policy limits, when it is one that limits tokens.
pub(crate) fn tokens_of(policy: Option<&AnyPolicy>) -> Vec<Address> {
    match policy {
        Some(AnyPolicy::SpendingLimits(limits)) => limits.tokens().iter().map(|entry| entry.token).collect(),
        _ => Vec::new(),
    }
}
