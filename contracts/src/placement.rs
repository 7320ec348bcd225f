use alloy_primitives::Address;

use crate::Contract;
use crate::address::{COUNTER, REGISTRY, TOKEN, WEBAUTHN_VALIDATOR, current, legacy, owner};

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
    /// The generation whose published address this is; none for what belongs to both or to neither.
    pub generation: Option<Generation>,
    /// Where it stands.
    pub address: Address,
    /// Its runtime code, as `anvil_setCode` takes it.
    pub code: &'static [u8],
}

/// Everything of ours that a local chain needs: the contracts of both generations at their published addresses, the
/// owner validators of Nexus accounts, the registry, and counter and token at addresses of our own choice.
#[must_use]
pub fn placements() -> Vec<Placement> {
    let of = |generation: Option<Generation>, places: &[(Contract, Address)]| {
        let place = move |&(contract, address): &(Contract, Address)| Placement {
            name: contract.name(),
            generation,
            address,
            code: contract.runtime_code(),
        };
        places.iter().map(place).collect::<Vec<_>>()
    };
    [of(Some(Generation::Legacy), LEGACY), of(Some(Generation::Current), CURRENT), of(None, SHARED)].concat()
}

const LEGACY: &[(Contract, Address)] = &[
    (Contract::SmartSessionLegacy, legacy::SMART_SESSION),
    (Contract::Sudo, legacy::SUDO),
    (Contract::UniversalAction, legacy::UNIVERSAL_ACTION),
    (Contract::SpendingLimitLegacy, legacy::SPENDING_LIMIT),
    (Contract::TimeFrameLegacy, legacy::TIME_FRAME),
    (Contract::UsageLimit, legacy::USAGE_LIMIT),
    (Contract::ValueLimit, legacy::VALUE_LIMIT),
    (Contract::OwnableValidatorLegacy, legacy::OWNABLE_VALIDATOR),
];

const CURRENT: &[(Contract, Address)] = &[
    (Contract::SmartSession, current::SMART_SESSION),
    (Contract::Sudo, current::SUDO),
    (Contract::UniversalAction, current::UNIVERSAL_ACTION),
    (Contract::SpendingLimit, current::SPENDING_LIMIT),
    (Contract::TimeFrame, current::TIME_FRAME),
    (Contract::UsageLimit, current::USAGE_LIMIT),
    (Contract::ValueLimit, current::VALUE_LIMIT),
    (Contract::ArgPolicy, current::ARG_POLICY),
    (Contract::ContractWhitelist, current::CONTRACT_WHITELIST),
    (Contract::SimpleGas, current::SIMPLE_GAS),
    (Contract::OwnableValidator, current::OWNABLE_VALIDATOR),
];

const SHARED: &[(Contract, Address)] = &[
    (Contract::K1Validator, owner::NEXUS_LEGACY),
    (Contract::MeeValidator, owner::SUITE_1_0_0),
    (Contract::MeeValidator, owner::SUITE_1_1_0),
    (Contract::MeeValidator, owner::SUITE_2_1_0),
    (Contract::MeeValidatorTyped, owner::SUITE_2_2_1),
    (Contract::MeeValidatorTyped, owner::SUITE_2_3_0),
    (Contract::MeeValidatorTyped, owner::SUITE_3_0_0),
    (Contract::WebAuthnValidator, WEBAUTHN_VALIDATOR),
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
