//! Preparing an operation step by step, without doing any of the steps: the caller reads, asks and signs.
//!
//! A [`Preparation`] says what it [needs](Preparation::needs); hand back each answer, in any order, until it needs
//! nothing. Then [`finish`](Preparation::finish) gives a [`Signable`] with the hash, and signing that gives the
//! operation to send. What stands in one list of needs does not depend on each other: it can be asked in one batch.
//!
//! ```text
//! draft ─ code, nonce, fees ─► stub ─ paymaster stub ─► gas ─► paymaster data ─► hash ─ sign ─► signed
//! ```

mod answer;

pub use answer::{GasEstimate, PaymasterAnswer};

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::SolCall;

use crate::account::Account;
use crate::{
    Authorization, Call, EntryPoint, Factory, GasField, Nonce, NonceKey, OperationError, OperationHasher, Paymaster,
    UserOperation, abi,
};

/// An ECDSA signature for estimating, of a key that is not kept: low `s`, no zero byte, `v` 28.
///
/// It stands for one owner's 65 bytes; repeat it for several, and put it in the account's or session's own form.
#[doc(alias = "DUMMY_SIGNATURE")]
#[doc(alias = "DUMMY_ECDSA_SIG")]
#[doc(alias = "getStubSignature")]
pub const STUB_SIGNATURE: [u8; 65] = hex!(
    "c625462ca726696fa33b942c0145914c39b1ccbcbb23ac959113e538a14d390e2e5857bbfdcd7dab7fbb42b5c9214138aceb7f63a41ba60fc98d74c5abc6a98b1c"
);

/// What a [`Preparation`] has to know next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// The account's code (`eth_getCode`): answer with [`Preparation::code`].
    Code(Address),
    /// The key's next nonce (`eth_call` of this call): answer with [`Preparation::nonce`].
    Nonce(Call),
    /// What a unit of gas costs: answer with [`Preparation::fees`].
    Fees,
    /// The paymaster's stand-in for estimating (`pm_getPaymasterStubData`) for [`Preparation::operation`]: answer with
    /// [`Preparation::paymaster_stub`].
    PaymasterStub,
    /// The gas limits (`eth_estimateUserOperationGas`) of [`Preparation::operation`]: answer with
    /// [`Preparation::gas`].
    Gas,
    /// The paymaster's final data (`pm_getPaymasterData`) for [`Preparation::operation`]: answer with
    /// [`Preparation::paymaster_data`].
    PaymasterData,
}

/// Why an answer cannot be, or why an operation is not ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// Something is still needed.
    #[error("the operation is not ready: {needs} answers are missing")]
    Incomplete {
        /// How many needs there are.
        needs: usize,
    },
    /// The nonce is one of another key.
    #[error("expected a nonce of key {expected}, saw {seen}")]
    NonceKey {
        /// The key that was asked for.
        expected: U256,
        /// The nonce that came.
        seen: U256,
    },
    /// An answer to `getNonce` that is no word.
    #[error("expected a nonce of 32 bytes, saw {length}")]
    NonceLength {
        /// How many bytes came.
        length: usize,
    },
    /// A priority fee above the whole fee.
    #[error("the priority fee {priority} is above the highest fee {max}")]
    Fees {
        /// The highest fee, in wei.
        max: u128,
        /// The priority fee, in wei.
        priority: u128,
    },
    /// A limit that the estimate should have and does not.
    #[error("the estimate has no {field}")]
    MissingGas {
        /// The limit.
        field: GasField,
    },
    /// The final data is of another paymaster than the stand-in.
    #[error("expected data of paymaster {expected}, saw {seen}")]
    Paymaster {
        /// The paymaster of the stand-in.
        expected: Address,
        /// The paymaster that came.
        seen: Address,
    },
    /// The finished operation is none that the entry point takes.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// How far the paymaster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sponsor {
    Unwanted,
    Wanted,
    Stubbed,
    Final,
}

/// An operation on its way to be signed.
#[derive(Clone, Debug)]
#[doc(alias = "prepareUserOperation")]
pub struct Preparation {
    operation: UserOperation,
    entry_point: EntryPoint,
    chain_id: u64,
    key: NonceKey,
    code: bool,
    nonce: bool,
    fees: bool,
    gas: bool,
    sponsor: Sponsor,
}

