//! Where the session key is.

use alloy_primitives::B256;
use session_types::PermissionId;
#[cfg(feature = "k256")]
use session_types::write_use;

use crate::Answer;

/// An operation that the policies permit and the person has confirmed.
#[derive(Clone, Copy, Debug)]
pub struct Approved {
    /// The permission that is used.
    pub permission_id: PermissionId,
    /// The operation's hash.
    pub hash: B256,
    /// How the session's validator wants it signed.
    pub form: session_types::SigningForm,
}

/// Signs approved operations, or has them signed.
pub trait Key {
    /// The answer to an approved operation.
    fn finish(&self, approved: &Approved) -> Answer;
}

/// The key on this processor.
#[cfg(feature = "k256")]
pub struct OwnKey(k256::ecdsa::SigningKey);

#[cfg(feature = "k256")]
impl OwnKey {
    /// A key from its 32 bytes, or nothing when they are none.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Option<Self> {
        k256::ecdsa::SigningKey::from_slice(bytes).ok().map(Self)
    }
}

#[cfg(feature = "k256")]
impl core::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OwnKey")
    }
}

#[cfg(feature = "k256")]
impl Key for OwnKey {
    fn finish(&self, approved: &Approved) -> Answer {
        let Ok(signature) = approved.form.sign(&self.0, approved.hash) else {
            return Answer::Refused("the key cannot sign this hash".into());
        };
        let mut envelope = alloc::vec![0; 33 + signature.len()];
        match write_use(approved.permission_id, &signature, &mut envelope) {
            Some(_) => Answer::Signed { hash: approved.hash, envelope },
            None => Answer::Refused("the envelope is too long".into()),
        }
    }
}

/// The key in another chip, which the host reaches: the device only says what may be signed.
#[derive(Clone, Copy, Debug)]
pub struct SecureElement;

impl Key for SecureElement {
    fn finish(&self, approved: &Approved) -> Answer {
        Answer::ToSign { hash: approved.hash, prehash: approved.form.prehash(approved.hash) }
    }
}
