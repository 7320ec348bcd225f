//! Who signs for a session: one key, some of several, or a passkey.

mod check;
#[cfg(feature = "passkey")]
mod passkey;
mod remote;
mod shared;
mod signer;
mod threshold;

use std::boxed::Box;
use std::future::Future;
use std::pin::Pin;

use alloy_primitives::{B256, Bytes};

pub use check::SignatureCheck;
#[cfg(feature = "passkey")]
pub use passkey::{AssertionFuture, Authenticator, Passkey, PasskeyError, RelyingParty, WebAuthnAssertion};
pub use remote::{RemoteSigner, ToSign};
pub use shared::SharedKey;
pub use threshold::ThresholdKey;

use super::Error;

/// What [`SessionKey::sign`] answers later.
pub type KeyFuture<'a> = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send + 'a>>;

/// Who signs for a session.
///
/// Every signer of alloy's is one (a local key, a key service, a hardware wallet); [`ThresholdKey`] is some of several;
/// `Passkey` (feature `passkey`) is one on P-256; [`SharedKey`] is any of them, where the kind is chosen at run time. For a
/// session validator of your own, implement this:
///
/// ```
/// use alloy_primitives::{B256, Bytes};
/// use smart_sessions::{Error, KeyFuture, SessionKey, SignatureCheck};
///
/// /// For a validator that compares a hash with a word it was set up with.
/// struct Password(B256);
///
/// impl SessionKey for Password {
///     fn check(&self, _: &SignatureCheck<'_>) -> Result<(), Error> {
///         Ok(())
///     }
///
///     fn stub_signature(&self, _: &SignatureCheck<'_>) -> Result<Bytes, Error> {
///         Ok(B256::repeat_byte(1).into())
///     }
///
///     fn sign<'a>(&'a self, _: SignatureCheck<'a>, _: B256) -> KeyFuture<'a> {
///         Box::pin(async { Ok(self.0.into()) })
///     }
/// }
/// ```
pub trait SessionKey: Send + Sync {
    /// Whether what this key signs can satisfy the session's validator: asked before anything is signed.
    ///
    /// # Errors
    /// When the session is for other keys, or for more of them.
    fn check(&self, check: &SignatureCheck<'_>) -> Result<(), Error>;

    /// What stands for the signature while gas is estimated: of the final one's length and make-up, of no key in use.
    ///
    /// # Errors
    /// When it is not known what the validator wants.
    #[doc(alias = "getStubSignature")]
    #[doc(alias = "getDummySignature")]
    fn stub_signature(&self, check: &SignatureCheck<'_>) -> Result<Bytes, Error>;

    /// The signature as the session's validator reads it. `hash` is the one that the validator is given: the operation's.
    ///
    /// # Errors
    /// When it is not known what the validator wants signed, or the signer fails.
    #[doc(alias = "signUserOpHash")]
    fn sign<'a>(&'a self, check: SignatureCheck<'a>, hash: B256) -> KeyFuture<'a>;
}
