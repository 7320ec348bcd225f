//! One thing that is taken back, how it is done, and how it is seen that it is done.

use std::boxed::Box;
use std::fmt;
use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use session_types::abi::{self, Erc7739Context, ModuleFunction as _};
use session_types::{ActionId, ChainSession, ContentKey, Deployment, EnableMode, PermissionId};
use userop::Call;

use crate::client::status::{Answers, Asked, Batch};
use crate::client::{Error, PolicyPlace};

/// One thing that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // where, whose, which session, and what of it
pub struct RevokeStep {
    /// The chain.
    pub chain_id: u64,
    /// The account that granted.
    pub account: Address,
    /// The session.
    pub permission_id: PermissionId,
    /// What of it.
    pub revocation: Revocation,
}

/// What of a session is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation {
    /// All of it.
    RemoveSession,
    /// An action with its policies.
    DisableAction(ActionId),
    /// Policies in one place.
    DisablePolicies {
        /// Where.
        place: PolicyPlace,
        /// Their contracts.
        policies: Vec<Address>,
    },
    /// Contents that may be signed (ERC-7739), by application.
    DisableContents(Vec<Erc7739Context>),
    /// Owner signatures that were not used yet.
    CancelSignatures(UnusedSignatures),
}

impl Revocation {
    /// A name for programs, which stays: `remove-session`, `disable-action`, `disable-policies`, `disable-contents`,
    /// `cancel-signatures`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RemoveSession => "remove-session",
            Self::DisableAction(_) => "disable-action",
            Self::DisablePolicies { .. } => "disable-policies",
            Self::DisableContents(_) => "disable-contents",
            Self::CancelSignatures(_) => "cancel-signatures",
        }
    }
}

/// Which owner signatures are to be worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnusedSignatures {
    /// The one that a grant carries: it is good as long as the chain would compute the digest that it is for.
    Grant(Box<SignedGrant>),
    /// Those for this enable nonce, and for earlier ones.
    UpTo(U256),
}

/// What an owner signed for one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // what the digest is made of
pub struct SignedGrant {
    /// How the session is enabled: part of what was signed.
    pub mode: EnableMode,
    /// The session.
    pub session: abi::Session,
    /// Its digest for the chain, which holds the nonce.
    pub digest: B256,
}

impl RevokeStep {
    /// The step without account and chain, as a sentence.
    pub(super) fn revocation_text(&self) -> String {
        let session = self.permission_id;
        match &self.revocation {
            Revocation::RemoveSession => format!("session {session}, with all its actions and policies"),
            Revocation::DisableAction(action) => format!("action {action} of session {session}, with its policies"),
            Revocation::DisablePolicies { place, policies } => {
                let policies: Vec<_> = policies.iter().map(Address::to_string).collect();
                format!("of session {session} {place}, the policies {}", policies.join(", "))
            }
            Revocation::DisableContents(contexts) => {
                let names: Vec<_> =
                    contexts.iter().flat_map(|context| &context.content_names).map(String::as_str).collect();
                format!("of session {session}, the right to sign {}", names.join(", "))
            }
            Revocation::CancelSignatures(UnusedSignatures::Grant(_)) => {
                format!("the owner's signature for session {session} that the grant carries, if it is still good")
            }
            Revocation::CancelSignatures(UnusedSignatures::UpTo(nonce)) => {
                format!("owner signatures for session {session} that were not used yet, up to enable nonce {nonce}")
            }
        }
    }

    /// Asks the chain what the step needs to know.
    pub(super) fn ask(&self, batch: &mut Batch, module: Address) -> AskedStep<'_> {
        let &Self { account, permission_id, .. } = self;
        match &self.revocation {
            Revocation::RemoveSession => {
                AskedStep::Session(batch.module(module, &abi::IsPermissionEnabled { permission_id, account }))
            }
            Revocation::DisableAction(action) => {
                AskedStep::Action(batch.module(module, &abi::EnabledActions { account, permission_id }), *action)
            }
            Revocation::DisablePolicies { place, policies } => {
                let asked = match *place {
                    PolicyPlace::UserOp => {
                        AskedList::UserOp(batch.module(module, &abi::UserOpPolicies { account, permission_id }))
                    }
                    PolicyPlace::Action(action_id) => {
                        let question = abi::ActionPolicies { account, permission_id, action_id };
                        AskedList::Action(batch.module(module, &question))
                    }
                    PolicyPlace::Erc1271 => {
                        AskedList::Erc1271(batch.module(module, &abi::Erc1271Policies { account, permission_id }))
                    }
                };
                AskedStep::Policies(asked, policies)
            }
            Revocation::DisableContents(contexts) => {
                let question = abi::EnabledErc7739Content { account, permission_id };
                AskedStep::Contents(batch.module(module, &question), contexts)
            }
            Revocation::CancelSignatures(signatures) => {
                AskedStep::Signatures(batch.module(module, &abi::Nonce { permission_id, account }), signatures)
            }
        }
    }

    /// The call that does the whole step, for the account to make: to a wallet, where no [`Owner`](crate::Owner) is at
    /// hand.
    #[must_use]
    pub fn call(&self, module: Address) -> Call {
        self.call_for(&Left::Everything, module)
    }

    /// The call that does what is left of it.
    pub(super) fn call_for(&self, left: &Left, module: Address) -> Call {
        let permission_id = self.permission_id;
        let data = match &self.revocation {
            Revocation::RemoveSession => abi::RemoveSession { permission_id }.calldata(),
            Revocation::DisableAction(action_id) => {
                abi::DisableActionId { permission_id, action_id: *action_id }.calldata()
            }
            Revocation::DisablePolicies { place, policies } => {
                let policies = left.policies(policies);
                match *place {
                    PolicyPlace::UserOp => abi::DisableUserOpPolicies { permission_id, policies }.calldata(),
                    PolicyPlace::Action(action_id) => {
                        abi::DisableActionPolicies { permission_id, action_id, policies }.calldata()
                    }
                    PolicyPlace::Erc1271 => {
                        abi::DisableErc1271Policies { permission_id, policies, contents: Vec::new() }.calldata()
                    }
                }
            }
            Revocation::DisableContents(contexts) => {
                let (policies, contents) = (Vec::new(), left.contents(contexts));
                abi::DisableErc1271Policies { permission_id, policies, contents }.calldata()
            }
            Revocation::CancelSignatures(_) => abi::RevokeEnableSignature { permission_id }.calldata(),
        };
        Call::new(module, data)
    }
}

