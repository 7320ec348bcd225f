use alloc::vec::Vec;

use alloy_primitives::{Address, Selector, U256};
use session_types::{ActionId, ActionTarget, PermissionId, VALUE_SELECTOR};

use super::{
    AccountSessions, Operation, Place, PolicyRefusal, SessionModule, SessionRefusal,
    state::{EnabledSession, InstalledPolicy},
};
use crate::{
    AnyPolicy,
    check::{ActionCheck, Context, Usage, UserOpCheck, Verdict, Window},
    execution::{self, Execution, RawCall},
};

/// A policy of which nothing is known was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnknownAnswer {
    /// The policy's contract.
    pub policy: Address,
    /// What it was asked about.
    pub place: Place,
}

/// `executeUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)`.
const EXECUTE_USER_OP: [u8; 4] = [0x8d, 0xd7, 0x71, 0x2f];

impl SessionModule {
    /// The module's verdict on an operation, before the session key's signature is checked: changes the counters as
    /// the policies do, also when it refuses. Policies of which nothing is known count as agreeing, and are listed.
    ///
    /// # Errors
    /// The refusal.
    #[doc(alias = "validateUserOp")]
    pub fn validate(
        &self,
        state: &mut AccountSessions,
        permission: PermissionId,
        operation: &Operation,
        unknown: &mut Vec<UnknownAnswer>,
    ) -> Result<Window, SessionRefusal> {
        let account = state.account;
        let session = state.permissions.get_mut(permission).ok_or(SessionRefusal::UnknownPermission(permission))?;
        let paymaster = !operation.paymaster_and_data.is_empty();
        if paymaster && !session.paymaster {
            return Err(SessionRefusal::Paymaster(permission));
        }
        if paymaster && session.user_op.is_empty() {
            return Err(SessionRefusal::NotCovered { permission, place: Place::UserOp });
        }
        let mut asking = Asking { module: self, account, permission, window: Window::UNBOUNDED, unknown };
        asking.user_op(session, operation)?;

        let Some(selector) = operation.call_data.first_chunk::<4>() else { return Err(SessionRefusal::NoData) };
        match *selector {
            execution::EXECUTE => asking.execute(session, &operation.call_data)?,
            EXECUTE_USER_OP => return Err(SessionRefusal::ExecutionType),
            selector => {
                let call = RawCall { target: account, value: U256::ZERO, data: &operation.call_data };
                let place = Place::Call { index: 0, target: account, selector: selector.into() };
                let action = ActionId::derive(account, selector.into());
                if !asking.action(session, action, place, &call)? {
                    return Err(SessionRefusal::NotCovered { permission, place });
                }
            }
        }
        Ok(asking.window)
    }
}

struct Asking<'a> {
    module: &'a SessionModule,
    account: Address,
    permission: PermissionId,
    window: Window,
    unknown: &'a mut Vec<UnknownAnswer>,
}

impl Asking<'_> {
    fn user_op(&mut self, session: &mut EnabledSession, operation: &Operation) -> Result<(), SessionRefusal> {
        let base_fee = self.module.base_fee;
        self.all(&mut session.user_op, Place::UserOp, |policy, usage, context| {
            let check = UserOpCheck {
                context,
                call_data: &operation.call_data,
                account_gas_limits: operation.account_gas_limits,
                pre_verification_gas: operation.pre_verification_gas,
                gas_fees: operation.gas_fees,
                paymaster_and_data: &operation.paymaster_and_data,
                base_fee,
            };
            policy.check_user_op(usage, &check)
        })
    }

    fn execute(&mut self, session: &mut EnabledSession, call_data: &[u8]) -> Result<(), SessionRefusal> {
        let mode = crate::word::word(call_data, 4).map_err(|_| SessionRefusal::NoData)?;
        if mode[1] != 0 {
            return Err(SessionRefusal::ExecutionType);
        }
        if mode[0] > 1 {
            return Err(SessionRefusal::CallType([mode[0]].into()));
        }
        let (mode, data) = execution::arguments(call_data).map_err(|_| SessionRefusal::NoData)?;
        match execution::decode(mode, data) {
            Ok(Execution::Single(call)) => self.call(session, 0, &call),
            Ok(Execution::Batch(calls)) if calls.len() == 0 => Err(SessionRefusal::EmptyBatch),
            Ok(Execution::Batch(calls)) => {
                // The contract decodes the whole batch before it looks at a call.
                let calls = calls.collect::<Result<Vec<_>, _>>().map_err(|_| SessionRefusal::MalformedBatch)?;
                calls.iter().enumerate().try_for_each(|(index, call)| self.call(session, index, call))
            }
            Ok(Execution::Other(kind)) => Err(SessionRefusal::CallType(kind)),
            Err(_) if mode[0] == 1 => Err(SessionRefusal::MalformedBatch),
            Err(_) => Err(SessionRefusal::NoData),
        }
    }

    fn call(&mut self, session: &mut EnabledSession, index: usize, call: &RawCall<'_>) -> Result<(), SessionRefusal> {
        let selector = call.data.first_chunk::<4>().map_or(VALUE_SELECTOR, |bytes| Selector::from(*bytes));
        let place = Place::Call { index, target: call.target, selector };
        if call.target == self.account && selector.0 == execution::EXECUTE {
            return Err(SessionRefusal::SelfCall { index });
        }
        if call.target == ActionTarget::GenericFallback.address() {
            return Err(SessionRefusal::FallbackTarget { index });
        }
        let permission = self.permission;
        let covered = if call.target == self.module.deployment.module {
            self.action(session, ActionId::ADMIN_FALLBACK, place, call)?
        } else {
            self.action(session, ActionId::derive(call.target, selector), place, call)?
                || self.action(session, ActionId::GENERIC_FALLBACK, place, call)?
        };
        if covered { Ok(()) } else { Err(SessionRefusal::NotCovered { permission, place }) }
    }

    /// Whether the session has policies for the action, all of which agree.
    fn action(
        &mut self,
        session: &mut EnabledSession,
        action: ActionId,
        place: Place,
        call: &RawCall<'_>,
    ) -> Result<bool, SessionRefusal> {
        let Some(action) = session.action(action) else { return Ok(false) };
        self.all(&mut session.actions[action].policies, place, |policy, usage, context| {
            let check = ActionCheck { context, target: call.target, value: call.value, data: call.data };
            policy.check_action(usage, &check)
        })?;
        Ok(true)
    }

    fn all(
        &mut self,
        policies: &mut [InstalledPolicy],
        place: Place,
        ask: impl Fn(&AnyPolicy, &mut Usage, Context) -> Verdict,
    ) -> Result<(), SessionRefusal> {
        for entry in policies {
            let Some(policy) = &entry.policy else {
                self.unknown.push(UnknownAnswer { policy: entry.address, place });
                continue;
            };
            let context = Context {
                config_id: entry.config_id,
                caller: self.module.deployment.module,
                account: self.account,
                revision: entry.revision,
            };
            match ask(policy, &mut entry.usage, context) {
                Ok(window) => self.window = self.window.intersect(window),
                Err(reason) => {
                    let (permission, policy, kind) = (self.permission, entry.address, policy.kind());
                    return Err(PolicyRefusal { permission, policy, kind, place, reason }.into());
                }
            }
        }
        Ok(())
    }
}
