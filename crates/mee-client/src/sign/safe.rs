use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{Eip712Domain, SolValue};

use super::{OnChainTrigger, SignatureKind};

mod types {
    alloy_sol_types::sol! {
        struct SafeTransaction {
            bytes32 domainSeparator;
            address to;
            uint256 value;
            bytes data;
            uint8 operation;
            uint256 safeTxGas;
            uint256 baseGas;
            uint256 gasPrice;
            address gasToken;
            address refundReceiver;
            uint256 nonce;
            bytes signatures;
        }
    }
}

/// The call that a Safe's owners approve so that a supertransaction can start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SafeTransactionData {
    /// Where to.
    pub to: Address,
    /// Wei to send.
    pub value: U256,
    /// Call data, the supertransaction's hash at its end.
    pub data: Bytes,
}

impl SafeTransactionData {
    /// A call that came from elsewhere.
    #[must_use]
    pub const fn from_parts(to: Address, value: U256, data: Bytes) -> Self {
        Self { to, value, data }
    }

    /// The call of a trigger.
    #[doc(alias = "getDataToPrepareSafeTransaction")]
    #[must_use]
    pub fn new(trigger: &OnChainTrigger, hash: B256) -> Self {
        let transaction = trigger.transaction(0, Address::ZERO, hash);
        Self { to: transaction.to, value: transaction.value, data: transaction.data }
    }
}

/// A Safe transaction with its owners' signatures. It is a plain call (operation 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeTransaction {
    /// The call.
    pub call: SafeTransactionData,
    /// Gas for the call.
    pub safe_tx_gas: U256,
    /// Gas that is not metered.
    pub base_gas: U256,
    /// The refund's gas price.
    pub gas_price: U256,
    /// The refund's token.
    pub gas_token: Address,
    /// Who gets the refund.
    pub refund_receiver: Address,
    /// The Safe's nonce.
    pub nonce: U256,
    /// The owners' signatures, joined.
    pub signatures: Bytes,
}

/// The EIP-712 domain separator of a Safe: chain id and address.
#[must_use]
pub fn safe_domain_separator(safe: Address, chain_id: u64) -> B256 {
    Eip712Domain { chain_id: Some(U256::from(chain_id)), verifying_contract: Some(safe), ..Eip712Domain::default() }
        .separator()
}

/// The signature of a supertransaction that a Safe starts: `abi.encode(address safe, tuple)`.
#[must_use]
pub fn safe_signature(safe: Address, domain_separator: B256, transaction: &SafeTransaction) -> Bytes {
    let tuple = types::SafeTransaction {
        domainSeparator: domain_separator,
        to: transaction.call.to,
        value: transaction.call.value,
        data: transaction.call.data.clone(),
        operation: 0,
        safeTxGas: transaction.safe_tx_gas,
        baseGas: transaction.base_gas,
        gasPrice: transaction.gas_price,
        gasToken: transaction.gas_token,
        refundReceiver: transaction.refund_receiver,
        nonce: transaction.nonce,
        signatures: transaction.signatures.clone(),
    };
    SignatureKind::Safe.before(&(safe, tuple).abi_encode_params())
}
