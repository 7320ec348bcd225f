use std::boxed::Box;
use std::fmt::{self, Display};
use std::format;
use std::future::Future;
use std::pin::Pin;

use alloy_primitives::{Address, B256, Bytes, ChainId, Signature};
use alloy_signer::{Error, Result, Signer};

/// A secp256k1 key that is elsewhere: in another process, on another machine, with another person.
///
/// It is a signer of alloy's like any other: an owner's, a session's, or one of a [`ThresholdKey`](crate::ThresholdKey). A
/// closure takes what is to be signed there and brings the signature, r, s, v of 65 bytes, back; one that is not of the
/// expected key over exactly that is an error.
///
/// ```
/// use alloy_primitives::{Bytes, address};
/// use smart_sessions::{RemoteSigner, ToSign};
/// # async fn ask_by_mail(_: &str, _: ToSign) -> Result<Bytes, String> { Err("nobody answers".into()) }
///
/// let bob = RemoteSigner::new(address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"), |to_sign| ask_by_mail("bob", to_sign));
/// ```
#[derive(Clone)]
pub struct RemoteSigner<F> {
    address: Address,
    ask: F,
    chain_id: Option<ChainId>,
}

/// What a key is to sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToSign {
    /// This hash itself.
    Hash(B256),
    /// These bytes as an EIP-191 personal message (`personal_sign`).
    PersonalMessage(Bytes),
}

impl ToSign {
    /// The hash that the ECDSA signature is over.
    #[must_use]
    pub fn prehash(&self) -> B256 {
        match self {
            Self::Hash(hash) => *hash,
            Self::PersonalMessage(message) => alloy_primitives::eip191_hash_message(message),
        }
    }
}

impl<F, A, E> RemoteSigner<F>
where
    F: Fn(ToSign) -> A + Send + Sync,
    A: Future<Output = core::result::Result<Bytes, E>> + Send + 'static,
    E: Display + 'static,
{
    /// The key with this address, and what asks for its signatures.
    #[must_use]
    pub const fn new(address: Address, ask: F) -> Self {
        Self { address, ask, chain_id: None }
    }

    async fn signature(&self, to_sign: ToSign) -> Result<Signature> {
        let prehash = to_sign.prehash();
        let bytes = (self.ask)(to_sign).await.map_err(|error| Error::message(format!("{}: {error}", self.address)))?;
        let signature = Signature::try_from(bytes.as_ref())?.normalized_s();
        match signature.recover_address_from_prehash(&prehash)? {
            signer if signer == self.address => Ok(signature),
            other => Err(Error::message(format!("the signature is of {other}, expected {}", self.address))),
        }
    }
}

impl<F> fmt::Debug for RemoteSigner<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSigner").field("address", &self.address).finish_non_exhaustive()
    }
}

type Signing<'a> = Pin<Box<dyn Future<Output = Result<Signature>> + Send + 'a>>;

impl<F, A, E> Signer for RemoteSigner<F>
where
    F: Fn(ToSign) -> A + Send + Sync,
    A: Future<Output = core::result::Result<Bytes, E>> + Send + 'static,
    E: Display + 'static,
{
    fn sign_hash<'a, 'b, 'c>(&'a self, hash: &'b B256) -> Signing<'c>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.signature(ToSign::Hash(*hash)))
    }

    fn sign_message<'a, 'b, 'c>(&'a self, message: &'b [u8]) -> Signing<'c>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.signature(ToSign::PersonalMessage(Bytes::copy_from_slice(message))))
    }

    fn address(&self) -> Address {
        self.address
    }

    fn chain_id(&self) -> Option<ChainId> {
        self.chain_id
    }

    fn set_chain_id(&mut self, chain_id: Option<ChainId>) {
        self.chain_id = chain_id;
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString as _};

    use alloy_signer::SignerSync as _;
    use alloy_signer_local::PrivateKeySigner;
    use session_types::{Deployment, SigningForm, personal_message_hash};

    use super::*;
    use crate::{SessionHolder as _, SessionKey as _, SignatureCheck, ThresholdKey};

    const HASH: B256 = B256::repeat_byte(0x5a);

    /// Signs elsewhere with this key, for someone who expects `address`.
    fn remote(address: Address, key: &PrivateKeySigner) -> impl Signer + Send + Sync + 'static {
        let key = key.clone();
        RemoteSigner::new(address, move |to_sign: ToSign| {
            let signature = key.sign_hash_sync(&to_sign.prehash()).map(|signature| signature.as_bytes().into());
            std::future::ready(signature.map_err(|error| error.to_string()))
        })
    }

    #[tokio::test]
    async fn a_key_that_is_elsewhere_signs_in_both_forms() {
        let key = PrivateKeySigner::random();
        let remote = remote(key.address(), &key);
        assert_eq!(remote.sign_hash(&HASH).await.unwrap(), key.sign_hash_sync(&HASH).unwrap());
        let message = remote.sign_message(HASH.as_slice()).await.unwrap();
        assert_eq!(message, key.sign_message_sync(HASH.as_slice()).unwrap());
        assert_eq!(message.recover_address_from_prehash(&personal_message_hash(HASH)).unwrap(), key.address());
    }

    #[tokio::test]
    async fn what_comes_back_is_not_trusted() {
        let (key, other) = (PrivateKeySigner::random(), PrivateKeySigner::random());
        let error = remote(key.address(), &other).sign_hash(&HASH).await.unwrap_err();
        assert!(error.to_string().contains(&other.address().to_string()), "{error}");
        // Another form than the one that was asked for.
        let wrong_form = RemoteSigner::new(key.address(), |_| {
            let signature = key.sign_message_sync(HASH.as_slice()).unwrap();
            std::future::ready(Ok::<_, String>(signature.as_bytes().into()))
        });
        assert!(wrong_form.sign_hash(&HASH).await.is_err() && wrong_form.sign_message(HASH.as_slice()).await.is_ok());
        let short =
            RemoteSigner::new(key.address(), |_| std::future::ready(Ok::<_, String>(Bytes::from_static(&[1; 64]))));
        assert!(short.sign_hash(&HASH).await.is_err());
        let silent = RemoteSigner::new(key.address(), |_| std::future::ready(Err("nobody answers")));
        let error = silent.sign_hash(&HASH).await.unwrap_err().to_string();
        assert!(error.contains("nobody answers") && error.contains(&key.address().to_string()), "{error}");
    }

    #[tokio::test]
    async fn some_of_several_keys_may_be_elsewhere() {
        let (here, there) = (PrivateKeySigner::random(), PrivateKeySigner::random());
        let far: Box<dyn Signer + Send + Sync> = Box::new(remote(there.address(), &there));
        let key = ThresholdKey::new(2, [Box::new(here.clone()) as Box<dyn Signer + Send + Sync>, far]).unwrap();
        for deployment in [Deployment::current(), Deployment::legacy()] {
            let validator = key.session_validator(&deployment).unwrap();
            let session = session_types::abi::Session {
                session_validator: validator.address(),
                session_validator_init_data: validator.init_data().clone(),
                ..Default::default()
            };
            let check = SignatureCheck::new(&deployment, Some(&session));
            key.check(&check).unwrap();
            let joined = key.sign(check, HASH).await.unwrap();
            let hash = match deployment.ownable_validator.signing_form {
                SigningForm::Raw => HASH,
                _ => personal_message_hash(HASH),
            };
            let signers = joined
                .chunks(65)
                .map(|signature| Signature::try_from(signature).unwrap().recover_address_from_prehash(&hash).unwrap());
            assert!(signers.eq([here.address(), there.address()]));
        }
    }
}
