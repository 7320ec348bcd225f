use std::borrow::Cow;

use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message};
use alloy_sol_types::{Eip712Domain, SolCall, SolValue, eip712_domain, sol};
use session_contracts::address::{current, legacy, owner};
use testkit::Key;
use userop::abi::account::eip712DomainCall;
use userop::abi::nexus::account_factory::computeAccountAddressCall;
use userop::account::erc7739::{self, TypedDataSign};
use userop::account::nexus::{
    AddressRule, EnableType, ModuleEnable, NexusDeployment, NexusInit, ProxyCode, SingleValidatorInit,
};
use userop::account::{
    Account, ListKind, Module, ModuleType, Nexus, ValidationMode, Validator, accepts_signature, is_valid_signature,
};
use userop::flow::{GasEstimate, Preparation};
use userop::{Authorization, Call, Delegation, EntryPoint, EntryPointEvent, Factory, Lanes, Nonce};

use crate::harness::{Bench, increment, personal, raw, stub};
use crate::session;

sol! {
    struct Item { uint256 id; bytes data; }
    struct Order { address maker; Item[] items; string note; }
}

/// The Nexus of the local chain: its factory makes proxies, its bootstrap is that of 1.0.
fn deployment(bench: &Bench) -> NexusDeployment {
    let nexus = bench.devnet.nexus();
    NexusDeployment {
        suite: Cow::Borrowed("local"),
        factory: nexus.factory,
        bootstrap: nexus.bootstrap,
        implementation: nexus.implementation,
        owner_validator: owner::NEXUS_LEGACY,
        rule: AddressRule::NexusProxy,
        ..NexusDeployment::LEGACY_A
    }
}

fn init(owner: Address) -> NexusInit {
    NexusInit::SingleValidator(SingleValidatorInit::new(owner::NEXUS_LEGACY, owner.to_vec()))
}

async fn account(bench: &Bench, deployment: NexusDeployment, index: u64) -> Nexus {
    let proxy = ProxyCode::new(bench.devnet.nexus().proxy_creation_code.clone());
    let init = init(Key::Owner.address());
    let account = Nexus::counterfactual(deployment, &init, U256::from(index), Some(&proxy)).unwrap();
    let init_data = account.deployment().init_data(&init).unwrap();
    let compute = computeAccountAddressCall { initData: init_data, salt: B256::from(U256::from(index)) };
    let answer = bench.ask(Call::new(account.deployment().factory, compute.abi_encode())).await;
    assert_eq!(Address::abi_decode(&answer).unwrap(), account.address(), "the factory says another address");
    bench.fund(account.address()).await;
    account
}

const fn owner_validator() -> Validator {
    Validator::Installed(owner::NEXUS_LEGACY)
}

