//! Why a chain refuses an operation, in the words of the limit that stopped it.

use std::fmt;

use alloy_primitives::{Address, Selector};
use bundler_rpc::{AaCode, BundlerError};
use policy_encoding::SessionRefusal;
use policy_encoding::module::errors;
use session_types::{Deployment, PolicyKind};

/// The part of a session that stopped an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// No action of the session covers a call: other target or other function.
    Action,
    /// A policy said no, or could not read the call.
    Policy {
        /// Its contract.
        policy: Address,
        /// What kind of policy it is, when the deployment knows it.
        kind: Option<PolicyKind>,
    },
    /// The operation is outside the session's window of time.
    TimeWindow,
    /// The signature is not the session key's.
    SessionKey,
    /// The session is not enabled: never was, or was removed.
    Permission,
    /// The session does not permit a paymaster.
    Paymaster,
    /// The owner's signature that should enable the session does not fit: other account, other nonce, other session.
    OwnerSignature,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action => f.write_str("the session's actions: none covers the call"),
            Self::Policy { kind: Some(kind), .. } => write!(f, "the session's {kind} policy"),
            Self::Policy { policy, kind: None } => write!(f, "the session's policy {policy}"),
            Self::TimeWindow => f.write_str("the session's time window"),
            Self::SessionKey => f.write_str("the session key: the signature is another key's"),
            Self::Permission => f.write_str("the permission: it is not enabled"),
            Self::Paymaster => f.write_str("the session: it permits no paymaster"),
            Self::OwnerSignature => f.write_str("the owner's signature: it does not fit session, account and nonce"),
        }
    }
}

/// A chain's refusal of an operation, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainRefusal {
    /// What stopped it, when it was the session that did.
    pub limit: Option<Limit>,
    /// What our evaluation says about the same calls, which may name the rule and the argument.
    pub evaluation: Option<SessionRefusal>,
    /// The bundler's answer.
    pub answer: BundlerError,
}

impl fmt::Display for ChainRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.limit, &self.evaluation) {
            (Some(limit), Some(evaluation)) => write!(f, "stopped by {limit} ({evaluation}): {}", self.answer),
            (Some(limit), None) => write!(f, "stopped by {limit}: {}", self.answer),
            (None, _) => self.answer.fmt(f),
        }
    }
}

// The answer is part of the text, so it is not a source beside it.
impl std::error::Error for ChainRefusal {}

impl ChainRefusal {
    /// Decodes a bundler's error. Gives the error back when no chain refused anything.
    pub(crate) fn decode(
        answer: BundlerError,
        deployment: &Deployment,
        evaluation: Option<SessionRefusal>,
    ) -> Result<Self, BundlerError> {
        let revert = answer.revert_data().map(|data| data.bytes().clone());
        let limit = match (answer.aa_code(), &revert) {
            (None, None) => return Err(answer),
            (Some(AaCode::ExpiredOrNotDue), _) => Some(Limit::TimeWindow),
            (Some(AaCode::SignatureError), _) => Some(Limit::SessionKey),
            (_, Some(revert)) => limit_of(revert, deployment, evaluation.as_ref()),
            _ => None,
        };
        Ok(Self { limit, evaluation, answer })
    }
}

fn limit_of(revert: &[u8], deployment: &Deployment, evaluation: Option<&SessionRefusal>) -> Option<Limit> {
    let (selector, arguments) = revert.split_first_chunk::<4>()?;
    let policy = |address: Address| Limit::Policy {
        policy: address,
        kind: deployment.policies.find(address).map(|(kind, _)| kind),
    };
    Some(match Selector::from(*selector) {
        errors::NO_POLICIES_SET => Limit::Action,
        errors::POLICY_VIOLATION => policy(Address::from_slice(arguments.get(44..64)?)),
        // The module names no policy here: the evaluation may know.
        errors::POLICY_CHECK_REVERTED => policy(evaluation?.policy()?.policy),
        errors::INVALID_PERMISSION_ID => Limit::Permission,
        errors::PAYMASTER_VALIDATION_NOT_ENABLED => Limit::Paymaster,
        errors::INVALID_ENABLE_SIGNATURE | errors::HASH_MISMATCH | errors::CHAIN_ID_MISMATCH => Limit::OwnerSignature,
        _ => return None,
    })
}
