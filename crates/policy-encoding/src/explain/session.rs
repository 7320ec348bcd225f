use alloc::{borrow::Cow, format, string::String, vec::Vec};

use alloy_primitives::{Address, B256, ChainId};
use session_types::{
    Deployment, EnableMode, EnvelopeError, MultiChainGrant, SessionSignature,
    abi::{self, ModuleFunction as _},
    validator::{MeeSessionKey, OwnersData, WebAuthnKey},
};

use super::{Explanation, Glossary, Limits, Line, Words, format::quoted};
use crate::{AnyPolicy, Registry, check::Window};

use super::action::Understood;

/// Explains sessions and grants.
///
/// ```
/// use policy_encoding::{Explainer, Glossary};
/// use session_types::{Deployment, abi};
///
/// let glossary = Glossary::new();
/// let text = Explainer::new(&Deployment::current(), &glossary).explain(&abi::Session::default()).to_string();
/// assert!(text.contains("It may make NO calls"));
/// ```
#[derive(Clone, Debug)]
pub struct Explainer<'a> {
    pub(super) deployment: Deployment,
    pub(super) registry: Cow<'a, Registry>,
    pub(super) glossary: &'a Glossary,
    pub(super) account: Option<Address>,
    chains: Vec<ChainId>,
    digest: Option<B256>,
}

impl<'a> Explainer<'a> {
    /// For sessions of a deployment. The policies of the other deployment are understood, too: a session that mixes
    /// them is explained, and the mixture reported.
    #[must_use]
    pub fn new(deployment: &Deployment, glossary: &'a Glossary) -> Self {
        let both = Registry::new(deployment.policies)
            .with_set(&Deployment::current().policies)
            .with_set(&Deployment::legacy().policies);
        Self {
            deployment: *deployment,
            registry: Cow::Owned(both),
            glossary,
            account: None,
            chains: Vec::new(),
            digest: None,
        }
    }

    /// Understands other policies, or more.
    #[must_use]
    pub fn with_registry(mut self, registry: &'a Registry) -> Self {
        self.registry = Cow::Borrowed(registry);
        self
    }

    /// Names the account, so that actions on itself are noticed.
    #[must_use]
    pub const fn of_account(mut self, account: Address) -> Self {
        self.account = Some(account);
        self
    }

    /// Names the chains that the session is for.
    #[must_use]
    pub fn on_chains(mut self, chains: impl IntoIterator<Item = ChainId>) -> Self {
        self.chains = chains.into_iter().collect();
        self
    }

    /// Names the hash that the owner is about to sign.
    #[must_use]
    pub const fn bound_to(mut self, digest: B256) -> Self {
        self.digest = Some(digest);
        self
    }

    /// A session in words.
    #[must_use]
    pub fn explain(&self, session: &abi::Session) -> Explanation {
        let words = Words::new(self.glossary);
        let (every, _) = self.limits(&session.user_op_policies);
        // A limit of each operation's calls is no limit of their arguments; the value limit covers whole operations.
        let every = Limits { arguments: false, target: false, ..every };

        let mut lines = Vec::new();
        lines.extend([self.key(session), self.place(), self.times(session)].into_iter().flatten());
        if session.actions.is_empty() {
            lines.push(Line::plain("It may make NO calls of your account."));
        } else {
            let actions = (1..).zip(&session.actions).map(|(number, action)| self.action(number, action, every));
            lines.push(Line::plain("It may make your account do this:").with(actions));
        }
        // The times stand above, joined.
        let timeless = session
            .user_op_policies
            .iter()
            .filter(|data| !matches!(self.understand(data), Understood::Known(AnyPolicy::TimeFrame(_))));
        let mut operation = self.policies(&timeless.cloned().collect::<Vec<_>>(), &words);
        operation.push(self.paymaster(session));
        lines.push(Line::plain("For all of this together:").with(operation));
        lines.extend(self.contents(session));
        lines.push(Line::plain("Nothing else is permitted."));
        lines.push(self.identity(session));
        Explanation { lines, findings: self.findings(session) }
    }

    /// A grant of sessions on several chains, with the hash that the owner signs. Chains with the same session are
    /// explained together.
    #[must_use]
    pub fn explain_grant<S: AsRef<abi::Session>>(&self, grant: &MultiChainGrant<S>) -> Explanation {
        let mut groups: Vec<(&abi::Session, Vec<ChainId>, Address, Address)> = Vec::new();
        for entry in grant.entries() {
            let session = entry.session.as_ref();
            let same = |group: &&mut (&abi::Session, Vec<ChainId>, Address, Address)| {
                (group.0, group.2, group.3) == (session, entry.account, entry.module)
            };
            match groups.iter_mut().find(same) {
                Some((_, chains, ..)) => chains.push(entry.chain_id),
                None => groups.push((session, alloc::vec![entry.chain_id], entry.account, entry.module)),
            }
        }
        let mut whole = Explanation::default();
        for (session, chains, account, module) in groups {
            let mut explainer = self.clone().on_chains(chains).of_account(account);
            explainer.deployment.module = module;
            let explanation = explainer.explain(session);
            whole.lines.extend(explanation.lines);
            for finding in explanation.findings {
                if !whole.findings.contains(&finding) {
                    whole.findings.push(finding);
                }
            }
        }
        whole.findings.sort_by_key(|finding| core::cmp::Reverse(finding.severity));
        let registry = match grant.mode() {
            EnableMode::Enable => "policies are checked with the registry where the module asks one",
            EnableMode::UnsafeEnable => "policies are not checked with a registry",
        };
        whole.lines.push(Line::plain(format!("You sign the hash {} ({registry}).", grant.digest())));
        whole
    }

