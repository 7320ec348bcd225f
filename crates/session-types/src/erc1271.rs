//! ERC-1271 signatures by a session key, in the nested form of ERC-7739.
//!
//! The session key never signs what an application shows: it signs a `TypedDataSign` message that names the account,
//! around the application's message. Personal messages are not supported by the module.

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, Keccak256, U256, keccak256};

use crate::digest::typed_data_hash;
use crate::{PermissionId, abi};

/// The contents description of a message: the `encodeType` text of its struct, followed by the struct's name when it is
/// not the first in that text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentsDescription(String);

/// Why a text describes no contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentsError {
    /// There is no struct definition in it.
    #[error("contents description has no struct definition")]
    NoDefinition,
    /// The struct's name is empty, begins with a lower-case letter, or holds a character that ends names.
    #[error("contents description names no struct that can be signed")]
    InvalidName,
    /// Its length is sent in two bytes.
    #[error("contents description of {length} bytes, expected at most 65535")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
}

impl ContentsDescription {
    /// Checks a description.
    ///
    /// # Errors
    /// When the module could not read it.
    pub fn new(text: impl Into<String>) -> Result<Self, ContentsError> {
        let text = text.into();
        if u16::try_from(text.len()).is_err() {
            return Err(ContentsError::TooLong { length: text.len() });
        }
        let (name, definition) = split(&text).ok_or(ContentsError::NoDefinition)?;
        let named = name.bytes().next().is_some_and(|first| !first.is_ascii_lowercase());
        if !named || name.bytes().any(|byte| matches!(byte, b'(' | b')' | b',' | b' ' | 0)) || definition.is_empty() {
            return Err(ContentsError::InvalidName);
        }
        Ok(Self(text))
    }

    /// The description of a struct from its `encodeType` text and name.
    ///
    /// # Errors
    /// When the module could not read it.
    pub fn of_type(encode_type: &str, primary_type: &str) -> Result<Self, ContentsError> {
        let mut text = String::from(encode_type);
        if !encode_type.strip_prefix(primary_type).is_some_and(|rest| rest.starts_with('(')) {
            text.push_str(primary_type);
        }
        Self::new(text)
    }

    /// The text: what a session must list as content.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The struct's name.
    #[must_use]
    pub fn name(&self) -> &str {
        split(&self.0).map_or("", |(name, _)| name)
    }

    /// The `encodeType` text.
    #[must_use]
    pub fn encode_type(&self) -> &str {
        split(&self.0).map_or("", |(_, definition)| definition)
    }

    /// The `encodeType` text of the message that the session key signs.
    #[must_use]
    pub fn typed_data_sign_type(&self) -> String {
        let mut text = String::new();
        self.typed_data_sign_parts(|part| text.push_str(part));
        text
    }

    fn typed_data_sign_parts(&self, mut take: impl FnMut(&str)) {
        take("TypedDataSign(");
        take(self.name());
        take(" contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)");
        take(self.encode_type());
    }
}

/// The struct's name and the `encodeType` text.
fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.rfind(')')? + 1;
    let (definition, name) = text.split_at(end);
    if name.is_empty() { Some((text.split_once('(')?.0, definition)) } else { Some((name, definition)) }
}

/// The account's EIP-712 domain, as its `eip712Domain()` answers (ERC-5267).
///
/// Accounts without that function install the compatibility fallback, which answers for them.
#[doc(alias = "getAccountEIP712Domain")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountDomain {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The chain.
    pub chain_id: U256,
    /// The account.
    pub verifying_contract: Address,
    /// The salt, zero for most.
    pub salt: B256,
}

/// A message of an application, for a session key to sign in an account's name.
#[doc(alias = "getVerifySignatureResult")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NestedMessage {
    /// The application's EIP-712 domain separator.
    pub app_domain_separator: B256,
    /// The struct hash of the application's message.
    pub contents_hash: B256,
    /// What the message is.
    pub contents: ContentsDescription,
}

