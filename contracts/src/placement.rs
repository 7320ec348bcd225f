use alloy_primitives::Address;

use crate::Contract;
use crate::address::{COUNTER, REGISTRY, TOKEN, current, legacy, owner};

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
    (Contract::SmartSessionLegacy, legacy::SMART_SESSION),
    (Contract::SmartSession, current::SMART_SESSION),
    (Contract::Sudo, legacy::SUDO),
    (Contract::Sudo, current::SUDO),
    (Contract::UniversalAction, legacy::UNIVERSAL_ACTION),
    (Contract::UniversalAction, current::UNIVERSAL_ACTION),
    (Contract::SpendingLimitLegacy, legacy::SPENDING_LIMIT),
    (Contract::SpendingLimit, current::SPENDING_LIMIT),
    (Contract::TimeFrameLegacy, legacy::TIME_FRAME),
    (Contract::TimeFrame, current::TIME_FRAME),
    (Contract::UsageLimit, legacy::USAGE_LIMIT),
    (Contract::UsageLimit, current::USAGE_LIMIT),
    (Contract::ValueLimit, legacy::VALUE_LIMIT),
    (Contract::ValueLimit, current::VALUE_LIMIT),
    (Contract::ArgPolicy, current::ARG_POLICY),
    (Contract::ContractWhitelist, current::CONTRACT_WHITELIST),
    (Contract::SimpleGas, current::SIMPLE_GAS),
    (Contract::OwnableValidatorLegacy, legacy::OWNABLE_VALIDATOR),
    (Contract::OwnableValidator, current::OWNABLE_VALIDATOR),
    (Contract::K1Validator, owner::NEXUS_LEGACY),
    (Contract::MeeValidator, owner::SUITE_1_0_0),
    (Contract::MeeValidator, owner::SUITE_1_1_0),
    (Contract::MeeValidator, owner::SUITE_2_1_0),
    (Contract::MeeValidatorTyped, owner::SUITE_2_2_1),
    (Contract::MeeValidatorTyped, owner::SUITE_2_3_0),
    (Contract::MeeValidatorTyped, owner::SUITE_3_0_0),
    (Contract::Registry, REGISTRY),
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
