use std::boxed::Box;
use std::fmt;
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer::Signer;
use futures_util::future::join_all;
use session_types::validator::Owners;

use super::{KeyFuture, SessionKey, SignatureCheck};
use crate::Error;
use crate::client::signing::{STUB_SIGNATURE, sign_as};

/// Some of several keys: a session whose validator wants a number of its owners to sign.
///
/// As many signers are asked, at once, as the validator wants signatures, the first ones first; where one fails, the next
/// takes its place. Signers of several kinds go together as `Box<dyn Signer + Send + Sync>`, and a key that is elsewhere
/// is a [`RemoteSigner`](crate::RemoteSigner).
///
/// ```
/// use alloy_signer_local::PrivateKeySigner;
/// use smart_sessions::ThresholdKey;
/// use smart_sessions::session::{Deployment, SessionValidator};
///
/// let key = ThresholdKey::new(2, [PrivateKeySigner::random(), PrivateKeySigner::random()])?;
/// // For the session: these owners, of whom two must sign.
/// let validator = SessionValidator::owners(&Deployment::current(), &key.owners()?);
/// # Ok::<(), smart_sessions::Error>(())
/// ```
#[derive(Clone)]
pub struct ThresholdKey<S> {
    threshold: usize,
    signers: Vec<S>,
}

impl<S: Signer + Send + Sync> ThresholdKey<S> {
    /// Some of the session's keys. `threshold` is how many have to sign where the session does not say it: where only its id
    /// is known, and where it is still to be made, by [`owners`](Self::owners).
    ///
    /// # Errors
    /// When there are fewer signers than have to sign, none has to, or a key is there twice.
    pub fn new(threshold: usize, signers: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let key = Self { threshold, signers: signers.into_iter().collect() };
        if key.signers.len() < threshold {
            return Err(Error::MoreKeysNeeded { threshold: U256::from(threshold), given: key.signers.len() });
        }
        key.owners()?;
        Ok(key)
    }

    /// How many have to sign where the session does not say it.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// The keys' addresses, in the order in which they are asked.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        self.signers.iter().map(Signer::address)
    }

    /// These keys and no others as the owners of a session.
    ///
    /// # Errors
    /// Not for a key that could be built, unless a signer's address changes.
    pub fn owners(&self) -> Result<Owners, Error> {
        Ok(Owners::new(self.threshold, self.addresses())?)
    }

    /// How many signatures the session wants: what its validator says, where that is known.
    fn wanted(&self, check: &SignatureCheck<'_>) -> Result<usize, Error> {
        let Some(owners) = check.owners() else { return Ok(self.threshold) };
        let given = self.signers.len();
        let wanted = usize::try_from(owners.threshold).ok().filter(|wanted| *wanted <= given);
        wanted.ok_or(Error::MoreKeysNeeded { threshold: owners.threshold, given })
    }

    async fn signatures(&self, check: SignatureCheck<'_>, hash: B256) -> Result<Bytes, Error> {
        let (form, wanted) = (check.signing_form()?, self.wanted(&check)?);
        let mut waiting = self.signers.iter();
        let mut signatures = Vec::new();
        let mut failure = None;
        while signatures.len() < wanted {
            let missing = wanted - signatures.len();
            let asked = waiting.by_ref().take(missing).map(|signer| sign_as(signer, form, hash));
            let answers = join_all(asked).await;
            if answers.is_empty() {
                let (threshold, given) = (U256::from(wanted), signatures.len());
                return Err(failure.unwrap_or(Error::MoreKeysNeeded { threshold, given }));
            }
            for answer in answers {
                match answer {
                    Ok(signature) => signatures.push(signature),
                    Err(error) => failure = Some(error),
                }
            }
        }
        Ok(Owners::join_signatures(signatures))
    }
}

impl<S> fmt::Debug for ThresholdKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ThresholdKey");
        out.field("threshold", &self.threshold).field("signers", &self.signers.len()).finish()
    }
}

