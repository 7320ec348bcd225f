//! From permissions and the holder of a key to a session.

use std::vec::Vec;

use alloy_primitives::{Address, B256};
use alloy_signer::Signer;
use policy_encoding::permission::PermissionBuilder;
use policy_encoding::{FitsIn, KnownPolicy, Sudo, TimeFrame};
use session_types::validator::{OwnersError, WebAuthnKey};
use session_types::{ActionData, Deployment, Owners, PolicyData, Session, SessionValidator, UserOpSlot};

use crate::client::{Chain, Error, ThresholdKey};

/// Whose key a session is for.
pub trait SessionHolder {
    /// What checks the holder's signatures, with the contracts of a deployment.
    ///
    /// # Errors
    /// When the contract would refuse every signature.
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError>;
}

/// A session in the making, for the contracts of one chain. The first mistake is kept until the end.
///
/// ```
/// use alloy_primitives::{U256, address};
/// use alloy_sol_types::sol;
/// use smart_sessions::NewSession;
/// use smart_sessions::policy::UsageLimit;
/// use smart_sessions::policy::permission::{Permission, PermissionBuilder as _, at_most};
/// use smart_sessions::session::Deployment;
///
/// sol! { function transfer(address to, uint256 amount) external returns (bool); }
///
/// let key = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// let token = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// let session = NewSession::new(&Deployment::current(), key)
///     .allow(Permission::call::<transferCall>(token).rule(|call| &mut call.amount, at_most(U256::from(250))))
///     .limit(UsageLimit::new(12)?)
///     .until(1_900_000_000)
///     .build()?;
/// assert_eq!(session.user_op_policies.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NewSession {
    deployment: Deployment,
    validator: Option<SessionValidator>,
    salt: B256,
    actions: Vec<ActionData>,
    user_op_policies: Vec<PolicyData<UserOpSlot>>,
    not_before: u64,
    until: u64,
    permits_paymaster: bool,
    error: Option<Error>,
}

impl NewSession {
    /// A session for the holder of a key: an address, [`Owners`], a [`ThresholdKey`], a passkey, or any
    /// [`SessionValidator`]. Its salt is random, so that two sessions that are alike have limits of their own.
    pub fn new(deployment: &Deployment, holder: impl SessionHolder) -> Self {
        let (validator, error) = match holder.session_validator(deployment) {
            Ok(validator) => (Some(validator), None),
            Err(error) => (None, Some(error.into())),
        };
        Self {
            deployment: *deployment,
            validator,
            salt: B256::random(),
            actions: Vec::new(),
            user_op_policies: Vec::new(),
            not_before: 0,
            until: 0,
            permits_paymaster: false,
            error,
        }
    }

    /// Permits calls of a function, or sending value, within the permission's limits.
    #[doc(alias = "actionPoliciesInfo")]
    pub fn allow(mut self, permission: impl PermissionBuilder) -> Self {
        match permission.on(&self.deployment.policies) {
            Ok(action) => self.actions.push(action),
            Err(error) => self.keep(error),
        }
        self
    }

    /// Permits calls by policies that were placed before.
    pub fn action(mut self, action: ActionData) -> Self {
        self.actions.push(action);
        self
    }

    /// Limits all operations together; a policy whose contract does not work there is refused by the compiler.
    #[doc(alias = "userOpPolicies")]
    pub fn limit<P: KnownPolicy + FitsIn<UserOpSlot>>(mut self, policy: P) -> Self {
        self.place(policy);
        self
    }

    /// Not after this moment, in seconds since 1970: whatever else the permissions say.
    #[doc(alias = "sessionValidUntil")]
    pub const fn until(mut self, seconds: u64) -> Self {
        self.until = seconds;
        self
    }

    /// Not before this moment, in seconds since 1970.
    #[doc(alias = "sessionValidAfter")]
    pub const fn not_before(mut self, seconds: u64) -> Self {
        self.not_before = seconds;
        self
    }

