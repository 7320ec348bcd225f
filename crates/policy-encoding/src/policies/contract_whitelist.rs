use alloc::vec::Vec;

use alloy_primitives::Address;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy,
    check::{ActionCheck, Refusal, Usage, Verdict, Window},
    explain::{self, Limits, Line, Words},
};

/// Permits calls to the contracts of a list. Meant for the generic fallback action, whose target is open.
///
/// Init data: the addresses back to back, 20 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContractWhitelist {
    targets: Vec<Address>,
}

impl ContractWhitelist {
    /// The state before initialisation: permits no contract.
    pub const UNSET: Self = Self { targets: Vec::new() };

    /// Permits calls to `targets`.
    ///
    /// # Errors
    /// When the list is empty or holds the zero address.
    pub fn new(targets: impl IntoIterator<Item = Address>) -> Result<Self, DecodeError> {
        let targets: Vec<_> = targets.into_iter().collect();
        if targets.is_empty() {
            return Err(DecodeError::ListLength { length: 0 });
        }
        if targets.contains(&Address::ZERO) {
            return Err(DecodeError::ZeroTarget);
        }
        Ok(Self { targets })
    }

    /// The permitted contracts, in the order given.
    #[must_use]
    pub fn targets(&self) -> &[Address] {
        &self.targets
    }
}

impl Policy for ContractWhitelist {
    fn name(&self) -> &'static str {
        "contract whitelist"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::ContractWhitelist.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        self.targets.iter().flat_map(|target| target.0.0).collect()
    }

    fn decode(_: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        if init_data.len() % Address::len_bytes() != 0 {
            return Err(DecodeError::ListLength { length: init_data.len() });
        }
        Self::new(init_data.chunks_exact(Address::len_bytes()).map(Address::from_slice))
    }

    fn check_action(&self, _: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        if self.targets.contains(&call.target) {
            return Ok(Window::UNBOUNDED);
        }
        Err(Refusal::Target { target: call.target })
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::whitelist(self, words)
    }

    fn limits(&self) -> Limits {
        Limits { target: true, ..Limits::default() }
    }
}
