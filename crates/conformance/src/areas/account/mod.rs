mod erc1271;
mod modules;
mod nexus_address;
mod nexus_signature;
mod typed_data;

use crate::Check;

pub(super) const CHECKS: &[Check] = &[
    Check { title: "module installation", schema: "", name: "modules", run: modules::calls },
    Check { title: "module installation", schema: "modules", name: "modules", run: modules::forms },
    Check { title: "ERC-1271 wrapping", schema: "erc1271-wrap", name: "erc1271-wrap", run: erc1271::run },
    Check {
        title: "Nexus address",
        schema: "nexus-counterfactual",
        name: "nexus-counterfactual",
        run: nexus_address::run,
    },
    Check { title: "Nexus signature", schema: "nexus-signatures", name: "nexus-signatures", run: nexus_signature::run },
];
