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
pub use digest::{ChainSession, DOMAIN_SEPARATOR, chain_digests, multi_chain_digest, personal_message_hash};
pub use envelope::{AccountType, DEFAULT_ENABLE_LIMIT, EnvelopeError, SessionSignature, enable_payload, write_use};
pub use error::{SessionError, SessionList, UnknownMode};
pub use grant::{GrantError, MultiChainGrant};
pub use id::{ActionId, ConfigId, ContentKey, PermissionId, PolicyId};
pub use mode::{EnableMode, SignedFlags, SmartSessionMode};
pub use policy::{ActionSlot, Erc1271Slot, PolicyData, Slot, SlotKind, UserOpSlot};
pub use session::{Session, SessionBuilder};
pub use validator::{Owners, SessionSigner, SessionValidator, SigningForm};
