//! An in-process EVM: calls without a node, a block or a fee.
//!
//! ```
//! use alloy_primitives::{Address, U256, hex};
//! use session_contracts::{Contract, evm::{Evm, Outcome}};
//!
//! let mut evm = Evm::new();
//! let counter = Address::repeat_byte(0xc0);
//! evm.set_code(counter, Contract::Counter.runtime_code());
//! let increment_number = hex!("273ea3e3");
//! assert!(evm.call(Address::ZERO, counter, U256::ZERO, increment_number).is_success());
//! let get_number = hex!("f2c9ecd8");
//! let number = evm.static_call(Address::ZERO, counter, get_number);
//! assert_eq!(number, Outcome::Returned(U256::from(1).to_be_bytes_vec().into()));
//! ```

mod outcome;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
pub use outcome::{Halt, Outcome, Receipt};
use revm::bytecode::Bytecode;
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::database::InMemoryDB;
use revm::handler::{MainnetContext, MainnetEvm};
use revm::primitives::hardfork::SpecId;
use revm::{Context, DatabaseRef, ExecuteCommitEvm, ExecuteEvm, Journal, MainBuilder};

type Inner = MainnetEvm<MainnetContext<InMemoryDB>>;

/// The gas of a call unless [`Evm::set_gas_limit`] says otherwise.
const GAS_LIMIT: u64 = 100_000_000;

/// A world state in memory and an EVM with the rules of the Prague hard fork.
///
/// Any address can be a caller, those with code included; gas costs nothing; nonces are not checked.
#[derive(Debug)]
pub struct Evm {
    inner: Inner,
    gas_limit: u64,
}

/// A state to come back to with [`Evm::restore`].
#[derive(Clone, Debug)]
pub struct Snapshot {
    state: InMemoryDB,
    block: BlockEnv,
    cfg: CfgEnv,
}

impl Default for Evm {
    fn default() -> Self {
        Self::new()
    }
}

impl Evm {
    /// An empty state; chain id 31337, base fee 0, time 1.
    #[must_use]
    pub fn new() -> Self {
        let mut cfg = CfgEnv::new_with_spec(SpecId::PRAGUE).with_chain_id(31337);
        cfg.tx_chain_id_check = false;
        cfg.disable_nonce_check = true;
        cfg.disable_eip3607 = true;
        cfg.disable_base_fee = true;
        cfg.disable_block_gas_limit = true;
        let block = BlockEnv { number: U256::from(1), timestamp: U256::from(1), ..BlockEnv::default() };
        Self { inner: build(InMemoryDB::default(), cfg, block), gas_limit: GAS_LIMIT }
    }

    /// Puts runtime code at an address; balance and storage stay.
    pub fn set_code(&mut self, address: Address, code: &[u8]) {
        let code = Bytecode::new_legacy(Bytes::copy_from_slice(code));
        self.change(address, |info| {
            info.code_hash = code.hash_slow();
            info.code = Some(code);
        });
    }

    /// Sets what an address owns, in wei.
    pub fn set_balance(&mut self, address: Address, balance: U256) {
        self.change(address, |info| info.balance = balance);
    }

    /// What an address owns, in wei.
    #[must_use]
    pub fn balance(&self, address: Address) -> U256 {
        self.account(address).balance
    }

    /// The code at an address, empty when there is none.
    #[must_use]
    pub fn code(&self, address: Address) -> Bytes {
        let hash = self.account(address).code_hash;
        let Ok(code) = self.inner.ctx.journaled_state.database.code_by_hash_ref(hash);
        code.original_bytes()
    }

    /// A storage slot.
    #[must_use]
    pub fn storage(&self, address: Address, slot: U256) -> B256 {
        let Ok(value) = self.inner.ctx.journaled_state.database.storage_ref(address, slot);
        value.into()
    }

    /// Sets a storage slot.
    pub fn set_storage(&mut self, address: Address, slot: U256, value: B256) {
        let Ok(()) = self.inner.ctx.journaled_state.database.insert_account_storage(address, slot, value.into());
    }

    /// The block's time in seconds since 1970.
    pub fn set_timestamp(&mut self, seconds: u64) {
        self.inner.ctx.block.timestamp = U256::from(seconds);
    }

