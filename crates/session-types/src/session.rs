//! Sessions that the module accepts.

use core::ops::Deref;

use alloc::vec::Vec;
use alloy_primitives::{Address, B256};

use crate::action::FALLBACK_TARGET;
use crate::error::SessionList;
use crate::policy::into_abi;
use crate::{
    ActionData, ActionTarget, Deployment, Erc1271Slot, Erc7739Context, PolicyData, SessionError, SessionValidator,
    SlotKind, UserOpSlot, abi,
};

/// A session that the module enables and that can be used.
///
/// It reads as an [`abi::Session`]. What the module would refuse, or could never pass, cannot be built: see
/// [`SessionError`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session(abi::Session);

impl Session {
    /// Starts a session that permits nothing yet.
    #[must_use]
    pub const fn builder(validator: SessionValidator, salt: B256) -> SessionBuilder {
        SessionBuilder {
            validator,
            salt,
            user_op_policies: Vec::new(),
            actions: Vec::new(),
            contexts: Vec::new(),
            erc1271_policies: Vec::new(),
            permit_erc4337_paymaster: false,
        }
    }

    /// Checks a session that came from elsewhere.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn try_from_abi(session: abi::Session, deployment: &Deployment) -> Result<Self, SessionError> {
        check(&session, deployment)?;
        Ok(Self(session))
    }

    /// The plain form.
    #[must_use]
    pub const fn as_abi(&self) -> &abi::Session {
        &self.0
    }

    /// The plain form.
    #[must_use]
    pub fn into_abi(self) -> abi::Session {
        self.0
    }
}

impl Deref for Session {
    type Target = abi::Session;

    fn deref(&self) -> &abi::Session {
        &self.0
    }
}

impl AsRef<abi::Session> for Session {
    fn as_ref(&self) -> &abi::Session {
        &self.0
    }
}

impl AsRef<Self> for abi::Session {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl From<Session> for abi::Session {
    fn from(session: Session) -> Self {
        session.0
    }
}

/// Puts a [`Session`] together.
#[derive(Clone, Debug)]
pub struct SessionBuilder {
    validator: SessionValidator,
    salt: B256,
    user_op_policies: Vec<PolicyData<UserOpSlot>>,
    actions: Vec<ActionData>,
    contexts: Vec<Erc7739Context>,
    erc1271_policies: Vec<PolicyData<Erc1271Slot>>,
    permit_erc4337_paymaster: bool,
}

impl SessionBuilder {
    /// Adds a policy that is asked once for each user operation.
    #[must_use]
    pub fn user_op_policy(mut self, policy: PolicyData<UserOpSlot>) -> Self {
        self.user_op_policies.push(policy);
        self
    }

    /// Permits a call.
    #[must_use]
    pub fn action(mut self, action: ActionData) -> Self {
        self.actions.push(action);
        self
    }

    /// Permits calls.
    #[must_use]
    pub fn actions(mut self, actions: impl IntoIterator<Item = ActionData>) -> Self {
        self.actions.extend(actions);
        self
    }

    /// Permits operations with a paymaster. At least one user operation policy is needed then.
    #[must_use]
    pub const fn permit_paymaster(mut self) -> Self {
        self.permit_erc4337_paymaster = true;
        self
    }

    /// Lets the session key sign contents in the account's name (ERC-1271, ERC-7739).
    ///
    /// This is signing power over everything that the account can be asked to sign: token permits and orders are
    /// signatures too.
    #[must_use]
    pub fn permit_erc1271_signing(
        mut self,
        contexts: impl IntoIterator<Item = Erc7739Context>,
        policies: impl IntoIterator<Item = PolicyData<Erc1271Slot>>,
    ) -> Self {
        self.contexts.extend(contexts);
        self.erc1271_policies.extend(policies);
        self
    }