impl<S: Signer + Send + Sync> SessionKey for ThresholdKey<S> {
    fn check(&self, check: &SignatureCheck<'_>) -> Result<(), Error> {
        check.signing_form()?;
        let Some(owners) = check.owners() else { return Ok(()) };
        if let Some(seen) = self.addresses().find(|address| !owners.owners.contains(address)) {
            return Err(Error::OtherKey { expected: owners.owners, seen });
        }
        self.wanted(check).map(drop)
    }

    fn stub_signature(&self, check: &SignatureCheck<'_>) -> Result<Bytes, Error> {
        Ok(Owners::join_signatures(std::iter::repeat_n(STUB_SIGNATURE, self.wanted(check)?)))
    }

    fn sign<'a>(&'a self, check: SignatureCheck<'a>, hash: B256) -> KeyFuture<'a> {
        Box::pin(self.signatures(check, hash))
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use alloy_primitives::{Signature, b256};
    use alloy_signer_local::PrivateKeySigner;
    use session_types::abi::Session;
    use session_types::validator::{MEE_K1_VALIDATOR, MeeSessionKey, OwnersData, SIGNATURE_LENGTH};
    use session_types::{Deployment, SigningForm, personal_message_hash};

    use super::*;

    const HASH: B256 = b256!("4c5b7e0ad4b9f36b1e7b2f6b3a1f0b3c8d9e2a7f60514233241506f7e8d9cab1");

    fn signers<const N: usize>() -> [PrivateKeySigner; N] {
        core::array::from_fn(|_| PrivateKeySigner::random())
    }

    fn session(threshold: usize, owners: &[PrivateKeySigner]) -> Session {
        let owners = Owners::new(threshold, owners.iter().map(Signer::address)).unwrap();
        Session {
            session_validator: Deployment::current().ownable_validator.address,
            session_validator_init_data: owners.encode(),
            ..Session::default()
        }
    }

    /// Whose signatures they are, each over the hash itself.
    fn recovered(signatures: &[u8], hash: B256) -> Vec<Address> {
        let one =
            |signature: &[u8]| Signature::try_from(signature).unwrap().recover_address_from_prehash(&hash).unwrap();
        assert_eq!(signatures.len() % SIGNATURE_LENGTH, 0);
        signatures.chunks(SIGNATURE_LENGTH).map(one).collect()
    }

    /// A key service that is down.
    #[derive(Clone)]
    struct Down(Address);

    #[derive(Clone)]
    enum Member {
        Up(PrivateKeySigner),
        Down(Address),
    }

    impl Member {
        fn boxed(&self) -> Box<dyn Signer + Send + Sync> {
            match self {
                Self::Up(signer) => Box::new(signer.clone()),
                Self::Down(address) => Box::new(Down(*address)),
            }
        }
    }

    impl Signer for Down {
        fn sign_hash<'a, 'b, 'c>(
            &'a self,
            _: &'b B256,
        ) -> std::pin::Pin<Box<dyn Future<Output = alloy_signer::Result<Signature>> + Send + 'c>>
        where
            'a: 'c,
            'b: 'c,
            Self: 'c,
        {
            Box::pin(async { Err(alloy_signer::Error::other("the key service is down")) })
        }

        fn address(&self) -> Address {
            self.0
        }

        fn chain_id(&self) -> Option<u64> {
            None
        }

        fn set_chain_id(&mut self, _: Option<u64>) {}
    }

    #[tokio::test]
    async fn as_many_sign_as_the_session_wants() {
        let (deployment, all) = (Deployment::current(), signers::<3>());
        let key = ThresholdKey::new(1, all.clone()).unwrap();
        for threshold in 1..=3 {
            let session = session(threshold, &all);
            let check = SignatureCheck::new(&deployment, Some(&session));
            key.check(&check).unwrap();
            let signature = key.sign(check, HASH).await.unwrap();
            let expected: Vec<_> = all.iter().take(threshold).map(Signer::address).collect();
            assert_eq!(recovered(&signature, HASH), expected);
            assert_eq!(key.stub_signature(&check).unwrap().len(), signature.len());
        }
    }