    /// The block's base fee in wei, as contracts see it; calls pay nothing in any case.
    pub const fn set_base_fee(&mut self, wei: u64) {
        self.inner.ctx.block.basefee = wei;
    }

    /// The chain id, as contracts see it.
    pub const fn set_chain_id(&mut self, chain_id: u64) {
        self.inner.ctx.cfg.chain_id = chain_id;
    }

    /// The gas that each call and deployment may use (100 million unless set).
    pub const fn set_gas_limit(&mut self, gas: u64) {
        self.gas_limit = gas;
    }

    /// The longest code in bytes that a deployment may leave (24,576 unless set); [`set_code`](Self::set_code) has no
    /// limit.
    pub const fn set_code_size_limit(&mut self, bytes: usize) {
        self.inner.ctx.cfg.limit_contract_code_size = Some(bytes);
    }

    /// Calls a contract. The state changes only when the call returns.
    pub fn call(&mut self, from: Address, to: Address, value: U256, data: impl Into<Bytes>) -> Outcome {
        self.execute(from, to, value, data).outcome
    }

    /// As [`call`](Self::call), with the gas that it used and the events that it left.
    pub fn execute(&mut self, from: Address, to: Address, value: U256, data: impl Into<Bytes>) -> Receipt {
        let tx = self.transaction(from, TxKind::Call(to), value, data.into());
        self.run(tx, true)
    }

    /// Calls a contract and drops whatever the call changed, as `eth_call` does.
    pub fn static_call(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Outcome {
        let tx = self.transaction(from, TxKind::Call(to), U256::ZERO, data.into());
        self.run(tx, false).outcome
    }

    /// Runs creation code (constructor arguments appended) from the zero address; the address of the new contract
    /// depends on how many were deployed before.
    ///
    /// # Errors
    /// The outcome when the creation code does not return.
    pub fn deploy(&mut self, creation_code: impl Into<Bytes>) -> Result<Address, Outcome> {
        let tx = self.transaction(Address::ZERO, TxKind::Create, U256::ZERO, creation_code.into());
        let receipt = self.run(tx, true);
        receipt.created.ok_or(receipt.outcome)
    }

    /// The state as it is now, with block and chain settings.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.inner.ctx.journaled_state.database.clone(),
            block: self.inner.ctx.block.clone(),
            cfg: self.inner.ctx.cfg.clone(),
        }
    }

    /// Goes back to a state that was kept before.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.inner.ctx.journaled_state.database = snapshot.state.clone();
        self.inner.ctx.block = snapshot.block.clone();
        self.inner.ctx.cfg = snapshot.cfg.clone();
    }

    fn transaction(&self, from: Address, kind: TxKind, value: U256, data: Bytes) -> TxEnv {
        let nonce = self.account(from).nonce;
        TxEnv { caller: from, gas_limit: self.gas_limit, kind, value, data, nonce, ..TxEnv::default() }
    }

    fn run(&mut self, tx: TxEnv, commit: bool) -> Receipt {
        match self.inner.transact(tx) {
            Ok(done) => {
                if commit && done.result.is_success() {
                    self.inner.commit(done.state);
                }
                Receipt::from(done.result)
            }
            Err(error) => Receipt::refused(error.to_string()),
        }
    }

    fn account(&self, address: Address) -> revm::state::AccountInfo {
        let Ok(info) = self.inner.ctx.journaled_state.database.basic_ref(address);
        info.unwrap_or_default()
    }

    fn change(&mut self, address: Address, change: impl FnOnce(&mut revm::state::AccountInfo)) {
        let mut info = self.account(address);
        change(&mut info);
        self.inner.ctx.journaled_state.database.insert_account_info(address, info);
    }
}

fn build(state: InMemoryDB, cfg: CfgEnv, block: BlockEnv) -> Inner {
    let context: MainnetContext<InMemoryDB> = Context::<_, _, _, _, Journal<_>>::new(state, SpecId::PRAGUE);
    context.with_cfg(cfg).with_block(block).build_mainnet()
}

#[cfg(test)]
mod tests;
