use std::borrow::Cow;

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use session_contracts::address::{legacy, owner};
use session_contracts::evm::Evm;
use testkit::Key;
use userop::Call;
use userop::EntryPoint;
use userop::abi::account::{accountIdCall, eip712DomainCall};
use userop::account::kernel::{KernelDeployment, KernelInit};
use userop::account::{Account, Kernel, Module, Validator, accepts_signature, erc7739, is_valid_signature};

use crate::harness::{Bench, increment, personal, raw};
use crate::session;

async fn deployment(bench: &Bench) -> KernelDeployment {
    let chain = bench.devnet.chain();
    let code = bench.devnet.packages().kernel().unwrap();
    let entry_point = EntryPoint::V0_7;
    let creation = [&code.implementation[..], &entry_point.address.abi_encode()].concat();
    // The package's build is longer than a deployment may leave (EIP-170): its constructor runs in the in-process EVM,
    // and the code that it leaves is set on the node at the same address.
    let mut evm = Evm::new();
    evm.set_chain_id(bench.devnet.chain_id());
    evm.set_code_size_limit(usize::MAX);
    let implementation = evm.deploy(creation).unwrap();
    chain.set_code(implementation, evm.code(implementation)).await.unwrap();
    let creation = [&code.factory[..], &implementation.abi_encode()].concat();
    let factory = chain.deploy("KernelFactory", B256::ZERO, &creation).await.unwrap();
    KernelDeployment { version: Cow::Borrowed(""), entry_point, meta_factory: None, factory, implementation }
}

#[tokio::test]
async fn created_used_and_with_a_second_validator() {
    let bench = Bench::start().await;
    let mut deployment = deployment(&bench).await;
    let init = KernelInit::new(owner::NEXUS_LEGACY, Key::Owner.address().to_vec());
    let account = Kernel::counterfactual(deployment.clone(), &init, B256::repeat_byte(7));
    bench.fund(account.address()).await;
    let done = bench.run(&account, Validator::Default, &[increment()], personal(Key::Owner)).await.unwrap();
    assert!(done.success);
    assert_eq!(bench.counter(account.address()).await, U256::from(1));

    let ask = async |data: Vec<u8>| bench.ask(Call::new(account.address(), data)).await;
    let id = accountIdCall::abi_decode_returns(&ask(accountIdCall {}.abi_encode()).await).unwrap();
    let domain = eip712DomainCall::abi_decode_returns(&ask(eip712DomainCall {}.abi_encode()).await).unwrap();
    assert!(id.starts_with("kernel.") && domain.name == "Kernel", "{id}");
    deployment.version = domain.version.into();
    let account = Kernel::at(deployment, account.address());

    // A second validator, which may call `execute` because its install data grants it.
    let second = legacy::OWNABLE_VALIDATOR;
    let data = (U256::from(1), Vec::from([Key::SecondOwner.address()])).abi_encode_params();
    let module = Module::Validator(second);
    let install = account.install(&module, &data).unwrap();
    assert!(bench.run(&account, Validator::Default, &[install], personal(Key::Owner)).await.unwrap().success);
    assert!(bench.yes(account.is_module_installed(&module)).await);
    let done = bench.run(&account, second.into(), &[increment()], personal(Key::SecondOwner)).await.unwrap();
    assert!(done.success);
    assert_eq!(bench.counter(account.address()).await, U256::from(2));
    // The root validator's owner cannot sign for it.
    assert!(bench.run(&account, second.into(), &[increment()], personal(Key::Owner)).await.is_err());

    // ERC-1271: the account gives its validator a hash under its own domain.
    let chain_id = bench.devnet.chain_id();
    let hash = B256::repeat_byte(9);
    let accepted = async |validator: Validator, inner: Bytes| {
        let wrapped = account.wrap_signature(validator, &inner).unwrap();
        let answer = bench.devnet.chain().call(account.address(), is_valid_signature(hash, wrapped)).await;
        answer.is_ok_and(|answer| accepts_signature(&answer))
    };
    let wrapped_hash = account.signing_hash(second.into(), hash, chain_id).unwrap();
    assert!(accepted(second.into(), personal(Key::SecondOwner)(wrapped_hash)).await, "second validator");
    assert!(!accepted(second.into(), personal(Key::SecondOwner)(hash)).await, "bare hash");
    // The root validator nests by ERC-7739 on top.
    let domain = account.domain(chain_id).unwrap();
    let nested =
        erc7739::personal_sign_hash(&domain, account.signing_hash(Validator::Default, hash, chain_id).unwrap());
    assert!(accepted(Validator::Default, raw(Key::Owner)(nested)).await, "root validator");

    let uninstall = account.uninstall(&module, None, &[]).unwrap();
    assert!(bench.run(&account, Validator::Default, &[uninstall], personal(Key::Owner)).await.unwrap().success);
    assert!(!bench.yes(account.is_module_installed(&module)).await);
    session::install_enable_use(&bench, &account, Validator::Default, personal(Key::Owner)).await;
}