#[tokio::test]
async fn first_operation_creates_the_account_and_modules_come_and_go() {
    let bench = Bench::start().await;
    let account = account(&bench, deployment(&bench), 0).await;
    let sign = personal(Key::Owner);
    let done = bench.run(&account, owner_validator(), &[increment()], &sign).await.unwrap();
    assert!(done.success && done.events.iter().any(|event| matches!(event, EntryPointEvent::Deployed { .. })));
    assert!(done.gas_used > U256::ZERO);
    assert_eq!(bench.counter(account.address()).await, U256::from(1));
    let account = account.deployed();

    session::install_enable_use(&bench, &account, owner_validator(), &sign).await;

    // Validators: newest first, so removing the last of the list, the middle and the first each has its own neighbour.
    let others = [legacy::OWNABLE_VALIDATOR, owner::SUITE_1_0_0, current::OWNABLE_VALIDATOR];
    let owner = Key::Owner.address();
    let data = |module: Address| match module {
        owner::SUITE_1_0_0 => owner.to_vec(),
        _ => (U256::from(1), Vec::from([owner])).abi_encode_params(),
    };
    let modules = others.map(Module::Validator);
    let calls: Vec<Call> =
        modules.iter().map(|module| account.install(module, &data(module.address())).unwrap()).collect();
    assert!(bench.run(&account, owner_validator(), &calls, &sign).await.unwrap().success);
    let list = bench.modules(&account, ListKind::Validators).await;
    let before = [current::SMART_SESSION, owner::NEXUS_LEGACY];
    assert_eq!(list.modules(), [&[others[2], others[1], others[0]][..], &before].concat());
    for module in &modules {
        assert!(bench.yes(account.is_module_installed(module)).await);
    }

    // Middle, first, last of the three.
    for index in [1, 2, 0] {
        let module = modules[index];
        let list = bench.modules(&account, ListKind::Validators).await;
        let previous = list.previous(module.address()).unwrap();
        let call = account.uninstall(&module, Some(previous), &[]).unwrap();
        let done = bench.run(&account, owner_validator(), &[call], &sign).await.unwrap();
        assert!(done.success, "{module:?} after {previous}");
        assert!(!bench.yes(account.is_module_installed(&module)).await);
    }
    assert_eq!(bench.modules(&account, ListKind::Validators).await.modules(), before);

    // The account's code changes, its address and modules stay.
    let code = bench.devnet.packages().nexus().unwrap();
    let creation = [&code.implementation[..], &account.entry_point().address.abi_encode()].concat();
    let implementation = bench.devnet.chain().deploy("Nexus", B256::repeat_byte(1), &creation).await.unwrap();
    let upgrade = account.upgrade(implementation, Bytes::new());
    assert!(bench.run(&account, owner_validator(), &[upgrade], &sign).await.unwrap().success);
    let slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
    let rpc = bench.devnet.chain().rpc();
    let stored: B256 = rpc.request("eth_getStorageAt", (account.address(), slot, "latest")).await.unwrap();
    assert_eq!(Address::from_word(stored), implementation);

    // A wrong neighbour is refused by the account: the operation is mined and undone.
    let call = account.install(&modules[0], &data(others[0])).unwrap();
    assert!(bench.run(&account, owner_validator(), &[call], &sign).await.unwrap().success);
    let wrong = account.uninstall(&modules[0], Some(owner::NEXUS_LEGACY), &[]).unwrap();
    let refused = bench.run(&account, owner_validator(), &[wrong], &sign).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("revert")), "estimated although it reverts");
}

/// Two workers that never talk use one account at the same time, each on lanes of its own.
#[tokio::test]
async fn workers_share_an_account_by_lanes() {
    let bench = Bench::start().await;
    let account = account(&bench, deployment(&bench), 3).await;
    let done = bench.run(&account, owner_validator(), &[increment()], personal(Key::Owner)).await.unwrap();
    assert!(done.success);
    let account = account.deployed();
    let work = async |worker| {
        for lane in Lanes::new(worker, 2, 4).unwrap().iter() {
            let key = account.nonce_key(owner_validator(), ValidationMode::Validate, lane).unwrap();
            let call_data = account.encode_calls(&[increment()]);
            let preparation = Preparation::new(&account, call_data, key, bench.devnet.chain_id(), stub());
            let signable = bench.prepare(preparation).await.unwrap().finish().unwrap();
            let sequence = Nonce::from(signable.operation().nonce).sequence;
            assert_eq!(sequence, u64::from(lane == 0), "lane {lane}");
            let signed = signable.sign(|hash| Ok::<_, ()>(personal(Key::Owner)(hash))).unwrap();
            assert!(bench.send(&signed).await.unwrap().success, "lane {lane}");
        }
    };
    tokio::join!(work(0), work(1));
    assert_eq!(bench.counter(account.address()).await, U256::from(5));
}

