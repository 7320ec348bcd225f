//! A chain, an account with the session module, and a counter.

use alloy_primitives::{Address, B256, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall as _, sol};
use session_contracts::address::COUNTER;
use smart_sessions::policy::{KnownPolicy as _, Sudo};
use smart_sessions::session::{
    ActionData, ActionSlot, ActionTarget, Deployment, Owners, PolicyData, Session, SessionValidator,
};
use smart_sessions::userop::Call;
use smart_sessions::userop::account::nexus::{AddressRule, NexusDeployment, NexusInit, ProxyCode, SingleValidatorInit};
use smart_sessions::userop::account::{Account as _, Nexus};
use smart_sessions::{Chain, Grant, Owner, SessionClient};
use testkit::{Devnet, Key};

sol! {
    function incrementNumber() external;
    function setNumber(uint256 number) external;
    event NumberChanged(address indexed caller, uint256 number);
    function numbers(address caller) external view returns (uint256);
}

pub(crate) struct Ground {
    // Ends node and bundler when dropped.
    pub(crate) devnet: Devnet,
    pub(crate) chain: Chain,
    pub(crate) owner: Owner<Nexus, PrivateKeySigner>,
    pub(crate) key: PrivateKeySigner,
}

impl Ground {
    pub(crate) async fn prepare() -> Self {
        Self::on(Devnet::start().await.unwrap()).await
    }

    pub(crate) async fn on_chain(chain_id: u64) -> Self {
        Self::on(Devnet::builder().chain_id(chain_id).start().await.unwrap()).await
    }

    pub(crate) async fn on(devnet: Devnet) -> Self {
        let (node, bundler) = (devnet.rpc_url().to_string(), devnet.bundler_url().to_string());
        let chain = Chain::http(&node, &bundler, Deployment::current()).await.unwrap();
        let signer = Key::Owner.signer();
        let local = devnet.nexus();
        let deployment = NexusDeployment {
            suite: "local".into(),
            factory: local.factory,
            bootstrap: local.bootstrap,
            implementation: local.implementation,
            rule: AddressRule::NexusProxy,
            ..NexusDeployment::LEGACY_A
        };
        let init = SingleValidatorInit::new(deployment.owner_validator, signer.address().to_vec());
        let proxy = ProxyCode::new(local.proxy_creation_code.clone());
        let init = NexusInit::SingleValidator(init);
        let account = Nexus::counterfactual(deployment, &init, U256::ZERO, Some(&proxy)).unwrap();
        devnet.chain().fund(account.address(), U256::from(10).pow(U256::from(19))).await.unwrap();
        let owner = Owner::nexus(chain.clone(), account, signer);
        owner.install_session_module().await.unwrap();
        Self { devnet, chain, owner, key: PrivateKeySigner::random() }
    }

    pub(crate) fn node_url(&self) -> String {
        self.devnet.rpc_url().to_string()
    }

    pub(crate) fn bundler_url(&self) -> &url::Url {
        self.devnet.bundler_url()
    }

    pub(crate) fn account(&self) -> Address {
        self.owner.account().address()
    }

    /// `incrementNumber()` of the counter, under these policies.
    pub(crate) fn session(&self, policies: Vec<PolicyData<ActionSlot>>) -> Session {
        self.session_for(self.validator(), policies)
    }

    /// The same for other keys.
    pub(crate) fn session_for(&self, validator: SessionValidator, policies: Vec<PolicyData<ActionSlot>>) -> Session {
        let target = ActionTarget::Exact { target: COUNTER, selector: incrementNumberCall::SELECTOR.into() };
        let action = ActionData::new(target, policies);
        Session::builder(validator, B256::random()).action(action).build(self.chain.deployment()).unwrap()
    }

    /// Another action.
    pub(crate) fn session_of(&self, action: ActionData) -> Session {
        Session::builder(self.validator(), B256::random()).action(action).build(self.chain.deployment()).unwrap()
    }

    pub(crate) fn validator(&self) -> SessionValidator {
        SessionValidator::owners(self.chain.deployment(), &Owners::single(self.key.address()).unwrap())
    }

    /// The same without rules.
    pub(crate) fn free_session(&self) -> Session {
        self.session(vec![Sudo.on(&self.chain.deployment().policies).unwrap()])
    }

    pub(crate) fn client(&self, grant: Grant) -> SessionClient<Nexus, PrivateKeySigner> {
        SessionClient::new(self.chain.clone(), self.owner.account().clone(), grant, self.key.clone()).unwrap()
    }

    pub(crate) fn increment() -> Call {
        Call::new(COUNTER, incrementNumberCall {}.abi_encode())
    }

    pub(crate) async fn count(&self) -> u64 {
        let question = numbersCall { caller: self.account() };
        self.chain.node().call_sol(COUNTER, &question).await.unwrap().to()
    }
}
