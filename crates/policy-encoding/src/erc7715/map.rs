use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use alloy_primitives::{Address, Bytes, U256, fixed_bytes, keccak256};
use session_types::{
    ActionData, ActionSlot, ActionTarget, Deployment, Owners, PolicyData, PolicySet, Session, SessionError,
    SessionValidator, abi, validator::OwnersError,
};

use super::{Permission, PermissionKind, PermissionRequest, PolicySpec, Signer, policy::SpecError};
use crate::{
    AnyPolicy, ArgPolicy, Condition, Expr, KnownPolicy, NotDeployed, PolicyError, Registry, Rule, SpendingLimits,
    TimeFrame, TokenLimit, TreeError, UniversalAction, UsageLimit,
};

/// A session made of a request, and what of the request it does not hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mapped {
    /// The session.
    pub session: Session,
    /// What is left out. A wallet must not answer as if it were granted.
    pub not_mapped: Vec<NotMapped>,
}

/// A permission, or a part of a session, that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct NotMapped {
    /// Its place in its list.
    pub index: usize,
    /// Its type, or the policy's name.
    pub kind: String,
    /// Why.
    pub reason: NotMappedReason,
}

/// Why something has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotMappedReason {
    /// A session names every contract that it calls, and a transfer of native currency to anyone names none.
    #[error("native currency cannot be sent to just anyone: name the recipients as function calls")]
    NoRecipient,
    /// Limits of several calls together exist for one action only.
    #[error("a limit of calls over several functions")]
    CallLimitOverSeveral,
    /// No policy knows periods.
    #[error("a limit for each period")]
    Period,
    /// Wallets do not agree whether gas or wei is meant.
    #[error("a limit of gas without a unit")]
    GasUnit,
    /// A kind that this library does not know.
    #[error("a kind of permission that is not known")]
    UnknownKind,
    /// A policy without a form as JSON.
    #[error("a policy without a counterpart")]
    Policy,
    /// The power to sign messages.
    #[error("the power to sign messages")]
    Signing,
}

