//! Sessions over several chains: prepared, granted by one signature, used.

mod build;
mod enable;
mod error;
mod grant;
mod payment;
mod prepare;
mod quote;
mod status;
mod typed_data;
mod use_permission;

use alloy_primitives::{Address, Bytes};
use session_types::Deployment;

#[doc(alias = "ActionConfig")]
pub use build::ChainAction;
#[doc(alias = "MultichainActionData")]
pub use build::ChainActions;
#[doc(alias("prepareEnableSessions", "PrepareEnableSessionResponse", "enableSession"))]
pub use enable::EnableOnChain;
pub use error::SessionActionError;
#[doc(alias("grantMeePermission", "GrantMeePermissionParams"))]
pub use grant::GrantOptions;
#[doc(alias = "addPaymentPolicyForActions")]
pub use payment::with_payment_action;
pub use payment::{OwnFeeTokenLimits, PaymentPolicyError};
#[doc(alias = "PrepareForPermissionsParams")]
pub use prepare::PrepareOptions;
#[doc(alias("PrepareForPermissionsPayload", "payload"))]
pub use prepare::Prepared;
#[doc(alias("GetSessionQuoteResponse", "BaseSessionQuoteResponse", "quote"))]
pub use quote::SessionQuote;
#[doc(alias = "getSessionQuote")]
pub use quote::SessionQuoteOptions;
pub use quote::{SignedSessionQuote, StartedQuote};
#[doc(alias("CheckEnabledPermissionsPayload", "enabledMap"))]
pub use status::EnabledPermissions;
pub use typed_data::multi_chain_session_typed_data;
#[doc(alias("UseMeePermissionParams", "UsePermissionParams"))]
pub use use_permission::UsePermission;

use crate::account::{AccountError, owner_data};
use crate::sign::OwnerKey;
use crate::{MeeClient, MeeVersionConfig};

/// What a suite's session validator is told of a session key: the address (20 bytes), from 3.0.0 on
/// `stateless validator(20) ++ 0x00 ++ address`.
///
/// # Errors
/// [`AccountError::IncompleteSuite`].
#[doc(alias = "getSessionValidatorInitData")]
pub fn session_validator_init_data(suite: &MeeVersionConfig, redeemer: Address) -> Result<Bytes, AccountError> {
    owner_data(suite, &OwnerKey::Secp256k1(redeemer))
}

/// The session module as a validator of accounts: where it is and what it is installed with.
#[doc(alias(
    "SmartSessionsModuleParameters",
    "SessionsModule",
    "smartSessionsValidator",
    "smartSessionValidatorAddress",
    "sessionsModule"
))]
#[doc(alias = "toSmartSessionsModule")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmartSessionsModule {
    deployment: Deployment,
}

impl SmartSessionsModule {
    /// The module of a deployment.
    #[must_use]
    pub const fn new(deployment: Deployment) -> Self {
        Self { deployment }
    }

    /// The module and its policies.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// What it is installed with: nothing.
    #[must_use]
    pub const fn init_data(&self) -> Bytes {
        Bytes::new()
    }
}

impl Default for SmartSessionsModule {
    fn default() -> Self {
        Self::new(Deployment::current())
    }
}

/// The session actions of a client.
///
/// To prepare and to grant, the client's account is the owner's; to use, its key is the session's and its account is
/// the existing one of the owner.
#[doc(alias("sessionSigner", "sessionClient", "dappSessionClient"))]
#[doc(alias = "meeSessionActions")]
#[derive(Clone, Debug)]
pub struct SessionActions {
    client: MeeClient,
    module: SmartSessionsModule,
}

impl SessionActions {
    /// The session actions of a client, for a module.
    #[must_use]
    pub const fn new(client: MeeClient, module: SmartSessionsModule) -> Self {
        Self { client, module }
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &MeeClient {
        &self.client
    }

    /// The module.
    #[must_use]
    pub const fn module(&self) -> &SmartSessionsModule {
        &self.module
    }
}

impl MeeClient {
    /// The session actions of this client, for the present deployment of the module.
    #[must_use]
    pub fn sessions(&self) -> SessionActions {
        SessionActions::new(self.clone(), SmartSessionsModule::default())
    }
}
