use std::ops::Deref;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{ChainVersion, DelegationAuthorization, QuoteType, SessionDetails, decimal, decimal_u64, numbers};

/// A node's offer, exactly as it came.
///
/// It reads as a [`QuoteBody`]; members that this client does not know are kept, and [`Serialize`] gives back what the
/// node sent, since the node has committed to that.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    raw: Map<String, Value>,
    body: QuoteBody,
}

impl Quote {
    /// The JSON as it came.
    #[must_use]
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// The quote with each operation's session attached, as a node expects it of session operations.
    pub(crate) fn with_session_details(self, details: &[Option<SessionDetails>]) -> Result<Self, serde_json::Error> {
        let mut raw = self.raw;
        let user_ops = raw.get_mut("userOps").and_then(Value::as_array_mut).into_iter().flatten();
        for (user_op, details) in user_ops.zip(details) {
            if let (Value::Object(user_op), Some(details)) = (user_op, details) {
                user_op.insert("sessionDetails".to_owned(), serde_json::to_value(details)?);
            }
        }
        serde_json::from_value(Value::Object(raw))
    }
}

impl Deref for Quote {
    type Target = QuoteBody;

    fn deref(&self) -> &QuoteBody {
        &self.body
    }
}

impl<'de> Deserialize<'de> for Quote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Map::deserialize(deserializer)?;
        let body = QuoteBody::deserialize(&raw).map_err(serde::de::Error::custom)?;
        Ok(Self { raw, body })
    }
}

impl Serialize for Quote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

/// A quote's content.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteBody {
    /// The supertransaction's hash: the root over its operations.
    pub hash: B256,
    /// The node's address, as text.
    #[serde(default)]
    pub node: String,
    /// What the node promises; opaque.
    #[serde(default)]
    pub commitment: Value,
    /// What will start the supertransaction.
    pub quote_type: QuoteType,
    /// Who pays the node, and how much.
    pub payment_info: PaymentQuote,
    /// The operations; the first pays the node.
    pub user_ops: Vec<QuotedUserOp>,
}

/// The payment of a quote.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentQuote {
    /// Whether a gas tank pays.
    #[serde(default)]
    pub sponsored: bool,
    /// The paying account.
    pub sender: Address,
    /// The fee token; zero for the chain's native token.
    pub token: Address,
    /// The paying account's nonce.
    #[serde(with = "decimal")]
    pub nonce: U256,
    /// Gas for the payment call.
    #[serde(default, with = "decimal::option")]
    pub call_gas_limit: Option<U256>,
    /// Gas for validating the payment.
    #[serde(default, with = "decimal::option")]
    pub verification_gas_limit: Option<U256>,
    /// The EIP-155 id of the chain on which the payment is made.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// Whose funds start a fusion supertransaction.
    #[serde(default)]
    pub eoa: Option<Address>,
    /// Who gets unused gas back.
    #[serde(default)]
    pub gas_refund_address: Option<Address>,
    /// `factory ++ factory data` of the paying account.
    #[serde(default)]
    pub init_code: Option<Bytes>,
    /// The delegation of the paying account.
    #[serde(default, rename = "eip7702Auth")]
    pub eip7702_auth: Option<DelegationAuthorization>,
    /// Whether the payment's leaf is the bare operation hash.
    #[serde(default)]
    pub short_encoding: Option<bool>,
    /// The gas tank's server.
    #[serde(default)]
    pub sponsorship_url: Option<String>,
    /// The session that the payment is validated by, as JSON.
    #[serde(default)]
    pub session_details: Option<Value>,
    /// The fee as a decimal number of whole tokens, for display.
    #[serde(default)]
    pub token_amount: Value,
    /// The fee in the token's smallest unit.
    #[serde(with = "decimal")]
    pub token_wei_amount: U256,
    /// The fee's worth in the node's currency, for display.
    #[serde(default)]
    pub token_value: Value,
}

