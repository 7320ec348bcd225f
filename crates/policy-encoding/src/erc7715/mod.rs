//! ERC-7715 permission requests, and what of them a session can hold.
//!
//! The ERC is a draft whose permission types differ between wallets. [`PermissionKind`] has those that are common, and
//! one of this library's own that loses nothing; anything else is kept as it came and reported as not mapped.

mod map;
mod policy;

use alloc::{string::String, vec::Vec};

use alloy_primitives::{Address, Bytes, Selector, U64, U256};
use serde::{Deserialize, Serialize};

pub use map::{Mapped, NotMapped, NotMappedReason, RequestError, from_session};
pub use policy::{PolicySpec, RuleSpec, SpecError};

/// An entry of the parameters of `wallet_grantPermissions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PermissionRequest {
    /// The chain.
    pub chain_id: U64,
    /// The account; the wallet chooses when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The last moment of the permission, in seconds since 1970.
    pub expiry: u64,
    /// Who may use it.
    pub signer: Signer,
    /// What may be done.
    pub permissions: Vec<Permission>,
}

impl PermissionRequest {
    /// A request for an account's key.
    #[must_use]
    pub fn new(chain_id: u64, expiry: u64, signer: Signer, permissions: Vec<Permission>) -> Self {
        Self { chain_id: U64::from(chain_id), address: None, expiry, signer, permissions }
    }
}

/// An entry of the answer to `wallet_grantPermissions`: the request as it was granted, and how to use it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PermissionResponse {
    /// What was granted, which may be less than what was asked for.
    #[serde(flatten)]
    pub granted: PermissionRequest,
    /// Names the permission towards the wallet; opaque.
    pub context: Bytes,
    /// How to deploy the account, when it is not deployed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_meta: Option<AccountMeta>,
    /// How the signer's operations are built or submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_meta: Option<SignerMeta>,
}

impl PermissionResponse {
    /// The answer to a request that is granted as it stands.
    #[must_use]
    pub const fn new(granted: PermissionRequest, context: Bytes) -> Self {
        Self { granted, context, account_meta: None, signer_meta: None }
    }
}

/// How an account is deployed (ERC-4337).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountMeta {
    /// The factory.
    pub factory: Address,
    /// What it is called with.
    pub factory_data: Bytes,
}

/// How a signer's operations are built or submitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignerMeta {
    /// A contract that builds user operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_op_builder: Option<Address>,
    /// A contract that redeems delegations (ERC-7710).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_manager: Option<Address>,
}

/// Who may use a permission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Signer {
    /// The wallet itself.
    Wallet(#[serde(default)] serde_json::Value),
    /// A key.
    Key(KeySigner),
    /// Several keys.
    Keys(serde_json::Value),
    /// An account: an address that signs.
    Account {
        /// The address.
        #[serde(alias = "id")]
        address: Address,
    },
}

/// A key that may use a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeySigner {
    /// The curve: `secp256k1`, `secp256r1`, …
    #[serde(rename = "type")]
    pub curve: String,
    /// The public key; of `secp256k1` an address, 64 bytes, or 65 with the first byte 4.
    #[serde(alias = "id")]
    pub public_key: Bytes,
}

/// What may be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Permission {
    /// A kind that this library knows.
    Known(PermissionKind),
    /// Any other kind, as it came.
    Other {
        /// Its type.
        #[serde(rename = "type")]
        kind: String,
        /// Its data.
        #[serde(default)]
        data: serde_json::Value,
    },
}

/// The kinds of permission that this library knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PermissionKind {
    /// Sends native currency.
    NativeTokenTransfer {
        /// The greatest sum, in wei.
        allowance: U256,
    },
    /// Sends an ERC-20 token.
    Erc20TokenTransfer {
        /// The token.
        address: Address,
        /// The greatest sum, in the token's smallest unit.
        allowance: U256,
    },
    /// Sends tokens of an ERC-721 collection.
    Erc721TokenTransfer {
        /// The collection.
        address: Address,
        /// The tokens.
        #[serde(rename = "tokenIds")]
        token_ids: Vec<U256>,
    },
    /// Limits gas. Wallets do not agree on the unit.
    GasLimit {
        /// The limit.
        limit: U256,
    },
    /// Limits how many calls are made in all.
    CallLimit {
        /// How many.
        count: u64,
    },
    /// Limits how many calls are made in a time.
    RateLimit {
        /// How many.
        count: u64,
        /// In how many seconds.
        interval: u64,
    },
    /// Calls a function, within policies: this library's own kind, which every action can be written as.
    #[serde(rename = "smart-sessions:function-call")]
    FunctionCall {
        /// The contract.
        target: Address,
        /// The function.
        selector: Selector,
        /// The policies, all of which must agree.
        policies: Vec<PolicySpec>,
    },
}

impl From<PermissionKind> for Permission {
    fn from(kind: PermissionKind) -> Self {
        Self::Known(kind)
    }
}
