//! A Nexus account on the local chain, with an operation built by hand.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message, keccak256};
use alloy_signer::SignerSync as _;
use alloy_sol_types::{SolCall, SolValue, sol};
use serde_json::{Value, json};
use session_contracts::address::{COUNTER, owner};
use testkit::proxy::{Fault, Proxy};
use testkit::{Devnet, EntryPoint, Error, JsonRpc, Key, NexusDeployment};

sol! {
    struct PackedUserOperation {
        address sender; uint256 nonce; bytes initCode; bytes callData; bytes32 accountGasLimits;
        uint256 preVerificationGas; bytes32 gasFees; bytes paymasterAndData; bytes signature;
    }
    function getUserOpHash(PackedUserOperation operation) returns (bytes32);
    function getNonce(address sender, uint192 key) returns (uint256);
    function createAccount(bytes initData, bytes32 salt) returns (address);
    function computeAccountAddress(bytes initData, bytes32 salt) returns (address);
    function initializeAccount(bytes initData);
    function initNexusWithSingleValidator(
        address validator, bytes data, address registry, address[] attesters, uint8 threshold
    );
    function execute(bytes32 mode, bytes execution);
    function accountId() returns (string);
    function eip712Domain() returns (
        bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt,
        uint256[] extensions
    );
    function incrementNumber();
    function numbers(address caller) returns (uint256);
}

const GAS: [u64; 3] = [300_000, 1_500_000, 200_000];

struct Account {
    address: Address,
    factory: Address,
    factory_data: Bytes,
}

impl Account {
    /// An account of the owner key, which exists only once it sends an operation.
    fn new(nexus: &NexusDeployment, salt: B256) -> Self {
        let init = initNexusWithSingleValidatorCall {
            validator: owner::NEXUS_LEGACY,
            data: Bytes::from(Key::Owner.address().to_vec()),
            registry: Address::ZERO,
            attesters: Vec::new(),
            threshold: 0,
        };
        let init_data: Bytes = (nexus.bootstrap, Bytes::from(init.abi_encode())).abi_encode_params().into();
        let call = Bytes::from(initializeAccountCall { initData: init_data.clone() }.abi_encode());
        let arguments = (nexus.implementation, call).abi_encode_params();
        let code = [&nexus.proxy_creation_code[..], &arguments].concat();
        let address = nexus.factory.create2(salt, keccak256(code));
        let factory_data = createAccountCall { initData: init_data, salt }.abi_encode().into();
        Self { address, factory: nexus.factory, factory_data }
    }

    /// The operation that increments the counter, as the bundler takes it.
    async fn increment(&self, devnet: &Devnet, signer: Key) -> Value {
        let chain = devnet.chain();
        let entry_point = EntryPoint::V07.address();
        let validator = U256::from_be_slice(owner::NEXUS_LEGACY.as_slice()).to();
        let call = getNonceCall { sender: self.address, key: validator };
        let nonce = U256::abi_decode(&chain.call(entry_point, call.abi_encode()).await.unwrap()).unwrap();
        let deployed = !chain.code_at(self.address).await.unwrap().is_empty();
        let execution = [COUNTER.as_slice(), &[0; 32], &incrementNumberCall {}.abi_encode()].concat();
        let call_data: Bytes = executeCall { mode: B256::ZERO, execution: execution.into() }.abi_encode().into();
        let prices: Value = devnet.bundler().request("pimlico_getUserOperationGasPrice", ()).await.unwrap();
        let price = |field: &str| prices["fast"][field].as_str().unwrap().parse::<U256>().unwrap();
        let (fee, tip) = (price("maxFeePerGas"), price("maxPriorityFeePerGas"));
        let [call_gas, verification_gas, pre_verification_gas] = GAS.map(U256::from);
        let init_code = if deployed { Vec::new() } else { [self.factory.as_slice(), &self.factory_data].concat() };
        let operation = PackedUserOperation {
            sender: self.address,
            nonce,
            initCode: init_code.into(),
            callData: call_data.clone(),
            accountGasLimits: packed(verification_gas, call_gas),
            preVerificationGas: pre_verification_gas,
            gasFees: packed(tip, fee),
            paymasterAndData: Bytes::new(),
            signature: Bytes::new(),
        };
        let hash = chain.call(entry_point, getUserOpHashCall { operation }.abi_encode()).await.unwrap();
        let signature = signer.signer().sign_hash_sync(&eip191_hash_message(&hash)).unwrap();
        let mut operation = json!({
            "sender": self.address, "nonce": nonce, "callData": call_data, "callGasLimit": call_gas,
            "verificationGasLimit": verification_gas, "preVerificationGas": pre_verification_gas, "maxFeePerGas": fee,
            "maxPriorityFeePerGas": tip, "signature": Bytes::from(signature.as_bytes().to_vec()),
        });
        if !deployed {
            operation["factory"] = json!(self.factory);
            operation["factoryData"] = json!(self.factory_data);
        }
        operation
    }
}

