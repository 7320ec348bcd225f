use alloy_primitives::Address;

use crate::Contract;
use crate::address::{COUNTER, REGISTRY, TOKEN, current, legacy};

/// A set of published addresses whose contracts belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// December 2024, tag v1.0.0.
    Legacy,
    /// August 2025.
    Current,
}

/// Code that stands at an address on a local chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The contract's name, for people.
    pub name: &'static str,
    /// Where it stands.
    pub address: Address,
    /// Its runtime code, as `anvil_setCode` takes it.
    pub code: &'static [u8],
}

impl Placement {
    fn new((contract, address): (Contract, Address)) -> Self {
        Self { name: contract.name(), address, code: contract.runtime_code() }
    }
}

/// Everything of ours that a local chain needs: the contracts of both generations at their published addresses, and
/// the counter and the token at addresses of our own choice.
#[must_use]
pub fn placements() -> Vec<Placement> {
    PLACES.iter().copied().map(Placement::new).collect()
}

const PLACES: &[(Contract, Address)] = &[
    (Contract::Registry, REGISTRY),
    (Contract::Sudo, legacy::SUDO),
    (Contract::Sudo, current::SUDO),
    (Contract::Counter, COUNTER),
    (Contract::Token, TOKEN),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::placements;

    #[test]
    fn no_address_is_used_twice() {
        let placements = placements();
        let addresses: HashSet<_> = placements.iter().map(|placement| placement.address).collect();
        assert_eq!(addresses.len(), placements.len());
    }
}