impl fmt::Display for RevokeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (account {}, chain {})", self.revocation_text(), self.account, self.chain_id)
    }
}

/// What a chain was asked about a step.
pub(super) enum AskedStep<'a> {
    Session(Asked<abi::IsPermissionEnabled>),
    Action(Asked<abi::EnabledActions>, ActionId),
    Policies(AskedList, &'a [Address]),
    Contents(Asked<abi::EnabledErc7739Content>, &'a [Erc7739Context]),
    Signatures(Asked<abi::Nonce>, &'a UnusedSignatures),
}

/// The list of policies in one place.
pub(super) enum AskedList {
    UserOp(Asked<abi::UserOpPolicies>),
    Action(Asked<abi::ActionPolicies>),
    Erc1271(Asked<abi::Erc1271Policies>),
}

/// What is left to do of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing: it is so already.
    Nothing,
    /// All of it.
    Everything,
    /// These policies.
    Policies(Vec<Address>),
    /// These contents.
    Contents(Vec<Erc7739Context>),
}

impl Left {
    fn policies(&self, all: &[Address]) -> Vec<Address> {
        match self {
            Self::Policies(policies) => policies.clone(),
            _ => all.to_vec(),
        }
    }

    fn contents(&self, all: &[Erc7739Context]) -> Vec<Erc7739Context> {
        match self {
            Self::Contents(contents) => contents.clone(),
            _ => all.to_vec(),
        }
    }
}

impl AskedStep<'_> {
    /// What the chain says is left to do.
    pub(super) fn left(&self, step: &RevokeStep, answers: &Answers, deployment: &Deployment) -> Result<Left, Error> {
        let left = match self {
            Self::Session(asked) => answers.read(asked)?,
            Self::Action(asked, action) => answers.read(asked)?.contains(action),
            Self::Signatures(asked, UnusedSignatures::UpTo(up_to)) => answers.read(asked)? <= *up_to,
            Self::Signatures(asked, UnusedSignatures::Grant(signed)) => {
                let &RevokeStep { chain_id, account, .. } = step;
                let (module, nonce, session) = (deployment.module, answers.read(asked)?, &signed.session);
                ChainSession { chain_id, account, module, nonce, session }.digest(signed.mode) == signed.digest
            }
            Self::Policies(asked, policies) => {
                let listed = match asked {
                    AskedList::UserOp(asked) => answers.read(asked)?,
                    AskedList::Action(asked) => answers.read(asked)?,
                    AskedList::Erc1271(asked) => answers.read(asked)?,
                };
                let left: Vec<_> = policies.iter().filter(|policy| listed.contains(policy)).copied().collect();
                return Ok(if left.is_empty() { Left::Nothing } else { Left::Policies(left) });
            }
            Self::Contents(asked, contexts) => {
                let listed = answers.read(asked)?;
                let is_listed = |domain, name: &String| {
                    let of_domain = listed.iter().filter(|app| app.app_domain_separator == domain);
                    of_domain.flat_map(|app| &app.content_names).any(|key| *key == ContentKey::derive(name))
                };
                let left = contexts.iter().filter_map(|context| {
                    let app_domain_separator = context.app_domain_separator;
                    let names = context.content_names.iter().filter(|name| is_listed(app_domain_separator, name));
                    let content_names: Vec<_> = names.cloned().collect();
                    (!content_names.is_empty()).then_some(Erc7739Context { app_domain_separator, content_names })
                });
                let left: Vec<_> = left.collect();
                return Ok(if left.is_empty() { Left::Nothing } else { Left::Contents(left) });
            }
        };
        Ok(if left { Left::Everything } else { Left::Nothing })
    }
}
