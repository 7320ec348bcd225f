use std::boxed::Box;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::string::ToString as _;

use alloy_primitives::B256;

use super::{PasskeyError, WebAuthnAssertion};

/// What [`Authenticator::assert`] answers later.
pub type AssertionFuture<'a> = Pin<Box<dyn Future<Output = Result<WebAuthnAssertion, PasskeyError>> + Send + 'a>>;

/// What asks a passkey's authenticator: a browser's `navigator.credentials.get`, a platform's API, a security key.
///
/// Closures from the challenge to a future are authenticators.
pub trait Authenticator: Send + Sync {
    /// An assertion for this challenge: the 32 bytes as they are, which client data hold in base64url.
    ///
    /// # Errors
    /// [`PasskeyError::Authenticator`] when there is none: the user declined, nobody answered.
    fn assert(&self, challenge: B256) -> AssertionFuture<'_>;
}

impl<F, A, E> Authenticator for F
where
    F: Fn(B256) -> A + Send + Sync,
    A: Future<Output = Result<WebAuthnAssertion, E>> + Send + 'static,
    E: Display,
{
    fn assert(&self, challenge: B256) -> AssertionFuture<'_> {
        let assertion = self(challenge);
        Box::pin(async move { assertion.await.map_err(|error| PasskeyError::Authenticator(error.to_string())) })
    }
}
