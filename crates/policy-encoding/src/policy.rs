use alloc::vec::Vec;
use core::fmt;

use alloy_primitives::{Address, Bytes};
use session_types::{
    ActionSlot, Erc1271Slot, PolicyData, PolicyKind, PolicyRevision, PolicySet, Slot, SlotKind, UserOpSlot,
};

use crate::{
    DecodeError,
    check::{ActionCheck, MessageCheck, Refusal, Usage, UserOpCheck, Verdict},
    explain::{Limits, Line, Words},
};

/// A policy: what its contract stores, and how the contract answers.
///
/// Every policy of this crate implements it, and so can a policy of your own: [`Registry`](crate::Registry) then
/// decodes, evaluates and explains it like the others.
pub trait Policy: fmt::Debug {
    /// What the policy is called, in lower-case words.
    fn name(&self) -> &str;

    /// Whether the policy's contract works in a slot.
    fn fits(&self, slot: SlotKind) -> bool;

    /// The bytes that the policy's contract of this revision is initialised with.
    fn init_data(&self, revision: PolicyRevision) -> Vec<u8>;

    /// The policy that a contract of this revision stores when it is initialised with `init_data`.
    ///
    /// # Errors
    /// When the contract would refuse the data.
    fn decode(revision: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError>
    where
        Self: Sized;

    /// The counters right after initialisation.
    fn usage(&self) -> Usage {
        Usage::NONE
    }

    /// Whether a call is permitted. Counts it when it is; after a refusal the counters are as the contract itself
    /// would leave them, which the session module undoes.
    ///
    /// # Errors
    /// The refusal.
    fn check_action(&self, usage: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        let _ = (usage, call);
        Err(Refusal::Slot)
    }

    /// Whether a user operation is permitted; counts like [`check_action`](Self::check_action).
    ///
    /// # Errors
    /// The refusal.
    fn check_user_op(&self, usage: &mut Usage, op: &UserOpCheck<'_>) -> Verdict {
        let _ = (usage, op);
        Err(Refusal::Slot)
    }

    /// Whether a signed message is permitted.
    ///
    /// # Errors
    /// The refusal.
    fn check_message(&self, message: &MessageCheck) -> Verdict {
        let _ = message;
        Err(Refusal::Slot)
    }

    /// What the policy permits, in words: one line for each limit.
    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        let _ = words;
        alloc::vec![Line::unknown("what it permits is not described")]
    }

    /// Which sides of a call it limits. An explanation says of every other side that it is not limited.
    fn limits(&self) -> Limits {
        Limits::default()
    }
}

/// The slots that a policy's contract works in, as types: a policy can be placed only where it works.
#[diagnostic::on_unimplemented(
    message = "the contract of `{Self}` does not work in this slot of a session",
    label = "cannot be placed here"
)]
pub trait FitsIn<S: Slot>: Policy {}

/// A policy whose contracts a [`PolicySet`] knows.
pub trait KnownPolicy: Policy + Sized {
    /// Its kind.
    const KIND: PolicyKind;

    /// The policy for the contracts of `set`, in the slot that the receiver of the result asks for.
    ///
    /// ```
    /// use policy_encoding::{KnownPolicy, UsageLimit};
    /// use session_types::{ActionSlot, Deployment, PolicyData};
    ///
    /// let policies = Deployment::current().policies;
    /// let twice: PolicyData<ActionSlot> = UsageLimit::new(2)?.on(&policies)?;
    /// assert_eq!(twice.init_data().len(), 16);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the set has no contract of this kind: some exist in the second deployment only.
    fn on<S: Slot>(&self, set: &PolicySet) -> Result<PolicyData<S>, NotDeployed>
    where
        Self: FitsIn<S>,
    {
        let deployed = set.deployed(Self::KIND).ok_or(NotDeployed { kind: Self::KIND })?;
        Ok(place(self, deployed.address, deployed.revision))
    }
}

/// The policy as the data of a session, for a contract at an address of your choice.
pub fn place<S: Slot, P: FitsIn<S>>(policy: &P, address: Address, revision: PolicyRevision) -> PolicyData<S> {
    PolicyData::new(address, Bytes::from(policy.init_data(revision)))
}

/// The deployment has no contract for this kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the deployment has no {kind} policy")]
pub struct NotDeployed {
    /// The kind of policy.
    pub kind: PolicyKind,
}

macro_rules! known {
    ($($policy:ident: $($slot:ident)*;)*) => {$(
        impl KnownPolicy for crate::$policy {
            const KIND: PolicyKind = PolicyKind::$policy;
        }
        $(impl FitsIn<$slot> for crate::$policy {})*
    )*};
}

known! {
    Sudo: UserOpSlot ActionSlot Erc1271Slot;
    TimeFrame: UserOpSlot ActionSlot Erc1271Slot;
    UsageLimit: UserOpSlot ActionSlot;
    ValueLimit: UserOpSlot ActionSlot;
    UniversalAction: ActionSlot;
    ArgPolicy: ActionSlot;
    SpendingLimits: ActionSlot;
    ContractWhitelist: ActionSlot;
    SimpleGas: UserOpSlot;
}
