use alloc::vec::Vec;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy,
    check::{ActionCheck, MessageCheck, Usage, UserOpCheck, Verdict, Window},
    explain::{Line, Words},
};

/// Permits everything that its place in the session covers: any arguments, any value, any number of times.
///
/// Init data: empty; the contract ignores whatever is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sudo;

impl Policy for Sudo {
    fn name(&self) -> &'static str {
        "sudo"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::Sudo.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        Vec::new()
    }

    fn decode(_: PolicyRevision, _: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self)
    }

    fn check_action(&self, _: &mut Usage, _: &ActionCheck<'_>) -> Verdict {
        Ok(Window::UNBOUNDED)
    }

    fn check_user_op(&self, _: &mut Usage, _: &UserOpCheck<'_>) -> Verdict {
        Ok(Window::UNBOUNDED)
    }

    fn check_message(&self, _: &MessageCheck) -> Verdict {
        Ok(Window::UNBOUNDED)
    }

    fn explain(&self, _: &Words<'_>) -> Vec<Line> {
        Vec::new()
    }
}
