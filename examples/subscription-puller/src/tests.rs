use std::time::{SystemTime, UNIX_EPOCH};

use smart_sessions::session::PolicyKind;
use smart_sessions::{Error, Limit};
use testkit::{Devnet, Key};

use super::*;

sol! {
    function balanceOf(address owner) external view returns (uint256);
}

const DAY: u64 = 24 * 3600;

impl Service {
    async fn received(&self) -> u64 {
        let question = balanceOfCall { owner: self.terms.service };
        self.chain.node().call_sol(TOKEN, &question).await.unwrap().to()
    }
}

fn error(outcome: anyhow::Result<UserOperationReceipt>) -> Error {
    outcome.unwrap_err().downcast().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_in_each_period() {
    // A chain that is a year behind, to move it through the periods.
    let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let devnet = Devnet::builder().clock(today - 365 * DAY).start().await.unwrap();
    let (node, bundler) = (devnet.rpc_url().as_str(), devnet.bundler_url().as_str());
    let chain = Chain::http(node, bundler, Deployment::current()).await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap();
    let subscriber = Owner::nexus(chain.clone(), account.clone(), Key::Owner.signer());
    let mint = mintCall { to: account.address(), value: U256::from(1000) };
    devnet.chain().send(Key::Deployer.address(), TOKEN, U256::ZERO, mint.abi_encode()).await.unwrap();

    let key = PrivateKeySigner::random();
    let (service, price, start) = (key.address(), U256::from(25), now(&chain).await.unwrap() + DAY);
    let terms = Terms { service, price, start, period: Duration::from_secs(30 * DAY), periods: 3 };
    let grants = subscribe(&subscriber, &terms).await.unwrap();
    let service = Service { chain, account, key, terms, grants };

    // Before it begins.
    assert!(service.pull().await.is_err());
    assert!(matches!(error(service.pull_for(0).await), Error::NotPermitted(_)));

    // The first period: once, and only the price.
    devnet.chain().increase_time(2 * DAY).await.unwrap();
    let more = service.session(0).unwrap().use_permission(&[service.payment(U256::from(26))]).await.unwrap_err();
    assert!(more.to_string().contains("must be at most 25, saw 26"), "{more}");
    service.pull().await.unwrap();
    assert_eq!(service.received().await, 25);
    let Error::Refused(again) = error(service.pull().await) else { panic!("paid twice") };
    assert!(matches!(again.limit, Some(Limit::Policy { kind: Some(PolicyKind::UsageLimit), .. })), "{again}");

    // The next period's session does not work yet, whoever is asked: our own check, or the chain alone.
    assert!(matches!(error(service.pull_for(1).await), Error::NotPermitted(_)));
    let hasty = Service { chain: service.chain.clone().with_patience(Duration::from_secs(2)), ..service.clone() };
    hasty.session(1).unwrap().without_preflight().use_permission(&[hasty.payment(price)]).await.unwrap_err();
    assert_eq!(service.received().await, 25);

    // A month later it does, and a month that nobody pulled is lost.
    devnet.chain().increase_time(30 * DAY).await.unwrap();
    service.pull().await.unwrap();
    assert_eq!(service.received().await, 50);
    devnet.chain().increase_time(60 * DAY).await.unwrap();
    assert!(service.pull().await.is_err());
    assert!(matches!(error(service.pull_for(2).await), Error::NotPermitted(_)));
    assert_eq!(service.received().await, 50);
}
