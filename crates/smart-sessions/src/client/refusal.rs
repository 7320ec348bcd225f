//! Why a chain refuses an operation, in the words of the limit that stopped it.

use std::fmt;

use alloy_primitives::Address;
use bundler_rpc::{AaCode, BundlerError};
use policy_encoding::SessionRefusal;
use session_types::abi::{ModuleError, RevertReason};
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
    /// A policy reverted; the module does not say which.
    SomePolicy,
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
            Self::SomePolicy => f.write_str("one of the session's policies"),
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
    /// What the session module, a policy or the account reverted with.
    pub reason: Option<RevertReason>,
    /// What our evaluation says about the same calls, which may name the rule and the argument.
    pub evaluation: Option<SessionRefusal>,
    /// The bundler's answer.
    pub answer: BundlerError,
}

impl fmt::Display for ChainRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(limit) = self.limit {
            write!(f, "stopped by {limit}")?;
            if let Some(RevertReason::Module(ModuleError::PolicyCheckReverted(error))) = &self.reason {
                write!(f, ", which reverted with {}", error.signature().unwrap_or("an unknown error"))?;
            }
            if let Some(evaluation) = &self.evaluation {
                write!(f, " ({evaluation})")?;
            }
            f.write_str(": ")?;
        }
        self.answer.fmt(f)
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
        let aa_code = answer.aa_code();
        let reason = answer.revert_data().map(|data| RevertReason::decode(data.bytes()));
        if aa_code.is_none() && reason.is_none() {
            return Err(answer);
        }
        let limit = match (aa_code, &reason) {
            (Some(AaCode::ExpiredOrNotDue), _) => Some(Limit::TimeWindow),
            (Some(AaCode::SignatureError), _) => Some(Limit::SessionKey),
            (_, Some(RevertReason::Module(error))) => limit_of(error, deployment, evaluation.as_ref()),
            _ => None,
        };
        Ok(Self { limit, reason, evaluation, answer })
    }
}

fn limit_of(error: &ModuleError, deployment: &Deployment, evaluation: Option<&SessionRefusal>) -> Option<Limit> {
    let policy = |address: Address| Limit::Policy {
        policy: address,
        kind: deployment.policies.find(address).map(|(kind, _)| kind),
    };
    Some(match error {
        ModuleError::NoPoliciesSet(_) => Limit::Action,
        ModuleError::PolicyViolation(violation) => policy(violation.policy),
        // The module names no policy here: the evaluation may know.
        ModuleError::PolicyCheckReverted(_) => match evaluation.and_then(SessionRefusal::policy) {
            Some(refusal) => policy(refusal.policy),
            None => Limit::SomePolicy,
        },
        ModuleError::InvalidPermissionId(_) => Limit::Permission,
        ModuleError::PaymasterValidationNotEnabled(_) => Limit::Paymaster,
        ModuleError::InvalidEnableSignature(_) | ModuleError::HashMismatch(_) | ModuleError::ChainIdMismatch(_) => {
            Limit::OwnerSignature
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::format;

    use alloy_primitives::B256;
    use bundler_rpc::ErrorResponse;
    use session_types::PermissionId;
    use session_types::abi::{ContractError as _, PolicyCheckReverted, PolicyViolation};

    use super::*;

    fn refused(message: std::string::String) -> Result<ChainRefusal, BundlerError> {
        let answer = ErrorResponse::new("eth_sendUserOperation", -32500, message, None);
        ChainRefusal::decode(BundlerError::Response(answer.into()), &Deployment::legacy(), None)
    }

    #[test]
    fn names_the_policy_that_said_no() {
        let policy = Deployment::legacy().policies.deployed(PolicyKind::UsageLimit).unwrap().address;
        let violation = PolicyViolation { permission_id: PermissionId(B256::ZERO), policy };
        let refusal = refused(format!("AA23 reverted {}", violation.revert_data())).unwrap();
        assert_eq!(refusal.limit, Some(Limit::Policy { policy, kind: Some(PolicyKind::UsageLimit) }));
        assert!(format!("{refusal}").starts_with("stopped by the session's usage limit policy: "), "{refusal}");
        assert_eq!(refusal.reason, Some(RevertReason::Module(violation.into())));
    }

    #[test]
    fn codes_of_the_entry_point_name_window_and_key() {
        let limit = |message: &str| refused(message.into()).unwrap().limit;
        assert_eq!(limit("AA22 expired or not due"), Some(Limit::TimeWindow));
        assert_eq!(limit("AA24 signature error"), Some(Limit::SessionKey));
        assert_eq!(limit("AA21 didn't pay prefund"), None);
    }

    #[test]
    fn a_policy_that_reverts_is_not_guessed() {
        let mut word = B256::ZERO;
        word[..4].copy_from_slice(&[0x8a, 0x8a, 0x72, 0x2d]);
        let refusal = refused(format!("AA23 reverted {}", PolicyCheckReverted { revert_data: word }.revert_data()));
        let refusal = refusal.unwrap();
        assert_eq!(refusal.limit, Some(Limit::SomePolicy));
        assert!(format!("{refusal}").contains("ValueLimitExceeded(bytes32,uint256,uint256)"), "{refusal}");
    }

    #[test]
    fn what_no_chain_said_stays_what_it_was() {
        assert!(refused("the server is tired".into()).is_err());
    }
}
