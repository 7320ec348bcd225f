use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use session_types::abi::enable_sessions_calldata;

use super::build::Plan;
use super::{ChainActions, OwnFeeTokenLimits, SessionActions};
use crate::MeeError;
use crate::abi::account::{addSafeSenderCall, installModuleCall, isModuleInstalledCall};
use crate::account::Deployment;
use crate::composable::{ComposableCall, Constraint, Fetcher, InputParam};
use crate::instruction::{Instruction, PlainCall};
use crate::quote::{FeeToken, RequestError, batch};
use crate::wire::{Metadata, SessionDetails, SimulationOverrides, StorageOverride};

const VALIDATOR: U256 = U256::ONE;

/// Sessions that are enabled by calls of the account itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnableOnChain {
    /// The address of the session key.
    pub redeemer: Address,
    /// What it may do.
    pub actions: Vec<ChainActions>,
    /// The most that it may pay in fees, each and in total, in the token's smallest unit. Five whole tokens when absent.
    pub max_payment_amount: Option<U256>,
    /// Whether all actions of a chain are enabled by one call.
    pub batch_actions: bool,
    /// What to do when the actions limit transfers of the fee token.
    pub own_fee_token_limits: OwnFeeTokenLimits,
}

impl EnableOnChain {
    /// Enables actions for a session key.
    #[must_use]
    pub fn new(redeemer: Address, actions: impl IntoIterator<Item = ChainActions>) -> Self {
        Self {
            redeemer,
            actions: actions.into_iter().collect(),
            max_payment_amount: None,
            batch_actions: true,
            own_fee_token_limits: OwnFeeTokenLimits::Refuse,
        }
    }

    /// Limits the fees, each and in total, in the token's smallest unit.
    #[must_use]
    pub const fn with_max_payment_amount(mut self, amount: U256) -> Self {
        self.max_payment_amount = Some(amount);
        self
    }

    /// Enables each group of actions by a call of its own, in an operation of its own.
    #[must_use]
    pub const fn without_batching(mut self) -> Self {
        self.batch_actions = false;
        self
    }

    /// Says what to do when the actions limit transfers of the fee token.
    #[must_use]
    pub const fn with_own_fee_token_limits(mut self, limits: OwnFeeTokenLimits) -> Self {
        self.own_fee_token_limits = limits;
        self
    }
}

impl SessionActions {
    /// The instructions that install the module where it is missing, one for each such chain.
    pub(super) async fn install_instructions(&self) -> Result<Vec<Instruction>, MeeError> {
        let module = self.module.deployment().module;
        let mut instructions = Vec::new();
        for deployment in self.client.account().deployments() {
            if self.is_installed(deployment).await? {
                continue;
            }
            let install = installModuleCall { moduleTypeId: VALIDATOR, module, initData: self.module.init_data() };
            // The owner validator nests signatures that come from unknown callers; the module cannot.
            let trust = addSafeSenderCall { sender: module };
            let calls = [
                own_call(deployment, deployment.address(), install.abi_encode().into())?,
                own_call(deployment, deployment.suite().validator_address, trust.abi_encode().into())?,
            ];
            let chain_id = deployment.chain().id();
            let words = || [Metadata::custom("Install smart sessions module", chain_id)];
            let each = calls.into_iter().map(|call| {
                let instruction = match call {
                    OwnCall::Composable(call) => Instruction::composable(chain_id, [call]),
                    OwnCall::Plain(call) => Instruction::new(chain_id, [call]),
                };
                instruction.with_metadata(words())
            });
            instructions.extend(batch(each.collect())?);
        }
        Ok(instructions)
    }

    /// Whether the module is installed. An account that is not there has none.
    async fn is_installed(&self, deployment: &Deployment) -> Result<bool, MeeError> {
        if !deployment.chain().has_code(deployment.address()).await? {
            return Ok(false);
        }
        let call = self.is_installed_call();
        deployment.chain().view(deployment.address(), &call).await
    }

    const fn is_installed_call(&self) -> isModuleInstalledCall {
        isModuleInstalledCall {
            moduleTypeId: VALIDATOR,
            module: self.module.deployment().module,
            additionalContext: Bytes::new(),
        }
    }

    /// The instructions that enable sessions, and what is needed to use them.
    pub(super) async fn enable_instructions(
        &self,
        enable: EnableOnChain,
        fee_token: Option<FeeToken>,
    ) -> Result<(Vec<Instruction>, Vec<SessionDetails>), MeeError> {
        let plan = Plan {
            redeemer: enable.redeemer,
            fee_token,
            max_payment_amount: enable.max_payment_amount,
            limits: enable.own_fee_token_limits,
        };
        let module = self.module.deployment().module;
        let (mut instructions, mut details) = (Vec::new(), Vec::new());
        for (chain_id, groups) in self.plan(&plan, enable.actions).await? {
            let salt = self.client.salts().salt();
            let groups = if enable.batch_actions { vec![groups.concat()] } else { groups };
            for (index, actions) in groups.into_iter().enumerate() {
                let session = self.session(&plan, chain_id, salt, actions)?;
                let call_data = enable_sessions_calldata(&[&session]);
                let deployment = self.client.account().on(chain_id)?;
                let mut overrides = SimulationOverrides::default();
                let instruction = match own_call(deployment, module, call_data)? {
                    OwnCall::Composable(call) if !enable.batch_actions => {
                        overrides.custom_overrides.push(self.installed_override(deployment));
                        let call = call.when(self.is_installed_condition(deployment.address()));
                        Instruction::composable(chain_id, [call])
                    }
                    OwnCall::Composable(call) => Instruction::composable(chain_id, [call]),
                    OwnCall::Plain(call) => Instruction::new(chain_id, [call]),
                };
                instructions.push(
                    instruction
                        .with_metadata([Metadata::custom("Enable smart sessions permissions", chain_id)])
                        .with_simulation_overrides(overrides),
                );
                if index == 0 {
                    details.push(SessionDetails::of_enabled(chain_id, session.into_abi()));
                }
            }
        }
        Ok((instructions, details))
    }

    fn is_installed_condition(&self, account: Address) -> InputParam {
        let data = self.is_installed_call().abi_encode().into();
        let fetcher = Fetcher::StaticCall { target: account, data };
        InputParam::constrained(fetcher, Constraint::Equal(B256::from(U256::ONE)))
    }

    /// Has a simulation believe that the module is in the account's list of validators.
    fn installed_override(&self, deployment: &Deployment) -> StorageOverride {
        StorageOverride {
            contract_address: deployment.address(),
            storage_slot: keccak256((self.module.deployment().module, account_storage()).abi_encode()),
            chain_id: deployment.chain().id(),
            value: B256::from(U256::ONE),
        }
    }
}

/// A call of the client's own.
enum OwnCall {
    Composable(ComposableCall),
    Plain(PlainCall),
}

/// Accounts of 1.x have no composable calls of their own: their set-up leaves the module for them out.
fn own_call(deployment: &Deployment, to: Address, data: Bytes) -> Result<OwnCall, RequestError> {
    Ok(if deployment.suite().version.has_default_validator() {
        OwnCall::Composable(ComposableCall::from_call_data(to, &data)?)
    } else {
        OwnCall::Plain(PlainCall::new(to, data))
    })
}

/// Where an account keeps its storage (ERC-7201, namespace `biconomy.storage.Nexus`); its validators come first.
fn account_storage() -> B256 {
    let id = U256::from_be_bytes(keccak256("biconomy.storage.Nexus").0).saturating_sub(U256::ONE);
    let mut slot = keccak256(id.abi_encode());
    slot[31] = 0;
    slot
}
