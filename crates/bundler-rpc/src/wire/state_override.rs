use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Serialize;

use super::quantity;

/// Changes to accounts that hold for one estimation or simulation only, by address.
///
/// Serializes as the object that `eth_estimateUserOperationGas` takes as its third parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StateOverride(pub BTreeMap<Address, AccountOverride>);

impl StateOverride {
    /// Whether nothing is changed: the parameter is then left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With a change to one more account.
    #[must_use]
    pub fn with(mut self, address: Address, account: AccountOverride) -> Self {
        self.0.insert(address, account);
        self
    }
}

/// A change to one account; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountOverride {
    /// The balance in wei.
    #[serde(with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub balance: Option<U256>,
    /// The transaction count.
    #[serde(with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<u64>,
    /// The code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Bytes>,
    /// The storage.
    #[serde(flatten)]
    pub storage: Option<StorageOverride>,
}

/// A change to an account's storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StorageOverride {
    /// These slots hold these values and all others zero.
    State(BTreeMap<B256, B256>),
    /// These slots hold these values and all others what they held.
    StateDiff(BTreeMap<B256, B256>),
}
