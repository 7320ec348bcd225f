//! What a chain has of a grant.

use std::collections::BTreeSet;
use std::vec::Vec;

use alloy_primitives::{Address, U256};
use policy_encoding::check::Window;
use policy_encoding::state::Unit;
use policy_encoding::{AccountSessions, AnyPolicy, Registry};
use session_types::abi::{self, PolicyData};
use session_types::{ActionId, ChainSession, Deployment, PermissionId};

use super::batch::{Answers, Asked, Batch};
use super::difference::{Difference, Seen, granted_policies};
use super::policy::{AskedPolicy, Asker, PolicyPlace, PolicyStatus, Remaining, Unreadable, tokens_of};
use crate::client::{Error, Grant};

/// What a chain has of a grant, read in one request.
///
/// Policies are compared by what is listed and, where a policy's contract tells, by the limits that it has stored:
/// [`policies`](Self::policies) says of each what is left of them, or why that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionStatus {
    /// Whether the session is enabled.
    #[doc(alias = "isPermissionEnabled")]
    pub is_enabled: bool,
    /// Counts how often the session was enabled by a signature or its signatures were revoked: an owner's signature is
    /// good for one number.
    #[doc(alias = "getNonce")]
    pub enable_nonce: U256,
    /// Whether a contract checks the session key's signatures.
    #[doc(alias = "isISessionValidatorSet")]
    pub is_validator_set: bool,
    /// Whether the grant's owner signature can still enable the session: its nonce is the present one. `None` when the
    /// grant holds none, or does not say what it was signed for.
    pub can_enable: Option<bool>,
    /// What of the grant is missing on the chain or is there besides. Empty when the session is not enabled, or the grant
    /// does not hold it.
    pub differences: Vec<Difference>,
    /// When the session can be used, by the time frames among its user operation policies, in seconds since 1970.
    /// Unbounded where the grant does not hold the session.
    pub window: Window,
    /// The grant's actions, and when each can be used: by the time frames of the session and of the action.
    pub actions: Vec<ActionWindow>,
    /// The grant's policies that the chain lists, each with what its contract has stored. Empty when the session is not
    /// enabled, or the grant does not hold it.
    pub policies: Vec<PolicyStatus>,
}

impl SessionStatus {
    /// Whether the session is enabled, and nothing is missing on the chain or there besides.
    #[must_use]
    pub const fn is_as_granted(&self) -> bool {
        self.is_enabled && self.is_validator_set && self.differences.is_empty()
    }

    /// Whether some action can be used at a time, Unix seconds, as far as time frames say. Where the grant does not hold
    /// the session: always.
    #[must_use]
    pub fn is_due(&self, time: u64) -> bool {
        if self.actions.is_empty() {
            return self.window.contains(time);
        }
        self.actions.iter().any(|action| action.window.contains(time))
    }

