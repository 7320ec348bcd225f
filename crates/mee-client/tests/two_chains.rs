//! Sessions over two local chains and a local node, from an account that is not there to calls by the session key.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, Bytes, U256};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::{SolCall, SolValue, sol};
use mee_client::quote::{GasTank, UseMode};
use mee_client::session::{
    ChainAction, ChainActions, EnableOnChain, GrantOptions, PrepareOptions, SessionActionError, SessionActions,
    UsePermission,
};
use mee_client::status::{Event, Phase, StatusError, Wait};
use mee_client::wire::SessionDetails;
use mee_client::{
    Chain, ChainConfiguration, FeeToken, Instruction, MeeClient, MeeError, MeeVersion, MeeVersionConfig,
    MultichainAccount, PlainCall, Sponsor,
};
use policy_encoding::{KnownPolicy as _, Sudo};
use session_contracts::address::{COUNTER, TOKEN, owner};
use session_types::{ActionData, ActionTarget, Deployment};
use testkit::mee::{MeeChain, MeeFault, MeeNode};
use testkit::{Devnet, Key};

sol! {
    function incrementNumber();
    function setNumber(uint256 number);
    function numbers(address caller) returns (uint256);
    function mint(address to, uint256 value);
    function balanceOf(address owner) returns (uint256);
}

const FIRST: u64 = 31_337;
const SECOND: u64 = 31_338;

struct World {
    devnets: [Devnet; 2],
    node: MeeNode,
    owner: SessionActions,
    session: SessionActions,
    account: Address,
}

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

fn client(node: &MeeNode, account: MultichainAccount) -> SessionActions {
    let client = MeeClient::builder(Arc::new(account)).node(node.url()).polling_interval(Duration::from_millis(20));
    client.build().unwrap().sessions()
}

impl World {
    async fn start() -> Self {
        let start = |chain_id| Devnet::builder().chain_id(chain_id).without_bundler().start();
        let devnets = [start(FIRST).await.unwrap(), start(SECOND).await.unwrap()];
        let chains = devnets.iter().map(|devnet| MeeChain {
            chain_id: devnet.chain_id(),
            chain: devnet.chain().clone(),
            tokens: vec![(TOKEN, 18)],
        });
        let node = MeeNode::start(chains).await.unwrap();
        let own = devnets.iter().map(|devnet| ChainConfiguration::with_suite(chain(devnet), suite(devnet)));
        let signer = Arc::new(Key::Owner.signer());
        let account = MultichainAccount::resolve(signer, U256::ZERO, own).await.unwrap();
        account.check_suites().await.unwrap();
        let address = account.on(FIRST).unwrap().address();
        assert_eq!(account.on(SECOND).unwrap().address(), address);
        let existing = devnets
            .iter()
            .map(|devnet| ChainConfiguration::with_suite(chain(devnet), suite(devnet)).existing_at(address));
        let key = Arc::new(Key::Session.signer());
        let by_key = MultichainAccount::known(key, U256::ZERO, existing).unwrap();
        for devnet in &devnets {
            for holder in [address, node.tank()] {
                let call = mintCall { to: holder, value: U256::from(10).pow(U256::from(24)) };
                let from = Key::Deployer.address();
                devnet.chain().send(from, TOKEN, U256::ZERO, call.abi_encode()).await.unwrap();
            }
        }
        let (owner, session) = (client(&node, account), client(&node, by_key));
        Self { devnets, node, owner, session, account: address }
    }

    async fn number(&self, to: Address, call: Vec<u8>) -> [U256; 2] {
        let mut numbers = [U256::ZERO; 2];
        for (number, devnet) in numbers.iter_mut().zip(&self.devnets) {
            *number = U256::abi_decode(&devnet.chain().call(to, call.clone()).await.unwrap()).unwrap();
        }
        numbers
    }

    async fn counters(&self) -> [U256; 2] {
        self.number(COUNTER, numbersCall { caller: self.account }.abi_encode()).await
    }

    async fn fees(&self) -> [U256; 2] {
        self.number(TOKEN, balanceOfCall { owner: self.node.address() }.abi_encode()).await
    }

    fn usage(&self, details: &[SessionDetails], mode: UseMode) -> UsePermission {
        UsePermission::new(details.to_vec(), mode, [increment(FIRST), increment(SECOND)], fee_token())
    }

