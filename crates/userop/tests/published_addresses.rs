//! The suites' owner validators are where a local chain has ours.

use session_contracts::address::owner;
use userop::account::nexus::NexusDeployment;

#[test]
fn owner_validators_are_those_of_the_local_chain() {
    let expected = [
        (NexusDeployment::LEGACY_A, owner::NEXUS_LEGACY),
        (NexusDeployment::LEGACY_A_GENERIC, owner::NEXUS_LEGACY),
        (NexusDeployment::LEGACY_B, owner::NEXUS_LEGACY),
        (NexusDeployment::V1_0_0, owner::SUITE_1_0_0),
        (NexusDeployment::V1_1_0, owner::SUITE_1_1_0),
        (NexusDeployment::V2_0_0, owner::SUITE_1_0_0),
        (NexusDeployment::V2_1_0, owner::SUITE_2_1_0),
        (NexusDeployment::V2_2_1, owner::SUITE_2_2_1),
        (NexusDeployment::V2_3_0, owner::SUITE_2_3_0),
        (NexusDeployment::V3_0_0, owner::SUITE_3_0_0),
    ];
    for (deployment, validator) in expected {
        assert_eq!(deployment.owner_validator, validator, "{}", deployment.suite);
        assert!(deployment.default_validator.is_none_or(|default| default == validator), "{}", deployment.suite);
    }
}