    /// The sessions that a call of `enableSessions` enables, from the bytes of the call.
    ///
    /// # Errors
    /// When the bytes are no such call.
    pub fn explain_enable_call(&self, call_data: &[u8]) -> Result<Vec<Explanation>, abi::DecodeError> {
        let call = abi::EnableSessions::decode(call_data)?;
        Ok(call.sessions.iter().map(|session| self.explain(session)).collect())
    }

    /// The session that a user operation's signature enables, from its bytes; `None` when it uses an enabled one.
    ///
    /// # Errors
    /// When the bytes are no envelope of the session module.
    pub fn explain_envelope(&self, signature: &[u8]) -> Result<Option<Explanation>, EnvelopeError> {
        Ok(match SessionSignature::decode(signature)? {
            SessionSignature::Enable { enable_session, .. } => Some(self.explain(&enable_session.session_to_enable)),
            SessionSignature::Use { .. } => None,
        })
    }

    fn key(&self, session: &abi::Session) -> Option<Line> {
        let words = Words::new(self.glossary);
        let (validator, data) = (session.session_validator, &session.session_validator_init_data);
        let ownable = [self.deployment, Deployment::current(), Deployment::legacy()]
            .iter()
            .any(|deployment| deployment.ownable_validator.address == validator);
        if ownable {
            if let Ok(OwnersData { threshold, owners }) = OwnersData::decode(data) {
                let keys = owners.iter().map(|owner| words.address(*owner)).collect::<Vec<_>>();
                return Some(match keys.as_slice() {
                    [key] => Line::plain(format!("The session key {key} may act for your account.")),
                    _ => Line::plain(format!("{threshold} of these session keys together may act for your account:"))
                        .with(keys.into_iter().map(Line::plain)),
                });
            }
        } else if validator == self.deployment.webauthn_validator {
            if let Ok(key) = WebAuthnKey::decode(data) {
                return Some(Line::plain(format!(
                    "The passkey with credential {} may act for your account.",
                    key.credential_id_hash
                )));
            }
        } else if let Some(key) = MeeSessionKey::decode(data) {
            let (owner, validator) = (words.address(key.owner()), words.address(validator));
            return Some(Line::plain(format!(
                "Whoever the contract {validator} accepts for {owner} may act for your account."
            )));
        }
        let data = alloy_primitives::hex::encode_prefixed(data);
        let text = format!("Whoever the contract {} accepts may act for your account.", words.address(validator));
        Some(Line::unknown(text).with([Line::plain(format!("its settings: {data}"))]))
    }

    fn place(&self) -> Option<Line> {
        let chains: Vec<_> = self.chains.iter().map(|chain| self.glossary.chain_name(*chain)).collect();
        let account = self.account.map(|account| Words::new(self.glossary).address(account));
        let on = |chains: &[String]| chains.join(", ");
        match (account, chains.is_empty()) {
            (None, true) => None,
            (None, false) => Some(Line::plain(format!("On {}.", on(&chains)))),
            (Some(account), true) => Some(Line::plain(format!("Your account: {account}."))),
            (Some(account), false) => Some(Line::plain(format!("Your account: {account} on {}.", on(&chains)))),
        }
    }

    /// The times that hold for every operation.
    fn times(&self, session: &abi::Session) -> Option<Line> {
        let windows = session.user_op_policies.iter().filter_map(|data| match self.understand(data) {
            Understood::Known(AnyPolicy::TimeFrame(frame)) => Some(frame.window()),
            _ => None,
        });
        let window = windows.reduce(Window::intersect)?;
        Some(Line::plain(format!("Valid {}.", Words::new(self.glossary).window(window))))
    }

    fn paymaster(&self, session: &abi::Session) -> Line {
        if session.permit_erc4337_paymaster {
            Line::plain("someone else (a paymaster) may pay for gas, perhaps in exchange for your tokens")
        } else {
            Line::plain("your account pays for gas itself")
        }
    }

    fn contents(&self, session: &abi::Session) -> Option<Line> {
        let contexts = &session.erc7739_policies.allowed_erc7739_content;
        if contexts.is_empty() {
            return None;
        }
        let words = Words::new(self.glossary);
        let contents = contexts.iter().flat_map(|context| {
            let domain = context.app_domain_separator;
            context
                .content_names
                .iter()
                .map(move |name| Line::unlimited(format!("{} for the application with domain {domain}", quoted(name))))
        });
        let line =
            Line::unlimited("It may SIGN messages in your account's name, which can move your funds:").with(contents);
        Some(line.with(self.policies(&session.erc7739_policies.erc1271_policies, &words)))
    }

    fn identity(&self, session: &abi::Session) -> Line {
        let mut children = alloc::vec![
            Line::plain(format!("permission {}", session.permission_id())),
            Line::plain(format!("session module {}", self.deployment.module)),
        ];
        if let Some(digest) = self.digest {
            children.push(Line::plain(format!("hash to sign {digest}")));
        }
        Line::plain("For experts:").with(children)
    }
}
