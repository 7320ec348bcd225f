use std::boxed::Box;
use std::fmt;
use std::sync::Arc;

use alloy_primitives::{B256, Bytes};

use super::{KeyFuture, SessionKey, SignatureCheck};
use crate::Error;

/// Any session key, where its kind is chosen at run time. Cloning shares it.
#[derive(Clone)]
pub struct SharedKey(Arc<dyn SessionKey>);

impl SharedKey {
    /// A key to share.
    #[must_use]
    pub fn new(key: impl SessionKey + 'static) -> Self {
        Self(Arc::new(key))
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").finish_non_exhaustive()
    }
}

impl SessionKey for SharedKey {
    fn check(&self, check: &SignatureCheck<'_>) -> Result<(), Error> {
        self.0.check(check)
    }

    fn stub_signature(&self, check: &SignatureCheck<'_>) -> Result<Bytes, Error> {
        self.0.stub_signature(check)
    }

    fn sign<'a>(&'a self, check: SignatureCheck<'a>, hash: B256) -> KeyFuture<'a> {
        self.0.sign(check, hash)
    }
}

impl SessionKey for Box<dyn SessionKey> {
    fn check(&self, check: &SignatureCheck<'_>) -> Result<(), Error> {
        (**self).check(check)
    }

    fn stub_signature(&self, check: &SignatureCheck<'_>) -> Result<Bytes, Error> {
        (**self).stub_signature(check)
    }

    fn sign<'a>(&'a self, check: SignatureCheck<'a>, hash: B256) -> KeyFuture<'a> {
        (**self).sign(check, hash)
    }
}