    /// What is left of each limit that runs out, in the order in which the policies are listed.
    ///
    /// Nothing is said here of policies whose state is not readable: see [`unreadable`](Self::unreadable).
    #[doc(alias = "budget")]
    pub fn remaining(&self) -> impl Iterator<Item = Remaining> + '_ {
        self.policies.iter().flat_map(PolicyStatus::remaining)
    }

    /// What is left of each limit that calls of an action draw on: the action's own, and those of user operations.
    pub fn remaining_of(&self, action: ActionId) -> impl Iterator<Item = Remaining> + '_ {
        let bears = move |place| place == PolicyPlace::UserOp || place == PolicyPlace::Action(action);
        self.remaining().filter(move |left| bears(left.place))
    }

    /// The limits of which nothing is left. What each stops is said by its [unit](policy_encoding::state::Unit).
    pub fn exhausted(&self) -> impl Iterator<Item = Remaining> + '_ {
        self.remaining().filter(|left| left.budget.is_exhausted())
    }

    /// The policies of which it is not known what is left, and why.
    pub fn unreadable(&self) -> impl Iterator<Item = (&PolicyStatus, &Unreadable)> {
        self.policies.iter().filter_map(|policy| Some((policy, policy.state.as_ref().err()?)))
    }

    /// Whether no action can be used any more because all its uses, or the session's, are spent.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        let ends_use = |left: &Remaining| matches!(left.budget.unit, Unit::Uses | Unit::Gas);
        let spent: BTreeSet<_> = self.exhausted().filter(ends_use).map(|left| left.place).collect();
        let action_is_spent = |action: &ActionWindow| spent.contains(&PolicyPlace::Action(action.action));
        spent.contains(&PolicyPlace::UserOp) || (!self.actions.is_empty() && self.actions.iter().all(action_is_spent))
    }

    /// Sets the evaluator's counters to those of the chain: it then refuses what the chain would refuse because a limit is
    /// used up. Gives how many policies keep their counters: those whose state is not readable, or that have other limits
    /// on the chain than the evaluator knows ([`Difference::Configuration`]).
    pub fn set_counters(&self, sessions: &mut AccountSessions, permission_id: PermissionId) -> usize {
        sessions.set_nonce(permission_id, self.enable_nonce);
        let account = sessions.account();
        let Some(session) = sessions.permission_mut(permission_id) else { return 0 };
        let mut kept = 0;
        for policy in session.policies_mut() {
            let is_its = |status: &&PolicyStatus| {
                status.policy == policy.address()
                    && status.place.config_id(permission_id, account) == policy.config_id()
            };
            let state = self.policies.iter().find(is_its).and_then(|status| status.state.as_ref().ok());
            let known = state.zip(policy.policy());
            let known = known.filter(|(state, known)| state.is_configured_as(known) != Some(false));
            match known.and_then(|(state, known)| state.usage(known)) {
                Some(usage) => *policy.usage_mut() = usage,
                None => kept += 1,
            }
        }
        kept
    }

    /// The last moment at which some action can be used, Unix seconds, as far as time frames say; `None` when there is no
    /// end.
    #[must_use]
    #[doc(alias = "expiry")]
    pub fn expires(&self) -> Option<u64> {
        let end = |window: Window| match window.valid_until {
            0 | Window::LAST_MOMENT => None,
            until => Some(until),
        };
        let mut ends = self.actions.iter().map(|action| end(action.window));
        match ends.next() {
            None => end(self.window),
            Some(first) => ends.fold(first, |latest, next| Some(latest?.max(next?))),
        }
    }
}

/// When an action can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActionWindow {
    /// The action.
    pub action: ActionId,
    /// When, in seconds since 1970.
    pub window: Window,
}

/// The questions about a grant, inside a batch that may hold those about others.
pub(super) struct AskedGrant<'a> {
    grant: &'a Grant,
    is_enabled: Asked<abi::IsPermissionEnabled>,
    enable_nonce: Asked<abi::Nonce>,
    is_validator_set: Asked<abi::IsSessionValidatorSet>,
    validator: Asked<abi::SessionValidatorAndConfig>,
    actions: Asked<abi::EnabledActions>,
    user_op: Asked<abi::UserOpPolicies>,
    erc1271: Asked<abi::Erc1271Policies>,
    contents: Asked<abi::EnabledErc7739Content>,
    of_actions: Vec<(ActionId, Asked<abi::ActionPolicies>)>,
    policies: Vec<GrantedPolicy>,
}

/// A policy that was granted.
struct GrantedPolicy {
    place: PolicyPlace,
    policy: Address,
    granted: Option<AnyPolicy>,
    asked: AskedPolicy,
}

impl<'a> AskedGrant<'a> {
    pub(super) fn new(batch: &mut Batch, grant: &'a Grant, deployment: &Deployment, registry: &Registry) -> Self {
        let &Grant { account, permission_id, ref session, .. } = grant;
        let module = deployment.module;
        let actions = distinct(session.iter().flat_map(|session| &session.actions).map(abi::ActionData::id));
        let asker = Asker { account, permission_id, module, registry };
        Self {
            grant,
            is_enabled: batch.module(module, &abi::IsPermissionEnabled { permission_id, account }),
            enable_nonce: batch.module(module, &abi::Nonce { permission_id, account }),
            is_validator_set: batch.module(module, &abi::IsSessionValidatorSet { permission_id, account }),
            validator: batch.module(module, &abi::SessionValidatorAndConfig { account, permission_id }),
            actions: batch.module(module, &abi::EnabledActions { account, permission_id }),
            user_op: batch.module(module, &abi::UserOpPolicies { account, permission_id }),
            erc1271: batch.module(module, &abi::Erc1271Policies { account, permission_id }),
            contents: batch.module(module, &abi::EnabledErc7739Content { account, permission_id }),
            of_actions: actions
                .iter()
                .map(|&action_id| {
                    let question = abi::ActionPolicies { account, permission_id, action_id };
                    (action_id, batch.module(module, &question))
                })
                .collect(),
            policies: session.as_ref().map_or_else(Vec::new, |session| {
                let places = [PolicyPlace::UserOp, PolicyPlace::Erc1271];
                let places = places.into_iter().chain(actions.iter().copied().map(PolicyPlace::Action));
                let policies = places.flat_map(|place| {
                    distinct(granted_policies(session, place).map(|data| data.policy))
                        .into_iter()
                        .map(move |policy| (place, policy))
                });
                policies
                    .map(|(place, policy)| {
                        // Of two configurations of one policy the last holds.
                        let data = granted_policies(session, place).filter(|data| data.policy == policy).last();
                        let granted = data.and_then(|data| registry.decode(policy, &data.init_data)?.ok());
                        let asked = asker.ask(batch, place, policy, tokens_of(granted.as_ref()));
                        GrantedPolicy { place, policy, granted, asked }
                    })
                    .collect()
            }),
        }
    }

