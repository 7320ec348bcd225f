use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Words about an operation, for explorers. They have no effect on what is executed and are not signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Value);

impl Metadata {
    /// Anything that has no kind of its own.
    #[must_use]
    pub fn custom(description: &str, chain_id: u64) -> Self {
        Self(json!({ "type": "CUSTOM", "description": description, "chainId": chain_id }))
    }

    /// A token transfer; `None` for an amount that is only known when the operation runs.
    #[must_use]
    pub fn transfer(token: Address, from: Address, to: Address, amount: Option<U256>, chain_id: u64) -> Self {
        Self(json!({
            "type": "TRANSFER",
            "tokenAddress": token.to_checksum(None),
            "fromAddress": from.to_checksum(None),
            "toAddress": to.to_checksum(None),
            "amount": amount.map_or_else(|| "RUNTIME_VALUE".to_owned(), |amount| amount.to_string()),
            "chainId": chain_id,
        }))
    }

    /// Metadata of another kind, as its JSON.
    #[must_use]
    pub const fn from_json(value: Value) -> Self {
        Self(value)
    }

    /// The JSON.
    #[must_use]
    pub const fn as_json(&self) -> &Value {
        &self.0
    }
}