/// A request that makes no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The signer cannot be a session key.
    #[error("a signer of type {0}, expected an account or a secp256k1 key")]
    Signer(String),
    /// The public key has another length than 20, 64 or 65 bytes.
    #[error("a public key of {length} bytes")]
    PublicKey {
        /// Its length.
        length: usize,
    },
    /// None of the permissions has a counterpart.
    #[error("none of the permissions can be mapped")]
    NothingMapped(Vec<NotMapped>),
    /// A policy as JSON is none.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A policy cannot be built.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A policy's contract would refuse it.
    #[error(transparent)]
    Refused(#[from] crate::DecodeError),
    /// A list of tokens is too long for a tree of conditions.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The deployment has no contract for a policy.
    #[error(transparent)]
    NotDeployed(#[from] NotDeployed),
    /// The session key cannot be an owner.
    #[error(transparent)]
    Owner(#[from] OwnersError),
    /// The module would refuse the session.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl PermissionRequest {
    /// The session that holds what it can of the request: every permission becomes an action, the expiry a time frame
    /// of all operations.
    ///
    /// # Errors
    /// When nothing can be mapped, or what can be makes no session.
    #[doc(alias = "getPermissions")]
    pub fn to_session(&self, deployment: &Deployment, salt: alloy_primitives::B256) -> Result<Mapped, RequestError> {
        let set = &deployment.policies;
        let owners = Owners::single(self.signer.address()?)?;
        let (mut actions, mut not_mapped) = (Vec::new(), Vec::new());
        let mut call_limit = None;
        for (index, permission) in self.permissions.iter().enumerate() {
            let mut skip = |kind: &str, reason| not_mapped.push(NotMapped { index, kind: kind.to_string(), reason });
            match permission {
                Permission::Other { kind, .. } => skip(kind, NotMappedReason::UnknownKind),
                Permission::Known(PermissionKind::CallLimit { count }) => call_limit = Some((index, *count)),
                Permission::Known(kind) => match kind.action(set)? {
                    Ok(action) => actions.push(action),
                    Err(reason) => skip(kind.name(), reason),
                },
            }
        }
        if let Some((index, count)) = call_limit {
            match actions.as_mut_slice() {
                [(_, policies)] => policies.push(UsageLimit::new(count.into())?.on(set)?),
                _ => not_mapped.push(NotMapped {
                    index,
                    kind: "call-limit".to_string(),
                    reason: NotMappedReason::CallLimitOverSeveral,
                }),
            }
        }
        if actions.is_empty() {
            return Err(RequestError::NothingMapped(not_mapped));
        }
        let actions = actions.into_iter().map(|(target, policies)| ActionData::new(target, policies));
        let session = Session::builder(SessionValidator::owners(deployment, &owners), salt)
            .actions(actions)
            .user_op_policy(TimeFrame::until(self.expiry)?.on(set)?)
            .build(deployment)?;
        Ok(Mapped { session, not_mapped })
    }
}

impl Signer {
    /// The address whose signatures count.
    ///
    /// # Errors
    /// For signers that are no single secp256k1 key.
    pub fn address(&self) -> Result<Address, RequestError> {
        match self {
            Self::Account { address } => Ok(*address),
            Self::Key(key) if key.curve == "secp256k1" => match key.public_key.as_ref() {
                [4, point @ ..] if point.len() == 64 => Ok(Address::from_slice(&keccak256(point)[12..])),
                point if point.len() == 64 => Ok(Address::from_slice(&keccak256(point)[12..])),
                address if address.len() == 20 => Ok(Address::from_slice(address)),
                other => Err(RequestError::PublicKey { length: other.len() }),
            },
            Self::Key(key) => Err(RequestError::Signer(key.curve.clone())),
            Self::Keys(_) => Err(RequestError::Signer("keys".to_string())),
            Self::Wallet(_) => Err(RequestError::Signer("wallet".to_string())),
        }
    }
}

type Action = (ActionTarget, Vec<PolicyData<ActionSlot>>);

impl PermissionKind {
    /// Its type.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NativeTokenTransfer { .. } => "native-token-transfer",
            Self::Erc20TokenTransfer { .. } => "erc20-token-transfer",
            Self::Erc721TokenTransfer { .. } => "erc721-token-transfer",
            Self::GasLimit { .. } => "gas-limit",
            Self::CallLimit { .. } => "call-limit",
            Self::RateLimit { .. } => "rate-limit",
            Self::FunctionCall { .. } => "smart-sessions:function-call",
        }
    }

    fn action(&self, set: &PolicySet) -> Result<Result<Action, NotMappedReason>, RequestError> {
        let exact = |target: Address, selector| ActionTarget::from_parts(target, selector);
        Ok(match self {
            Self::Erc20TokenTransfer { address, allowance } => {
                // The limit's contract works among the policies of an action only.
                let limit = SpendingLimits::new([TokenLimit::new(*address, *allowance)])?;
                Ok((exact(*address, fixed_bytes!("a9059cbb")), alloc::vec![limit.on(set)?]))
            }
            Self::Erc721TokenTransfer { address, token_ids } => {
                let id = |id: &U256| Rule::argument(2, Condition::Equal, *id);
                let policy = match token_ids.as_slice() {
                    [only] => UniversalAction::of([id(only)]).on(set)?,
                    [first, others @ ..] => {
                        let any = others.iter().fold(Expr::from(id(first)), |any, other| any.or(id(other)));
                        ArgPolicy::new(any)?.on(set)?
                    }
                    [] => return Ok(Err(NotMappedReason::NoRecipient)),
                };
                Ok((exact(*address, fixed_bytes!("23b872dd")), alloc::vec![policy]))
            }
            Self::FunctionCall { target, selector, policies } => {
                let mut data = Vec::new();
                for spec in policies {
                    let policy = AnyPolicy::try_from(spec)?;
                    let Some(kind) = policy.kind() else { return Ok(Err(NotMappedReason::Policy)) };
                    let deployed = set.deployed(kind).ok_or(NotDeployed { kind })?;
                    data.push(PolicyData::new(deployed.address, Bytes::from(policy.init_data(deployed.revision))));
                }
                Ok((exact(*target, *selector), data))
            }
            Self::NativeTokenTransfer { .. } => Err(NotMappedReason::NoRecipient),
            Self::GasLimit { .. } => Err(NotMappedReason::GasUnit),
            Self::RateLimit { .. } => Err(NotMappedReason::Period),
            Self::CallLimit { .. } => Err(NotMappedReason::CallLimitOverSeveral),
        })
    }
}

