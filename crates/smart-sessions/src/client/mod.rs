//! The network side: everything that needs a node, a bundler and signers.

mod chain;
mod error;
mod grant;
mod grant_text;
mod keys;
mod lanes;
mod owner;
mod plan;
mod reader;
mod refusal;
mod revoke;
mod sender;
mod session_client;
mod signing;
mod status;
mod store;
mod transport;
mod watch;

pub use chain::Chain;
pub use error::Error;
pub use grant::{EnableGrant, Grant};
#[cfg(feature = "passkey")]
pub use keys::{AssertionFuture, Authenticator, Passkey, PasskeyError, RelyingParty, WebAuthnAssertion};
pub use keys::{KeyFuture, RemoteSigner, SessionKey, SharedKey, SignatureCheck, ThresholdKey, ToSign};
pub use lanes::{Done, SessionLanes};
pub use owner::{Installation, Owner};
pub use plan::{GrantPlan, GrantPlanBuilder, NewSession, PlanError, SessionHolder, SignatureForm};
pub use reader::ChainReader;
pub use refusal::{ChainRefusal, Limit};
pub use revoke::{
    ChainRevocation, Revocation, RevokeNote, RevokePlan, RevokeReport, RevokeStep, SignedGrant, StepOutcome,
    StepReport, UnusedSignatures, revoke_on,
};
pub use session_client::SessionClient;
pub use status::{
    ActionWindow, ChainVerdict, Difference, ListedAction, ListedSession, PolicyPlace, PolicyStatus, Remaining,
    SessionStatus, Unreadable, status_on,
};
#[cfg(feature = "file-store")]
pub use store::FileStore;
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
#[cfg(feature = "conformance")]
pub use store::conformance as store_conformance;
pub use store::{
    GrantFilter, GrantKey, LaneLease, LaneSpace, LeaseRequest, MemoryStore, RecordedOperation, Recording, SessionStore,
    StoreError, StoreFuture, WorkId,
};
pub use transport::{
    BundlerTransport, ChainCalls, ChainUse, Executed, MeeFailure, MeeTransport, Transport, TransportFuture, Used,
    UsedOn,
};
pub use watch::{SessionEvent, Watch};
