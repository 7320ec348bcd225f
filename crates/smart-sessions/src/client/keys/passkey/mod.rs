//! Passkeys: WebAuthn authenticators that sign on P-256.

mod assertion;
mod authenticator;
mod error;
mod precompile;
#[cfg(test)]
mod tests;

use std::boxed::Box;
use std::fmt;
use std::string::String;

use alloy_primitives::{B256, Bytes};
use p256::EncodedPoint;
use p256::ecdsa::VerifyingKey;
use session_types::validator::{OwnersError, WebAuthnKey, WebAuthnSignature};
use session_types::{Deployment, SessionValidator};

pub use assertion::WebAuthnAssertion;
pub use authenticator::{AssertionFuture, Authenticator};
pub use error::PasskeyError;

use super::{KeyFuture, SessionKey, SignatureCheck};
use crate::Error;
use crate::client::SessionHolder;

/// A passkey as session key: for sessions of the deployment's WebAuthn validator.
///
/// The challenge of each assertion is the hash of the operation, 32 bytes. What the authenticator answers is not trusted:
/// type, challenge, flags and the P-256 signature are checked here first, and, when the [`RelyingParty`] is named, who the
/// authenticator believes to have asked. `s` is lowered, as the validator wants it.
///
/// The validator reads the client data from their beginning: `{"type":"webauthn.get","challenge":"…"`, the order that
/// WebAuthn prescribes (Level 2, 5.8.1.1) and browsers write.
///
/// ```
/// # use smart_sessions::{Passkey, PasskeyError, RelyingParty, WebAuthnAssertion};
/// # use smart_sessions::session::{Deployment, SessionValidator, validator::WebAuthnKey};
/// # async fn ask_the_browser(_: alloy_primitives::B256) -> Result<WebAuthnAssertion, String> { unimplemented!() }
/// # fn example(public_key: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// // Of the registration: the public key, 65 bytes, and the credential's id.
/// let key = WebAuthnKey::new(public_key, "3q2-7w")?;
/// let validator = SessionValidator::webauthn(&Deployment::current(), &key);
/// // What calls `navigator.credentials.get`, in the browser or wherever the authenticator is.
/// let passkey = Passkey::new(key, |challenge| ask_the_browser(challenge))?
///     .with_relying_party(RelyingParty::new("example.org", "https://app.example.org"));
/// # Ok(())
/// # }
/// ```
///
/// # On public chains
/// The layouts of key and signature are those that the TypeScript libraries write for the validator's address. The contract
/// that is published there was written for accounts; nothing that was recorded proves that it answers for sessions, so try it on
/// the chain before relying on it.
#[derive(Clone)]
pub struct Passkey<F> {
    key: WebAuthnKey,
    verifying: VerifyingKey,
    authenticator: F,
    relying_party: Option<RelyingParty>,
    use_precompiled: bool,
}

/// Whom a passkey was registered for, and where its assertions come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelyingParty {
    /// The relying party's id: a domain, `example.org`.
    pub id: String,
    /// The origin of the page that asks: `https://app.example.org`.
    pub origin: String,
}

impl RelyingParty {
    /// A relying party by its id and the origin of its page.
    #[must_use]
    pub fn new(id: impl Into<String>, origin: impl Into<String>) -> Self {
        Self { id: id.into(), origin: origin.into() }
    }
}

impl<F: Authenticator> Passkey<F> {
    /// A passkey by its public key and what asks its authenticator: a closure from the challenge to a future of an
    /// assertion, or an [`Authenticator`].
    ///
    /// # Errors
    /// When the public key is no point of P-256.
    pub fn new(key: WebAuthnKey, authenticator: F) -> Result<Self, PasskeyError> {
        let (x, y) = (key.x.to_be_bytes::<32>(), key.y.to_be_bytes::<32>());
        let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
        let verifying = VerifyingKey::from_encoded_point(&point).map_err(|_| PasskeyError::PublicKey)?;
        Ok(Self { key, verifying, authenticator, relying_party: None, use_precompiled: false })
    }

    /// Takes assertions for this relying party only. Gas is estimated for its origin's length then.
    #[must_use]
    pub fn with_relying_party(mut self, relying_party: RelyingParty) -> Self {
        self.relying_party = Some(relying_party);
        self
    }

    /// Has the validator ask the chain's P-256 precompile (RIP-7212, EIP-7951), which costs a fraction of a contract, where
    /// there is one: see [`Chain::has_p256_precompile`](crate::Chain::has_p256_precompile). Without it the validator asks a
    /// verifier contract.
    #[must_use]
    #[doc(alias = "usePrecompiled")]
    pub const fn with_precompile(mut self, use_precompiled: bool) -> Self {
        self.use_precompiled = use_precompiled;
        self
    }

    /// The public key.
    #[must_use]
    pub const fn public_key(&self) -> &WebAuthnKey {
        &self.key
    }

    async fn signature(&self, challenge: B256) -> Result<WebAuthnSignature, PasskeyError> {
        let assertion = self.authenticator.assert(challenge).await?;
        let (r, s) = assertion.check(&self.verifying, challenge, self.relying_party.as_ref())?;
        Ok(assertion.into_signature(r, s, self.use_precompiled))
    }
}

impl<F> SessionHolder for Passkey<F> {
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError> {
        self.key.session_validator(deployment)
    }
}

impl<F> fmt::Debug for Passkey<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Passkey");
        out.field("key", &self.key).field("relying_party", &self.relying_party).finish_non_exhaustive()
    }
}

impl<F: Authenticator> SessionKey for Passkey<F> {
    fn check(&self, check: &SignatureCheck<'_>) -> Result<(), Error> {
        let Some((_, data)) = check.validator else { return Ok(()) };
        let other = |seen| Error::from(PasskeyError::OtherKey { expected: Box::new(self.key), seen });
        let Ok(seen) = WebAuthnKey::decode(data) else { return Err(other(data.clone())) };
        if (seen.x, seen.y) == (self.key.x, self.key.y) { Ok(()) } else { Err(other(data.clone())) }
    }

    fn stub_signature(&self, _: &SignatureCheck<'_>) -> Result<Bytes, Error> {
        Ok(assertion::stub(self.relying_party.as_ref(), self.use_precompiled).encode())
    }

    fn sign<'a>(&'a self, _: SignatureCheck<'a>, hash: B256) -> KeyFuture<'a> {
        Box::pin(async move { Ok(self.signature(hash).await?.encode()) })
    }
}