    /// The session, for the module and the policies of `deployment`.
    ///
    /// # Errors
    /// When the module would refuse it or it could never be used: see [`SessionError`].
    pub fn build(self, deployment: &Deployment) -> Result<Session, SessionError> {
        let (session_validator, session_validator_init_data) = self.validator.into_parts();
        let session = abi::Session {
            session_validator,
            session_validator_init_data,
            salt: self.salt,
            user_op_policies: into_abi(self.user_op_policies),
            erc7739_policies: abi::Erc7739Data {
                allowed_erc7739_content: self.contexts.into_iter().map(Into::into).collect(),
                erc1271_policies: into_abi(self.erc1271_policies),
            },
            actions: self.actions.into_iter().map(Into::into).collect(),
            permit_erc4337_paymaster: self.permit_erc4337_paymaster,
        };
        Session::try_from_abi(session, deployment)
    }
}

fn check(session: &abi::Session, deployment: &Deployment) -> Result<(), SessionError> {
    if session.session_validator == Address::ZERO {
        return Err(SessionError::ZeroValidator);
    }
    let contexts = &session.erc7739_policies.allowed_erc7739_content;
    let erc1271_policies = &session.erc7739_policies.erc1271_policies;
    if session.actions.is_empty() && contexts.is_empty() {
        return Err(SessionError::PermitsNothing);
    }
    if session.permit_erc4337_paymaster && session.user_op_policies.is_empty() {
        return Err(SessionError::PaymasterWithoutUserOpPolicy);
    }
    if !contexts.is_empty() && erc1271_policies.is_empty() {
        return Err(SessionError::ContentWithoutErc1271Policy);
    }
    check_policies(&session.user_op_policies, SlotKind::UserOp, SessionList::UserOpPolicies, deployment)?;
    check_policies(erc1271_policies, SlotKind::Erc1271, SessionList::Erc1271Policies, deployment)?;
    check_length(contexts.len(), SessionList::Contexts, deployment)?;
    for (index, context) in contexts.iter().enumerate() {
        if context.content_names.is_empty() {
            return Err(SessionError::NoContents { index });
        }
        check_length(context.content_names.len(), SessionList::Contents(index), deployment)?;
    }
    check_length(session.actions.len(), SessionList::Actions, deployment)?;
    for (index, action) in session.actions.iter().enumerate() {
        check_action(index, action, deployment)?;
        check_policies(&action.action_policies, SlotKind::Action, SessionList::ActionPolicies(index), deployment)?;
        check_no_policy_again(session, index)?;
    }
    Ok(())
}

const fn check_length(seen: usize, list: SessionList, deployment: &Deployment) -> Result<(), SessionError> {
    match deployment.generation.set_limit() {
        Some(limit) if seen > limit => Err(SessionError::TooMany { list, limit, seen }),
        _ => Ok(()),
    }
}

fn check_policies(
    policies: &[abi::PolicyData],
    slot: SlotKind,
    list: SessionList,
    deployment: &Deployment,
) -> Result<(), SessionError> {
    check_length(policies.len(), list, deployment)?;
    let mut seen = Vec::with_capacity(policies.len());
    for (index, &abi::PolicyData { policy, .. }) in policies.iter().enumerate() {
        if policy == Address::ZERO {
            return Err(SessionError::ZeroPolicy { list, index });
        }
        match deployment.policies.find(policy) {
            Some((kind, _)) if !kind.fits(slot) => return Err(SessionError::WrongSlot { kind, policy, slot }),
            _ => {}
        }
        seen.push(policy);
    }
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(SessionError::DuplicatePolicy { list, policy: pair[0] }),
        None => Ok(()),
    }
}

fn check_action(index: usize, action: &abi::ActionData, deployment: &Deployment) -> Result<(), SessionError> {
    let abi::ActionData { action_target: target, action_target_selector: selector, .. } = *action;
    if target == Address::ZERO {
        return Err(SessionError::ZeroTarget { index });
    }
    if target == deployment.module {
        return Err(SessionError::ModuleTarget { index, module: target });
    }
    if target == FALLBACK_TARGET && !ActionTarget::from_parts(target, selector).is_fallback() {
        return Err(SessionError::UnreachableAction { index, selector });
    }
    if action.action_policies.is_empty() {
        return Err(SessionError::NoPolicies { index, target, selector });
    }
    Ok(())
}