    pub(super) fn read(
        self,
        answers: &Answers,
        deployment: &Deployment,
        registry: &Registry,
    ) -> Result<SessionStatus, Error> {
        let grant = self.grant;
        let is_enabled = answers.read(&self.is_enabled)?;
        let enable_nonce = answers.read(&self.enable_nonce)?;
        let is_validator_set = answers.read(&self.is_validator_set)?;
        let (mut differences, mut policies) = (Vec::new(), Vec::new());
        if let Some(session) = grant.session.as_ref().filter(|_| is_enabled) {
            let mut seen = Seen::default();
            (seen.validator, seen.validator_data) = answers.read(&self.validator)?;
            seen.actions = answers.read(&self.actions)?;
            seen.policies.push((PolicyPlace::UserOp, answers.read(&self.user_op)?));
            seen.policies.push((PolicyPlace::Erc1271, answers.read(&self.erc1271)?));
            let contents = answers.read(&self.contents)?;
            seen.contents = contents
                .into_iter()
                .flat_map(|app| app.content_names.into_iter().map(move |name| (app.app_domain_separator, name)))
                .collect();
            for (action, asked) in &self.of_actions {
                seen.policies.push((PolicyPlace::Action(*action), answers.read(asked)?));
            }
            differences = seen.differences(session);
            for GrantedPolicy { place, policy, granted, asked } in self.policies {
                // What a policy keeps after it was taken away says nothing.
                if !seen.policies.iter().any(|(listed, policies)| *listed == place && policies.contains(&policy)) {
                    continue;
                }
                let status = asked.read(answers);
                let same = granted.zip(status.state.as_ref().ok());
                if same.and_then(|(granted, state)| state.is_configured_as(&granted)) == Some(false) {
                    differences.push(Difference::Configuration { place, policy });
                }
                policies.push(status);
            }
        }
        let (window, actions) =
            grant.session.as_ref().map_or((Window::UNBOUNDED, Vec::new()), |session| windows(session, registry));
        Ok(SessionStatus {
            is_enabled,
            enable_nonce,
            is_validator_set,
            can_enable: can_enable(grant, deployment, enable_nonce),
            differences,
            window,
            actions,
            policies,
        })
    }
}

/// When the session, and each of its actions, can be used.
fn windows(session: &abi::Session, registry: &Registry) -> (Window, Vec<ActionWindow>) {
    let within = |window: Window, policies: &mut dyn Iterator<Item = &PolicyData>| {
        policies.fold(window, |window, policy| match registry.decode(policy.policy, &policy.init_data) {
            Some(Ok(AnyPolicy::TimeFrame(frame))) => window.intersect(frame.window()),
            _ => window,
        })
    };
    let window = within(Window::UNBOUNDED, &mut granted_policies(session, PolicyPlace::UserOp));
    let actions = distinct(session.actions.iter().map(abi::ActionData::id)).into_iter().map(|action| {
        let window = within(window, &mut granted_policies(session, PolicyPlace::Action(action)));
        ActionWindow { action, window }
    });
    (window, actions.collect())
}

/// Each once, in the order in which they come.
fn distinct<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(*item)).collect()
}

/// Whether the owner's signature is for the present nonce.
fn can_enable(grant: &Grant, deployment: &Deployment, nonce: U256) -> Option<bool> {
    let enable = grant.enable.as_ref()?;
    let signed = &enable.data.enable_session;
    let entry = signed.hashes_and_chain_ids.get(usize::from(signed.chain_digest_index))?;
    let Grant { chain_id, account, .. } = *grant;
    let session = signed.session_to_enable.clone();
    let now = ChainSession { chain_id, account, module: deployment.module, nonce, session };
    Some(entry.session_digest == now.digest(enable.mode))
}
