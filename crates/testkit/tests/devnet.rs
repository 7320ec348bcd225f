//! The local chain, started for real.

use std::time::Instant;

use testkit::{Devnet, EntryPoint};

#[tokio::test]
async fn it_has_everything_where_it_should_be() {
    let start = Instant::now();
    let devnet = Devnet::start().await.unwrap();
    println!("started in {:?}", start.elapsed());
    let start = Instant::now();
    drop(Devnet::builder().without_bundler().start().await.unwrap());
    println!("started without bundler in {:?}", start.elapsed());
    for version in EntryPoint::ALL {
        assert!(!devnet.chain().code_at(version.address()).await.unwrap().is_empty());
    }
    for placement in session_contracts::placements() {
        assert_eq!(devnet.chain().code_at(placement.address).await.unwrap()[..], *placement.code, "{}", placement.name);
    }
}