/// Two entries may name one action, as long as the later one does not replace a policy of the earlier.
fn check_no_policy_again(session: &abi::Session, index: usize) -> Result<(), SessionError> {
    let (earlier, rest) = session.actions.split_at(index);
    let Some(action) = rest.first() else { return Ok(()) };
    let same = |other: &&abi::ActionData| {
        other.action_target == action.action_target && other.action_target_selector == action.action_target_selector
    };
    let replaced = action.action_policies.iter().map(|data| data.policy).find(|policy| {
        earlier.iter().filter(same).any(|a| a.action_policies.iter().any(|data| data.policy == *policy))
    });
    match replaced {
        Some(policy) => Err(SessionError::DuplicatePolicy { list: SessionList::ActionPolicies(index), policy }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, Selector, address, fixed_bytes};

    use super::*;
    use crate::{ActionSlot, PolicyKind};

    const DEPLOYMENT: Deployment = Deployment::current();
    const TOKEN: Address = address!("00000000000000000000000000000000000000aa");
    const TRANSFER: Selector = fixed_bytes!("a9059cbb");

    fn policy<S: crate::Slot>(kind: PolicyKind) -> PolicyData<S> {
        PolicyData::new(DEPLOYMENT.policies.deployed(kind).unwrap().address, Bytes::new())
    }

    fn builder() -> SessionBuilder {
        let validator = SessionValidator::custom(Address::repeat_byte(1), Bytes::from_static(&[1, 2, 3]));
        Session::builder(validator, B256::repeat_byte(9))
    }

    fn transfers(policies: impl IntoIterator<Item = PolicyData<ActionSlot>>) -> ActionData {
        ActionData::new(ActionTarget::Exact { target: TOKEN, selector: TRANSFER }, policies)
    }

    #[test]
    fn builds_what_the_module_accepts() {
        let session = builder()
            .action(transfers([policy(PolicyKind::SpendingLimits)]))
            .user_op_policy(policy(PolicyKind::Sudo))
            .permit_paymaster()
            .build(&DEPLOYMENT)
            .unwrap();
        assert_eq!(session.actions.len(), 1);
        assert!(session.permit_erc4337_paymaster);
        assert_eq!(Session::try_from_abi(session.as_abi().clone(), &DEPLOYMENT), Ok(session));
    }

    #[test]
    fn names_what_would_be_refused() {
        let sudo = || policy(PolicyKind::Sudo);
        let target = |target| ActionData::new(ActionTarget::Exact { target, selector: TRANSFER }, [sudo()]);
        let twice = SessionList::ActionPolicies(0);
        let sudo_address = sudo().policy();
        let limits = policy::<UserOpSlot>(PolicyKind::SpendingLimits);
        let wrong = SessionError::WrongSlot {
            kind: PolicyKind::SpendingLimits,
            policy: limits.policy(),
            slot: SlotKind::UserOp,
        };
        let cases = [
            (builder(), SessionError::PermitsNothing),
            (builder().action(transfers([])), SessionError::NoPolicies { index: 0, target: TOKEN, selector: TRANSFER }),
            (
                builder().action(transfers([sudo(), sudo()])),
                SessionError::DuplicatePolicy { list: twice, policy: sudo_address },
            ),
            (
                builder().action(transfers([sudo()])).action(transfers([sudo()])),
                SessionError::DuplicatePolicy { list: SessionList::ActionPolicies(1), policy: sudo_address },
            ),
            (builder().action(transfers([sudo()])).permit_paymaster(), SessionError::PaymasterWithoutUserOpPolicy),
            (builder().action(transfers([sudo()])).user_op_policy(limits), wrong),
            (builder().action(target(Address::ZERO)), SessionError::ZeroTarget { index: 0 }),
            (
                builder().action(target(DEPLOYMENT.module)),
                SessionError::ModuleTarget { index: 0, module: DEPLOYMENT.module },
            ),
            (
                builder().action(target(FALLBACK_TARGET)),
                SessionError::UnreachableAction { index: 0, selector: TRANSFER },
            ),
            (
                builder().permit_erc1271_signing([Erc7739Context::new(B256::ZERO, ["Mail(string text)"])], []),
                SessionError::ContentWithoutErc1271Policy,
            ),
            (
                builder()
                    .permit_erc1271_signing([Erc7739Context::new(B256::ZERO, [""; 0])], [policy(PolicyKind::Sudo)]),
                SessionError::NoContents { index: 0 },
            ),
        ];
        for (builder, error) in cases {
            assert_eq!(builder.build(&DEPLOYMENT), Err(error));
        }
    }

    #[test]
    fn only_the_first_deployment_limits_its_sets() {
        let actions = (0..129u8).map(|n| {
            let target = ActionTarget::Exact { target: Address::repeat_byte(n + 2), selector: TRANSFER };
            ActionData::new(target, [PolicyData::new(Address::repeat_byte(0xee), Bytes::new())])
        });
        let builder = builder().actions(actions);
        assert!(builder.clone().build(&Deployment::current()).is_ok());
        let error = SessionError::TooMany { list: SessionList::Actions, limit: 128, seen: 129 };
        assert_eq!(builder.build(&Deployment::legacy()), Err(error));
    }
}
