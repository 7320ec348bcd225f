use std::vec::Vec;

use alloy_primitives::{Address, Bytes, Signature};
use alloy_signer::Signer;
use bundler_rpc::CallRequest;
use futures_util::future::try_join_all;
use session_types::personal_message_hash;

use super::build::is_revert;
use super::{GrantPlan, PlanError};
use crate::client::{Chain, Error, Grant};

/// How an owner's key signs a plan. Which forms an account takes is its validator's choice: those of the K1 family take both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureForm {
    /// EIP-191: the personal message of the digest's 32 bytes (`personal_sign`).
    #[default]
    #[doc(alias = "grantPermissionPersonalSign")]
    PersonalMessage,
    /// EIP-712: the digest itself (`eth_signTypedData_v4`).
    #[doc(alias = "grantPermissionTypedDataSign")]
    TypedData,
}

impl GrantPlan {
    /// Signs the plan and gives its grants, one for each session, in its order.
    ///
    /// Signers of alloy's are given the hash; a wallet that should show the typed data takes
    /// [`typed_data_json`](Self::typed_data_json) instead.
    ///
    /// # Errors
    /// [`PlanError::NotAccepted`] when something critical was not accepted, [`PlanError::OtherSigner`] when the signer is not
    /// the owner that the plan names: nothing is signed then. Otherwise when the signer fails, or its signature is not its own.
    #[doc(alias = "grantPermissionPersonalSign")]
    #[doc(alias = "grantPermissionTypedDataSign")]
    #[doc(alias = "signEnable")]
    pub async fn sign<S: Signer + Sync>(&self, signer: &S, form: SignatureForm) -> Result<Vec<Grant>, Error> {
        self.check_accepted()?;
        let (seen, digest) = (signer.address(), self.digest());
        if let Some(expected) = self.owner.filter(|owner| *owner != seen) {
            return Err(PlanError::OtherSigner { expected, seen }.into());
        }
        let signature = match form {
            SignatureForm::PersonalMessage => signer.sign_message(digest.as_slice()).await?,
            SignatureForm::TypedData => signer.sign_hash(&digest).await?,
        };
        self.grants(&self.checked(seen, &signature)?)
    }

    /// The grants, with an owner's signature that was made elsewhere: over the typed data or as a personal message.
    ///
    /// The signature is compared with the owner's address; `v` may be 0, 1, 27 or 28.
    ///
    /// # Errors
    /// [`PlanError::OtherSignature`] when it is another key's or over something else, [`PlanError::OwnerUnknown`] and
    /// [`PlanError::NoEcdsaSignature`] when it cannot be compared: then [`with_signature_checked_by`](Self::with_signature_checked_by)
    /// lets the accounts decide.
    #[doc(alias = "enableSessionData")]
    pub fn with_signature(&self, signature: &[u8]) -> Result<Vec<Grant>, Error> {
        let owner = self.owner.ok_or(PlanError::OwnerUnknown)?;
        let no_signature = PlanError::NoEcdsaSignature { length: signature.len() };
        let signature = Signature::try_from(signature).map_err(|_| no_signature)?;
        self.grants(&self.checked(owner, &signature)?)
    }

    /// The grants, with an owner's signature of any kind, after every account has accepted it: each is asked as its session
    /// module will ask it (ERC-1271). `chains` are connections to the plan's chains.
    ///
    /// An account that is not deployed accepts nothing.
    ///
    /// # Errors
    /// [`PlanError::Refused`] when an account does not accept it, [`PlanError::NoConnection`] when a chain is missing; otherwise
    /// when a node does not answer.
    pub async fn with_signature_checked_by(
        &self,
        chains: impl IntoIterator<Item = &Chain>,
        signature: impl Into<Bytes>,
    ) -> Result<Vec<Grant>, Error> {
        let (chains, signature): (Vec<_>, Bytes) = (chains.into_iter().collect(), signature.into());
        let grants = self.grants(&signature)?;
        try_join_all(grants.iter().map(|grant| self.ask_account(&chains, grant))).await?;
        Ok(grants)
    }

    /// The grants, with bytes that nothing is known of: for owners whose signatures only an account can check, while it is
    /// not deployed. A wrong one shows when the session is first used.
    ///
    /// # Errors
    /// When an account takes signatures in a form that stored text has no name for.
    pub fn with_unchecked_signature(&self, signature: impl Into<Bytes>) -> Result<Vec<Grant>, Error> {
        self.grants(&signature.into())
    }

    /// The signature with low `s` and `v` 27 or 28, when it is this owner's over this plan.
    fn checked(&self, expected: Address, signature: &Signature) -> Result<Bytes, PlanError> {
        let (digest, signature) = (self.digest(), signature.normalized_s());
        let signer = |hash| signature.recover_address_from_prehash(&hash).unwrap_or_default();
        let (typed_data, personal_message) = (signer(digest), signer(personal_message_hash(digest)));
        if expected == Address::ZERO || ![typed_data, personal_message].contains(&expected) {
            return Err(PlanError::OtherSignature { expected, digest, typed_data, personal_message });
        }
        Ok(signature.as_bytes().into())
    }

    async fn ask_account(&self, chains: &[&Chain], grant: &Grant) -> Result<(), Error> {
        let &Grant { chain_id, account, .. } = grant;
        let chain = chains.iter().find(|chain| chain.chain_id() == chain_id);
        let chain = chain.ok_or(PlanError::NoConnection { chain_id })?;
        let enable = grant.enable.as_ref().ok_or(Error::OwnerSignatureForm)?;
        let wrapped = enable.data.clone().into_enable_session().permission_enable_sig;
        let digest = self.digest();
        let question = userop::account::is_valid_signature(digest, wrapped);
        let request = CallRequest::new(account, question).with_from(self.deployment().module);
        let is_accepted = match chain.node().call(&request).await {
            Ok(answer) => userop::account::accepts_signature(&answer),
            Err(error) if is_revert(&error) => false,
            Err(error) => return Err(error.into()),
        };
        if is_accepted { Ok(()) } else { Err(PlanError::Refused { chain_id, account, digest }.into()) }
    }
}