#[tokio::test]
async fn signatures_for_applications_are_the_accounts() {
    let bench = Bench::start().await;
    let account = account(&bench, deployment(&bench), 1).await;
    let done = bench.run(&account, owner_validator(), &[increment()], personal(Key::Owner)).await.unwrap();
    assert!(done.success);
    let domain = account_domain(&bench, &account).await;
    let accepted = async |hash: B256, inner: &[u8]| {
        let wrapped = account.wrap_signature(owner_validator(), inner).unwrap();
        let answer = bench.devnet.chain().call(account.address(), is_valid_signature(hash, wrapped)).await;
        answer.is_ok_and(|answer| accepts_signature(&answer))
    };

    let detection = is_valid_signature(erc7739::DETECTION_HASH, Bytes::new());
    assert!(erc7739::is_detected(&bench.ask(Call::new(account.address(), detection)).await));

    let hash = eip191_hash_message("hello");
    let sign = raw(Key::Owner);
    assert!(accepted(hash, &sign(erc7739::personal_sign_hash(&domain, hash))).await, "nested personal message");
    assert!(!accepted(hash, &sign(hash)).await, "plain personal message");
    let other_account = Eip712Domain { verifying_contract: Some(Address::repeat_byte(9)), ..domain.clone() };
    assert!(!accepted(hash, &sign(erc7739::personal_sign_hash(&other_account, hash))).await, "another account's");
    assert!(!accepted(hash, &raw(Key::Stranger)(erc7739::personal_sign_hash(&domain, hash))).await, "a stranger's");

    let app =
        eip712_domain! { name: "App", version: "2", chain_id: 31337, verifying_contract: Address::repeat_byte(3), };
    let item = Item { id: U256::from(5), data: Bytes::from_static(&[1, 2, 3]) };
    let order = Order { maker: Address::repeat_byte(4), items: Vec::from([item.clone()]), note: "n".into() };
    for typed in [TypedDataSign::new(&app, &order), TypedDataSign::new(&app, &item)] {
        let signature = sign(typed.hash(&domain));
        let wrapped = typed.wrap(&signature).unwrap();
        assert!(accepted(typed.app_hash(), &wrapped).await, "{}", typed.contents.description());
        assert!(!accepted(B256::repeat_byte(1), &wrapped).await, "another hash");
    }
}

#[tokio::test]
async fn module_comes_with_the_operation_that_it_validates() {
    let bench = Bench::start().await;
    let account = account(&bench, deployment(&bench), 2).await;
    let done = bench.run(&account, owner_validator(), &[increment()], personal(Key::Owner)).await.unwrap();
    assert!(done.success);
    let account = account.deployed();
    let domain = account_domain(&bench, &account).await;

    let (module, second) = (legacy::OWNABLE_VALIDATOR, Key::SecondOwner.address());
    let data = (U256::from(1), Vec::from([second])).abi_encode_params();
    let enable = account.enable_module(module, ModuleType::Validator, data);
    assert_eq!(enable.enable_type, EnableType::InitDataHash);
    let key = account.nonce_key(module.into(), ValidationMode::ModuleEnable, 0).unwrap();
    let estimating = enable.encode(&account, owner_validator(), &stub(), &stub()).unwrap();
    let call_data = account.encode_calls(&[increment()]);
    let mut preparation = Preparation::new(&account, call_data, key, bench.devnet.chain_id(), estimating);
    preparation.gas(GasEstimate::new(500_000, 1_500_000, U256::from(200_000))).unwrap();
    let signable = bench.prepare(preparation).await.unwrap().finish().unwrap();
    let operation_signature = personal(Key::SecondOwner)(signable.hash());
    let sign = |enable: &ModuleEnable, key: Key| {
        let signature = raw(key)(enable.digest(&domain, signable.hash()));
        let signature = enable.encode(&account, owner_validator(), &signature, &operation_signature).unwrap();
        signable.clone().signed(signature)
    };

    // A stranger's consent and the type of later generations are refused.
    assert!(bench.send(&sign(&enable, Key::Stranger)).await.is_err());
    let later = ModuleEnable { enable_type: EnableType::InitData, ..enable.clone() };
    assert!(bench.send(&sign(&later, Key::Owner)).await.is_err());
    assert!(!bench.yes(account.is_module_installed(&Module::Validator(module))).await);

    assert!(bench.send(&sign(&enable, Key::Owner)).await.unwrap().success);
    assert!(bench.yes(account.is_module_installed(&Module::Validator(module))).await);
    assert_eq!(bench.counter(account.address()).await, U256::from(2));
}

