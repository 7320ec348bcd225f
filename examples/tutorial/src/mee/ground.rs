//! Two local chains, a MEE node, and the account that both sides speak for.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::{SolCall, SolValue as _, sol};
use anyhow::ensure;
use session_contracts::address::{COUNTER, TOKEN, owner};
use smart_sessions::mee::quote::{GasTank, UseMode};
use smart_sessions::mee::session::{SessionActions, UsePermission};
use smart_sessions::mee::status::Wait;
use smart_sessions::mee::wire::SessionDetails;
use smart_sessions::mee::{
    Chain, ChainConfiguration, FeeToken, Instruction, MeeClient, MeeError, MeeVersion, MeeVersionConfig,
    MultichainAccount, PlainCall, Sponsor,
};
use smart_sessions::policy::{KnownPolicy as _, Sudo};
use smart_sessions::session::{ActionData, ActionTarget, Deployment};
use testkit::mee::{MeeChain, MeeNode};
use testkit::{Devnet, Key};

use crate::counter::{Counter, incrementNumberCall, numbersCall};

/// The chain on which fees are paid.
pub(super) const FIRST: u64 = 31_337;
/// The other chain.
pub(super) const SECOND: u64 = 31_338;
/// The most that a session may pay to the node, in the token's smallest unit: one whole token.
pub(super) const LARGEST_FEE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

sol! {
    function mint(address to, uint256 value);
    function balanceOf(address owner) returns (uint256);
}

pub(super) struct Ground {
    devnets: [Devnet; 2],
    pub(super) node: MeeNode,
    /// The owner's client.
    pub(super) owner: SessionActions,
    /// The session key's client: it knows the account's address and nothing else of the owner's.
    pub(super) session: SessionActions,
    pub(super) account: Address,
    pub(super) session_key: Address,
}

impl Ground {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let start = |chain_id| Devnet::builder().chain_id(chain_id).without_bundler().start();
        let (first, second) = tokio::try_join!(start(FIRST), start(SECOND))?;
        let devnets = [first, second];
        let node = MeeNode::start(devnets.iter().map(|devnet| MeeChain {
            chain_id: devnet.chain_id(),
            chain: devnet.chain().clone(),
            tokens: vec![(TOKEN, 18)],
        }))
        .await?;

        let own = devnets.iter().map(|devnet| ChainConfiguration::with_suite(chain(devnet), suite(devnet)));
        let account = MultichainAccount::resolve(Arc::new(Key::Owner.signer()), U256::ZERO, own).await?;
        account.check_suites().await?;
        let address = account.on(FIRST)?.address();
        let known = devnets
            .iter()
            .map(|devnet| ChainConfiguration::with_suite(chain(devnet), suite(devnet)).existing_at(address));
        let by_key = MultichainAccount::known(Arc::new(Key::Session.signer()), U256::ZERO, known)?;
        for devnet in &devnets {
            for holder in [address, node.tank()] {
                let call = mintCall { to: holder, value: LARGEST_FEE * U256::from(1000) };
                devnet.chain().send(Key::Deployer.address(), TOKEN, U256::ZERO, call.abi_encode()).await?;
            }
        }
        let (owner, session) = (client(&node, account)?, client(&node, by_key)?);
        Ok(Self { devnets, node, owner, session, account: address, session_key: Key::Session.address() })
    }

    pub(super) const fn fee_token(&self) -> FeeToken {
        FeeToken::new(TOKEN, FIRST)
    }

    pub(super) fn sponsored(&self) -> Sponsor {
        Sponsor::Tank(GasTank::new(self.node.url(), self.node.tank(), TOKEN, SECOND))
    }

    /// `incrementNumber()` of the counter, without rules.
    pub(super) fn incrementing(&self) -> anyhow::Result<ActionData> {
        let sudo = Sudo.on(&Deployment::current().policies)?;
        Ok(ActionData::new(ActionTarget::from_parts(COUNTER, incrementNumberCall::SELECTOR.into()), [sudo]))
    }

    pub(super) const fn call(&self, data: Bytes) -> PlainCall {
        PlainCall::new(COUNTER, data)
    }

    /// One increment on each chain.
    pub(super) fn increments(&self, details: &[SessionDetails], mode: UseMode) -> UsePermission {
        let instructions =
            [FIRST, SECOND].map(|chain_id| Instruction::new(chain_id, [self.call(Counter::increment())]));
        // The contracts of local chains are not written for little gas.
        UsePermission::new(details.to_vec(), mode, instructions, self.fee_token())
            .with_verification_gas_limit(U256::from(5_000_000))
    }

    /// Lets the session key's client make the calls and waits for them.
    pub(super) async fn use_session(&self, usage: UsePermission) -> Result<B256, MeeError> {
        let hash = self.session.use_permission(usage).await?.hash;
        self.wait(&self.session, hash).await?;
        Ok(hash)
    }

    pub(super) async fn wait(&self, client: &SessionActions, hash: B256) -> Result<(), MeeError> {
        client.client().wait(hash, Wait::default().for_at_most(Duration::from_secs(60))).await.map(drop)
    }

    pub(super) async fn require_counters(&self, expected: u64) -> anyhow::Result<()> {
        let seen = self.read(COUNTER, numbersCall { caller: self.account }).await?;
        ensure!(seen == [U256::from(expected); 2], "the counters are {seen:?}, expected {expected}");
        Ok(())
    }

    /// What the node has earned on each chain.
    pub(super) async fn fees(&self) -> anyhow::Result<[U256; 2]> {
        self.balances(self.node.address()).await
    }

    /// What an address has of the fee token on each chain.
    pub(super) async fn balances(&self, owner: Address) -> anyhow::Result<[U256; 2]> {
        self.read(TOKEN, balanceOfCall { owner }).await
    }

    async fn read(&self, to: Address, call: impl SolCall) -> anyhow::Result<[U256; 2]> {
        let mut answers = [U256::ZERO; 2];
        for (answer, devnet) in answers.iter_mut().zip(&self.devnets) {
            *answer = U256::abi_decode(&devnet.chain().call(to, call.abi_encode()).await?)?;
        }
        Ok(answers)
    }
}

/// The set of contracts on a local chain: that of suite 1.0.0, at the chain's own addresses.
fn suite(devnet: &Devnet) -> MeeVersionConfig {
    let nexus = devnet.nexus();
    MeeVersionConfig {
        account_id: nexus.account_id.to_owned(),
        factory_address: nexus.factory,
        bootstrap_address: nexus.bootstrap,
        implementation_address: nexus.implementation,
        validator_address: owner::SUITE_1_0_0,
        default_validator_address: owner::SUITE_1_0_0,
        composable_module_address: None,
        ..MeeVersionConfig::published(MeeVersion::V1_0_0)
    }
}

fn chain(devnet: &Devnet) -> Chain {
    Chain::new(devnet.chain_id(), RpcClient::new_http(devnet.rpc_url().clone()))
}

fn client(node: &MeeNode, account: MultichainAccount) -> anyhow::Result<SessionActions> {
    let client = MeeClient::builder(Arc::new(account)).node(node.url()).polling_interval(Duration::from_millis(20));
    Ok(client.build()?.sessions())
}
