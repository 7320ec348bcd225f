use testkit::{Devnet, Key};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_move_arrives_once() {
    let devnet = Devnet::start().await.unwrap();
    let (node, bundler) = (devnet.rpc_url().as_str(), devnet.bundler_url().as_str());
    let chain = Chain::http(node, bundler, Deployment::current()).await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap();
    let player = Owner::nexus(chain.clone(), account.clone(), Key::Owner.signer());
    let key = PrivateKeySigner::random();
    let grant = grant_moves(&player, key.address()).await.unwrap();
    let session = SessionClient::new(chain, account, grant, key).unwrap();
    assert!(!session.is_enabled().await.unwrap());

    let played = play(session.clone(), 40).await.unwrap();
    assert_eq!((played.moves, played.lanes), (40, usize::try_from(LANES).unwrap()));
    assert!(session.is_enabled().await.unwrap());
    assert_eq!(moves_made(&session).await.unwrap(), U256::from(40));
}