/// Two numbers of 16 bytes in a word.
fn packed(high: U256, low: U256) -> B256 {
    B256::from((high << 128_usize) | low)
}

async fn send(bundler: &JsonRpc, operation: Value) -> Result<B256, Error> {
    bundler.request("eth_sendUserOperation", (operation, EntryPoint::V07.address())).await
}

/// How often an account has incremented the counter.
async fn number(devnet: &Devnet, caller: Address) -> U256 {
    let number = devnet.chain().call(COUNTER, numbersCall { caller }.abi_encode()).await.unwrap();
    U256::abi_decode(&number).unwrap()
}

/// The code and the message of a bundler's error.
#[track_caller]
fn refusal(sent: Result<B256, Error>) -> (i64, String) {
    match sent.unwrap_err() {
        Error::Rpc { code: Some(code), message, .. } => (code, message),
        other => panic!("{other}"),
    }
}

async fn receipt(devnet: &Devnet, hash: B256) -> Value {
    for _ in 0..1000 {
        let receipt: Value = devnet.bundler().request("eth_getUserOperationReceipt", (hash,)).await.unwrap();
        if !receipt.is_null() {
            return receipt;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no receipt");
}

#[tokio::test]
async fn operations_run_through_bundler_and_account() {
    let devnet = Devnet::start().await.unwrap();
    let (chain, bundler, nexus) = (devnet.chain(), devnet.bundler(), devnet.nexus());
    let account = Account::new(nexus, B256::with_last_byte(7));
    chain.fund(account.address, U256::from(10_u64.pow(18))).await.unwrap();
    for count in 1..=2_u8 {
        let operation = account.increment(&devnet, Key::Owner).await;
        let hash = send(bundler, operation).await.unwrap();
        let receipt = receipt(&devnet, hash).await;
        assert_eq!(receipt["success"], true, "{receipt}");
        assert_eq!(number(&devnet, account.address).await, U256::from(count));
    }

    // Held back until told; the answer is lost on the way, and the same operation is sent again.
    let proxy = Proxy::to(devnet.bundler_url()).only(["eth_sendUserOperation"]).start().await.unwrap();
    proxy.next([Some(Fault::LoseAnswer), None]);
    let lossy = JsonRpc::new(proxy.url().clone());
    devnet.hold_bundles(true).await.unwrap();
    let operation = account.increment(&devnet, Key::Owner).await;
    assert!(matches!(send(&lossy, operation.clone()).await, Err(Error::Rpc { code: None, .. })));
    assert_eq!(refusal(send(&lossy, operation.clone()).await), (-32602, "Already known".into()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(number(&devnet, account.address).await, U256::from(2));
    devnet.send_bundle().await.unwrap();
    devnet.hold_bundles(false).await.unwrap();
    let patience = Instant::now() + Duration::from_secs(30);
    while number(&devnet, account.address).await != U256::from(3) {
        assert!(Instant::now() < patience);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (code, message) = refusal(send(bundler, operation).await);
    assert!(code == -32500 && message.contains("AA25 invalid account nonce"), "{code} {message}");

    let (code, message) = refusal(send(bundler, account.increment(&devnet, Key::Stranger).await).await);
    assert!(code == -32507 && message.contains("AA24 signature error"), "{code} {message}");

    let id = chain.call(account.address, accountIdCall {}.abi_encode()).await.unwrap();
    assert_eq!(accountIdCall::abi_decode_returns(&id).unwrap(), nexus.account_id);
    let domain = chain.call(account.address, eip712DomainCall {}.abi_encode()).await.unwrap();
    assert_eq!(eip712DomainCall::abi_decode_returns(&domain).unwrap().version, nexus.domain_version);
}

/// What an account's implementation calls itself.
async fn id(devnet: &Devnet, implementation: Address) -> String {
    let id = devnet.chain().call(implementation, accountIdCall {}.abi_encode()).await.unwrap();
    accountIdCall::abi_decode_returns(&id).unwrap()
}

#[tokio::test]
async fn other_accounts_are_deployed_on_demand() {
    let devnet = Devnet::builder().without_bundler().code_size_limit(32_768).start().await.unwrap();
    let (kernel, safe) = (devnet.kernel().await.unwrap(), devnet.safe().await.unwrap());
    assert_eq!(id(&devnet, kernel.implementation).await, "kernel.advanced.v0.3.1");
    assert_eq!(id(&devnet, safe.adapter).await, "rhinestone.safe7579.v1.0.0");
    assert_eq!((devnet.kernel().await.unwrap(), devnet.safe().await.unwrap()), (kernel, safe));
    for address in [kernel.factory, safe.singleton, safe.proxy_factory, safe.launchpad] {
        assert!(!devnet.chain().code_at(address).await.unwrap().is_empty());
    }
}
