use alloc::vec::Vec;
use core::fmt;

use crate::{
    DecodeError, Generation,
    check::{ActionCheck, MessageCheck, Refusal, Usage, UserOpCheck, Verdict},
};

/// The places of a session in which a policy's contract works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Slots {
    /// Among the policies of whole user operations.
    pub user_op: bool,
    /// Among the policies of an action.
    pub action: bool,
    /// Among the policies of signed messages (ERC-1271).
    pub message: bool,
}

impl Slots {
    /// The places a policy works in.
    #[must_use]
    pub const fn new(user_op: bool, action: bool, message: bool) -> Self {
        Self { user_op, action, message }
    }
}

/// A policy: what its contract stores, and how the contract answers.
///
/// Every policy of this crate implements it, and so can a policy of your own: [`Registry`](crate::Registry) then
/// decodes, evaluates and explains it like the others.
pub trait Policy: fmt::Debug {
    /// What the policy is called, in lower-case words.
    fn name(&self) -> &str;

    /// Where the policy's contract works.
    fn slots(&self) -> Slots;

    /// The bytes that the policy's contract of this generation is initialised with.
    fn init_data(&self, generation: Generation) -> Vec<u8>;

    /// The policy that a contract of this generation stores when it is initialised with `init_data`.
    ///
    /// # Errors
    /// When the contract would refuse the data.
    fn decode(generation: Generation, init_data: &[u8]) -> Result<Self, DecodeError>
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
}
