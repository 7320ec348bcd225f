//! The session module's verdict on a whole operation, before anything is sent.

mod enable;
mod operation;
mod refusal;
mod state;
mod validate;

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use session_types::{Deployment, PermissionId, Session};

pub use operation::{Call, Operation};
pub use refusal::{Place, PolicyRefusal, SessionRefusal};
pub use state::{AccountSessions, EnabledAction, EnabledSession, InstalledPolicy};
pub use validate::UnknownAnswer;

use crate::{Registry, check::Window};

/// A deployed session module, as far as its behaviour goes: which contracts it knows and on which chain it is.
#[derive(Clone, Debug)]
pub struct SessionModule {
    deployment: Deployment,
    registry: Registry,
    chain_id: u64,
    base_fee: U256,
    closed: bool,
    validators: Option<Vec<Address>>,
}

/// What will become of an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Evaluation {
    /// The module permits it.
    Permitted {
        /// When it is valid.
        window: Window,
        /// The state after it.
        state: AccountSessions,
    },
    /// Whatever is permitted here, policies of which nothing is known decide.
    DependsOnChain {
        /// The policies, each with what it is asked about.
        unknown: Vec<UnknownAnswer>,
        /// When the operation is valid if they agree and set no times of their own.
        window: Window,
        /// The state after it if they agree.
        state: AccountSessions,
    },
    /// The module, or the EntryPoint at this time, refuses it.
    Refused(SessionRefusal),
}

impl Evaluation {
    /// The window and the state after it, when the operation is permitted for certain.
    #[must_use]
    pub fn permitted(self) -> Option<(Window, AccountSessions)> {
        match self {
            Self::Permitted { window, state } => Some((window, state)),
            _ => None,
        }
    }

    /// Why it is refused, when it is.
    #[must_use]
    pub const fn refusal(&self) -> Option<&SessionRefusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl SessionModule {
    /// The module and the policies of a deployment.
    #[must_use]
    pub const fn new(deployment: Deployment) -> Self {
        Self {
            registry: Registry::new(deployment.policies),
            deployment,
            chain_id: 0,
            base_fee: U256::ZERO,
            closed: false,
            validators: None,
        }
    }

    /// Other policies than the deployment's, or more.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// The chain, for sessions that are enabled inside an operation.
    #[must_use]
    pub const fn on_chain(mut self, chain_id: u64) -> Self {
        self.chain_id = chain_id;
        self
    }

    /// The base fee in wei per gas, for limits on gas cost.
    #[must_use]
    pub const fn with_base_fee(mut self, base_fee: U256) -> Self {
        self.base_fee = base_fee;
        self
    }

    /// States that nothing but the known policies and these session validators exists on the chain: enabling anything
    /// else is refused, as the module refuses addresses without code.
    #[must_use]
    pub fn closed_world(mut self, validators: impl IntoIterator<Item = Address>) -> Self {
        self.closed = true;
        self.validators = Some(validators.into_iter().collect());
        self
    }

    /// The deployment.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The known policies.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The account's state when this session is the only one and unused.
    ///
    /// # Errors
    /// When the module refuses to enable it.
    pub fn fresh(&self, account: Address, session: &Session) -> Result<AccountSessions, SessionRefusal> {
        let mut state = AccountSessions::new(account);
        self.enable(&mut state, [session.as_abi()])?;
        Ok(state)
    }

    /// What becomes of an operation of `permission` at `time`, given what is used so far.
    ///
    /// The session key's signature is taken for good: it is checked last, and by another contract.
    ///
    /// ```
    /// use alloy_primitives::{Address, B256, Bytes, U256, address};
    /// use policy_encoding::{Call, Evaluation, KnownPolicy, SessionModule, UsageLimit};
    /// use session_types::{ActionData, ActionTarget, Deployment, Session, SessionValidator};
    ///
    /// let deployment = Deployment::current();
    /// let game = address!("00000000000000000000000000000000000000aa");
    /// let twice = UsageLimit::new(2)?.on(&deployment.policies)?;
    /// let moves = ActionTarget::Exact { target: game, selector: [1, 2, 3, 4].into() };
    /// let session = Session::builder(SessionValidator::custom(Address::repeat_byte(1), Bytes::new()), B256::ZERO)
    ///     .action(ActionData::new(moves, [twice]))
    ///     .build(&deployment)?;
    ///
    /// let module = SessionModule::new(deployment);
    /// let mut state = module.fresh(Address::repeat_byte(7), &session)?;
    /// let call = Call::new(game, U256::ZERO, vec![1, 2, 3, 4]);
    /// for _ in 0..2 {
    ///     let outcome = module.evaluate(&state, session.permission_id(), &call.clone().into(), 1_700_000_000);
    ///     state = outcome.permitted().unwrap().1;
    /// }
    /// let third = module.evaluate(&state, session.permission_id(), &call.into(), 1_700_000_000);
    /// assert!(third.refusal().unwrap().to_string().ends_with("all 2 uses are spent"));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn evaluate(
        &self,
        state: &AccountSessions,
        permission: PermissionId,
        operation: &Operation,
        time: u64,
    ) -> Evaluation {
        let mut next = state.clone();
        let mut unknown = Vec::new();
        match self.validate(&mut next, permission, operation, &mut unknown) {
            Err(refusal) => Evaluation::Refused(refusal),
            Ok(window) if !window.contains(time) => {
                Evaluation::Refused(SessionRefusal::OutsideWindow { window, now: time })
            }
            Ok(window) if unknown.is_empty() => Evaluation::Permitted { window, state: next },
            Ok(window) => Evaluation::DependsOnChain { unknown, window, state: next },
        }
    }
}