    /// Uses the session and waits.
    async fn run(&self, usage: UsePermission) -> Result<(), MeeError> {
        let executed = self.session.use_permission(usage).await?;
        self.session.client().wait(executed.hash, wait()).await.map(drop)
    }
}

fn wait() -> Wait {
    Wait::default().for_at_most(Duration::from_secs(20))
}

const fn fee_token() -> FeeToken {
    FeeToken::new(TOKEN, FIRST)
}

fn increment(chain_id: u64) -> Instruction {
    Instruction::new(chain_id, [PlainCall::new(COUNTER, Bytes::from(incrementNumberCall {}.abi_encode()))])
}

fn incrementing() -> ActionData {
    let sudo = Sudo.on(&Deployment::current().policies).unwrap();
    ActionData::new(ActionTarget::from_parts(COUNTER, incrementNumberCall::SELECTOR.into()), [sudo])
}

fn units(count: u64) -> [U256; 2] {
    [U256::from(count); 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_over_two_chains() {
    let world = World::start().await;

    // Prepare: account and module come by one supertransaction on both chains.
    let prepared = world.owner.prepare_for_permissions(PrepareOptions::new(fee_token())).await.unwrap().unwrap();
    world.owner.client().wait(prepared.hash, wait()).await.unwrap();
    let paid = world.fees().await;
    assert!(paid[0] > U256::ZERO && paid[1].is_zero(), "{paid:?}");
    // Nothing is left to do.
    assert_eq!(world.owner.prepare_for_permissions(PrepareOptions::new(fee_token())).await.unwrap(), None);

    // Grant: one signature for both chains.
    let actions = [FIRST, SECOND].map(|chain_id| ChainAction::new(chain_id, incrementing()));
    let grant = GrantOptions::new(Key::Session.address(), actions)
        .with_fee_token(fee_token())
        .with_max_payment_amount(U256::from(10).pow(U256::from(18)));
    let details = world.owner.grant_permission_typed_data_sign(grant.clone()).await.unwrap();
    assert_eq!(details.len(), 2);
    let enabled = world.session.check_enabled_permissions(&details).await.unwrap();
    assert!(enabled.values().flat_map(|chains| chains.values()).all(|enabled| !enabled));

    // The first use enables, the next ones only use.
    // The contracts of the local chains are not written for little gas.
    let enabling = world.usage(&details, UseMode::EnableAndUse).with_verification_gas_limit(U256::from(5_000_000));
    world.run(enabling).await.unwrap();
    assert_eq!(world.counters().await, units(1));
    let enabled = world.session.check_enabled_permissions(&details).await.unwrap();
    assert!(enabled.values().flat_map(|chains| chains.values()).all(|enabled| *enabled));
    world.run(world.usage(&details, UseMode::Use)).await.unwrap();
    assert_eq!(world.counters().await, units(2));
    let paid_by_session = world.fees().await;
    assert!(paid_by_session[0] > paid[0] && paid_by_session[1].is_zero());

    // A call that was not granted is refused by the module, on its chain only.
    let refused = PlainCall::new(COUNTER, Bytes::from(setNumberCall { number: U256::from(9) }.abi_encode()));
    let usage = UsePermission::new(details.clone(), UseMode::Use, [Instruction::new(SECOND, [refused])], fee_token());
    let error = world.run(usage).await.unwrap_err();
    assert!(matches!(error, MeeError::Status(StatusError::Failed { phase: Phase::Failed, .. })), "{error}");
    assert_eq!(world.counters().await, units(2));

    // A gas tank pays.
    let tank_before = world.number(TOKEN, balanceOfCall { owner: world.node.tank() }.abi_encode()).await;
    let account_before = world.number(TOKEN, balanceOfCall { owner: world.account }.abi_encode()).await;
    let mut usage = world.usage(&details, UseMode::Use);
    usage.payment = Sponsor::Tank(GasTank::new(world.node.url(), world.node.tank(), TOKEN, SECOND)).into();
    world.run(usage).await.unwrap();
    assert_eq!(world.counters().await, units(3));
    let tank_after = world.number(TOKEN, balanceOfCall { owner: world.node.tank() }.abi_encode()).await;
    assert!(tank_after[1] < tank_before[1] && tank_after[0] == tank_before[0]);
    assert_eq!(world.number(TOKEN, balanceOfCall { owner: world.account }.abi_encode()).await, account_before);

    // Sessions that the account enables by its own calls can be used at once, but not enabled again.
    let groups = [FIRST, SECOND].map(|chain_id| ChainActions::new(chain_id, [incrementing()]));
    let enable = EnableOnChain::new(Key::Session.address(), groups);
    let prepare = PrepareOptions::new(fee_token()).with_sessions(enable);
    let prepared = world.owner.prepare_for_permissions(prepare).await.unwrap().unwrap();
    world.owner.client().wait(prepared.hash, wait()).await.unwrap();
    let by_call = prepared.session_details.unwrap();
    world.run(world.usage(&by_call, UseMode::Use)).await.unwrap();
    assert_eq!(world.counters().await, units(4));
    let asked = world.node.requests().len();
    let error = world.run(world.usage(&by_call, UseMode::EnableAndUse)).await.unwrap_err();
    assert!(matches!(error, MeeError::Session(SessionActionError::NothingToEnable)), "{error}");
    assert_eq!(world.node.requests().len(), asked);

    // Two sessions on each chain: which one is meant must be said.
    let both = [details.clone(), by_call.clone()].concat();
    assert!(matches!(world.run(world.usage(&both, UseMode::Use)).await, Err(MeeError::Request(_))));
    let usage = by_call.iter().fold(world.usage(&both, UseMode::Use), |usage, one| usage.choosing(one.permission_id));
    world.run(usage).await.unwrap();
    assert_eq!(world.counters().await, units(5));

    faults(&world, &details).await;
}

async fn faults(world: &World, details: &[SessionDetails]) {
    let usage = || world.usage(details, UseMode::Use);
    let before = world.counters().await;

    world.node.set_faults([MeeFault::TamperedCallData]);
    let error = world.run(usage()).await.unwrap_err();
    let MeeError::Quote(mismatch) = error else { panic!("{error}") };
    assert_eq!(mismatch.field, "userOps[2].userOp.callData");

    world.node.set_faults([MeeFault::Overcharge(1_000_000)]);
    let mut capped = usage();
    capped.payment = fee_token().with_max_fee(U256::from(1_000_000)).into();
    let error = world.run(capped).await.unwrap_err();
    let MeeError::Quote(mismatch) = error else { panic!("{error}") };
    assert_eq!(mismatch.field, "paymentInfo.tokenWeiAmount");

    for (fault, phase) in [(MeeFault::Expired, Phase::Failed), (MeeFault::SimulationFailure(0), Phase::Failed)] {
        world.node.set_faults([fault.clone()]);
        match world.run(usage()).await.unwrap_err() {
            MeeError::Status(StatusError::Failed { phase: seen, .. }) => assert_eq!(seen, phase, "{fault:?}"),
            other => panic!("{fault:?}: {other}"),
        }
    }
    // Only the second operation of the second of those ran.
    let [first, second] = before;
    assert_eq!(world.counters().await, [first, second + U256::ONE]);

    world.node.set_faults([MeeFault::MinedFailure(1)]);
    match world.run(usage()).await.unwrap_err() {
        MeeError::Status(StatusError::Failed { phase: Phase::MinedFail, operation: 1, .. }) => {}
        other => panic!("{other}"),
    }

    // The answer is lost, the supertransaction is not: its hash says what became of it.
    world.node.set_faults([MeeFault::LostAnswer]);
    let error = world.session.use_permission(usage()).await.unwrap_err();
    let MeeError::ExecutionUnknown { hash, .. } = error else { panic!("{error}") };
    world.session.client().wait(hash, wait()).await.unwrap();

    // A deadline is kept, and waiting goes on where it ended.
    world.node.set_faults([MeeFault::Slow(Duration::from_millis(400))]);
    let executed = world.session.use_permission(usage()).await.unwrap();
    let short = wait().for_at_most(Duration::from_millis(100));
    let error = world.session.client().wait(executed.hash, short).await.unwrap_err();
    assert!(matches!(error, MeeError::Status(StatusError::Deadline { phase: Phase::Pending, .. })), "{error}");
    let mut mined = Vec::new();
    let on_event = |event| {
        if let Event::Phase { chain_id, phase: Phase::MinedSuccess, .. } = event {
            mined.push(chain_id);
        }
    };
    world.session.client().wait_with(executed.hash, wait(), on_event).await.unwrap();
    assert_eq!(mined, [FIRST, SECOND]);
}
