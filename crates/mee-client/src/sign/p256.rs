use std::fmt;

use alloy_primitives::{B256, Bytes};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};

use super::{AccountSigner, OwnerKey, SignerFailure, SigningRequest};

/// A P-256 key in memory, for accounts of suite 3.0.0.
#[derive(Clone)]
pub struct P256Signer(SigningKey);

impl P256Signer {
    /// Takes the key's 32 bytes; `None` when they are no key.
    #[must_use]
    pub fn from_bytes(secret: &B256) -> Option<Self> {
        SigningKey::from_slice(secret.as_slice()).ok().map(Self)
    }
}

impl fmt::Debug for P256Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("P256Signer").field(&self.key().address()).finish()
    }
}

impl AccountSigner for P256Signer {
    fn key(&self) -> OwnerKey {
        let point = self.0.verifying_key().to_encoded_point(false);
        let word =
            |coordinate: Option<&p256::FieldBytes>| coordinate.map_or(B256::ZERO, |bytes| B256::from_slice(bytes));
        OwnerKey::P256 { x: word(point.x()), y: word(point.y()) }
    }

    fn sign<'a>(&'a self, request: SigningRequest<'a>) -> BoxFuture<'a, Result<Bytes, SignerFailure>> {
        let signature: Result<Signature, _> = self.0.sign_prehash(request.digest().as_slice());
        let signature = signature
            .map(|signature| {
                // The contract accepts the lower of the two values of s only.
                let signature = signature.normalize_s().unwrap_or(signature);
                Bytes::copy_from_slice(&signature.to_bytes())
            })
            .map_err(|error| SignerFailure { reason: error.to_string() });
        async move { signature }.boxed()
    }
}
