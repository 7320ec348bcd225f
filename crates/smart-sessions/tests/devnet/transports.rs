//! The same sessions, used by bundlers and by a MEE node.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, SolValue as _, sol};
use bundler_rpc::RpcClient;
use session_contracts::address::{COUNTER, TOKEN, owner};
use smart_sessions::bundler::{BundlerError, Spending, SpendingLimit};
use smart_sessions::mee::account::ChainConfiguration;
use smart_sessions::mee::quote::GasTank;
use smart_sessions::mee::session::{ChainAction, GrantOptions, PrepareOptions, SessionActions};
use smart_sessions::mee::status::Wait;
use smart_sessions::mee::{FeeToken, MeeClient, MeeError, MeeVersion, MeeVersionConfig, MultichainAccount, Sponsor};
use smart_sessions::policy::{KnownPolicy as _, Sudo};
use smart_sessions::session::{ActionData, ActionTarget, Deployment, SigningForm};
use smart_sessions::userop::Call;
use smart_sessions::userop::account::Nexus;
use smart_sessions::userop::account::nexus::NexusDeployment;
use smart_sessions::{
    BundlerTransport, Chain, ChainCalls, Error, Grant, Limit, MeeTransport, SessionClient, Transport,
};
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
const ONE_TOKEN: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

struct World {
    devnets: [Devnet; 2],
    node: MeeNode,
    owner: SessionActions,
    by_key: SessionActions,
    account: Address,
}

/// The local chain's contracts as those of a suite.
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

fn configuration(devnet: &Devnet) -> ChainConfiguration {
    let rpc = RpcClient::new_http(devnet.rpc_url().clone());
    ChainConfiguration::with_suite(smart_sessions::mee::Chain::new(devnet.chain_id(), rpc), suite(devnet))
}

impl World {
    async fn prepare() -> Self {
        let start = |chain_id| Devnet::builder().chain_id(chain_id).start();
        let (first, second) = tokio::try_join!(start(FIRST), start(SECOND)).unwrap();
        let devnets = [first, second];
        let chains = devnets.iter().map(|devnet| MeeChain {
            chain_id: devnet.chain_id(),
            chain: devnet.chain().clone(),
            tokens: vec![(TOKEN, 18)],
        });
        let node = MeeNode::start(chains).await.unwrap();
        let actions = |account| {
            let client = MeeClient::builder(Arc::new(account)).node(node.url());
            client.polling_interval(Duration::from_millis(20)).build().unwrap().sessions()
        };
        let own = devnets.iter().map(configuration);
        let own = MultichainAccount::resolve(Arc::new(Key::Owner.signer()), U256::ZERO, own).await.unwrap();
        let account = own.on(FIRST).unwrap().address();
        let known = devnets.iter().map(|devnet| configuration(devnet).existing_at(account));
        let known = MultichainAccount::known(Arc::new(Key::Session.signer()), U256::ZERO, known).unwrap();
        for devnet in &devnets {
            devnet.chain().fund(account, U256::from(10).pow(U256::from(19))).await.unwrap();
            for holder in [account, node.tank()] {
                let mint = mintCall { to: holder, value: ONE_TOKEN * U256::from(1000) };
                devnet.chain().send(Key::Deployer.address(), TOKEN, U256::ZERO, mint.abi_encode()).await.unwrap();
            }
        }
        let (owner, by_key) = (actions(own), actions(known));
        let prepared = owner.prepare_for_permissions(PrepareOptions::new(fee_token())).await.unwrap().unwrap();
        owner.client().wait(prepared.hash, Wait::default()).await.unwrap();
        Self { devnets, node, owner, by_key, account }
    }

