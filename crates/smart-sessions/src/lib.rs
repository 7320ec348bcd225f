#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "The `no_std` core of smart sessions, re-exported; the feature `client` adds the network side."
)]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "client")]
extern crate std;

#[cfg(feature = "client")]
mod client;

#[cfg(feature = "client")]
pub use bundler_rpc as bundler;
#[cfg(feature = "client")]
pub use mee_client as mee;
pub use policy_encoding as policy;
pub use session_types as session;
pub use userop;

#[cfg(feature = "passkey")]
#[doc(alias = "navigator.credentials.get")]
pub use client::Authenticator;
#[cfg(feature = "client")]
#[doc(alias("baseSepolia", "createBicoBundlerClient"))]
pub use client::Chain;
#[cfg(feature = "client")]
#[doc(alias = "enableSessionData")]
pub use client::EnableGrant;
#[cfg(feature = "file-store")]
pub use client::FileStore;
#[cfg(feature = "client")]
#[doc(alias("GrantPermissionResponse", "createSessionsResponse", "SessionData", "sessionDetails"))]
pub use client::Grant;
#[cfg(feature = "client")]
#[doc(alias("prepareForPermissions", "preparePermission", "MultiChainSession"))]
pub use client::GrantPlan;
#[cfg(feature = "client")]
#[doc(alias = "installSuccess")]
pub use client::Installation;
#[cfg(feature = "client")]
#[doc(alias("CreateSessionDataParams", "sessionRequestedInfo", "RequiredSessionParams"))]
pub use client::NewSession;
#[cfg(feature = "client")]
#[doc(alias(
    "smartSessionCreateActions",
    "SmartSessionCreateActions",
    "smartSessionActions",
    "SmartSessionActions",
    "privateKey",
    "userAccount",
    "nexusClient",
    "nexusSessionClient",
    "createAccountAndSendTransaction",
    "createNexusClient",
    "createSmartAccountClient"
))]
pub use client::Owner;
#[cfg(feature = "passkey")]
#[doc(alias("WebAuthn", "toWebAuthnKey", "getWebAuthnValidator", "getWebauthnValidatorSignature"))]
pub use client::Passkey;
#[cfg(feature = "postgres")]
pub use client::PostgresStore;
#[cfg(feature = "client")]
#[doc(alias(
    "extend",
    "setModule",
    "moduleActivator",
    "sessionOwner",
    "smartSessionNexusClient",
    "usePermissionsModule",
    "useSmartSessionNexusClient",
    "smartSessionUseActions",
    "toSmartSessionsValidator",
    "toSmartSessionsModule"
))]
pub use client::SessionClient;
#[cfg(feature = "client")]
#[doc(alias("sessionPublicKey", "redeemer"))]
pub use client::SessionHolder;
#[cfg(feature = "client")]
#[doc(alias("sessionSigner", "redeemer"))]
pub use client::SessionKey;
#[cfg(feature = "client")]
#[doc(alias = "KVStore")]
pub use client::SessionStore;
#[cfg(feature = "passkey")]
#[doc(alias = "AuthenticatorAssertionResponse")]
pub use client::WebAuthnAssertion;
#[cfg(feature = "client")]
#[doc(alias = "checkEnabledPermissions")]
pub use client::status_on;
#[cfg(feature = "conformance")]
pub use client::store_conformance;
#[cfg(feature = "client")]
pub use client::{
    ActionWindow, ChainRefusal, ChainVerdict, Difference, Done, Error, GrantFilter, GrantKey, GrantPlanBuilder,
    KeyFuture, LaneLease, LaneSpace, LeaseRequest, Limit, MemoryStore, PlanError, PolicyPlace, RecordedOperation,
    Recording, SessionLanes, SessionStatus, SharedKey, SignatureCheck, SignatureForm, StoreError, StoreFuture,
    ThresholdKey, WorkId,
};
#[cfg(feature = "passkey")]
pub use client::{AssertionFuture, PasskeyError, RelyingParty};
#[cfg(feature = "client")]
pub use client::{
    BundlerTransport, ChainCalls, ChainReader, ChainRevocation, ChainUse, Executed, ListedAction, ListedSession,
    MeeFailure, MeeTransport, PolicyStatus, Remaining, Revocation, RevokeNote, RevokePlan, RevokeReport, RevokeStep,
    SessionEvent, SignedGrant, StepOutcome, StepReport, Transport, TransportFuture, Unreadable, UnusedSignatures, Used,
    UsedOn, Watch, revoke_on,
};
#[cfg(feature = "client")]
pub use client::{RemoteSigner, ToSign};
