use smart_sessions::{Error, PasskeyError};
use testkit::{Devnet, Hardfork, Key};

use super::*;

sol! {
    function numbers(address caller) external view returns (uint256);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_confirms_each_use() {
    let devnet = Devnet::builder().hardfork(Hardfork::Osaka).start().await.unwrap();
    let (node, bundler) = (devnet.rpc_url().as_str(), devnet.bundler_url().as_str());
    let chain = Chain::http(node, bundler, Deployment::current()).await.unwrap();
    assert!(chain.has_p256_precompile().await.unwrap());
    let account = devnet.account(Key::Owner).await.unwrap();
    let owner = Owner::nexus(chain.clone(), account.clone(), Key::Owner.signer());
    owner.install_session_module().await.unwrap();

    let website = RelyingParty::new("example.org", "https://app.example.org");
    let device = |credential| SoftwareAuthenticator::register(&website, credential);
    let passkey_of = |device: SoftwareAuthenticator| {
        let key = device.public_key().unwrap();
        Passkey::new(key, device).unwrap().with_relying_party(website.clone()).with_precompile(true)
    };
    let passkey = passkey_of(device("mine"));
    let grant = grant_numbers(&owner, &passkey).await.unwrap();
    let session = SessionClient::new(chain.clone(), account.clone(), grant.clone(), passkey).unwrap();
    for number in [7, 8] {
        session.use_permission(&[set_number(number)]).await.unwrap();
        let seen: U256 = chain.node().call_sol(COUNTER, &numbersCall { caller: grant.account }).await.unwrap();
        assert_eq!(seen, U256::from(number));
    }
    assert!(matches!(session.use_permission(&[set_number(101)]).await, Err(Error::NotPermitted(_))));

    // Another device: our own check says no, and so does the chain.
    let other = SessionClient::new(chain, account, grant, passkey_of(device("other"))).unwrap();
    let Err(Error::Passkey(error)) = other.use_permission(&[set_number(9)]).await else { panic!("used by another") };
    assert!(matches!(error, PasskeyError::OtherKey { .. }));
    assert!(matches!(other.without_preflight().use_permission(&[set_number(9)]).await, Err(Error::Refused(_))));
}