impl NestedMessage {
    /// What the application asks the account about: its message's own EIP-712 hash.
    #[must_use]
    pub fn app_hash(&self) -> B256 {
        typed_data_hash(self.app_domain_separator, self.contents_hash)
    }

    /// What the session validator is asked about: the session key signs it in the validator's
    /// [`SigningForm`](crate::SigningForm).
    #[must_use]
    pub fn hash_to_sign(&self, account: &AccountDomain) -> B256 {
        let mut type_text = Keccak256::new();
        self.contents.typed_data_sign_parts(|part| type_text.update(part));
        let mut words = [0; 224];
        words[..32].copy_from_slice(type_text.finalize().as_slice());
        words[32..64].copy_from_slice(self.contents_hash.as_slice());
        words[64..96].copy_from_slice(keccak256(&account.name).as_slice());
        words[96..128].copy_from_slice(keccak256(&account.version).as_slice());
        words[128..160].copy_from_slice(&account.chain_id.to_be_bytes::<32>());
        words[172..192].copy_from_slice(account.verifying_contract.as_slice());
        words[192..].copy_from_slice(account.salt.as_slice());
        typed_data_hash(self.app_domain_separator, keccak256(words))
    }

    /// Whether the session lists this content for this application. The whole description is compared.
    #[must_use]
    pub fn is_permitted_by(&self, session: &abi::Session) -> bool {
        let content = self.contents.as_str();
        session.erc7739_policies.allowed_erc7739_content.iter().any(|context| {
            context.app_domain_separator == self.app_domain_separator
                && context.content_names.iter().any(|name| name == content)
        })
    }

    /// The signature that the module reads, which the account's own wrapping goes around: `permission id (32) ++ session
    /// signature ++ app domain separator (32) ++ contents hash (32) ++ contents description ++ uint16 its length`.
    #[must_use]
    pub fn signature(&self, permission_id: PermissionId, session_signature: &[u8]) -> Bytes {
        let description = self.contents.as_str().as_bytes();
        let mut out = Vec::with_capacity(98 + session_signature.len() + description.len());
        out.extend_from_slice(permission_id.as_slice());
        out.extend_from_slice(session_signature);
        out.extend_from_slice(self.app_domain_separator.as_slice());
        out.extend_from_slice(self.contents_hash.as_slice());
        out.extend_from_slice(description);
        // The description's length was checked when it was made.
        out.extend_from_slice(&u16::try_from(description.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.into()
    }

    /// Takes a signature apart.
    ///
    /// # Errors
    /// When it is too short for its parts or describes no contents.
    pub fn decode_signature(signature: &[u8]) -> Result<(PermissionId, Bytes, Self), NestedSignatureError> {
        let too_short = NestedSignatureError::TooShort { length: signature.len() };
        let (permission_id, rest) = signature.split_first_chunk::<32>().ok_or(too_short)?;
        let (rest, length) = rest.split_last_chunk::<2>().ok_or(too_short)?;
        let cut = rest.len().checked_sub(usize::from(u16::from_be_bytes(*length))).ok_or(too_short)?;
        let (rest, description) = rest.split_at(cut);
        let (rest, contents_hash) = rest.split_last_chunk::<32>().ok_or(too_short)?;
        let (session_signature, app_domain_separator) = rest.split_last_chunk::<32>().ok_or(too_short)?;
        let text = core::str::from_utf8(description).map_err(|_| NestedSignatureError::InvalidText)?;
        let message = Self {
            app_domain_separator: app_domain_separator.into(),
            contents_hash: contents_hash.into(),
            contents: ContentsDescription::new(text)?,
        };
        Ok((PermissionId(permission_id.into()), Bytes::copy_from_slice(session_signature), message))
    }
}

/// Why bytes are no session signature over nested contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NestedSignatureError {
    /// The parts do not fit.
    #[error("nested signature of {length} bytes is too short for its parts")]
    TooShort {
        /// How many bytes there are.
        length: usize,
    },
    /// The contents description is not UTF-8.
    #[error("contents description is not valid UTF-8")]
    InvalidText,
    /// The contents description cannot be read.
    #[error(transparent)]
    Contents(#[from] ContentsError),
}
