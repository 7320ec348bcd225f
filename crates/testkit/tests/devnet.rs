//! The local chain, started for real.

use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use serde_json::Value;
use testkit::{Chain, Devnet, EntryPoint, Error, Hardfork, Key};
use userop::account::Account as _;

const STRANGER: Address = Address::repeat_byte(0x77);
const OTHER: Address = Address::repeat_byte(0x88);

#[tokio::test]
async fn everything_is_where_it_should_be() {
    let devnet = Devnet::start().await.unwrap();
    let chain = devnet.chain();
    assert_eq!(chain.chain_id().await.unwrap(), 31337);
    let served: Vec<Address> = devnet.bundler().request("eth_supportedEntryPoints", ()).await.unwrap();
    for version in EntryPoint::ALL {
        assert!(served.contains(&version.address()));
        assert!(!chain.code_at(version.address()).await.unwrap().is_empty());
    }
    for placement in session_contracts::placements() {
        assert_eq!(chain.code_at(placement.address).await.unwrap()[..], *placement.code, "{}", placement.name);
    }
    for key in Key::ALL {
        assert!(chain.balance(key.address()).await.unwrap() > U256::from(9 * 10_u128.pow(21)), "{key:?}");
    }
}

#[tokio::test]
async fn accounts_are_ready_to_act() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let account = devnet.account(Key::Owner).await.unwrap();
    let balance = async || devnet.chain().balance(account.address()).await.unwrap();
    assert!(account.factory().is_none() && !devnet.chain().code_at(account.address()).await.unwrap().is_empty());
    assert_eq!(balance().await, U256::from(10).pow(U256::from(19)));
    // Asked for again, it is the same, and nothing is added.
    assert_eq!(devnet.account(Key::Owner).await.unwrap(), account);
    assert_eq!(balance().await, U256::from(10).pow(U256::from(19)));
    assert_ne!(devnet.account(Key::SecondOwner).await.unwrap().address(), account.address());
}

#[tokio::test]
async fn chains_run_side_by_side() {
    let first = Devnet::builder().chain_id(10).without_bundler().start();
    let second = Devnet::builder().chain_id(8453).without_bundler().hardfork(Hardfork::Cancun).start();
    let third = Devnet::builder().chain_id(1).without_bundler().hardfork(Hardfork::Osaka).start();
    let (first, second, third) = tokio::try_join!(first, second, third).unwrap();
    first.chain().fund(STRANGER, U256::from(5)).await.unwrap();
    for (devnet, id, balance) in [(&first, 10, 5), (&second, 8453, 0), (&third, 1, 0)] {
        assert_eq!(devnet.chain().chain_id().await.unwrap(), id);
        assert_eq!(devnet.chain_id(), id);
        assert_eq!(devnet.chain().balance(STRANGER).await.unwrap(), U256::from(balance));
        assert_eq!(devnet.nexus(), first.nexus());
    }
}

#[tokio::test]
async fn time_moves_as_told() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let chain = devnet.chain();
    let (start, block) = (chain.timestamp().await.unwrap(), chain.block_number().await.unwrap());
    chain.mine(3).await.unwrap();
    assert_eq!(chain.block_number().await.unwrap(), block + 3);
    chain.increase_time(1000).await.unwrap();
    let now = chain.timestamp().await.unwrap();
    assert!((1000..1060).contains(&(now - start)), "{now} - {start}");
    chain.set_next_timestamp(now + 5000).await.unwrap();
    chain.mine(1).await.unwrap();
    assert_eq!(chain.timestamp().await.unwrap(), now + 5000);
    chain.set_next_timestamp(start).await.unwrap_err();
}

#[tokio::test]
async fn transactions_send_deploy_and_fail() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let chain = devnet.chain();
    chain.send(Key::Stranger.address(), STRANGER, U256::from(5), []).await.unwrap();
    chain.fund(STRANGER, U256::from(10_u128.pow(18))).await.unwrap();
    // From an address whose key nobody has.
    chain.send(STRANGER, OTHER, U256::from(1), []).await.unwrap();

    // Many at once, from one sender.
    let sends = (0..20).map(|_| chain.send(Key::Deployer.address(), OTHER, U256::from(1), []));
    futures_util::future::try_join_all(sends).await.unwrap();
    assert_eq!(chain.balance(OTHER).await.unwrap(), U256::from(21));

    // Code that returns one byte of code; code that reverts.
    let address = chain.deploy("one byte", B256::ZERO, &[0x60, 1, 0x5f, 0xf3]).await.unwrap();
    assert_eq!(chain.code_at(address).await.unwrap().len(), 1);
    assert_eq!(chain.deploy("one byte", B256::ZERO, &[0x60, 1, 0x5f, 0xf3]).await.unwrap(), address);
    let error = chain.deploy("nothing", B256::ZERO, &[0x5f, 0x5f, 0xfd]).await.unwrap_err();
    assert!(matches!(error, Error::NotDeployed { name: "nothing", .. }), "{error}");

    chain.set_code(STRANGER, vec![0x60, 0xab, 0x5f, 0x53, 0x60, 1, 0x5f, 0xfd]).await.unwrap();
    let error = chain.call(STRANGER, []).await.unwrap_err();
    let Error::Rpc { data: Some(data), .. } = error else { panic!("{error}") };
    assert_eq!(data[..], [0xab]);
    let error = chain.send(Key::Stranger.address(), STRANGER, U256::ZERO, []).await.unwrap_err();
    assert!(matches!(error, Error::Reverted { .. }), "{error}");
}

#[tokio::test]
async fn blocks_come_at_an_interval() {
    let interval = Duration::from_secs(1);
    let devnet = Devnet::builder().without_bundler().block_time(interval).start().await.unwrap();
    let block = devnet.chain().block_number().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(devnet.chain().block_number().await.unwrap() > block);
}

#[tokio::test]
async fn an_unreachable_node_is_one_clear_line() {
    let devnet = Devnet::builder().without_bundler().start().await.unwrap();
    let url = devnet.rpc_url().clone();
    drop(devnet);
    let error = Chain::new(url.clone()).rpc().request::<Value>("eth_chainId", ()).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("eth_chainId at {url} failed: ")), "{error}");
    assert!(error.contains("refused") && error.lines().count() == 1, "{error}");
}

#[tokio::test]
async fn a_fork_keeps_what_is_there_and_adds_what_is_missing() {
    let public = Devnet::builder().chain_id(10).without_bundler().start().await.unwrap();
    let [first, second, ..] = session_contracts::placements()[..] else { panic!("no contracts") };
    public.chain().set_code(first.address, vec![0xab]).await.unwrap();
    public.chain().set_code(second.address, vec![]).await.unwrap();
    public.chain().fund(STRANGER, U256::from(5)).await.unwrap();

    let fork = Devnet::builder().fork(public.rpc_url().clone()).start().await.unwrap();
    assert_eq!(fork.chain_id(), 10);
    assert_eq!(fork.chain().code_at(first.address).await.unwrap()[..], [0xab]);
    assert_eq!(fork.chain().code_at(second.address).await.unwrap()[..], *second.code);
    fork.chain().fund(STRANGER, U256::from(1)).await.unwrap();
    assert_eq!(fork.chain().balance(STRANGER).await.unwrap(), U256::from(6));
    assert_eq!(public.chain().balance(STRANGER).await.unwrap(), U256::from(5));
    let id: alloy_primitives::U64 = fork.bundler().request("eth_chainId", ()).await.unwrap();
    assert_eq!(id.to::<u64>(), 10);
}
