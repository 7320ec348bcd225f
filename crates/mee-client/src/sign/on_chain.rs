use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::{SignatureKind, TriggerTransaction};
use crate::abi::helper::forwardCall;
use crate::abi::token::approveCall;
use crate::instruction::PlainCall;

/// Selector of a trigger call without call data: `onERC721Received` of no one, which does nothing.
const EMPTY_CALL: [u8; 4] = [0x15, 0x0b, 0x7a, 0x02];

/// What a trigger transaction does besides carrying the supertransaction's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnChainTrigger {
    /// Lets the account take tokens.
    Approve {
        /// The token.
        token: Address,
        /// The account.
        spender: Address,
        /// How much, in the token's smallest unit.
        amount: U256,
    },
    /// Sends native tokens through the forwarder.
    Forward {
        /// The forwarder of the account's suite.
        forwarder: Address,
        /// Who receives them.
        recipient: Address,
        /// How much, in wei.
        amount: U256,
    },
    /// Any call.
    Call(PlainCall),
}

impl OnChainTrigger {
    /// The transaction: the call's data followed by the supertransaction's hash.
    #[must_use]
    pub fn transaction(&self, chain_id: u64, from: Address, hash: B256) -> TriggerTransaction {
        let bare = self.bare_transaction(chain_id, from);
        TriggerTransaction { data: [&bare.data[..], hash.as_slice()].concat().into(), ..bare }
    }

    /// The same without a hash.
    pub(crate) fn bare_transaction(&self, chain_id: u64, from: Address) -> TriggerTransaction {
        let (to, value, data) = match self {
            Self::Approve { token, spender, amount } => {
                (*token, U256::ZERO, approveCall { spender: *spender, amount: *amount }.abi_encode())
            }
            Self::Forward { forwarder, recipient, amount } => {
                (*forwarder, *amount, forwardCall { recipient: *recipient }.abi_encode())
            }
            Self::Call(call) if call.data.is_empty() => (call.to, call.value, EMPTY_CALL.to_vec()),
            Self::Call(call) => (call.to, call.value, call.data.to_vec()),
        };
        TriggerTransaction { chain_id, from, to, value, data: data.into() }
    }
}

/// The signature of a supertransaction that a mined transaction starts.
#[must_use]
pub fn on_chain_signature(transaction: B256, chain_id: u64) -> Bytes {
    SignatureKind::OnChain.before(&(transaction, U256::from(chain_id)).abi_encode_params())
}
