use smart_sessions::Error;
use smart_sessions::userop::account::Account as _;
use testkit::{Devnet, Key};

use super::*;

sol! {
    function numbers(address caller) external view returns (uint256);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signature_two_chains() {
    let start = |id| Devnet::builder().chain_id(id).start();
    let (first, second) = tokio::try_join!(start(31_337), start(31_338)).unwrap();
    let mut owners = Vec::new();
    for devnet in [&first, &second] {
        let (node, bundler) = (devnet.rpc_url().as_str(), devnet.bundler_url().as_str());
        let chain = Chain::http(node, bundler, Deployment::current()).await.unwrap();
        owners.push(Owner::nexus(chain, devnet.account(Key::Owner).await.unwrap(), Key::Owner.signer()));
    }
    let number = async |owner: &LocalOwner| -> U256 {
        let question = numbersCall { caller: owner.account().address() };
        owner.chain().node().call_sol(COUNTER, &question).await.unwrap()
    };

    let key = PrivateKeySigner::random();
    let plan = plan(&owners, key.address()).await.unwrap();
    let words = plan.explanation().to_string();
    assert!(["31337", "31338", "at most 100"].iter().all(|part| words.contains(part)), "{words}");
    let grants = plan.sign(&Key::Owner.signer(), SignatureForm::PersonalMessage).await.unwrap();
    let signature = |grant: &Grant| grant.enable.as_ref().unwrap().data.enable_session.permission_enable_sig.clone();
    assert_eq!(signature(&grants[0]), signature(&grants[1]));

    for (index, (owner, grant)) in owners.iter().zip(&grants).enumerate() {
        let session = session(owner, grant.clone(), &key).unwrap();
        assert!(!session.is_enabled().await.unwrap());
        assert!(matches!(session.use_permission(&[set_number(101)]).await, Err(Error::NotPermitted(_))));
        let value = 7 + u64::try_from(index).unwrap();
        session.use_permission(&[set_number(value)]).await.unwrap();
        assert!(session.is_enabled().await.unwrap());
        assert_eq!(number(owner).await, U256::from(value));
    }
    // Each grant is for its own chain.
    let crossed = session(&owners[1], grants[0].clone(), &key).err().unwrap();
    assert!(crossed.to_string().contains("the grant is for chain 31337"), "{crossed}");
}