impl Preparation {
    /// Starts with what the account is called with and where its nonce comes from.
    ///
    /// The stub is a signature for estimating: as long as the real one, without zero bytes, leading validation down the
    /// same path. When the account has a factory, its code is asked for first.
    #[must_use]
    pub fn new(
        account: &(impl Account + ?Sized),
        call_data: impl Into<Bytes>,
        key: NonceKey,
        chain_id: u64,
        stub: impl Into<Bytes>,
    ) -> Self {
        let factory: Option<Factory> = account.factory().cloned();
        Self {
            code: factory.is_none(),
            operation: UserOperation::new(account.address(), U256::ZERO, call_data)
                .with_factory(factory)
                .with_signature(stub),
            entry_point: account.entry_point(),
            chain_id,
            key,
            nonce: false,
            fees: false,
            gas: false,
            sponsor: Sponsor::Unwanted,
        }
    }

    /// With a nonce that is known already, from the same key or another.
    #[must_use]
    pub fn with_nonce(mut self, nonce: Nonce) -> Self {
        (self.key, self.operation.nonce, self.nonce) = (nonce.key, nonce.to_u256(), true);
        self
    }

    /// With a paymaster to be asked, once before and once after the gas is estimated (ERC-7677).
    #[must_use]
    pub const fn sponsored(mut self) -> Self {
        self.sponsor = Sponsor::Wanted;
        self
    }

    /// With a paymaster that needs not be asked.
    #[must_use]
    pub fn with_paymaster(mut self, paymaster: Paymaster) -> Self {
        (self.operation.paymaster, self.sponsor) = (Some(paymaster), Sponsor::Final);
        self
    }

