use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::{checksummed, decimal_u64};

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// The node's version.
    #[serde(default)]
    pub version: String,
    /// The node's address: it receives the fees.
    #[serde(default)]
    pub node: String,
    /// The chains it executes on.
    #[serde(default)]
    pub supported_chains: Vec<SupportedChain>,
    /// What fees can be paid with.
    #[serde(default)]
    pub supported_gas_tokens: Vec<GasTokens>,
}

/// A chain that a node executes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportedChain {
    /// The EIP-155 chain id.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// The fee tokens of one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GasTokens {
    /// The EIP-155 chain id.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// The tokens that the node knows by name.
    #[serde(default)]
    pub payment_tokens: Vec<PaymentToken>,
    /// Whether any other token with a price may be tried.
    #[serde(default)]
    pub is_arbitrary_fee_tokens_supported: bool,
}

/// A token that pays fees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentToken {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its address; zero for the chain's native token.
    #[serde(with = "checksummed")]
    pub address: Address,
    /// Its ticker.
    #[serde(default)]
    pub symbol: String,
    /// How many decimals its amounts have.
    #[serde(default)]
    pub decimals: u8,
    /// Whether it takes ERC-2612 permits; `None` when the node does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit_enabled: Option<bool>,
}

impl NodeInfo {
    /// Whether the node executes on this chain.
    #[must_use]
    pub fn supports_chain(&self, chain_id: u64) -> bool {
        self.supported_chains.iter().any(|chain| chain.chain_id == chain_id)
    }

    /// The fee tokens of a chain.
    #[doc(alias = "getGasToken")]
    #[must_use]
    pub fn gas_tokens(&self, chain_id: u64) -> Option<&GasTokens> {
        self.supported_gas_tokens.iter().find(|tokens| tokens.chain_id == chain_id)
    }

    /// A fee token by its address.
    #[doc(alias = "getSupportedFeeToken")]
    #[must_use]
    pub fn payment_token(&self, chain_id: u64, token: Address) -> Option<&PaymentToken> {
        self.gas_tokens(chain_id)?.payment_tokens.iter().find(|known| known.address == token)
    }
}
