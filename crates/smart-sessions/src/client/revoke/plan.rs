//! What is to be taken back, before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use alloy_primitives::{Address, U256};
use policy_encoding::explain::Line;
use session_types::abi::Erc7739Context;
use session_types::{ActionId, PermissionId};

use super::step::{Revocation, RevokeStep, SignedGrant, UnusedSignatures};
use crate::client::{EnableGrant, Grant, ListedSession, PolicyPlace};

/// What an owner takes back: sessions, actions, policies, signatures that were not used yet; on any number of chains and
/// accounts. It is data: nothing is sent before [`Owner::carry_out`](crate::Owner::carry_out) or
/// [`revoke_on`](crate::revoke_on), and [`explain`](Self::explain) says in words what will be.
///
/// Carrying it out twice does no harm: what is so already is not done again, and when all is so nothing is sent.
///
/// ```
/// use alloy_primitives::{Address, B256};
/// use smart_sessions::{RevokePlan, session::PermissionId};
///
/// let (account, session) = (Address::repeat_byte(1), PermissionId(B256::repeat_byte(2)));
/// let plan = RevokePlan::new().remove_session(10, account, session).remove_session(8453, account, session);
/// assert_eq!(plan.chains(), [10, 8453]);
/// assert!(plan.explain()[0].text.starts_with("On chain 10, account 0x0101"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokePlan {
    steps: Vec<RevokeStep>,
    /// The chains that a grant's owner signature is good for, besides the grant's own.
    signed_for: BTreeMap<PermissionId, BTreeSet<u64>>,
}

impl RevokePlan {
    /// A plan without steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes grants back whole: removes each session, and makes the owner's signature that a grant carries worthless,
    /// with which its holder could enable the session again.
    #[must_use]
    pub fn of_grants<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> Self {
        grants.into_iter().fold(Self::new(), Self::grant)
    }

    /// Takes a grant back whole: see [`of_grants`](Self::of_grants).
    #[must_use]
    pub fn grant(self, grant: &Grant) -> Self {
        self.remove_session(grant.chain_id, grant.account, grant.permission_id).cancel_grant(grant)
    }

    /// Removes a session with everything in it. Its id can be granted again, also by an owner's signature that was not
    /// used yet: see [`cancel_grant`](Self::cancel_grant) and [`cancel_signatures`](Self::cancel_signatures).
    #[must_use]
    #[doc(alias = "removeSession")]
    pub fn remove_session(self, chain_id: u64, account: Address, permission_id: PermissionId) -> Self {
        self.with(RevokeStep { chain_id, account, permission_id, revocation: Revocation::RemoveSession })
    }

    /// Takes an action from a session, with its policies. Where the session has a fallback action, that covers the calls
    /// from then on.
    #[must_use]
    #[doc(alias = "disableActionId")]
    pub fn disable_action(
        self,
        chain_id: u64,
        account: Address,
        permission_id: PermissionId,
        action: ActionId,
    ) -> Self {
        self.with(RevokeStep { chain_id, account, permission_id, revocation: Revocation::DisableAction(action) })
    }

    /// Takes policies from one place of a session. **A policy is a limit**: without it more is permitted, except that an
    /// action whose last policy is taken is disabled.
    #[must_use]
    #[doc(alias = "disableActionPolicies")]
    #[doc(alias = "disableUserOpPolicies")]
    #[doc(alias = "disableERC1271Policies")]
    pub fn disable_policies(
        self,
        chain_id: u64,
        account: Address,
        permission_id: PermissionId,
        place: PolicyPlace,
        policies: impl IntoIterator<Item = Address>,
    ) -> Self {
        let policies: Vec<_> = policies.into_iter().collect();
        if policies.is_empty() {
            return self;
        }
        let revocation = Revocation::DisablePolicies { place, policies };
        self.with(RevokeStep { chain_id, account, permission_id, revocation })
    }

    /// Takes the right to sign contents from a session (ERC-7739): those that are listed, by application.
    #[must_use]
    #[doc(alias = "disableERC1271Policies")]
    pub fn disable_contents(
        self,
        chain_id: u64,
        account: Address,
        permission_id: PermissionId,
        contents: impl IntoIterator<Item = impl Into<Erc7739Context>>,
    ) -> Self {
        let contents: Vec<_> = contents.into_iter().map(Into::into).collect();
        if contents.iter().all(|context| context.content_names.is_empty()) {
            return self;
        }
        self.with(RevokeStep { chain_id, account, permission_id, revocation: Revocation::DisableContents(contents) })
    }

    /// Takes back everything that a chain [lists](crate::Chain::sessions) for an account: every session, and every owner
    /// signature for one of them that was not used yet. Signatures for sessions that the chain does not list are not
    /// known to it: those need the grants, or [`cancel_signatures`](Self::cancel_signatures).
    #[must_use]
    pub fn listed(self, chain_id: u64, account: Address, sessions: &[ListedSession]) -> Self {
        sessions.iter().fold(self, |plan, session| {
            let id = session.permission_id;
            plan.remove_session(chain_id, account, id).cancel_signatures(chain_id, account, id, session.enable_nonce)
        })
    }

