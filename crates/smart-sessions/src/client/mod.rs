//! The network side: everything that needs a node, a bundler and signers.

mod chain;
mod error;
mod grant;
mod grant_text;
mod owner;
mod refusal;
mod sender;
mod session_client;
mod signing;

pub use chain::Chain;
pub use error::Error;
pub use grant::{EnableGrant, Grant};
pub use owner::{Installation, Owner};
pub use refusal::{ChainRefusal, Limit};
pub use session_client::SessionClient;
