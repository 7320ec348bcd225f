use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message, keccak256};
use alloy_signer::SignerSync as _;
use alloy_sol_types::{SolCall, SolValue, sol};
use bundler_rpc::userop::execution::{ExecType, Execution};
use bundler_rpc::userop::{Call, EntryPoint, Factory, NonceKey, UserOperation};
use bundler_rpc::{Fees, SignedOperation};
use session_contracts::address::{COUNTER, owner};
use testkit::{Devnet, Key};

sol! {
    function createAccount(bytes initData, bytes32 salt) returns (address);
    function initializeAccount(bytes initData);
    function initNexusWithSingleValidator(
        address validator, bytes data, address registry, address[] attesters, uint8 threshold
    );
    function incrementNumber();
    function numbers(address caller) returns (uint256);
}

/// A Nexus account of the owner key that increments the counter.
pub(crate) struct Account {
    pub(crate) address: Address,
    pub(crate) factory: Factory,
    chain_id: u64,
}

impl Account {
    /// With money, but without code: its first operation deploys it.
    pub(crate) async fn new(devnet: &Devnet, salt: u8) -> Self {
        let nexus = devnet.nexus();
        let salt = B256::with_last_byte(salt);
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
        let create = createAccountCall { initData: init_data, salt }.abi_encode();
        devnet.chain().fund(address, U256::from(10_u64.pow(19))).await.unwrap();
        Self { address, factory: Factory::new(nexus.factory, create), chain_id: devnet.chain_id() }
    }

    /// The nonce key of a lane.
    pub(crate) fn lane(lane: u8) -> NonceKey {
        NonceKey::batch_mode_validator([0, 0, lane], 0, owner::NEXUS_LEGACY)
    }

    /// What the account is called with to increment the counter.
    pub(crate) fn call_data() -> Bytes {
        Execution::of_calls(&[Call::new(COUNTER, incrementNumberCall {}.abi_encode())]).encode(ExecType::Revert)
    }

    /// The signature of the owner over an operation's hash.
    pub(crate) fn sign(hash: B256) -> Bytes {
        let signature = Key::Owner.signer().sign_hash_sync(&eip191_hash_message(hash)).unwrap();
        signature.as_bytes().to_vec().into()
    }

    /// A signed increment with plenty of gas.
    pub(crate) fn increment(&self, lane: u8, sequence: u64, factory: Option<Factory>, fees: Fees) -> SignedOperation {
        let operation = UserOperation::new(self.address, Self::lane(lane).at(sequence), Self::call_data())
            .with_factory(factory)
            .with_gas(150_000, 1_000_000, U256::from(200_000))
            .with_fees(fees.max_fee_per_gas, fees.max_priority_fee_per_gas);
        let unsigned = SignedOperation::new(operation.clone(), EntryPoint::V0_7, self.chain_id).unwrap();
        let signature = Self::sign(unsigned.hash());
        SignedOperation::new(operation.with_signature(signature), EntryPoint::V0_7, self.chain_id).unwrap()
    }

    /// What the counter on the chain says.
    pub(crate) async fn count(&self, devnet: &Devnet) -> U256 {
        let number = devnet.chain().call(COUNTER, numbersCall { caller: self.address }.abi_encode()).await.unwrap();
        U256::abi_decode(&number).unwrap()
    }
}
