//! A driver of [`Preparation`] over raw JSON-RPC.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U128, U256, eip191_hash_message};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolCall, sol};
use serde_json::{Value, json};
use testkit::{Devnet, Error, Key};
use tokio::sync::{Semaphore, SemaphorePermit};
use userop::account::{Account, ListKind, ModuleList, ValidationMode, Validator};
use userop::flow::{GasEstimate, Need, Preparation, SignedOperation};
use userop::{Call, EntryPointEvent, UserOperation};

sol! {
    function numbers(address caller) external returns (uint256);
}

const ETHER: u64 = 1_000_000_000_000_000_000;

/// How many local chains run at a time: each is a node and a bundler.
static CHAINS: Semaphore = Semaphore::const_new(2);

pub(crate) struct Bench {
    pub(crate) devnet: Devnet,
    // Dropped after the chain.
    _permit: SemaphorePermit<'static>,
}

/// What came of an operation.
pub(crate) struct Done {
    pub(crate) success: bool,
    pub(crate) events: Vec<EntryPointEvent>,
    pub(crate) gas_used: U256,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let permit = CHAINS.acquire().await.unwrap();
        Self { devnet: Devnet::start().await.unwrap(), _permit: permit }
    }

    /// Prepares, signs and sends one operation and waits until it is mined.
    pub(crate) async fn run(
        &self,
        account: &dyn Account,
        validator: Validator,
        calls: &[Call],
        sign: impl Fn(B256) -> Bytes,
    ) -> Result<Done, Error> {
        let key = account.nonce_key(validator, ValidationMode::Validate, 0).unwrap();
        // A signature of another hash has the right length and leads down the right path.
        let stub = sign(B256::repeat_byte(0x77));
        let preparation = Preparation::new(account, account.encode_calls(calls), key, self.devnet.chain_id(), stub);
        let signed = self.prepare(preparation).await?.finish().unwrap().sign(|hash| Ok::<_, Error>(sign(hash)))?;
        self.send(&signed).await
    }

    pub(crate) async fn prepare(&self, mut preparation: Preparation) -> Result<Preparation, Error> {
        loop {
            let needs = preparation.needs();
            if needs.is_empty() {
                return Ok(preparation);
            }
            for need in needs {
                self.answer(&mut preparation, need).await?;
            }
        }
    }

    async fn answer(&self, preparation: &mut Preparation, need: Need) -> Result<(), Error> {
        let (chain, bundler) = (self.devnet.chain(), self.devnet.bundler());
        match need {
            Need::Code(account) => preparation.code(&chain.code_at(account).await?),
            Need::Nonce(call) => preparation.nonce(&chain.call(call.to, call.data).await?).unwrap(),
            Need::Fees => {
                let fees: Value = bundler.request("pimlico_getUserOperationGasPrice", ()).await?;
                let fees = &fees["standard"];
                preparation.fees(number(&fees["maxFeePerGas"]), number(&fees["maxPriorityFeePerGas"])).unwrap();
            }
            Need::Gas => {
                let parameters = (wire(preparation.operation()), preparation.entry_point().address);
                let gas: Value = bundler.request("eth_estimateUserOperationGas", parameters).await?;
                let estimate = GasEstimate::new(
                    number(&gas["callGasLimit"]),
                    number(&gas["verificationGasLimit"]),
                    U256::from(number(&gas["preVerificationGas"])),
                );
                preparation.gas(estimate.with_headroom(20)).unwrap();
            }
            other => panic!("no paymaster here: {other:?}"),
        }
        Ok(())
    }

    /// Sends an operation; the bundler's hash has to be ours, and so has the entry point's.
    pub(crate) async fn send(&self, signed: &SignedOperation) -> Result<Done, Error> {
        let bundler = self.devnet.bundler();
        let parameters = (wire(&signed.operation), signed.entry_point.address);
        let hash: B256 = bundler.request("eth_sendUserOperation", parameters).await?;
        assert_eq!(hash, signed.hash, "the bundler's hash is not ours");
        for _ in 0..1000 {
            let receipt: Value = bundler.request("eth_getUserOperationReceipt", (hash,)).await?;
            if !receipt.is_null() {
                return Ok(done(&receipt, hash));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("operation {hash} was not mined");
    }

    /// The account's list of modules, in pages of two.
    pub(crate) async fn modules(&self, account: &dyn Account, kind: ListKind) -> ModuleList {
        let mut list = ModuleList::new(account.address(), kind, 2);
        while let Some(call) = list.request() {
            let answer = self.devnet.chain().call(call.to, call.data).await.unwrap();
            list.answer(&answer).unwrap();
        }
        list
    }

    pub(crate) async fn ask(&self, call: Call) -> Bytes {
        self.devnet.chain().call(call.to, call.data).await.unwrap()
    }

    pub(crate) async fn yes(&self, call: Call) -> bool {
        self.ask(call).await.last() == Some(&1)
    }

    /// What the counter holds for an account.
    pub(crate) async fn counter(&self, account: Address) -> U256 {
        let numbers = numbersCall { caller: account }.abi_encode();
        U256::from_be_slice(&self.ask(Call::new(session_contracts::address::COUNTER, numbers)).await)
    }

    pub(crate) async fn fund(&self, account: Address) {
        self.devnet.chain().fund(account, U256::from(ETHER)).await.unwrap();
    }
}

fn done(receipt: &Value, hash: B256) -> Done {
    let logs = receipt["receipt"]["logs"].as_array().unwrap();
    let events: Vec<_> = logs
        .iter()
        .filter_map(|log| {
            let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).unwrap();
            let data: Bytes = serde_json::from_value(log["data"].clone()).unwrap();
            EntryPointEvent::decode(&topics, &data)
        })
        .filter(|event| event.hash() == hash)
        .collect();
    let success = receipt["success"].as_bool().unwrap();
    let said = events.iter().find_map(|event| match event {
        EntryPointEvent::Done { success, .. } => Some(*success),
        _ => None,
    });
    assert_eq!(said, Some(success), "the event says something else");
    Done { success, events, gas_used: U256::from(number(&receipt["actualGasUsed"])) }
}

