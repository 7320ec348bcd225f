//! The session module's own structs, as they stand in its ABI.
//!
//! These are plain data: they hold whatever the chain, a stored text or another library produced, including sessions
//! that the module would refuse. [`Session`](crate::Session) is the checked form of [`Session`].

mod call;
pub(crate) mod codec;
mod error;
mod event;
mod structs;
pub(crate) mod words;

#[doc(alias("toDisableActionPoliciesCalls", "getDisableActionPoliciesAction"))]
pub use call::DisableActionPolicies;
#[doc(alias("toDisableERC1271PoliciesCalls", "getDisableERC1271PoliciesAction"))]
pub use call::DisableErc1271Policies;
#[doc(alias("toDisableUserOpPoliciesCalls", "getDisableUserOpPoliciesAction"))]
pub use call::DisableUserOpPolicies;
#[doc(alias("toEnableActionPoliciesCalls", "getEnableActionPoliciesAction"))]
pub use call::EnableActionPolicies;
#[doc(alias("toEnableERC1271PoliciesCalls", "getEnableERC1271PoliciesAction"))]
pub use call::EnableErc1271Policies;
#[doc(alias = "getEnableSessionsAction")]
pub use call::EnableSessions;
#[doc(alias("toEnableUserOpPoliciesCalls", "getEnableUserOpPoliciesAction"))]
pub use call::EnableUserOpPolicies;
#[doc(alias("SmartSessionAbi", "smartSessionCalls"))]
pub use call::ModuleFunction;
#[doc(alias = "getSessionNonce")]
pub use call::Nonce;
#[doc(alias = "getRemoveSessionAction")]
pub use call::RemoveSession;
#[doc(alias = "toEnableSessionsCalls")]
pub use call::enable_sessions_calldata;
pub use call::*;
pub use codec::DecodeError;
pub use error::*;
pub use event::*;
pub use structs::{ActionData, ChainDigest, EnableSession, Erc7739Context, Erc7739Data, PolicyData, Session};
