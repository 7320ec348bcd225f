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

pub use call::*;
pub use codec::DecodeError;
pub use error::*;
pub use event::*;
pub use structs::{ActionData, ChainDigest, EnableSession, Erc7739Context, Erc7739Data, PolicyData, Session};
