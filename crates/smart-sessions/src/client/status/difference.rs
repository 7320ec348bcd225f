//! In what a chain's session is not the grant's.

use std::collections::BTreeSet;
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes};
use session_types::abi::{self, PolicyData};
use session_types::{ActionId, ContentKey};

use super::PolicyPlace;

/// Something in which a chain's session is not the grant's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// Session keys are checked by another contract.
    #[error("the session validator is {seen}, granted was {granted}")]
    Validator {
        /// The grant's.
        granted: Address,
        /// The chain's.
        seen: Address,
    },
    /// Other session keys are accepted.
    #[error("the session validator is configured with {seen}, granted was {granted}")]
    ValidatorData {
        /// The grant's.
        granted: Bytes,
        /// The chain's.
        seen: Bytes,
    },
    /// An action was taken away.
    #[error("action {0} is missing")]
    MissingAction(ActionId),
    /// An action was added.
    #[error("action {0} was not granted")]
    AdditionalAction(ActionId),
    /// A policy was taken away: there is a limit less.
    #[error("policy {policy} is missing {place}")]
    MissingPolicy {
        /// Where.
        place: PolicyPlace,
        /// The policy.
        policy: Address,
    },
    /// A policy was added.
    #[error("policy {policy} was not granted {place}")]
    AdditionalPolicy {
        /// Where.
        place: PolicyPlace,
        /// The policy.
        policy: Address,
    },
    /// A policy has other limits than those granted: it was enabled again.
    #[error("policy {policy} has other limits than granted {place}")]
    Configuration {
        /// Where.
        place: PolicyPlace,
        /// The policy.
        policy: Address,
    },
    /// Contents that could be signed can no longer be.
    #[error("content {content} of {domain} is missing")]
    MissingContent {
        /// The application's domain separator.
        domain: B256,
        /// The content.
        content: ContentKey,
    },
    /// Contents can be signed that were not granted.
    #[error("content {content} of {domain} was not granted")]
    AdditionalContent {
        /// The application's domain separator.
        domain: B256,
        /// The content.
        content: ContentKey,
    },
}

/// What the chain lists.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) validator: Address,
    pub(super) validator_data: Bytes,
    pub(super) actions: Vec<ActionId>,
    pub(super) policies: Vec<(PolicyPlace, Vec<Address>)>,
    pub(super) contents: BTreeSet<(B256, ContentKey)>,
}

impl Seen {
    pub(super) fn differences(&self, session: &abi::Session) -> Vec<Difference> {
        let mut found = Vec::new();
        let (granted, seen) = (session.session_validator, self.validator);
        if granted != seen {
            found.push(Difference::Validator { granted, seen });
        }
        let (granted, seen) = (&session.session_validator_init_data, &self.validator_data);
        if granted != seen {
            found.push(Difference::ValidatorData { granted: granted.clone(), seen: seen.clone() });
        }
        let granted = session.actions.iter().map(abi::ActionData::id).collect();
        let seen = self.actions.iter().copied().collect();
        compare(&granted, &seen, Difference::MissingAction, Difference::AdditionalAction, &mut found);
        for (place, seen) in &self.policies {
            let place = *place;
            let granted = granted_policies(session, place).map(|policy| policy.policy).collect();
            let missing = |policy| Difference::MissingPolicy { place, policy };
            let additional = |policy| Difference::AdditionalPolicy { place, policy };
            compare(&granted, &seen.iter().copied().collect(), missing, additional, &mut found);
        }
        let contexts = &session.erc7739_policies.allowed_erc7739_content;
        let granted = contexts
            .iter()
            .flat_map(|app| app.content_names.iter().map(|name| (app.app_domain_separator, ContentKey::derive(name))))
            .collect();
        let missing = |(domain, content)| Difference::MissingContent { domain, content };
        let additional = |(domain, content)| Difference::AdditionalContent { domain, content };
        compare(&granted, &self.contents, missing, additional, &mut found);
        found
    }
}

fn compare<T: Ord + Copy>(
    granted: &BTreeSet<T>,
    seen: &BTreeSet<T>,
    missing: impl Fn(T) -> Difference,
    additional: impl Fn(T) -> Difference,
    found: &mut Vec<Difference>,
) {
    found.extend(granted.difference(seen).copied().map(missing));
    found.extend(seen.difference(granted).copied().map(additional));
}

pub(super) fn granted_policies(session: &abi::Session, place: PolicyPlace) -> impl Iterator<Item = &PolicyData> {
    let (once, action) = match place {
        PolicyPlace::UserOp => (Some(&session.user_op_policies), None),
        PolicyPlace::Erc1271 => (Some(&session.erc7739_policies.erc1271_policies), None),
        PolicyPlace::Action(action) => (None, Some(action)),
    };
    // One action may be listed several times: its policies add up.
    let of_action = session.actions.iter().filter(move |data| Some(data.id()) == action);
    once.into_iter().flatten().chain(of_action.flat_map(|data| &data.action_policies))
}
