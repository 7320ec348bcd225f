//! What an owner may grant by one signature: looked at, explained, taken elsewhere, signed.

mod build;
mod current;
#[cfg(feature = "erc7715")]
mod erc7715;
mod error;
mod new_session;
mod sign;
mod text;

#[cfg(test)]
mod tests;

use std::string::String;
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, ChainId};
use policy_encoding::{Explainer, Explanation, Finding, Glossary, Severity};
use session_types::frozen::FrozenGrant;
use session_types::stored::EnableSessionData;
use session_types::{AccountType, Deployment, EnableMode, MultiChainGrant, abi};

pub use build::GrantPlanBuilder;
pub(crate) use build::nexus_validator;
pub use error::PlanError;
pub use new_session::{NewSession, SessionHolder};
pub use sign::SignatureForm;

use super::grant::EnableGrant;
use super::{Error, Grant};

/// Sessions that an owner may grant by one signature, on one or many chains.
///
/// Made by [`GrantPlan::builder`] or [`Owner::plan`](crate::Owner::plan), which ask each chain once: for the nonce of every
/// session, and for the digest that the session module computes, which must be the one computed here. From then on nothing
/// is asked: the plan can be explained, and signed here ([`sign`](Self::sign)) or elsewhere.
///
/// # Signing elsewhere
/// A wallet that speaks EIP-712 takes [`typed_data_json`](Self::typed_data_json); one that signs messages takes the 32 bytes of
/// [`digest`](Self::digest); another process or machine takes [`to_text`](Self::to_text), reads it, shows its own
/// [`explanation`](Self::explanation) and signs. What comes back goes to [`with_signature`](Self::with_signature) of the plan
/// that stayed here, so that a plan that was changed on the way gives no grant.
///
/// # Findings
/// What is [critical](Severity::Critical), the power to take over the account for example, has to be accepted
/// ([`accept`](Self::accept)) before [`sign`](Self::sign) signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantPlan {
    frozen: FrozenGrant,
    accounts: Vec<PlannedAccount>,
    owner: Option<Address>,
    description: Option<String>,
    accepted: Vec<Finding>,
}

/// What a plan knows of an account beside the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PlannedAccount {
    /// How the account takes the owner's signature, and by which validator it checks it; `None` when stored text has no
    /// name for it.
    form: Option<(AccountType, Address)>,
    /// Whether the session module was installed when the chain was asked.
    is_installed: bool,
}

impl GrantPlan {
    /// A plan in the making.
    pub fn builder() -> GrantPlanBuilder {
        GrantPlanBuilder::default()
    }

    /// The sessions with their chains, accounts and nonces, in the order that is signed.
    #[must_use]
    pub const fn sessions(&self) -> &MultiChainGrant<abi::Session> {
        self.frozen.grant()
    }

    /// The session contracts: the same on all chains of a plan.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        self.frozen.deployment()
    }

    /// How the sessions are enabled: part of what is signed.
    #[must_use]
    pub const fn mode(&self) -> EnableMode {
        self.frozen.grant().mode()
    }

    /// Whose signature is expected, when that is known.
    #[must_use]
    pub const fn owner(&self) -> Option<Address> {
        self.owner
    }

    /// The chains and accounts on which the session module was not installed when they were asked. A grant can be signed
    /// before, but not used.
    pub fn without_module(&self) -> impl Iterator<Item = (ChainId, Address)> {
        let known = self.sessions().entries().iter().zip(&self.accounts);
        known.filter(|(_, account)| !account.is_installed).map(|(entry, _)| (entry.chain_id, entry.account))
    }

    /// The hash that the owner signs: EIP-712 of `MultiChainSession`. It depends on the sessions, their order, chains,
    /// accounts, nonces and the mode.
    #[must_use]
    #[doc(alias = "permissionEnableHash")]
    #[doc(alias = "hashChainSessions")]
    pub fn digest(&self) -> B256 {
        self.sessions().digest()
    }

    /// The typed data of which [`digest`](Self::digest) is the hash: JSON for `eth_signTypedData_v4`.
    #[must_use]
    #[doc(alias = "typedData")]
    pub fn typed_data_json(&self) -> String {
        self.sessions().typed_data_json()
    }

    /// What is granted, in words, with the hash to sign and what is dangerous about it.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        self.explanation_with(&Glossary::new())
    }

    /// As [`explanation`](Self::explanation), with names for contracts, tokens and functions.
    #[must_use]
    pub fn explanation_with(&self, glossary: &Glossary) -> Explanation {
        Explainer::new(self.deployment(), glossary).bound_to(self.digest()).explain_grant(self.sessions())
    }

    /// What is dangerous or does not work, the worst first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.explanation().findings
    }

    /// Takes note of findings that were shown to the owner: [`sign`](Self::sign) then signs in spite of them.
    #[must_use]
    pub fn accept(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.accepted.extend(findings);
        self
    }

    /// Critical findings that nobody accepted.
    ///
    /// # Errors
    /// [`PlanError::NotAccepted`] when there are any.
    pub fn check_accepted(&self) -> Result<(), PlanError> {
        let is_open = |finding: &Finding| finding.severity >= Severity::Critical && !self.has_accepted(finding);
        let findings: Vec<_> = self.findings().into_iter().filter(is_open).collect();
        if findings.is_empty() { Ok(()) } else { Err(PlanError::NotAccepted { findings }) }
    }

    fn has_accepted(&self, finding: &Finding) -> bool {
        // Word for word what was shown: another session's finding may be of the same kind and place.
        self.accepted.contains(finding)
    }

    /// The places of the sessions of an account on a chain.
    pub(crate) fn places(&self, chain_id: ChainId, account: Address) -> impl Iterator<Item = usize> {
        let entries = self.sessions().entries().iter().enumerate();
        let here = entries.filter(move |(_, entry)| (entry.chain_id, entry.account) == (chain_id, account));
        here.map(|(place, _)| place)
    }

    /// The grant of the session at a place, with the owner's signature when there is one.
    pub(crate) fn grant(&self, place: usize, signature: Option<&Bytes>) -> Result<Grant, Error> {
        let nothing = || Error::from(PlanError::NoSuchSession { place });
        let entry = self.sessions().entries().get(place).ok_or_else(nothing)?;
        let enable = match signature {
            None => None,
            Some(signature) => {
                let account = self.accounts.get(place).ok_or_else(nothing)?;
                let (account_type, validator) = account.form.ok_or(Error::OwnerSignatureForm)?;
                let enable_session = self.sessions().enable_session(place, signature.clone()).ok_or_else(nothing)?;
                let data = EnableSessionData { enable_session, validator, account_type };
                Some(EnableGrant { mode: self.mode(), data })
            }
        };
        Ok(Grant {
            account: entry.account,
            chain_id: entry.chain_id,
            permission_id: entry.session.permission_id(),
            session: Some(entry.session.clone()),
            enable,
            description: self.description.clone(),
        })
    }

    fn grants(&self, signature: &Bytes) -> Result<Vec<Grant>, Error> {
        (0..self.accounts.len()).map(|place| self.grant(place, Some(signature))).collect()
    }
}
