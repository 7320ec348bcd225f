//! Policies and the slots they are put in.

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use alloy_primitives::{Address, Bytes, Selector, fixed_bytes};

use crate::abi;

mod sealed {
    #[allow(unnameable_types)] // that is what seals it
    pub trait Sealed {}
}

/// Where in a session a policy stands. Its contract must implement the slot's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SlotKind {
    /// Asked once for each user operation.
    UserOp,
    /// Asked for each call of the action.
    Action,
    /// Asked for each ERC-1271 signature.
    Erc1271,
}

impl SlotKind {
    /// The ERC-165 interface id that the module asks a policy for: the selector of the slot's one function.
    #[must_use]
    pub const fn interface_id(self) -> Selector {
        match self {
            Self::UserOp => fixed_bytes!("7129edce"),
            Self::Action => fixed_bytes!("05c00895"),
            Self::Erc1271 => fixed_bytes!("cbf34505"),
        }
    }
}

impl fmt::Display for SlotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserOp => "user operation",
            Self::Action => "action",
            Self::Erc1271 => "ERC-1271",
        })
    }
}

/// A slot as a type.
pub trait Slot: sealed::Sealed + 'static {
    /// The slot as a value.
    const KIND: SlotKind;
}

/// The slot of policies that are asked once for each user operation.
#[derive(Clone, Copy, Debug)]
pub enum UserOpSlot {}

/// The slot of policies that are asked for each call of an action.
#[derive(Clone, Copy, Debug)]
pub enum ActionSlot {}

/// The slot of policies that are asked for each ERC-1271 signature.
#[derive(Clone, Copy, Debug)]
pub enum Erc1271Slot {}

impl sealed::Sealed for UserOpSlot {}
impl sealed::Sealed for ActionSlot {}
impl sealed::Sealed for Erc1271Slot {}

impl Slot for UserOpSlot {
    const KIND: SlotKind = SlotKind::UserOp;
}
impl Slot for ActionSlot {
    const KIND: SlotKind = SlotKind::Action;
}
impl Slot for Erc1271Slot {
    const KIND: SlotKind = SlotKind::Erc1271;
}

/// A policy with its configuration, encoded for the slot `S`.
///
/// Typed policies produce it only for the slots that their contracts implement. A policy of one slot cannot stand in
/// another:
///
/// ```compile_fail
/// use alloy_primitives::{Address, Bytes};
/// use session_types::{PolicyData, UserOpSlot, ActionData, ActionTarget};
///
/// let policy = PolicyData::<UserOpSlot>::new(Address::repeat_byte(1), Bytes::new());
/// ActionData::new(ActionTarget::GenericFallback, [policy]);
/// ```
pub struct PolicyData<S> {
    data: abi::PolicyData,
    slot: PhantomData<fn() -> S>,
}

impl<S: Slot> PolicyData<S> {
    /// A policy contract and its encoded configuration.
    ///
    /// The caller vouches for the contract implementing the slot's interface; the contracts that a
    /// [`Deployment`](crate::Deployment) knows are checked against their slots when the session is built.
    #[must_use]
    pub const fn new(policy: Address, init_data: Bytes) -> Self {
        Self { data: abi::PolicyData { policy, init_data }, slot: PhantomData }
    }

    /// The policy contract.
    #[must_use]
    pub const fn policy(&self) -> Address {
        self.data.policy
    }

    /// The encoded configuration.
    #[must_use]
    pub const fn init_data(&self) -> &Bytes {
        &self.data.init_data
    }

    /// The slot.
    #[must_use]
    pub const fn slot(&self) -> SlotKind {
        S::KIND
    }
}

pub(crate) fn into_abi<S>(policies: impl IntoIterator<Item = PolicyData<S>>) -> Vec<abi::PolicyData> {
    policies.into_iter().map(|policy| policy.data).collect()
}

// Derives would ask the same of `S`.
impl<S> Clone for PolicyData<S> {
    fn clone(&self) -> Self {
        Self { data: self.data.clone(), slot: PhantomData }
    }
}

impl<S: Slot> fmt::Debug for PolicyData<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyData")
            .field("slot", &S::KIND)
            .field("policy", &self.data.policy)
            .field("init_data", &self.data.init_data)
            .finish()
    }
}

impl<S> PartialEq for PolicyData<S> {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl<S> Eq for PolicyData<S> {}

impl<S> Hash for PolicyData<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.data.hash(state);
    }
}

impl<S> From<PolicyData<S>> for abi::PolicyData {
    fn from(policy: PolicyData<S>) -> Self {
        policy.data
    }
}

impl<S> AsRef<abi::PolicyData> for PolicyData<S> {
    fn as_ref(&self) -> &abi::PolicyData {
        &self.data
    }
}