/// The permissions of a session, each as a function call of this library's own kind, and what has no counterpart.
/// The expiry is the end of the session's time frame for all operations, or 2^48 − 1 without one.
#[must_use]
pub fn from_session(
    session: &abi::Session,
    registry: &Registry,
    chain_id: u64,
    signer: Signer,
) -> (PermissionRequest, Vec<NotMapped>) {
    let (mut permissions, mut not_mapped) = (Vec::new(), Vec::new());
    let decode = |data: &abi::PolicyData| registry.decode(data.policy, &data.init_data).and_then(Result::ok);
    for (index, action) in session.actions.iter().enumerate() {
        let specs = action.action_policies.iter().map(|data| PolicySpec::of(&decode(data)?));
        match specs.collect::<Option<Vec<_>>>() {
            Some(policies) => permissions.push(Permission::Known(PermissionKind::FunctionCall {
                target: action.action_target,
                selector: action.action_target_selector,
                policies,
            })),
            None => not_mapped.push(NotMapped { index, kind: "action".to_string(), reason: NotMappedReason::Policy }),
        }
    }
    let mut expiry = crate::check::Window::LAST_MOMENT;
    for (index, data) in session.user_op_policies.iter().enumerate() {
        match decode(data) {
            Some(AnyPolicy::TimeFrame(frame)) if frame.window().valid_after == 0 && frame.window().valid_until != 0 => {
                expiry = expiry.min(frame.window().valid_until);
            }
            policy => not_mapped.push(NotMapped {
                index,
                kind: policy.map_or_else(|| "policy".to_string(), |policy| policy.name().to_string()),
                reason: NotMappedReason::Policy,
            }),
        }
    }
    for index in 0..session.erc7739_policies.allowed_erc7739_content.len() {
        not_mapped.push(NotMapped { index, kind: "content".to_string(), reason: NotMappedReason::Signing });
    }
    (PermissionRequest::new(chain_id, expiry, signer, permissions), not_mapped)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use serde_json::json;

    use super::*;

    fn request(permissions: serde_json::Value) -> PermissionRequest {
        serde_json::from_value(json!({
            "chainId": "0x2105",
            "expiry": 1_900_000_000,
            "signer": { "type": "account", "data": { "address": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8" } },
            "permissions": permissions,
        }))
        .unwrap()
    }

    const DEPLOYMENT: Deployment = Deployment::current();

    #[test]
    fn what_can_be_mapped_is_and_the_rest_is_listed() {
        let token = "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913";
        let request = request(json!([
            { "type": "erc20-token-transfer", "data": { "address": token, "allowance": "0x3e8" } },
            { "type": "native-token-transfer", "data": { "allowance": "0x1" } },
            { "type": "rate-limit", "data": { "count": 3, "interval": 60 } },
            { "type": "call-limit", "data": { "count": 5 } },
            { "type": "teleport", "data": { "to": "mars" } },
        ]));
        let mapped = request.to_session(&DEPLOYMENT, B256::ZERO).unwrap();
        assert_eq!(mapped.session.actions.len(), 1);
        // The spending limit and the call limit sit in the action, where their contracts work.
        assert_eq!(mapped.session.actions[0].action_policies.len(), 2);
        let reasons: Vec<_> = mapped.not_mapped.iter().map(|entry| (entry.index, entry.reason)).collect();
        assert_eq!(
            reasons,
            [(1, NotMappedReason::NoRecipient), (2, NotMappedReason::Period), (4, NotMappedReason::UnknownKind)]
        );
        let text = serde_json::to_value(&request).unwrap();
        assert_eq!(serde_json::from_value::<PermissionRequest>(text).unwrap(), request);
    }

    #[test]
    fn a_session_of_actions_survives_the_way_there_and_back() {
        let spec = |spec: serde_json::Value| serde_json::from_value::<PolicySpec>(spec).unwrap();
        let kind = PermissionKind::FunctionCall {
            target: Address::repeat_byte(7),
            selector: fixed_bytes!("a9059cbb"),
            policies: alloc::vec![
                spec(json!({
                    "type": "universal-action",
                    "valueLimitPerUse": "0x0",
                    "rules": [{ "condition": 4, "offset": 32, "reference": B256::with_last_byte(9), "limit": "0x64" }],
                })),
                spec(json!({ "type": "usage-limit", "limit": "0x3" })),
            ],
        };
        let request = PermissionRequest { permissions: alloc::vec![kind.into()], ..request(json!([])) };
        let session = request.to_session(&DEPLOYMENT, B256::ZERO).unwrap().session;
        let registry = Registry::new(DEPLOYMENT.policies);
        let (again, not_mapped) = from_session(&session, &registry, 8453, request.signer.clone());
        assert_eq!((again, not_mapped), (request, Vec::new()));
    }

    #[test]
    fn keys_and_tokens() {
        let key: Signer = serde_json::from_value(json!({
            "type": "key",
            "data": {
                "type": "secp256k1",
                // The public key of the first development account.
                "publicKey": "0x048318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5",
            },
        }))
        .unwrap();
        assert_eq!(key.address(), Ok(alloy_primitives::address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266")));
        let request = request(json!([
            { "type": "erc721-token-transfer", "data": { "address": Address::repeat_byte(5), "tokenIds": ["0x1", "0x2"] } },
        ]));
        let mapped = request.to_session(&DEPLOYMENT, B256::ZERO).unwrap();
        let policy = &mapped.session.actions[0].action_policies[0];
        let decoded = Registry::new(DEPLOYMENT.policies).decode(policy.policy, &policy.init_data).unwrap().unwrap();
        assert!(matches!(decoded, AnyPolicy::ArgPolicy(policy) if policy.rules().len() == 2));
        assert!(request_error(json!([{ "type": "native-token-transfer", "data": { "allowance": "0x1" } }])));
    }

    fn request_error(permissions: serde_json::Value) -> bool {
        matches!(request(permissions).to_session(&DEPLOYMENT, B256::ZERO), Err(RequestError::NothingMapped(_)))
    }
}
