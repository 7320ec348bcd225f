use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use session_contracts::address::{REGISTRY, legacy, owner};
use testkit::Key;
use userop::abi::safe::proxyCreationCodeCall;
use userop::account::safe7579::{SafeDeployment, SafeInit};
use userop::account::{Account, ListKind, Module, Safe7579, accepts_signature, is_valid_signature};
use userop::{Call, EntryPoint};

use crate::harness::{Bench, increment, personal};
use crate::session;

async fn deployment(bench: &Bench) -> SafeDeployment {
    let chain = bench.devnet.chain();
    let code = bench.devnet.packages().safe().unwrap();
    let entry_point = EntryPoint::V0_7;
    let launchpad = [&code.launchpad[..], &(entry_point.address, REGISTRY).abi_encode()].concat();
    SafeDeployment {
        entry_point,
        proxy_factory: chain.deploy("SafeProxyFactory", B256::ZERO, &code.proxy_factory).await.unwrap(),
        singleton: chain.deploy("Safe", B256::ZERO, &code.singleton).await.unwrap(),
        adapter: chain.deploy("Safe7579", B256::ZERO, &code.adapter).await.unwrap(),
        launchpad: chain.deploy("Safe7579Launchpad", B256::ZERO, &launchpad).await.unwrap(),
    }
}

#[tokio::test]
async fn created_used_and_with_other_modules() {
    let bench = Bench::start().await;
    let deployment = deployment(&bench).await;
    let proxy = bench.ask(Call::new(deployment.proxy_factory, proxyCreationCodeCall {}.abi_encode())).await;
    let proxy = proxyCreationCodeCall::abi_decode_returns(&proxy).unwrap();
    let init = SafeInit {
        owners: Vec::from([Key::Owner.address()]),
        threshold: U256::from(1),
        validators: Vec::from([(owner::NEXUS_LEGACY, Key::Owner.address().to_vec().into())]),
        attesters: Vec::from([Key::Stranger.address()]),
        attester_threshold: 1,
        ..SafeInit::default()
    };
    let account = Safe7579::counterfactual(deployment, &init, U256::from(5), &proxy);
    bench.fund(account.address()).await;
    let first = owner::NEXUS_LEGACY.into();
    let done = bench.run(&account, first, &[increment()], personal(Key::Owner)).await.unwrap();
    assert!(done.success);
    assert_eq!(bench.counter(account.address()).await, U256::from(1));
    let account = account.deployed();

    let second = legacy::OWNABLE_VALIDATOR;
    let data = (U256::from(1), Vec::from([Key::SecondOwner.address()])).abi_encode_params();
    let module = Module::Validator(second);
    let install = account.install(&module, &data).unwrap();
    assert!(bench.run(&account, first, &[install], personal(Key::Owner)).await.unwrap().success);
    assert!(bench.yes(account.is_module_installed(&module)).await);
    let list = bench.modules(&account, ListKind::Validators).await;
    assert_eq!(list.modules(), [second, owner::NEXUS_LEGACY]);
    let done =
        bench.run(&account, second.into(), &[increment(), increment()], personal(Key::SecondOwner)).await.unwrap();
    assert!(done.success);
    assert_eq!(bench.counter(account.address()).await, U256::from(3));

    // ERC-1271 through a module, and by the Safe's own owners.
    let chain_id = bench.devnet.chain_id();
    let hash = B256::repeat_byte(9);
    let accepted = async |validator, inner: Bytes| {
        let wrapped = account.wrap_signature(validator, &inner).unwrap();
        let answer = bench.devnet.chain().call(account.address(), is_valid_signature(hash, wrapped)).await;
        answer.is_ok_and(|answer| accepts_signature(&answer))
    };
    let signed = account.signing_hash(second.into(), hash, chain_id).unwrap();
    assert!(accepted(second.into(), personal(Key::SecondOwner)(signed)).await, "second validator");
    assert!(!accepted(second.into(), personal(Key::Owner)(signed)).await, "another key");
    let safe = account.address().into();
    let signed = account.signing_hash(safe, hash, chain_id).unwrap();
    assert!(accepted(safe, personal(Key::Owner)(signed)).await, "the Safe's own owner");

    let uninstall = account.uninstall(&module, list.previous(second), &[]).unwrap();
    assert!(bench.run(&account, first, &[uninstall], personal(Key::Owner)).await.unwrap().success);
    assert!(!bench.yes(account.is_module_installed(&module)).await);
    session::install_enable_use(&bench, &account, first, personal(Key::Owner)).await;
}
