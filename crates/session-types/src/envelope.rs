//! The session module's envelope: what stands in a user operation's `signature`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes};

use crate::abi::codec;
use crate::abi::{DecodeError, EnableSession};
use crate::flz::{self, Buckets, DecompressError};
use crate::{EnableMode, PermissionId, SmartSessionMode, UnknownMode};

/// The enable data that [`SessionSignature::decode`] decompresses have at most this size, 64 KiB, or five times that of
/// the envelope when that is more. [`SessionSignature::decode_within`] takes another bound.
pub const DEFAULT_ENABLE_LIMIT: usize = 64 * 1024;

/// A user operation's signature for the session module.
///
/// | mode | bytes |
/// |---|---|
/// | use | `0x00 ++ permission id (32) ++ session signature` |
/// | enable | `0x01 ++ FastLZ(abi.encode(EnableSession, bytes session signature))` |
/// | unsafe enable | `0x02 ++` the same |
///
/// ```
/// use alloy_primitives::{Bytes, B256};
/// use session_types::{PermissionId, SessionSignature};
///
/// let signature = SessionSignature::Use { permission_id: PermissionId(B256::repeat_byte(7)), signature: Bytes::from([1, 2]) };
/// let bytes = signature.encode();
/// assert_eq!(bytes.len(), 1 + 32 + 2);
/// assert_eq!(SessionSignature::decode(&bytes), Ok(signature));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SessionSignature {
    /// Uses an enabled session.
    Use {
        /// The session.
        permission_id: PermissionId,
        /// The session key's signature, as the session validator reads it.
        signature: Bytes,
    },
    /// Enables a session by the owner's signature and uses it.
    Enable {
        /// How.
        mode: EnableMode,
        /// What the module enables.
        enable_session: Box<EnableSession>,
        /// The session key's signature, as the session validator reads it.
        signature: Bytes,
    },
}

/// Why bytes are no session envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Too short: the module reverts without data.
    #[error("session envelope of {length} bytes, expected at least {needed}")]
    TooShort {
        /// How many bytes there are.
        length: usize,
        /// How many the mode needs.
        needed: usize,
    },
    /// The first byte is no mode.
    #[error(transparent)]
    Mode(#[from] UnknownMode),
    /// The enable data cannot be decompressed.
    #[error("enable data: {0}")]
    Compression(#[from] DecompressError),
    /// The enable data are malformed.
    #[error("enable data: {0}")]
    Abi(#[from] DecodeError),
}

impl SessionSignature {
    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> SmartSessionMode {
        match self {
            Self::Use { .. } => SmartSessionMode::Use,
            Self::Enable { mode: EnableMode::Enable, .. } => SmartSessionMode::Enable,
            Self::Enable { mode: EnableMode::UnsafeEnable, .. } => SmartSessionMode::UnsafeEnable,
        }
    }

    /// The session used. In enable modes the module computes it from the session too.
    #[must_use]
    pub fn permission_id(&self) -> PermissionId {
        match self {
            Self::Use { permission_id, .. } => *permission_id,
            Self::Enable { enable_session, .. } => enable_session.session_to_enable.permission_id(),
        }
    }

    /// The session key's signature.
    #[must_use]
    pub const fn signature(&self) -> &Bytes {
        match self {
            Self::Use { signature, .. } | Self::Enable { signature, .. } => signature,
        }
    }

    /// The same envelope around another signature: a stub for gas estimation, or the final one in place of a stub.
    #[must_use]
    pub fn with_signature(mut self, new: Bytes) -> Self {
        match &mut self {
            Self::Use { signature, .. } | Self::Enable { signature, .. } => *signature = new,
        }
        self
    }

    /// The bytes, compressed as TypeScript clients do.
    #[doc(alias = "encodeUseOrEnableSmartSessionSignature")]
    #[must_use]
    pub fn encode(&self) -> Bytes {
        self.encode_with(Buckets::JavaScript)
    }

    /// The bytes, compressed by a given rule.
    #[must_use]
    pub fn encode_with(&self, buckets: Buckets) -> Bytes {
        match self {
            Self::Use { permission_id, signature } => {
                let mut out = alloc::vec![0; USE_HEAD + signature.len()];
                let _ = write_use(*permission_id, signature, &mut out);
                out.into()
            }
            Self::Enable { mode, enable_session, signature } => {
                let payload = enable_payload(enable_session, signature);
                let mut out = Vec::with_capacity(1 + flz::compressed_bound(payload.len()));
                out.push(SmartSessionMode::from(*mode).to_byte());
                flz::compress_into(buckets, &payload, &mut out);
                out.into()
            }
        }
    }

    /// Reads an envelope. Enable data may have at most [`DEFAULT_ENABLE_LIMIT`] bytes, or five times those of a larger
    /// envelope: memory is at most 16 times the input, or a constant.
    ///
    /// # Errors
    /// When the bytes are none.
    #[doc(alias = "decodeSmartSessionSignature")]
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        Self::decode_within(bytes, DEFAULT_ENABLE_LIMIT.max(bytes.len().saturating_mul(5)))
    }

    /// Reads an envelope whose enable data have at most `limit` bytes. Memory is bounded by the size of the input and
    /// a small multiple of `limit`.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode_within(bytes: &[u8], limit: usize) -> Result<Self, EnvelopeError> {
        let Some((mode, rest)) = bytes.split_first() else {
            return Err(EnvelopeError::TooShort { length: 0, needed: 1 });
        };
        match SmartSessionMode::from_byte(*mode)?.enable_mode() {
            None => match rest.split_first_chunk::<32>() {
                Some((id, signature)) => Ok(Self::Use {
                    permission_id: PermissionId(id.into()),
                    signature: Bytes::copy_from_slice(signature),
                }),
                None => Err(EnvelopeError::TooShort { length: bytes.len(), needed: USE_HEAD }),
            },
            Some(mode) => {
                let payload = flz::decompress(rest, limit)?;
                let (enable_session, signature) = codec::decode::<(EnableSession, Bytes)>(&payload)?;
                Ok(Self::Enable { mode, enable_session: Box::new(enable_session), signature })
            }
        }
    }
}