    /// Grants of `incrementNumber()` on both chains by one signature, and of fees up to one token unless somebody else pays.
    async fn grants(&self, fee_token: Option<FeeToken>) -> Vec<Grant> {
        let sudo = Sudo.on(&Deployment::current().policies).unwrap();
        let target = ActionTarget::from_parts(COUNTER, incrementNumberCall::SELECTOR.into());
        let actions = [FIRST, SECOND].map(|id| ChainAction::new(id, ActionData::new(target, [sudo.clone()])));
        let options = GrantOptions::new(Key::Session.address(), actions).with_max_payment_amount(ONE_TOKEN);
        let options = fee_token.into_iter().fold(options, GrantOptions::with_fee_token);
        let details = self.owner.grant_permission_typed_data_sign(options).await.unwrap();
        let grants: Vec<_> = details.iter().map(|one| Grant::from_mee(one, self.account).unwrap()).collect();
        for (grant, details) in grants.iter().zip(&details) {
            assert_eq!(grant.to_mee().unwrap(), *details);
            // What is stored is what is used.
            assert_eq!(Grant::from_text(&grant.to_text(), grant.chain_id).unwrap(), *grant);
        }
        grants
    }

    async fn by_bundlers(&self, limit: SpendingLimit) -> BundlerTransport<Nexus, PrivateKeySigner> {
        let mut seats = Vec::new();
        for devnet in &self.devnets {
            let (node, bundler) = (devnet.rpc_url().to_string(), devnet.bundler_url().to_string());
            let chain = Chain::http(&node, &bundler, Deployment::current()).await.unwrap();
            let account = Nexus::at(NexusDeployment::V1_0_0, self.account);
            seats.push((chain.with_spending_limit(limit), account));
        }
        let [(first, account), (second, other)] = <[_; 2]>::try_from(seats).unwrap();
        let transport = BundlerTransport::new(first, account, Key::Session.signer()).with_chain(second, other).unwrap();
        transport.with_signing_form(SigningForm::PersonalMessage)
    }

    fn by_node(&self) -> MeeTransport {
        // The contracts of the local chains are not written for little gas.
        MeeTransport::paying(self.by_key.clone(), fee_token(), ONE_TOKEN)
            .with_verification_gas_limit(U256::from(5_000_000))
    }

    async fn counts(&self) -> [u64; 2] {
        let mut counts = [0; 2];
        for (count, devnet) in counts.iter_mut().zip(&self.devnets) {
            let call = numbersCall { caller: self.account }.abi_encode();
            *count = U256::abi_decode(&devnet.chain().call(COUNTER, call).await.unwrap()).unwrap().to();
        }
        counts
    }

    async fn tokens(&self, owner: Address) -> U256 {
        let call = balanceOfCall { owner }.abi_encode();
        U256::abi_decode(&self.devnets[0].chain().call(TOKEN, call).await.unwrap()).unwrap()
    }
}

const fn fee_token() -> FeeToken {
    FeeToken::new(TOKEN, FIRST)
}

fn increment(chain_id: u64) -> ChainCalls {
    ChainCalls::new(chain_id, [Call::new(COUNTER, incrementNumberCall {}.abi_encode())])
}

/// A call that was not granted.
fn set_number(chain_id: u64) -> ChainCalls {
    ChainCalls::new(chain_id, [Call::new(COUNTER, setNumberCall { number: U256::from(99) }.abi_encode())])
}

fn is_action_refused(end: &Result<smart_sessions::Executed, Error>) -> bool {
    matches!(end, Err(Error::Refused(refusal)) if refusal.limit == Some(Limit::Action))
}

