//! What kind of account it is, and who checks its owner's key.

use alloy_primitives::{Address, Bytes};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use smart_sessions::bundler::{CallRequest, NodeClient};
use smart_sessions::userop::account::kernel::KernelDeployment;
use smart_sessions::userop::account::nexus::NexusDeployment;
use smart_sessions::userop::account::safe7579::SafeDeployment;
use smart_sessions::userop::account::{Account, Generic, Kernel, Nexus, Safe7579, Validator};
use smart_sessions::{Chain, ChainRevocation, Owner, RevokePlan};

use crate::arguments::{AccountKind, Revoke};
use crate::{Failure, chains};

sol! {
    function accountId() external view returns (string);
    function isModuleInstalled(uint256 moduleTypeId, address module, bytes additionalContext) external view returns (bool);
}

/// An account as it was asked for or found.
pub(super) struct Found {
    pub(super) kind: AccountKind,
    /// What the account says of itself, when it was asked.
    pub(super) id: Option<String>,
    address: Address,
    validator: Validator,
}

/// Asks the account what it is, unless the command line says it.
pub(super) async fn find(part: &Revoke, node: &NodeClient, address: Address) -> Result<Found, Failure> {
    let id = match part.account_kind {
        Some(_) => None,
        None => Some(id_of(node, address).await?),
    };
    let kind = part.account_kind.unwrap_or_else(|| kind_of(id.as_deref().unwrap_or_default()));
    let validator = match (part.owner_validator, kind) {
        (Some(validator), _) => Validator::Installed(validator),
        (None, AccountKind::Kernel) => Validator::Default,
        (None, AccountKind::Nexus) => of_nexus(node, address, id.as_deref().unwrap_or_default()).await?,
        (None, kind) => {
            let problem = format!("which validator checks the owner's key of a {} account is not known", kind.name());
            return Err(Failure::input(problem, "give it by --owner-validator"));
        }
    };
    Ok(Found { kind, id, address, validator })
}

fn kind_of(id: &str) -> AccountKind {
    let id = id.to_lowercase();
    match () {
        () if id.contains("nexus") || id.contains("startale") => AccountKind::Nexus,
        () if id.starts_with("kernel") => AccountKind::Kernel,
        () if id.contains("safe") => AccountKind::Safe,
        () => AccountKind::Generic,
    }
}

async fn id_of(node: &NodeClient, address: Address) -> Result<String, Failure> {
    let remedy = "give the kind by --account-kind; an account that is not deployed has nothing to take back";
    let answer = node.call(&CallRequest::new(address, accountIdCall {}.abi_encode())).await;
    let answer = answer.map_err(|error| match error.response() {
        Some(_) => Failure::input(format!("account {address} does not say what it is"), remedy),
        None => chains::of_bundler(error),
    })?;
    accountIdCall::abi_decode_returns(&answer)
        .map_err(|_| Failure::input(format!("account {address} does not say what it is"), remedy))
}

/// From 1.2 on the owner's validator is the default one; before, it is installed.
async fn of_nexus(node: &NodeClient, address: Address, id: &str) -> Result<Validator, Failure> {
    if !id.contains(".1.0.") {
        return Ok(Validator::Default);
    }
    let suites =
        [NexusDeployment::LEGACY_A, NexusDeployment::LEGACY_B, NexusDeployment::V1_0_0, NexusDeployment::V1_1_0];
    let mut asked = Vec::new();
    for validator in suites.map(|suite| suite.owner_validator) {
        if asked.contains(&validator) {
            continue;
        }
        asked.push(validator);
        let question = isModuleInstalledCall {
            moduleTypeId: alloy_primitives::U256::ONE,
            module: validator,
            additionalContext: Bytes::new(),
        };
        match node.call(&CallRequest::new(address, question.abi_encode())).await {
            Ok(answer) if isModuleInstalledCall::abi_decode_returns(&answer).unwrap_or(false) => {
                return Ok(Validator::Installed(validator));
            }
            Err(error) if error.response().is_none() => return Err(chains::of_bundler(error)),
            _ => {}
        }
    }
    let problem = format!("account {address} has none of the owner validators of its version");
    Err(Failure::input(problem, "give it by --owner-validator"))
}

impl Found {
    /// Carries the account's part of a plan out.
    pub(super) async fn carry_out(&self, chain: Chain, signer: PrivateKeySigner, plan: &RevokePlan) -> ChainRevocation {
        let address = self.address;
        match self.kind {
            // What the versions differ in does not matter for an account that is there.
            AccountKind::Nexus => self.by(chain, Nexus::at(NexusDeployment::V2_1_0, address), signer, plan).await,
            AccountKind::Kernel => self.by(chain, Kernel::at(KernelDeployment::V0_3_3, address), signer, plan).await,
            AccountKind::Safe => self.by(chain, Safe7579::at(SafeDeployment::V2, address), signer, plan).await,
            AccountKind::Generic => self.by(chain, Generic::at(address), signer, plan).await,
        }
    }

    async fn by<A: Account>(
        &self,
        chain: Chain,
        account: A,
        signer: PrivateKeySigner,
        plan: &RevokePlan,
    ) -> ChainRevocation {
        Owner::new(chain, account, self.validator, signer).carry_out(plan).await
    }
}