    /// Makes the owner's signature worthless that a grant carries to its first use, if it is still good. Nothing for a
    /// grant without one.
    #[must_use]
    pub fn cancel_grant(mut self, grant: &Grant) -> Self {
        let &Grant { account, chain_id, permission_id, .. } = grant;
        let Some(EnableGrant { mode, data }) = &grant.enable else { return self };
        let signed = &data.enable_session;
        let chains = signed.hashes_and_chain_ids.iter().map(|digest| digest.chain_id);
        self.signed_for.entry(permission_id).or_default().extend(chains);
        let Some(digest) = signed.hashes_and_chain_ids.get(usize::from(signed.chain_digest_index)) else { return self };
        let signed =
            SignedGrant { mode: *mode, session: signed.session_to_enable.clone(), digest: digest.session_digest };
        let revocation = Revocation::CancelSignatures(UnusedSignatures::Grant(signed.into()));
        self.with(RevokeStep { chain_id, account, permission_id, revocation })
    }

    /// Makes all owner signatures worthless that were made for the enable nonce `up_to` or an earlier one: with the
    /// present one ([`Chain::enable_nonce`](crate::Chain::enable_nonce)), every signature that was not used yet. Also
    /// for sessions that were never enabled.
    #[must_use]
    #[doc(alias = "revokeEnableSignature")]
    pub fn cancel_signatures(self, chain_id: u64, account: Address, permission_id: PermissionId, up_to: U256) -> Self {
        let revocation = Revocation::CancelSignatures(UnusedSignatures::UpTo(up_to));
        self.with(RevokeStep { chain_id, account, permission_id, revocation })
    }

    /// Adds a step, once. What a removal includes is left out.
    #[must_use]
    pub fn with(mut self, step: RevokeStep) -> Self {
        let same_session = |other: &RevokeStep| {
            (other.chain_id, other.account, other.permission_id) == (step.chain_id, step.account, step.permission_id)
        };
        let is_part = |revocation: &Revocation| {
            !matches!(revocation, Revocation::RemoveSession | Revocation::CancelSignatures(_))
        };
        if step.revocation == Revocation::RemoveSession {
            self.steps.retain(|other| !(same_session(other) && is_part(&other.revocation)));
        }
        let removed =
            self.steps.iter().any(|other| same_session(other) && other.revocation == Revocation::RemoveSession);
        if !(self.steps.contains(&step) || (removed && is_part(&step.revocation))) {
            self.steps.push(step);
        }
        self
    }