    /// Lets a paymaster pay. Where nothing limits the operations, a policy that permits all is added, since the module wants
    /// one then.
    #[doc(alias = "permitERC4337Paymaster")]
    pub const fn permit_paymaster(mut self) -> Self {
        self.permits_paymaster = true;
        self
    }

    /// With this salt: the same salt, validator and keys make the same permission id.
    pub const fn salt(mut self, salt: B256) -> Self {
        self.salt = salt;
        self
    }

    /// The session.
    ///
    /// # Errors
    /// The first mistake that was made; or when the module would refuse the session, or it could never be used.
    pub fn build(mut self) -> Result<Session, Error> {
        if (self.not_before, self.until) != (0, 0) {
            match TimeFrame::new(self.not_before, self.until) {
                Ok(frame) => self.place(frame),
                Err(error) => self.keep(error),
            }
        }
        if self.permits_paymaster && self.user_op_policies.is_empty() {
            self.place(Sudo);
        }
        let Self { deployment, validator, salt, actions, user_op_policies, permits_paymaster, error, .. } = self;
        let validator = match (validator, error) {
            (Some(validator), None) => validator,
            (_, Some(error)) => return Err(error),
            (None, None) => return Err(session_types::SessionError::ZeroValidator.into()),
        };
        let mut session = Session::builder(validator, salt).actions(actions);
        for policy in user_op_policies {
            session = session.user_op_policy(policy);
        }
        if permits_paymaster {
            session = session.permit_paymaster();
        }
        Ok(session.build(&deployment)?)
    }

    fn place<P: KnownPolicy + FitsIn<UserOpSlot>>(&mut self, policy: P) {
        match policy.on(&self.deployment.policies) {
            Ok(policy) => self.user_op_policies.push(policy),
            Err(error) => self.keep(policy_encoding::PermissionError::from(error)),
        }
    }

    fn keep(&mut self, error: impl Into<policy_encoding::PermissionError>) {
        if self.error.is_none() {
            self.error = Some(error.into().into());
        }
    }
}

impl Chain {
    /// A session in the making, for the holder of a key: with the contracts of this chain.
    pub fn new_session(&self, holder: impl SessionHolder) -> NewSession {
        NewSession::new(self.deployment(), holder)
    }
}

impl<H: SessionHolder + ?Sized> SessionHolder for &H {
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError> {
        (**self).session_validator(deployment)
    }
}

/// One secp256k1 key by its address.
impl SessionHolder for Address {
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError> {
        Owners::single(*self)?.session_validator(deployment)
    }
}

/// Several keys, of which a number must sign.
impl SessionHolder for Owners {
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError> {
        Ok(SessionValidator::owners(deployment, self))
    }
}

/// These keys and no others.
impl<S: Signer + Send + Sync> SessionHolder for ThresholdKey<S> {
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError> {
        Owners::new(self.threshold(), self.addresses())?.session_validator(deployment)
    }
}

/// A passkey.
impl SessionHolder for WebAuthnKey {
    fn session_validator(&self, deployment: &Deployment) -> Result<SessionValidator, OwnersError> {
        Ok(SessionValidator::webauthn(deployment, self))
    }
}