/// The same code built for entry point 0.8, and a key account that delegates to it.
#[tokio::test]
async fn nexus_at_entry_point_0_8() {
    let bench = Bench::start().await;
    let chain = bench.devnet.chain();
    let code = bench.devnet.packages().nexus().unwrap();
    let entry_point = EntryPoint::V0_8;
    let creation = [&code.implementation[..], &entry_point.address.abi_encode()].concat();
    let implementation = chain.deploy("Nexus", B256::ZERO, &creation).await.unwrap();
    let creation = [&code.factory[..], &(implementation, Key::Deployer.address()).abi_encode()].concat();
    let factory = chain.deploy("NexusAccountFactory", B256::ZERO, &creation).await.unwrap();
    let deployment = NexusDeployment { implementation, factory, entry_point, ..deployment(&bench) };

    let account = account(&bench, deployment.clone(), 0).await;
    let done = bench.run(&account, owner_validator(), &[increment()], personal(Key::Owner)).await.unwrap();
    assert!(done.success);
    assert_eq!(bench.counter(account.address()).await, U256::from(1));

    // EIP-7702: a key account that delegates to the implementation and was initialised, with an operation that brings a
    // new authorization. (The bundler takes the marker in two bytes only, so an initialising call cannot go with it.)
    let eoa = Key::SecondOwner;
    let account = Nexus::at(deployment.clone(), eoa.address());
    chain.set_code(eoa.address(), [&[0xef, 0x01, 0x00], implementation.as_slice()].concat()).await.unwrap();
    let initialize = account.initialize(&init(eoa.address())).unwrap();
    chain.send(eoa.address(), initialize.to, U256::ZERO, initialize.data).await.unwrap();

    let authorization = Authorization::unsigned(U256::from(bench.devnet.chain_id()), implementation, 1);
    let signature: [u8; 65] = raw(eoa)(authorization.signing_hash())[..].try_into().unwrap();
    let authorization = authorization.with_signature(&signature).unwrap();
    let account = Nexus::with_known_address(deployment, eoa.address(), Factory::eip7702_short());
    let key = account.nonce_key(owner_validator(), ValidationMode::Validate, 0).unwrap();
    let call_data = account.encode_calls(&[increment(), increment()]);
    let preparation =
        Preparation::new(&account, call_data, key, bench.devnet.chain_id(), stub()).with_authorization(authorization);
    let signable = bench.prepare(preparation).await.unwrap().finish().unwrap();
    let signed = signable.sign(|hash| Ok::<_, ()>(personal(eoa)(hash))).unwrap();
    assert!(bench.send(&signed).await.unwrap().success);
    assert_eq!(bench.counter(account.address()).await, U256::from(2));
    let code = chain.code_at(eoa.address()).await.unwrap();
    assert_eq!(Delegation::of_code(&code).delegate(), Some(implementation));
}

/// The account's domain as it says itself, which has to be the one that we compute but for the build's version.
async fn account_domain(bench: &Bench, account: &Nexus) -> Eip712Domain {
    let answer = bench.ask(Call::new(account.address(), eip712DomainCall {}.abi_encode())).await;
    let told = eip712DomainCall::abi_decode_returns(&answer).unwrap();
    let account = account.clone().with_domain_version(told.version.clone());
    let domain = account.domain(bench.devnet.chain_id()).unwrap();
    assert_eq!((domain.name.as_deref(), domain.chain_id), (Some(&*told.name), Some(told.chainId)));
    assert_eq!(domain.verifying_contract, Some(told.verifyingContract));
    domain
}
