use std::fmt;

use alloy_primitives::{Address, B256, Bytes, eip191_hash_message, keccak256};
use alloy_signer::Signer;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

/// EIP-712 data: its digest, and its JSON for wallets that show what they sign (`eth_signTypedData_v4`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TypedData {
    /// The digest, computed from the same values as the JSON.
    pub digest: B256,
    /// Domain, types, primary type and message.
    pub json: Value,
}

impl TypedData {
    pub(crate) const fn new(digest: B256, json: Value) -> Self {
        Self { digest, json }
    }
}

/// What a key is asked to sign.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SigningRequest<'a> {
    /// A personal message (EIP-191) over these bytes.
    PersonalMessage(&'a [u8]),
    /// Typed data (EIP-712).
    TypedData(&'a TypedData),
    /// An EIP-7702 authorization, by its hash.
    Authorization(B256),
    /// An Ethereum transaction, by its hash.
    Transaction(B256),
}

impl SigningRequest<'_> {
    /// The 32 bytes that the key signs.
    #[must_use]
    pub fn digest(&self) -> B256 {
        match self {
            Self::PersonalMessage(message) => eip191_hash_message(message),
            Self::TypedData(data) => data.digest,
            Self::Authorization(hash) | Self::Transaction(hash) => *hash,
        }
    }
}

/// Why a key did not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signer refused: {reason}")]
pub struct SignerFailure {
    /// What the signer says.
    pub reason: String,
}

/// A public key that owns accounts or uses sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OwnerKey {
    /// A secp256k1 key, by its address.
    Secp256k1(Address),
    /// A P-256 key, by its point (suite 3.0.0).
    P256 {
        /// The first coordinate.
        x: B256,
        /// The second coordinate.
        y: B256,
    },
}

impl OwnerKey {
    /// The key's address: for secp256k1 the last 20 bytes of the hash of its point. A P-256 key has none on chain; it
    /// goes by the first 20, as in abstractjs.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Secp256k1(address) => *address,
            Self::P256 { x, y } => Address::from_slice(&keccak256([x.0, y.0].as_flattened())[..20]),
        }
    }
}

/// A key that signs for an account or a session. Every alloy [`Signer`] is one.
pub trait AccountSigner: fmt::Debug + Send + Sync {
    /// The public key.
    fn key(&self) -> OwnerKey;

    /// The signature: `r ++ s ++ v` with `v` 27 or 28 for secp256k1, `r ++ s` for P-256.
    fn sign<'a>(&'a self, request: SigningRequest<'a>) -> BoxFuture<'a, Result<Bytes, SignerFailure>>;
}

impl<S: Signer + fmt::Debug + Send + Sync> AccountSigner for S {
    fn key(&self) -> OwnerKey {
        OwnerKey::Secp256k1(self.address())
    }

    fn sign<'a>(&'a self, request: SigningRequest<'a>) -> BoxFuture<'a, Result<Bytes, SignerFailure>> {
        async move {
            let signature = match request {
                SigningRequest::PersonalMessage(message) => self.sign_message(message).await,
                _ => self.sign_hash(&request.digest()).await,
            };
            let signature = signature.map_err(|error| SignerFailure { reason: error.to_string() })?;
            Ok(Bytes::copy_from_slice(&signature.as_bytes()))
        }
        .boxed()
    }
}