/// What holds for a use of sessions however it is carried.
async fn scenario<A, K, T: Transport>(world: &World, session: SessionClient<A, K, T>) {
    let before = world.counts().await;
    let both = [increment(FIRST), increment(SECOND)];

    // Enabled where need be, and used.
    let used = session.use_on(&both).await.unwrap();
    let executed = used.require_all().unwrap();
    assert_eq!(executed.iter().map(|on| on.chain_id).collect::<Vec<_>>(), [FIRST, SECOND]);
    for (executed, devnet) in executed.iter().zip(&world.devnets) {
        let chain = Chain::http(devnet.rpc_url().as_str(), devnet.bundler_url().as_str(), Deployment::current());
        let (node, entry_point) = (chain.await.unwrap(), smart_sessions::userop::EntryPoint::V0_7);
        let mined = node.node().find_operation(entry_point, executed.operation, 0).await.unwrap().unwrap();
        assert_eq!((mined.transaction_hash, mined.success), (executed.transaction, true));
    }
    assert_eq!(world.counts().await, before.map(|count| count + 1));
    // Enabled on both, and on one chain alone.
    session.use_on(&[increment(SECOND)]).await.unwrap().require_all().unwrap();
    assert_eq!(world.counts().await, [before[0] + 1, before[1] + 2]);

    // What the policies do not permit is not sent.
    let asked = world.node.requests().len();
    let error = session.use_on(&[increment(FIRST), set_number(SECOND)]).await.unwrap_err();
    assert!(matches!(error, Error::NotPermitted(_)), "{error}");
    assert_eq!(session.use_on(&[increment(7)]).await.unwrap_err(), Error::NoGrant { chain_id: 7 });
    assert_eq!(session.use_on(&[]).await.unwrap_err(), Error::NoCalls);
    assert_eq!(session.use_on(&[ChainCalls::new(FIRST, [])]).await.unwrap_err(), Error::NoCalls);
    let twice = session.use_on(&[increment(FIRST), increment(FIRST)]).await.unwrap_err();
    assert_eq!(twice, Error::ChainTwice { chain_id: FIRST });
    assert_eq!(world.node.requests().len(), asked);

    // If it is sent, each chain says for itself what it thinks of it.
    let unchecked = session.without_preflight();
    let used = unchecked.use_on(&[increment(FIRST), set_number(SECOND)]).await.unwrap();
    assert_eq!(used.executed().map(|on| on.chain_id).collect::<Vec<_>>(), [FIRST]);
    assert!(is_action_refused(&used.chains[1].end), "{:?}", used.chains[1].end);
    assert_eq!(used.chains[1].end.as_ref().unwrap_err().unsettled(), None);
    assert!(used.require_all().is_err());
    assert_eq!(world.counts().await, before.map(|count| count + 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scenario_over_bundlers_and_over_a_mee_node() {
    let world = World::prepare().await;
    let limit = SpendingLimit::default();
    let by_bundlers = || world.by_bundlers(limit);

    // Enabled by one, used by the other.
    let grants = world.grants(Some(fee_token())).await;
    scenario(&world, SessionClient::over(world.by_node(), grants.clone()).unwrap()).await;
    scenario(&world, SessionClient::over(by_bundlers().await, grants).unwrap()).await;
    let grants = world.grants(Some(fee_token())).await;
    scenario(&world, SessionClient::over(by_bundlers().await, grants.clone()).unwrap()).await;
    scenario(&world, SessionClient::over(world.by_node(), grants.clone()).unwrap()).await;

    // Enabled on one chain only: the other is enabled along the way.
    let fresh = world.grants(Some(fee_token())).await;
    let one = SessionClient::over(by_bundlers().await, fresh.clone()).unwrap();
    one.use_on(&[increment(SECOND)]).await.unwrap().require_all().unwrap();
    let mixed = SessionClient::over(world.by_node(), fresh).unwrap();
    mixed.use_on(&[increment(FIRST), increment(SECOND)]).await.unwrap().require_all().unwrap();

    what_only_a_node_does(&world, &grants).await;
    costs(&world, grants).await;
}

async fn what_only_a_node_does(world: &World, grants: &[Grant]) {
    // A tank pays: nothing is asked of the grant for the fee chain, which need not be there.
    let tank = GasTank::new(world.node.url(), world.node.tank(), TOKEN, FIRST);
    let sponsored = MeeTransport::sponsored(world.by_key.clone(), Sponsor::Tank(tank));
    let sponsored = sponsored.with_verification_gas_limit(U256::from(5_000_000));
    let second = [grants[1].clone()];
    let before = (world.tokens(world.account).await, world.tokens(world.node.tank()).await);
    let session = SessionClient::over(sponsored, second.clone()).unwrap();
    session.use_on(&[increment(SECOND)]).await.unwrap().require_all().unwrap();
    let after = (world.tokens(world.account).await, world.tokens(world.node.tank()).await);
    assert!(after.0 == before.0 && after.1 < before.1, "{before:?} {after:?}");
    // Otherwise it has to be.
    let session = SessionClient::over(world.by_node(), second).unwrap();
    assert_eq!(session.use_on(&[increment(SECOND)]).await.unwrap_err(), Error::NoGrant { chain_id: FIRST });
    // And to permit the fee.
    let unpaid = world.grants(None).await;
    let session = SessionClient::over(world.by_node(), unpaid).unwrap();
    let error = session.use_on(&[increment(SECOND)]).await.unwrap_err();
    assert!(matches!(error, Error::NotPermitted(_)), "{error}");

    // A session for a validator that reads no node's signatures.
    let mut other = grants.to_vec();
    let session = other[1].session.as_mut().unwrap();
    session.session_validator = Deployment::current().ownable_validator.address;
    let error = SessionClient::over(world.by_node(), other).unwrap().use_on(&[increment(SECOND)]).await.unwrap_err();
    assert!(matches!(error, Error::OtherSessionValidator { .. }), "{error}");

    // The answer is lost, the supertransaction is not: it is found by its hash, and not sent again.
    let session = SessionClient::over(world.by_node(), grants.to_vec()).unwrap();
    let before = world.counts().await;
    world.node.set_faults([MeeFault::LostAnswer]);
    let task = tokio::spawn(async move { session.use_on(&[increment(SECOND)]).await });
    task.await.unwrap().unwrap().require_all().unwrap();
    assert_eq!(world.counts().await, [before[0], before[1] + 1]);

    // Its end does not come in time: it is said which one to look up.
    world.node.set_faults([MeeFault::Slow(Duration::from_secs(2))]);
    let hasty = world.by_node().with_patience(Duration::from_millis(200));
    let hasty = SessionClient::over(hasty, grants.to_vec()).unwrap();
    let used = hasty.use_on(&[increment(SECOND)]).await.unwrap();
    let error = used.chains[0].end.as_ref().unwrap_err();
    assert_eq!(error.unsettled(), used.supertransaction, "{error}");
    world.node.set_faults([]);
    world.by_key.client().wait(used.supertransaction.unwrap(), Wait::default()).await.unwrap();
    assert_eq!(world.counts().await, [before[0], before[1] + 2]);
}

/// What a use may cost is checked before anything is signed.
async fn costs(world: &World, grants: Vec<Grant>) {
    let before = world.counts().await;
    world.node.set_faults([MeeFault::Overcharge(1_000_000)]);
    // The transport's own cap counts, whatever the token came with.
    let token = fee_token().with_max_fee(ONE_TOKEN);
    let capped = MeeTransport::paying(world.by_key.clone(), token, U256::from(1_000_000));
    let session = SessionClient::over(capped, grants.clone()).unwrap();
    let error = session.use_on(&[increment(SECOND)]).await.unwrap_err();
    let Error::Mee(failure) = &error else { panic!("{error}") };
    assert!(
        matches!(&**failure, MeeError::Quote(mismatch) if mismatch.field == "paymentInfo.tokenWeiAmount"),
        "{error}"
    );
    assert_eq!(error.unsettled(), None);
    world.node.set_faults([]);

    let limit = SpendingLimit::default().with_max_cost(U256::from(1_000));
    let session = SessionClient::over(world.by_bundlers(limit).await, grants).unwrap();
    let task = tokio::spawn(async move { session.use_on(&[increment(SECOND)]).await });
    let error = task.await.unwrap().unwrap().require_all().unwrap_err();
    let Error::Network(failure) = &error else { panic!("{error}") };
    let BundlerError::TooExpensive(exceeded) = **failure else { panic!("{error}") };
    assert_eq!((exceeded.what, exceeded.allowed), (Spending::Cost, U256::from(1_000)));
    assert!(error.to_string().contains("nothing was signed"), "{error}");
    assert_eq!(world.counts().await, before);
}
