#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
mod action;
mod content;
pub mod deployment;
mod digest;
mod envelope;
pub mod erc1271;
mod error;
pub mod flz;
pub mod frozen;
mod grant;
mod id;
mod mode;
mod policy;
mod session;
pub mod stored;
pub mod text;
mod typed_data;
pub mod validator;

pub use action::{ActionData, ActionTarget, VALUE_SELECTOR};
pub use content::Erc7739Context;
pub use deployment::{Deployment, Generation, PolicyKind, PolicyRevision, PolicySet};
#[doc(alias("AccountAndChainId", "accountsAndChainIds", "SignedSession"))]
pub use digest::ChainSession;
#[doc(alias = "hashChainSessions")]
pub use digest::multi_chain_digest;
#[doc(alias = "personal_sign")]
pub use digest::personal_message_hash;
pub use digest::{DOMAIN_SEPARATOR, chain_digests};
#[doc(alias = "encodeSmartSessionSignature")]
pub use envelope::SessionSignature;
pub use envelope::{AccountType, DEFAULT_ENABLE_LIMIT, EnvelopeError, enable_payload, write_use};
pub use error::{SessionError, SessionList, UnknownMode};
pub use grant::GrantError;
#[doc(alias("chainIds", "getEnableSessionDetails"))]
pub use grant::MultiChainGrant;
pub use id::{ActionId, ConfigId, ContentKey, PermissionId, PolicyId};
pub use mode::EnableMode;
#[doc(alias = "SignedPermissions")]
pub use mode::SignedFlags;
#[doc(alias("SmartSessionModeType", "ModeId"))]
pub use mode::SmartSessionMode;
#[doc(alias = "actionPolicy")]
pub use policy::PolicyData;
pub use policy::{ActionSlot, Erc1271Slot, Slot, SlotKind, UserOpSlot};
pub use session::{Session, SessionBuilder};
pub use validator::{Owners, SessionSigner, SessionValidator, SigningForm};