    #[tokio::test]
    async fn another_takes_the_place_of_one_that_fails() {
        let (deployment, all) = (Deployment::current(), signers::<3>());
        let session = session(2, &all);
        let check = SignatureCheck::new(&deployment, Some(&session));
        let down = Member::Down(all[0].address());
        let key =
            ThresholdKey::new(2, [&down, &Member::Up(all[1].clone()), &Member::Up(all[2].clone())].map(Member::boxed));
        let key = key.unwrap();
        key.check(&check).unwrap();
        let signature = key.sign(check, HASH).await.unwrap();
        assert_eq!(recovered(&signature, HASH), [all[1].address(), all[2].address()]);

        let key = ThresholdKey::new(2, [&down, &Member::Up(all[1].clone())].map(Member::boxed)).unwrap();
        assert_eq!(key.sign(check, HASH).await, Err(Error::Signer("the key service is down".into())));
    }

    #[test]
    fn keys_that_cannot_satisfy_the_session_are_named() {
        let (deployment, all, other) = (Deployment::current(), signers::<3>(), PrivateKeySigner::random());
        let session = session(3, &all);
        let check = SignatureCheck::new(&deployment, Some(&session));
        let few = ThresholdKey::new(2, all[..2].to_vec()).unwrap();
        assert_eq!(few.check(&check), Err(Error::MoreKeysNeeded { threshold: U256::from(3), given: 2 }));
        assert_eq!(all[0].check(&check), Err(Error::MoreKeysNeeded { threshold: U256::from(3), given: 1 }));

        let stranger = ThresholdKey::new(2, [all[0].clone(), other.clone()]).unwrap();
        let expected = check.owners().unwrap().owners;
        assert_eq!(stranger.check(&check), Err(Error::OtherKey { expected, seen: other.address() }));

        let twice = ThresholdKey::new(2, vec![all[0].clone(), all[0].clone()]).map(drop);
        assert!(matches!(twice, Err(Error::Owners(_))), "{twice:?}");
        let none = ThresholdKey::new(2, [other]).map(drop);
        assert_eq!(none, Err(Error::MoreKeysNeeded { threshold: U256::from(2), given: 1 }));
    }

    #[tokio::test]
    async fn the_form_is_that_of_the_validator() {
        let [key] = signers::<1>();
        let (legacy, current) = (Deployment::legacy(), Deployment::current());
        let mut session = session(1, std::slice::from_ref(&key));

        // Another validator than the deployment's wants to be told.
        let unknown = SignatureCheck::new(&legacy, Some(&session));
        let error = Error::UnknownSessionValidator { validator: session.session_validator };
        assert_eq!(key.check(&unknown), Err(error));
        let told = unknown.with_form(Some(SigningForm::PersonalMessage));
        let signature = key.sign(told, HASH).await.unwrap();
        assert_eq!(recovered(&signature, personal_message_hash(HASH)), [key.address()]);

        session.session_validator = MEE_K1_VALIDATOR;
        session.session_validator_init_data = MeeSessionKey::Owner(key.address()).encode();
        let mee = SignatureCheck::new(&current, Some(&session));
        key.check(&mee).unwrap();
        assert_eq!(mee.owners(), Some(OwnersData { threshold: U256::ONE, owners: vec![key.address()] }));
        assert_eq!(recovered(&key.sign(mee, HASH).await.unwrap(), HASH), [key.address()]);

        // Where only the id is known, the deployment's own list of owners is meant.
        let bare = SignatureCheck::new(&legacy, None);
        let signature = key.sign(bare, HASH).await.unwrap();
        assert_eq!(recovered(&signature, personal_message_hash(HASH)), [key.address()]);
    }
}
