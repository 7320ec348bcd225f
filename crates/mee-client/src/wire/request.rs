use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

use super::{DelegationAuthorization, Metadata, SessionDetails, checksummed, decimal, decimal_u64};
use crate::MeeVersionConfig;

/// What starts a supertransaction, and so what its signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum QuoteType {
    /// The owner's signature alone.
    #[serde(rename = "simple")]
    Simple,
    /// A transaction of the owner's on the trigger chain.
    #[serde(rename = "onchain")]
    OnChain,
    /// An ERC-2612 permit.
    #[serde(rename = "permit")]
    Permit,
    /// A delegation by a delegator account.
    #[serde(rename = "mm-dtk")]
    Delegation,
    /// A transaction of a Safe.
    #[serde(rename = "safe-sa")]
    Safe,
}

impl QuoteType {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::OnChain => "onchain",
            Self::Permit => "permit",
            Self::Delegation => "mm-dtk",
            Self::Safe => "safe-sa",
        }
    }
}

impl fmt::Display for QuoteType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The body of a quote request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteRequest {
    /// What will start the supertransaction.
    pub quote_type: QuoteType,
    /// The operations, without the payment.
    pub user_ops: Vec<UserOpRequest>,
    /// Who pays the node, and how.
    pub payment_info: PaymentInfo,
    /// The suites of the accounts, chain by chain.
    pub mee_versions: Vec<ChainVersion>,
    /// How the node simulates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulation: Option<Simulation>,
    /// What starts a fusion supertransaction, without the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerInfo>,
    /// Words that the node stores with the supertransaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// The suite of an account on one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainVersion {
    /// The whole suite.
    pub version: MeeVersionConfig,
    /// The EIP-155 chain id.
    pub chain_id: u64,
}

/// One operation of a quote request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserOpRequest {
    /// Not before this time (seconds since the Unix epoch).
    pub lower_bound_timestamp: u64,
    /// Not after this time (seconds since the Unix epoch).
    pub upper_bound_timestamp: u64,
    /// Milliseconds between two simulations of an operation that waits for its conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_simulation_retry_delay: Option<u64>,
    /// The account.
    #[serde(with = "checksummed")]
    pub sender: Address,
    /// The account's call data.
    pub call_data: Bytes,
    /// Gas for the calls.
    #[serde(with = "decimal")]
    pub call_gas_limit: U256,
    /// The account nonce, lane included.
    #[serde(with = "decimal")]
    pub nonce: U256,
    /// The EIP-155 chain id.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// Whether it only sweeps what is left.
    pub is_clean_up_user_op: bool,
    /// Gas for validation; the node's own value when absent.
    #[serde(skip_serializing_if = "Option::is_none", with = "decimal::option")]
    pub verification_gas_limit: Option<U256>,
    /// `factory ++ factory data`, for an account without code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_code: Option<Bytes>,
    /// The delegation, for an owner's address that becomes an account.
    #[serde(rename = "eip7702Auth", skip_serializing_if = "Option::is_none")]
    pub eip7702_auth: Option<DelegationAuthorization>,
    /// Whether the leaf is the bare operation hash, without bounds.
    pub short_encoding: bool,
    /// The session that the operation is validated by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_details: Option<SessionDetails>,
    /// Words for explorers.
    pub metadata: Vec<Metadata>,
    /// State to pretend while this operation is simulated.
    #[serde(skip_serializing_if = "SimulationOverrides::is_none")]
    pub simulation_overrides: Option<SimulationOverrides>,
}

/// Who pays the node, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentInfo {
    /// Whether a gas tank pays.
    pub sponsored: bool,
    /// The paying account.
    #[serde(with = "checksummed")]
    pub sender: Address,
    /// The fee token; zero for the chain's native token.
    #[serde(with = "checksummed")]
    pub token: Address,
    /// The paying account's nonce.
    #[serde(with = "decimal")]
    pub nonce: U256,
    /// Gas for the payment call.
    #[serde(with = "decimal")]
    pub call_gas_limit: U256,
    /// Gas for validating the payment.
    #[serde(skip_serializing_if = "Option::is_none", with = "decimal::option")]
    pub verification_gas_limit: Option<U256>,
    /// The EIP-155 id of the chain on which the payment is made.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// Whose funds start a fusion supertransaction.
    #[serde(skip_serializing_if = "Option::is_none", with = "checksummed::option")]
    pub eoa: Option<Address>,
    /// Who gets unused gas back.
    #[serde(skip_serializing_if = "Option::is_none", with = "checksummed::option")]
    pub gas_refund_address: Option<Address>,
    /// `factory ++ factory data`, for a paying account without code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_code: Option<Bytes>,
    /// The delegation of the paying account.
    #[serde(rename = "eip7702Auth", skip_serializing_if = "Option::is_none")]
    pub eip7702_auth: Option<DelegationAuthorization>,
    /// Whether the payment's leaf is the bare operation hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_encoding: Option<bool>,
    /// The session that the payment is validated by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_details: Option<SessionDetails>,
    /// The gas tank's server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sponsorship_url: Option<String>,
}

/// How a node simulates a quote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulation {
    /// Whether to simulate at all.
    pub simulate: bool,
    /// State to pretend.
    #[serde(skip_serializing_if = "SimulationOverrides::is_none")]
    pub overrides: Option<SimulationOverrides>,
    /// Percent to add to the gas that simulation finds, chain by chain.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "percents")]
    pub gas_limit_buffers: BTreeMap<u64, U256>,
}

fn percents<S: serde::Serializer>(buffers: &BTreeMap<u64, U256>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(buffers.iter().map(|(chain_id, percent)| (chain_id.to_string(), percent.to_string())))
}

/// State that a simulation pretends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationOverrides {
    /// Balances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_overrides: Vec<TokenOverride>,
    /// Storage.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_overrides: Vec<StorageOverride>,
}

impl SimulationOverrides {
    fn is_none(this: &Option<Self>) -> bool {
        this.as_ref().is_none_or(|this| this.token_overrides.is_empty() && this.custom_overrides.is_empty())
    }

    /// Adds what `other` pretends.
    pub fn extend(&mut self, other: Self) {
        self.token_overrides.extend(other.token_overrides);
        self.custom_overrides.extend(other.custom_overrides);
    }
}

/// A balance that a simulation pretends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenOverride {
    /// The token; zero for the chain's native token.
    #[serde(with = "checksummed")]
    pub token_address: Address,
    /// Whose balance.
    #[serde(with = "checksummed")]
    pub account_address: Address,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The balance, in the token's smallest unit.
    #[serde(with = "decimal")]
    pub balance: U256,
}

/// A storage word that a simulation pretends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageOverride {
    /// Whose storage.
    #[serde(with = "checksummed")]
    pub contract_address: Address,
    /// The word's place.
    pub storage_slot: B256,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// The word.
    pub value: B256,
}

/// The token trigger of a fusion supertransaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TriggerInfo {
    /// The token; zero for the chain's native token.
    #[serde(with = "checksummed")]
    pub token_address: Address,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    /// Gas for taking the funds in.
    #[serde(with = "decimal")]
    pub gas_limit: U256,
    /// How much comes in, in the token's smallest unit.
    #[serde(with = "decimal")]
    pub amount: U256,
    /// How much the owner approves, when that is more than `amount`.
    #[serde(skip_serializing_if = "Option::is_none", with = "decimal::option")]
    pub approval_amount: Option<U256>,
    /// Who receives the funds; the account when absent.
    #[serde(skip_serializing_if = "Option::is_none", with = "checksummed::option")]
    pub recipient_address: Option<Address>,
}