/// `incrementNumber()` of the counter.
pub(crate) fn increment() -> Call {
    Call::new(session_contracts::address::COUNTER, Bytes::from_static(&[0x27, 0x3e, 0xa3, 0xe3]))
}

/// The key's signature of the hash as a personal message.
pub(crate) fn personal(key: Key) -> impl Fn(B256) -> Bytes {
    move |hash| raw(key)(eip191_hash_message(hash))
}

/// The key's signature of the hash itself.
pub(crate) fn raw(key: Key) -> impl Fn(B256) -> Bytes {
    move |hash| key.signer().sign_hash_sync(&hash).unwrap().as_bytes().to_vec().into()
}

/// As long as an ECDSA signature, of a key that owns nothing, without zero bytes.
pub(crate) fn stub() -> Bytes {
    let mut stub = raw(Key::Stranger)(B256::repeat_byte(0x77)).to_vec();
    stub.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = 1);
    stub.into()
}

pub(crate) fn number(value: &Value) -> u128 {
    serde_json::from_value::<U128>(value.clone()).unwrap().to()
}

/// The JSON of an operation for 0.7 and later.
pub(crate) fn wire(operation: &UserOperation) -> Value {
    let mut wire = json!({
        "sender": operation.sender,
        "nonce": operation.nonce,
        "callData": operation.call_data,
        "callGasLimit": U128::from(operation.call_gas_limit),
        "verificationGasLimit": U128::from(operation.verification_gas_limit),
        "preVerificationGas": operation.pre_verification_gas,
        "maxFeePerGas": U128::from(operation.max_fee_per_gas),
        "maxPriorityFeePerGas": U128::from(operation.max_priority_fee_per_gas),
        "signature": operation.signature,
    });
    if let Some(factory) = &operation.factory {
        wire["factory"] = json!(Bytes::copy_from_slice(factory.head()));
        wire["factoryData"] = json!(factory.data());
    }
    if let Some(authorization) = &operation.authorization {
        wire["eip7702Auth"] = json!({
            "address": authorization.address,
            "chainId": authorization.chain_id,
            "nonce": U128::from(authorization.nonce),
            "yParity": U128::from(u8::from(authorization.y_parity)),
            "r": B256::from(authorization.r),
            "s": B256::from(authorization.s),
        });
    }
    wire
}
