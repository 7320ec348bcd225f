use smart_sessions::session::PolicyKind;
use testkit::{Devnet, Key};

use super::*;

sol! {
    function balanceOf(address owner) external view returns (uint256);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_stay_within_the_budget() {
    let devnet = Devnet::start().await.unwrap();
    let (node, bundler) = (devnet.rpc_url().as_str(), devnet.bundler_url().as_str());
    let chain = Chain::http(node, bundler, Deployment::current()).await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap();
    let owner = Owner::nexus(chain.clone(), account.clone(), Key::Owner.signer());
    owner.install_session_module().await.unwrap();
    let mint = mintCall { to: account.address(), value: U256::from(1000) };
    devnet.chain().send(Key::Deployer.address(), TOKEN, U256::ZERO, mint.abi_encode()).await.unwrap();

    let key = PrivateKeySigner::random();
    let grant = grant_budget(&owner, key.address()).await.unwrap();
    let agent = Agent { session: SessionClient::new(chain.clone(), account, grant, key).unwrap() };
    let payee = Address::repeat_byte(7);
    let pay = async |sum: u64| agent.pay(payee, U256::from(sum)).await.unwrap();
    let left = async || agent.left().await.unwrap().to::<u64>();
    assert_eq!(left().await, BUDGET);

    assert_eq!(pay(40).await, Outcome::Paid);
    assert_eq!(left().await, 60);
    assert_eq!(pay(BUDGET + 1).await, Outcome::NotPermitted);
    let Outcome::Refused(Some(Limit::Policy { kind, .. })) = pay(61).await else { panic!("paid too much") };
    assert_eq!(kind, Some(PolicyKind::SpendingLimits));
    assert_eq!(left().await, 60);
    assert_eq!(pay(60).await, Outcome::Paid);
    assert_eq!(left().await, 0);
    let received: U256 = chain.node().call_sol(TOKEN, &balanceOfCall { owner: payee }).await.unwrap();
    assert_eq!(received, U256::from(BUDGET));

    // The chain alone stands in the way, too: of other functions, and of the account's own coins.
    let bare = agent.session.clone().without_preflight();
    let mint = Call::new(TOKEN, mintCall { to: payee, value: U256::ONE }.abi_encode());
    assert!(matches!(bare.use_permission(&[mint]).await, Err(Error::Refused(_))));
    let coins = Call::new(payee, Vec::new()).with_value(U256::ONE);
    assert!(matches!(bare.use_permission(&[coins]).await, Err(Error::Refused(_))));
}
