//! One key of alloy's.

use std::boxed::Box;

use alloy_primitives::{B256, Bytes, U256};
use alloy_signer::Signer;

use super::{KeyFuture, SessionKey, SignatureCheck};
use crate::Error;
use crate::client::signing::{STUB_SIGNATURE, sign_as};

impl<S: Signer + Send + Sync> SessionKey for S {
    fn check(&self, check: &SignatureCheck<'_>) -> Result<(), Error> {
        check.signing_form()?;
        let Some(owners) = check.owners() else { return Ok(()) };
        let seen = self.address();
        if !owners.owners.contains(&seen) {
            return Err(Error::OtherKey { expected: owners.owners, seen });
        }
        if owners.threshold > U256::ONE {
            return Err(Error::MoreKeysNeeded { threshold: owners.threshold, given: 1 });
        }
        Ok(())
    }

    fn stub_signature(&self, _: &SignatureCheck<'_>) -> Result<Bytes, Error> {
        Ok(STUB_SIGNATURE.into())
    }

    fn sign<'a>(&'a self, check: SignatureCheck<'a>, hash: B256) -> KeyFuture<'a> {
        Box::pin(async move { Ok(sign_as(self, check.signing_form()?, hash).await?.into()) })
    }
}
