use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::B256;

use crate::abi;

/// Contents that the session key may sign for one application (ERC-7739).
///
/// A content is the whole contents description: the `encodeType` text of the signed struct, followed by the struct's
/// name when it is not the first in that text.
///
/// To grant one is to grant signing power over everything that the account can be asked to sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Erc7739Context(abi::Erc7739Context);

impl Erc7739Context {
    /// The contents of the application with this EIP-712 domain separator.
    #[must_use]
    pub fn new(app_domain_separator: B256, contents: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let content_names: Vec<_> = contents.into_iter().map(Into::into).collect();
        Self(abi::Erc7739Context { app_domain_separator, content_names })
    }

    /// The domain separator of the application.
    #[must_use]
    pub const fn app_domain_separator(&self) -> B256 {
        self.0.app_domain_separator
    }

    /// The contents.
    #[must_use]
    pub fn contents(&self) -> &[String] {
        &self.0.content_names
    }
}

impl From<Erc7739Context> for abi::Erc7739Context {
    fn from(context: Erc7739Context) -> Self {
        context.0
    }
}
