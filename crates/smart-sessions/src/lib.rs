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

#[cfg(feature = "file-store")]
pub use client::FileStore;
#[cfg(all(feature = "client", feature = "conformance"))]
pub use client::store_conformance;
#[cfg(feature = "client")]
pub use client::{
    ActionWindow, Chain, ChainRefusal, ChainVerdict, Difference, EnableGrant, Error, Grant, GrantFilter, GrantKey,
    GrantPlan, GrantPlanBuilder, Installation, KeyFuture, LaneLease, LaneSpace, LeaseRequest, Limit, MemoryStore,
    NewSession, Owner, PlanError, PolicyPlace, SessionClient, SessionHolder, SessionKey, SessionLanes, SessionStatus,
    SessionStore, SharedKey, SignatureCheck, SignatureForm, StoreError, StoreFuture, ThresholdKey,
};
#[cfg(feature = "passkey")]
pub use client::{AssertionFuture, Authenticator, Passkey, PasskeyError, RelyingParty, WebAuthnAssertion};
#[cfg(feature = "client")]
pub use client::{
    BundlerTransport, ChainCalls, ChainReader, ChainRevocation, ChainUse, Executed, ListedAction, ListedSession,
    MeeFailure, MeeTransport, PolicyStatus, Remaining, Revocation, RevokeNote, RevokePlan, RevokeReport, RevokeStep,
    SessionEvent, SignedGrant, StepOutcome, StepReport, Transport, TransportFuture, Unreadable, UnusedSignatures, Used,
    UsedOn, Watch, revoke_on, status_on,
};
