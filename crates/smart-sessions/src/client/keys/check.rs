use alloy_primitives::{Address, Bytes};
use session_types::validator::{MEE_K1_VALIDATOR, MeeSessionKey, OwnersData};
use session_types::{Deployment, SigningForm, abi};

use crate::Error;

/// What checks a session's signatures, as far as it is known.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SignatureCheck<'a> {
    /// The session contracts of the chain.
    pub deployment: &'a Deployment,
    /// The session validator and the data it checks against; `None` when only the session's id is known. It is taken for
    /// the deployment's list of owners then.
    pub validator: Option<(Address, &'a Bytes)>,
    /// The form of secp256k1 signatures that was asked for, when one was.
    pub form: Option<SigningForm>,
}

impl<'a> SignatureCheck<'a> {
    /// The check of a session's signatures.
    #[must_use]
    pub fn new(deployment: &'a Deployment, session: Option<&'a abi::Session>) -> Self {
        let validator = session.map(|session| (session.session_validator, &session.session_validator_init_data));
        Self { deployment, validator, form: None }
    }

    /// With secp256k1 signatures in this form.
    #[must_use]
    pub const fn with_form(mut self, form: Option<SigningForm>) -> Self {
        self.form = form;
        self
    }

    /// What a secp256k1 key has to put its signature over.
    ///
    /// # Errors
    /// [`Error::UnknownSessionValidator`] when it follows neither from the validator nor from what was asked for.
    pub fn signing_form(&self) -> Result<SigningForm, Error> {
        let ownable = self.deployment.ownable_validator;
        match (self.form, self.validator) {
            (Some(form), _) => Ok(form),
            (None, None) => Ok(ownable.signing_form),
            (None, Some((validator, _))) if validator == ownable.address => Ok(ownable.signing_form),
            // It takes the personal message as well.
            (None, Some((MEE_K1_VALIDATOR, _))) => Ok(SigningForm::Raw),
            (None, Some((validator, _))) => Err(Error::UnknownSessionValidator { validator }),
        }
    }

    /// The keys that the validator knows and how many must sign; `None` when it is not known, or keeps something else.
    #[must_use]
    pub fn owners(&self) -> Option<OwnersData> {
        let (validator, data) = self.validator?;
        if validator == self.deployment.ownable_validator.address {
            return OwnersData::decode(data).ok();
        }
        let single = |key: MeeSessionKey| OwnersData {
            threshold: alloy_primitives::U256::ONE,
            owners: std::vec::Vec::from([key.owner()]),
        };
        (validator == MEE_K1_VALIDATOR).then(|| MeeSessionKey::decode(data).map(single))?
    }
}
