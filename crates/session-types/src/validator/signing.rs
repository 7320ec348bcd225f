use alloy_primitives::B256;

use crate::personal_message_hash;

/// What a session key puts its ECDSA signature over, and the `v` it writes: the deployed validators differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningForm {
    /// The hash itself, `v` 27 or 28: the Ownable validator of the current deployment.
    Raw,
    /// The EIP-191 personal message of the hash's 32 bytes, `v` 27 or 28: the Ownable validator of the first
    /// deployment, and of a build of July 2025.
    PersonalMessage,
    /// The same message, `v` raised by 4 to 31 or 32: also taken by the current Ownable validator.
    RaisedPersonalMessage,
}

impl SigningForm {
    /// The hash that the key signs, of the hash that the validator is given.
    #[must_use]
    pub fn prehash(self, hash: B256) -> B256 {
        match self {
            Self::Raw => hash,
            Self::PersonalMessage | Self::RaisedPersonalMessage => personal_message_hash(hash),
        }
    }

    /// Signs in this form: 65 bytes r, s, v.
    ///
    /// # Errors
    /// When the signer fails.
    #[doc(alias = "sanitizeSignature")]
    pub fn sign<S: SessionSigner + ?Sized>(self, signer: &S, hash: B256) -> Result<[u8; 65], S::Error> {
        let mut signature = signer.sign_prehash(&self.prehash(hash))?;
        // A parity bit is taken for the number that contracts expect.
        let [.., v] = &mut signature;
        if *v < 27 {
            *v += 27;
        }
        if matches!(self, Self::RaisedPersonalMessage) && *v < 31 {
            *v += 4;
        }
        Ok(signature)
    }
}

/// Signs a hash with a session key on secp256k1.
///
/// Implemented for `k256::ecdsa::SigningKey` with the feature `k256`; keys in enclaves and devices implement it
/// themselves.
pub trait SessionSigner {
    /// Why signing fails.
    type Error;

    /// The ECDSA signature of `prehash`, without any further hashing: r, s, v with low s and `v` 27 or 28.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign_prehash(&self, prehash: &B256) -> Result<[u8; 65], Self::Error>;
}

#[cfg(feature = "k256")]
impl SessionSigner for k256::ecdsa::SigningKey {
    type Error = k256::ecdsa::Error;

    fn sign_prehash(&self, prehash: &B256) -> Result<[u8; 65], Self::Error> {
        let (signature, recovery) = self.sign_prehash_recoverable(prehash.as_slice())?;
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Ok(bytes)
    }
}