    /// With an EIP-7702 authorization.
    #[must_use]
    pub const fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.operation.authorization = Some(authorization);
        self
    }

    /// Whether the account is deployed is known: with its factory or without.
    #[must_use]
    pub fn with_deployed(mut self, deployed: bool) -> Self {
        self.code = true;
        if deployed {
            self.operation.factory = None;
        }
        self
    }

    /// The operation as it is now, with the stub for a signature: what estimators and paymasters are asked about.
    #[must_use]
    pub const fn operation(&self) -> &UserOperation {
        &self.operation
    }

    /// The entry point that the operation is for.
    #[must_use]
    pub const fn entry_point(&self) -> EntryPoint {
        self.entry_point
    }

    /// What can be asked now; empty when the operation is ready.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let mut needs = Vec::new();
        if !self.code {
            needs.push(Need::Code(self.operation.sender));
        }
        if !self.nonce {
            let call = abi::getNonceCall { sender: self.operation.sender, key: self.key.to_u192() };
            needs.push(Need::Nonce(Call::new(self.entry_point.address, call.abi_encode())));
        }
        if !self.fees {
            needs.push(Need::Fees);
        }
        // Everything below is asked about the operation, which has to have what is above.
        if needs.is_empty() {
            match (self.sponsor, self.gas) {
                (Sponsor::Wanted, _) => needs.push(Need::PaymasterStub),
                (_, false) => needs.push(Need::Gas),
                (Sponsor::Stubbed, true) => needs.push(Need::PaymasterData),
                (Sponsor::Unwanted | Sponsor::Final, true) => {}
            }
        }
        needs
    }

    /// Answers [`Need::Code`]. With code the factory is left out, unless an authorization is to set other code.
    pub fn code(&mut self, code: &[u8]) {
        self.code = true;
        if !code.is_empty() && self.operation.authorization.is_none() {
            self.operation.factory = None;
        }
    }

    /// Answers [`Need::Nonce`] with what the entry point returned.
    ///
    /// # Errors
    /// When it is no nonce of the key.
    pub fn nonce(&mut self, answer: &[u8]) -> Result<(), FlowError> {
        let word: [u8; 32] = answer.try_into().map_err(|_| FlowError::NonceLength { length: answer.len() })?;
        let word = U256::from_be_bytes(word);
        if Nonce::from(word).key != self.key {
            return Err(FlowError::NonceKey { expected: self.key.to_u192().to(), seen: word });
        }
        (self.operation.nonce, self.nonce) = (word, true);
        Ok(())
    }

    /// Answers [`Need::Fees`], in wei for each unit of gas.
    ///
    /// # Errors
    /// When the priority fee is above the whole.
    pub const fn fees(&mut self, max_fee: u128, max_priority_fee: u128) -> Result<(), FlowError> {
        if max_priority_fee > max_fee {
            return Err(FlowError::Fees { max: max_fee, priority: max_priority_fee });
        }
        self.operation.max_fee_per_gas = max_fee;
        self.operation.max_priority_fee_per_gas = max_priority_fee;
        self.fees = true;
        Ok(())
    }

    /// Answers [`Need::Gas`], or gives the limits that are known beforehand.
    ///
    /// # Errors
    /// When one of the three limits of every operation is missing.
    pub fn gas(&mut self, estimate: GasEstimate) -> Result<(), FlowError> {
        let need = |value: Option<u128>, field| value.ok_or(FlowError::MissingGas { field });
        let call = need(estimate.call, GasField::Call)?;
        let verification = need(estimate.verification, GasField::Verification)?;
        let pre = estimate.pre_verification.ok_or(FlowError::MissingGas { field: GasField::PreVerification })?;
        (self.operation.call_gas_limit, self.operation.verification_gas_limit) = (call, verification);
        self.operation.pre_verification_gas = pre;
        if let Some(paymaster) = &mut self.operation.paymaster {
            // A paymaster's own limits are part of what it signs: an estimate only fills what it left open.
            let open = |own: &mut u128, value: Option<u128>| {
                if *own == 0 {
                    *own = value.unwrap_or(0);
                }
            };
            open(&mut paymaster.verification_gas_limit, estimate.paymaster_verification);
            open(&mut paymaster.post_op_gas_limit, estimate.paymaster_post_op);
        }
        self.gas = true;
        Ok(())
    }

    /// Answers [`Need::PaymasterStub`]. When the paymaster gives all gas limits too, they are not estimated.
    pub fn paymaster_stub(&mut self, answer: PaymasterAnswer) {
        self.sponsor = if answer.is_final { Sponsor::Final } else { Sponsor::Stubbed };
        // Not complete: estimating fills the rest.
        let _ = self.gas(answer.gas);
        self.operation.paymaster = Some(answer.paymaster(None));
    }

    /// Answers [`Need::PaymasterData`]. Gas limits that the paymaster leaves out stay those of its stand-in; limits of
    /// the operation that it gives replace the estimated ones, as its data is signed over them.
    ///
    /// # Errors
    /// When the data is of another paymaster than the stand-in.
    pub fn paymaster_data(&mut self, answer: PaymasterAnswer) -> Result<(), FlowError> {
        let stub = self.operation.paymaster.as_ref();
        if let Some(stub) = stub.filter(|stub| stub.address != answer.address) {
            return Err(FlowError::Paymaster { expected: stub.address, seen: answer.address });
        }
        let GasEstimate { call, verification, pre_verification, .. } = answer.gas;
        self.operation.call_gas_limit = call.unwrap_or(self.operation.call_gas_limit);
        self.operation.verification_gas_limit = verification.unwrap_or(self.operation.verification_gas_limit);
        self.operation.pre_verification_gas = pre_verification.unwrap_or(self.operation.pre_verification_gas);
        self.operation.paymaster = Some(answer.paymaster(stub));
        self.sponsor = Sponsor::Final;
        Ok(())
    }

    /// The operation to sign.
    ///
    /// # Errors
    /// When something is still needed, or the entry point would not take the operation.
    pub fn finish(self) -> Result<Signable, FlowError> {
        let needs = self.needs().len();
        if needs > 0 {
            return Err(FlowError::Incomplete { needs });
        }
        self.operation.validate(self.entry_point.version)?;
        let hash = OperationHasher::new(self.entry_point, self.chain_id).hash(&self.operation)?;
        Ok(Signable { operation: self.operation, entry_point: self.entry_point, hash })
    }
}

/// A complete operation and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signable {
    operation: UserOperation,
    entry_point: EntryPoint,
    hash: B256,
}

impl Signable {
    /// The operation's hash, computed here: what it is known by.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The operation, with the stub for a signature.
    #[must_use]
    pub const fn operation(&self) -> &UserOperation {
        &self.operation
    }

    /// The operation with its signature: `sign` is given the hash and gives what the account's validator checks.
    ///
    /// # Errors
    /// That of `sign`.
    pub fn sign<E>(self, sign: impl FnOnce(B256) -> Result<Bytes, E>) -> Result<SignedOperation, E> {
        let signature = sign(self.hash)?;
        Ok(self.signed(signature))
    }

    /// The operation with a signature that was made elsewhere.
    #[must_use]
    pub fn signed(self, signature: impl Into<Bytes>) -> SignedOperation {
        let operation = self.operation.with_signature(signature);
        SignedOperation { operation, entry_point: self.entry_point, hash: self.hash }
    }
}

/// An operation to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOperation {
    /// The operation.
    pub operation: UserOperation,
    /// The entry point that it is for.
    pub entry_point: EntryPoint,
    /// Its hash: what a bundler answers with, and what to look for when its answer is lost.
    pub hash: B256,
}

#[cfg(test)]
mod tests;
