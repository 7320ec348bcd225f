//! What a chain has of a session, and what it says to calls.

mod verdict;

use std::collections::BTreeSet;
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use bundler_rpc::{BundlerError, CallRequest};
use policy_encoding::check::Window;
use policy_encoding::{AnyPolicy, Registry};
use session_types::abi::{self, ModuleFunction, PolicyData};
use session_types::{ActionId, ChainSession, ContentKey, Deployment};

pub use verdict::ChainVerdict;

use super::{Chain, Error, Grant};

/// What a chain has of a grant, read in one request.
///
/// The module compares what is listed, not what it is configured with: a policy's own data cannot be read back from every
/// policy, but they change only when the account enables the policy again.
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

impl std::fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UserOp => f.write_str("for user operations"),
            Self::Action(action) => write!(f, "for action {action}"),
            Self::Erc1271 => f.write_str("for signatures"),
        }
    }
}

impl Chain {
    /// What this chain has of a grant: one request, whatever the number of actions.
    ///
    /// # Errors
    /// When the grant is for another chain, the node does not answer, or the module's answers cannot be read.
    #[doc(alias = "checkEnabledPermissions")]
    #[doc(alias = "areActionsEnabled")]
    pub async fn status(&self, grant: &Grant) -> Result<SessionStatus, Error> {
        if grant.chain_id != self.chain_id() {
            return Err(Error::OtherChain { granted: grant.chain_id, connected: self.chain_id() });
        }
        let &Grant { account, permission_id, ref session, .. } = grant;
        let actions: Vec<ActionId> =
            distinct(session.iter().flat_map(|session| &session.actions).map(|action| action.id()));
        let mut asked = Questions { module: self.deployment().module, requests: Vec::new() };
        asked.add(&abi::IsPermissionEnabled { permission_id, account });
        asked.add(&abi::Nonce { permission_id, account });
        asked.add(&abi::IsSessionValidatorSet { permission_id, account });
        asked.add(&abi::SessionValidatorAndConfig { account, permission_id });
        asked.add(&abi::EnabledActions { account, permission_id });
        asked.add(&abi::UserOpPolicies { account, permission_id });
        asked.add(&abi::Erc1271Policies { account, permission_id });
        asked.add(&abi::EnabledErc7739Content { account, permission_id });
        for &action_id in &actions {
            asked.add(&abi::ActionPolicies { account, permission_id, action_id });
        }
        let mut answers = Answers(self.node().call_many(&asked.requests).await?.into_iter());
        let is_enabled = answers.next::<abi::IsPermissionEnabled>()?;
        let enable_nonce = answers.next::<abi::Nonce>()?;
        let is_validator_set = answers.next::<abi::IsSessionValidatorSet>()?;
        let mut seen = Seen::default();
        if is_enabled {
            (seen.validator, seen.validator_data) = answers.next::<abi::SessionValidatorAndConfig>()?;
            seen.actions = answers.next::<abi::EnabledActions>()?;
            seen.policies.push((PolicyPlace::UserOp, answers.next::<abi::UserOpPolicies>()?));
            seen.policies.push((PolicyPlace::Erc1271, answers.next::<abi::Erc1271Policies>()?));
            let contents = answers.next::<abi::EnabledErc7739Content>()?;
            seen.contents = contents
                .into_iter()
                .flat_map(|app| app.content_names.into_iter().map(move |name| (app.app_domain_separator, name)))
                .collect();
            for action in actions {
                seen.policies.push((PolicyPlace::Action(action), answers.next::<abi::ActionPolicies>()?));
            }
        }
        let (window, actions) = session.as_ref().map_or((Window::UNBOUNDED, Vec::new()), |session| {
            windows(session, &Registry::new(self.deployment().policies))
        });
        Ok(SessionStatus {
            is_enabled,
            enable_nonce,
            is_validator_set,
            can_enable: can_enable(grant, self.deployment(), enable_nonce),
            differences: session
                .as_ref()
                .filter(|_| is_enabled)
                .map(|session| seen.differences(session))
                .unwrap_or_default(),
            window,
            actions,
        })
    }
}

struct Questions {
    module: Address,
    requests: Vec<CallRequest>,
}

impl Questions {
    fn add<F: ModuleFunction>(&mut self, question: &F) {
        self.requests.push(CallRequest::new(self.module, question.calldata()));
    }
}

struct Answers(std::vec::IntoIter<Result<Bytes, BundlerError>>);

impl Answers {
    fn next<F: ModuleFunction>(&mut self) -> Result<F::Return, Error> {
        let missing = || BundlerError::Request { method: "eth_call".into(), reason: "no answer in the batch".into() };
        let answer = self.0.next().unwrap_or_else(|| Err(missing()))?;
        F::decode_return(&answer).map_err(|error| Error::ModuleAnswer { function: F::SIGNATURE, error })
    }
}

/// What the chain lists.
#[derive(Default)]
struct Seen {
    validator: Address,
    validator_data: Bytes,
    actions: Vec<ActionId>,
    policies: Vec<(PolicyPlace, Vec<Address>)>,
    contents: BTreeSet<(B256, ContentKey)>,
}

impl Seen {
    fn differences(&self, session: &abi::Session) -> Vec<Difference> {
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

fn granted_policies(session: &abi::Session, place: PolicyPlace) -> impl Iterator<Item = &PolicyData> {
    let (once, action) = match place {
        PolicyPlace::UserOp => (Some(&session.user_op_policies), None),
        PolicyPlace::Erc1271 => (Some(&session.erc7739_policies.erc1271_policies), None),
        PolicyPlace::Action(action) => (None, Some(action)),
    };
    // One action may be listed several times: its policies add up.
    let of_action = session.actions.iter().filter(move |data| Some(data.id()) == action);
    once.into_iter().flatten().chain(of_action.flat_map(|data| &data.action_policies))
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
