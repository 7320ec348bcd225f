mod nexus_address;
mod nexus_signature;
mod typed_data;

use crate::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        title: "Nexus address",
        schema: "nexus-counterfactual",
        name: "nexus-counterfactual",
        run: nexus_address::run,
    },
    Check { title: "Nexus signature", schema: "nexus-signatures", name: "nexus-signatures", run: nexus_signature::run },
];