/// Mode byte and permission id.
const USE_HEAD: usize = 33;

/// Writes the envelope of an enabled session into `out` and gives its length, `33 + signature.len()`, or nothing when
/// it does not fit. Nothing is allocated.
pub fn write_use(permission_id: PermissionId, signature: &[u8], out: &mut [u8]) -> Option<usize> {
    let length = USE_HEAD + signature.len();
    let out = out.get_mut(..length)?;
    out[0] = SmartSessionMode::Use.to_byte();
    out[1..USE_HEAD].copy_from_slice(permission_id.as_slice());
    out[USE_HEAD..].copy_from_slice(signature);
    Some(length)
}

/// `abi.encode(EnableSession, bytes session signature)`: what an enable envelope compresses.
#[must_use]
pub fn enable_payload(enable_session: &EnableSession, signature: &Bytes) -> Vec<u8> {
    codec::encode(&[], &(enable_session, signature))
}

/// How the owner's signature is wrapped for the account that checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountType {
    /// `nexus`: `validator (20) ++ signature`.
    Nexus,
    /// `safe`: as Nexus.
    Safe,
    /// `erc7579-implementation`: as Nexus.
    Erc7579Implementation,
    /// `kernel`: `0x01 ++ validator (20) ++ signature`.
    Kernel,
}

impl AccountType {
    /// The name that TypeScript libraries and stored text use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nexus => "nexus",
            Self::Safe => "safe",
            Self::Erc7579Implementation => "erc7579-implementation",
            Self::Kernel => "kernel",
        }
    }

    /// The type with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Nexus, Self::Safe, Self::Erc7579Implementation, Self::Kernel]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    /// What stands in [`EnableSession::permission_enable_sig`]: the owner's signature behind the account's validator
    /// that checks it. That is the owner's validator, not the session's.
    #[doc(alias = "formatPermissionEnableSig")]
    #[must_use]
    pub fn wrap_owner_signature(self, validator: Address, signature: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(21 + signature.len());
        if matches!(self, Self::Kernel) {
            out.push(1);
        }
        out.extend_from_slice(validator.as_slice());
        out.extend_from_slice(signature);
        out.into()
    }

    /// Takes the validator and the owner's signature apart; `None` when the bytes are too short or lack the mark.
    #[must_use]
    pub fn unwrap_owner_signature(self, wrapped: &[u8]) -> Option<(Address, &[u8])> {
        let wrapped = match self {
            Self::Kernel => wrapped.strip_prefix(&[1])?,
            _ => wrapped,
        };
        let (validator, signature) = wrapped.split_first_chunk::<20>()?;
        Some((Address::from(validator), signature))
    }
}