/// An operation of a quote.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotedUserOp {
    /// The operation.
    pub user_op: PricedUserOp,
    /// Its hash (EntryPoint 0.7).
    pub user_op_hash: B256,
    /// Its leaf with bounds.
    pub mee_user_op_hash: B256,
    /// Not before this time (seconds since the Unix epoch).
    #[serde(with = "decimal_u64")]
    pub lower_bound_timestamp: u64,
    /// Not after this time (seconds since the Unix epoch).
    #[serde(with = "decimal_u64")]
    pub upper_bound_timestamp: u64,
    /// The most gas that the node pays for.
    #[serde(default, with = "decimal::option")]
    pub max_gas_limit: Option<U256>,
    /// The gas price that the fee was computed with, in wei.
    #[serde(default, with = "decimal::option")]
    pub max_fee_per_gas: Option<U256>,
    /// The EIP-155 chain id.
    #[serde(with = "decimal_u64")]
    pub chain_id: u64,
    /// Whether the leaf is the bare operation hash.
    #[serde(default)]
    pub short_encoding: bool,
    /// The delegation.
    #[serde(default, rename = "eip7702Auth")]
    pub eip7702_auth: Option<DelegationAuthorization>,
    /// Whether it only sweeps what is left.
    #[serde(default)]
    pub is_clean_up_user_op: Option<bool>,
    /// The session, as JSON.
    #[serde(default)]
    pub session_details: Option<Value>,
    /// Words for explorers.
    #[serde(default)]
    pub metadata: Option<Value>,
    /// Milliseconds between two simulations.
    #[serde(default, deserialize_with = "optional_u64")]
    pub execution_simulation_retry_delay: Option<u64>,
}

fn optional_u64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    struct Number(#[serde(with = "numbers::decimal_u64")] u64);
    Ok(Option::<Number>::deserialize(deserializer)?.map(|Number(value)| value))
}

impl QuotedUserOp {
    /// The leaf that this operation has in the supertransaction's tree.
    #[must_use]
    pub const fn leaf(&self) -> B256 {
        if self.short_encoding { self.user_op_hash } else { self.mee_user_op_hash }
    }
}

/// An ERC-4337 operation with the node's gas price and paymaster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PricedUserOp {
    /// The account.
    pub sender: Address,
    /// The account nonce, lane included.
    #[serde(with = "decimal")]
    pub nonce: U256,
    /// `factory ++ factory data`; empty for an account with code.
    #[serde(default)]
    pub init_code: Bytes,
    /// The account's call data.
    pub call_data: Bytes,
    /// Gas for the calls.
    #[serde(with = "decimal")]
    pub call_gas_limit: U256,
    /// Gas for validation.
    #[serde(with = "decimal")]
    pub verification_gas_limit: U256,
    /// The highest gas price, in wei.
    #[serde(with = "decimal")]
    pub max_fee_per_gas: U256,
    /// The highest tip, in wei.
    #[serde(with = "decimal")]
    pub max_priority_fee_per_gas: U256,
    /// `paymaster ++ u128 verification gas ++ u128 post-operation gas ++ data`; empty for none.
    #[serde(default)]
    pub paymaster_and_data: Bytes,
    /// Gas for what is not metered.
    #[serde(with = "decimal")]
    pub pre_verification_gas: U256,
    /// The signature, on a payment that a gas tank has signed.
    #[serde(default)]
    pub signature: Option<Bytes>,
}

/// A quote with the signature that starts it.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedQuote {
    /// The quote.
    pub quote: Quote,
    /// `4-byte prefix ++ payload`.
    pub signature: Bytes,
    /// The suites of the accounts, operation by operation.
    pub mee_versions: Vec<ChainVersion>,
}

impl Serialize for SignedQuote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own = [
            ("signature", serde_json::to_value(&self.signature)),
            ("meeVersions", serde_json::to_value(&self.mee_versions)),
            ("isEIP712TrustedSponsorshipSupported", Ok(Value::Bool(true))),
        ];
        let mut raw = self.quote.raw.clone();
        for (name, value) in own {
            raw.insert(name.to_owned(), value.map_err(serde::ser::Error::custom)?);
        }
        raw.serialize(serializer)
    }
}