    /// The steps, in the order in which they were added.
    #[must_use]
    pub fn steps(&self) -> &[RevokeStep] {
        &self.steps
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The chains, in ascending order.
    #[must_use]
    pub fn chains(&self) -> Vec<u64> {
        self.steps.iter().map(|step| step.chain_id).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What is worth knowing before it is carried out.
    #[must_use]
    pub fn notes(&self) -> Vec<RevokeNote> {
        let mut notes = Vec::new();
        for (place, step) in self.steps.iter().enumerate() {
            match &step.revocation {
                Revocation::DisablePolicies { place: PolicyPlace::UserOp | PolicyPlace::Action(_), .. } => {
                    notes.push(RevokeNote::LimitTaken { step: place });
                }
                Revocation::RemoveSession => {
                    let cancels = |other: &RevokeStep| {
                        matches!(other.revocation, Revocation::CancelSignatures(_))
                            && (other.chain_id, other.account, other.permission_id)
                                == (step.chain_id, step.account, step.permission_id)
                    };
                    if !self.steps.iter().any(cancels) {
                        notes.push(RevokeNote::SignaturesStay { step: place });
                    }
                }
                _ => {}
            }
        }
        for (permission_id, chains) in &self.signed_for {
            let covered = |chain: &&u64| {
                self.steps.iter().any(|step| step.permission_id == *permission_id && step.chain_id == **chain)
            };
            let chains: Vec<_> = chains.iter().filter(|chain| !covered(chain)).copied().collect();
            if !chains.is_empty() {
                notes.push(RevokeNote::OtherChains { permission_id: *permission_id, chains });
            }
        }
        notes
    }

    /// The plan in words: one line for each account on each chain, with its steps under it, then the notes.
    #[must_use]
    pub fn explain(&self) -> Vec<Line> {
        let mut accounts = Vec::<((u64, Address), Vec<Line>)>::new();
        for step in &self.steps {
            let line = Line::plain(step.revocation_text());
            let key = (step.chain_id, step.account);
            match accounts.iter_mut().find(|(account, _)| *account == key) {
                Some((_, lines)) => lines.push(line),
                None => accounts.push((key, Vec::from([line]))),
            }
        }
        accounts.sort_by_key(|(account, _)| *account);
        let mut lines: Vec<_> = accounts
            .into_iter()
            .map(|((chain, account), steps)| {
                let mut line =
                    Line::plain(format!("On chain {chain}, account {account} takes back, in one operation:"));
                line.children = steps;
                line
            })
            .collect();
        lines.extend(self.notes().iter().map(|note| Line::unlimited(self.note_text(note))));
        lines
    }

    /// A note as a sentence.
    #[must_use]
    pub fn note_text(&self, note: &RevokeNote) -> String {
        let step = |place: usize| self.steps.get(place).map_or_else(String::new, ToString::to_string);
        match note {
            RevokeNote::LimitTaken { step: place } => {
                format!("A policy is a limit: more will be permitted after this: {}", step(*place))
            }
            RevokeNote::SignaturesStay { step: place } => format!(
                "Owner signatures that were not used yet, if there are any, stay good and could enable it again: {}",
                step(*place)
            ),
            RevokeNote::OtherChains { permission_id, chains } => format!(
                "The owner's signature for session {permission_id} is good on more chains, which are not part of this: {chains:?}"
            ),
        }
    }
}

/// What is worth knowing about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokeNote {
    /// A policy goes, and with it a limit.
    LimitTaken {
        /// The step's place in the plan.
        step: usize,
    },
    /// A session is removed, but owner signatures for it stay good.
    SignaturesStay {
        /// The step's place in the plan.
        step: usize,
    },
    /// A grant's owner signature covers chains that the plan does nothing on.
    OtherChains {
        /// The session.
        permission_id: PermissionId,
        /// The chains.
        chains: Vec<u64>,
    },
}

impl RevokeNote {
    /// A name for programs, which stays: `limit-taken`, `signatures-stay`, `other-chains`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LimitTaken { .. } => "limit-taken",
            Self::SignaturesStay { .. } => "signatures-stay",
            Self::OtherChains { .. } => "other-chains",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use session_types::abi::{ChainDigest, EnableSession, Session};
    use session_types::stored::EnableSessionData;
    use session_types::{AccountType, EnableMode};

    use super::*;

    const ACCOUNT: Address = Address::repeat_byte(1);

    fn grant(chains: &[u64]) -> Grant {
        let session = Session { salt: B256::repeat_byte(3), ..Session::default() };
        let digest = |chain: &u64| ChainDigest { chain_id: *chain, session_digest: B256::ZERO };
        let enable_session = EnableSession {
            chain_digest_index: 0,
            hashes_and_chain_ids: chains.iter().map(digest).collect(),
            session_to_enable: session.clone(),
            permission_enable_sig: Vec::new().into(),
        };
        let data = EnableSessionData { enable_session, validator: ACCOUNT, account_type: AccountType::Nexus };
        let permission_id = session.permission_id();
        let enable = Some(EnableGrant { mode: EnableMode::Enable, data });
        Grant {
            account: ACCOUNT,
            chain_id: chains[0],
            permission_id,
            session: Some(session),
            enable,
            description: None,
        }
    }

    #[test]
    fn a_grant_goes_with_its_signature_and_other_chains_are_named() {
        let grant = grant(&[10, 8453]);
        let plan = RevokePlan::of_grants([&grant, &grant]);
        let codes: Vec<_> = plan.steps().iter().map(|step| step.revocation.code()).collect();
        assert_eq!(codes, ["remove-session", "cancel-signatures"]);
        let permission_id = grant.permission_id;
        assert_eq!(plan.notes(), [RevokeNote::OtherChains { permission_id, chains: [8453].into() }]);
        let words = plan.explain();
        assert_eq!((words.len(), words[0].children.len()), (2, 2));
        assert!(words[1].text.ends_with("which are not part of this: [8453]"), "{}", words[1].text);
        // With a step on the other chain it is covered.
        let plan = plan.remove_session(8453, ACCOUNT, permission_id);
        assert_eq!(plan.notes(), [RevokeNote::SignaturesStay { step: 2 }]);
    }

    #[test]
    fn a_policy_that_goes_is_a_limit_less() {
        let id = PermissionId(B256::repeat_byte(4));
        let plan = RevokePlan::new().disable_policies(1, ACCOUNT, id, PolicyPlace::UserOp, [ACCOUNT]);
        assert_eq!(plan.notes(), [RevokeNote::LimitTaken { step: 0 }]);
        let signing = RevokePlan::new().disable_policies(1, ACCOUNT, id, PolicyPlace::Erc1271, [ACCOUNT]);
        assert_eq!(signing.notes(), []);
        assert!(RevokePlan::new().disable_policies(1, ACCOUNT, id, PolicyPlace::UserOp, []).is_empty());
    }
}