/// Any validator, whatever the deployment.
impl SessionHolder for SessionValidator {
    fn session_validator(&self, _: &Deployment) -> Result<SessionValidator, OwnersError> {
        Ok(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use alloy_signer_local::PrivateKeySigner;
    use policy_encoding::permission::{Permission, at_most};
    use policy_encoding::{PermissionError, SimpleGas, UsageLimit};
    use session_types::PolicyKind;
    use session_types::validator::OwnersData;

    use super::*;

    const KEY: Address = Address::repeat_byte(5);
    const TARGET: Address = Address::repeat_byte(7);

    fn set_number(up_to: u64) -> impl PermissionBuilder {
        let shape = "setNumber(uint256 number)".parse().unwrap();
        Permission::function(TARGET, shape).rule("number", at_most(U256::from(up_to)))
    }

    fn kinds(session: &Session, deployment: &Deployment) -> Vec<PolicyKind> {
        let policies = session.user_op_policies.iter();
        policies.map(|policy| deployment.policies.find(policy.policy).unwrap().0).collect()
    }

    #[test]
    fn it_is_the_session_that_is_put_together_by_hand() {
        let deployment = Deployment::current();
        let salt = B256::repeat_byte(9);
        let made = NewSession::new(&deployment, KEY)
            .allow(set_number(100))
            .limit(UsageLimit::new(3).unwrap())
            .until(1_900_000_000)
            .not_before(1_700_000_000)
            .salt(salt)
            .build()
            .unwrap();
        let policies = &deployment.policies;
        let by_hand = Session::builder(SessionValidator::owners(&deployment, &Owners::single(KEY).unwrap()), salt)
            .action(set_number(100).on(policies).unwrap())
            .user_op_policy(UsageLimit::new(3).unwrap().on(policies).unwrap())
            .user_op_policy(TimeFrame::new(1_700_000_000, 1_900_000_000).unwrap().on(policies).unwrap())
            .build(&deployment)
            .unwrap();
        assert_eq!(made, by_hand);
    }

    #[test]
    fn equal_ones_have_ids_of_their_own() {
        let new = || NewSession::new(&Deployment::current(), KEY).allow(set_number(1)).build().unwrap();
        assert_ne!(new().permission_id(), new().permission_id());
    }

    #[test]
    fn a_paymaster_needs_a_policy_and_gets_one() {
        let deployment = Deployment::legacy();
        let new = || NewSession::new(&deployment, KEY).allow(set_number(1)).permit_paymaster();
        assert_eq!(kinds(&new().build().unwrap(), &deployment), [PolicyKind::Sudo]);
        assert_eq!(
            kinds(&new().limit(UsageLimit::new(1).unwrap()).build().unwrap(), &deployment),
            [PolicyKind::UsageLimit]
        );
        assert!(new().build().unwrap().permit_erc4337_paymaster);
    }

    #[test]
    fn the_first_mistake_is_told() {
        let legacy = Deployment::legacy();
        let new = || NewSession::new(&legacy, KEY);
        let nobody = NewSession::new(&legacy, Address::ZERO).allow(set_number(1)).build();
        assert!(matches!(nobody, Err(Error::Owners(OwnersError::Zero))), "{nobody:?}");
        let free = new().allow(Permission::function(TARGET, "f()".parse().unwrap())).until(1).not_before(2).build();
        assert!(matches!(free, Err(Error::Permission(PermissionError::Unlimited { .. }))), "{free:?}");
        let gas = new().allow(set_number(1)).limit(SimpleGas::new(1, 1).unwrap()).build();
        assert!(matches!(gas, Err(Error::Permission(PermissionError::NotDeployed(_)))), "{gas:?}");
        let over = new().allow(set_number(1)).until(1).not_before(2).build();
        assert!(matches!(over, Err(Error::Permission(PermissionError::Policy(_)))), "{over:?}");
        assert!(matches!(new().build(), Err(Error::Session(_))));
    }

    #[test]
    fn every_kind_of_holder() {
        let deployment = Deployment::current();
        let validator = |holder: &dyn SessionHolder| holder.session_validator(&deployment).unwrap();
        let signers: [PrivateKeySigner; 3] = core::array::from_fn(|_| PrivateKeySigner::random());
        let of_three = ThresholdKey::new(2, signers).unwrap();
        let data = OwnersData::decode(validator(&of_three).init_data()).unwrap();
        assert!(data.is_ascending() && data.threshold == U256::from(2) && data.owners.len() == 3);
        assert_eq!(validator(&of_three), validator(&of_three.owners().unwrap()));
        let passkey = WebAuthnKey { x: U256::from(1), y: U256::from(2), credential_id_hash: B256::ZERO };
        assert_eq!(validator(&passkey).address(), deployment.webauthn_validator);
        let own = SessionValidator::custom(TARGET, alloy_primitives::Bytes::new());
        assert_eq!(validator(&own), own);
    }
}
