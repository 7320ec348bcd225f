//! What goes over the byte stream: frames of `kind (1) ++ length (4, big endian) ++ payload`.

use alloc::{string::String, vec::Vec};
use core::fmt;

use alloy_primitives::{Address, B256, U256};
use session_types::abi::{EnableSessions, ModuleFunction as _, PackedUserOperation, Session, ValidateUserOp};
use session_types::{EnableMode, Generation, PermissionId};
use userop::EntryPointVersion;

/// The longest payload that the device takes: its memory is small.
pub const MAX_FRAME: usize = 6 * 1024;

/// A stream of bytes to the host.
pub trait Link {
    /// The next byte, or nothing at the end of the stream.
    fn read(&mut self) -> Option<u8>;
    /// Sends bytes.
    fn write(&mut self, bytes: &[u8]);
}

/// What a grant is for. 62 bytes: generation (1; 1 the first, 2 the current), mode (1; 1 enable, 2 unsafe enable),
/// chain id (8), account (20), nonce (32), all big endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantHeader {
    /// Whose addresses and layouts hold.
    pub generation: Generation,
    /// How the grant is enabled.
    pub mode: EnableMode,
    /// The chain.
    pub chain_id: u64,
    /// The account.
    pub account: Address,
    /// The module's nonce for the permission.
    pub nonce: U256,
}

/// What an operation is for. 41 bytes: entry point (1; 7, 8 or 9), time (8, seconds since 1970), permission id (32).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationHeader {
    /// The entry point.
    pub version: EntryPointVersion,
    /// The host's clock.
    pub time: u64,
    /// The permission that is used.
    pub permission_id: PermissionId,
}

/// What the host asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Kind 1: the header and the call data of `enableSessions` with one session.
    Grant(GrantHeader, Session),
    /// Kind 2: the header and the call data of `validateUserOp`, which says the hash that the host computed.
    Operation(OperationHeader, PackedUserOperation, B256),
}

/// What the device answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Kind `0x81`: `permission id (32) ++ session digest (32) ++ hash that the owner signs (32)`.
    Granted {
        /// The permission.
        permission_id: PermissionId,
        /// The digest on the grant's chain.
        session_digest: B256,
        /// The multi-chain digest of that one chain.
        digest: B256,
    },
    /// Kind `0x82`: `operation hash (32) ++ session envelope`.
    Signed {
        /// The operation's hash.
        hash: B256,
        /// The operation's signature field.
        envelope: Vec<u8>,
    },
    /// Kind `0x83`: `operation hash (32) ++ hash for the secure element (32)`.
    ToSign {
        /// The operation's hash.
        hash: B256,
        /// What the key must sign.
        prehash: B256,
    },
    /// Kind `0xe0`: why not, as text.
    Refused(String),
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed message: {}", self.0)
    }
}

impl core::error::Error for Malformed {}

/// The kind that ends the conversation.
pub const END: u8 = 0xff;

/// Reads one frame, or nothing at the end. A payload that is too long is read to its end and dropped: `None` in its place.
pub fn read_frame(link: &mut impl Link) -> Option<(u8, Option<Vec<u8>>)> {
    let kind = link.read().filter(|kind| *kind != END)?;
    let mut length = [0; 4];
    for byte in &mut length {
        *byte = link.read()?;
    }
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    if length > MAX_FRAME {
        for _ in 0..length {
            link.read()?;
        }
        return Some((kind, None));
    }
    let mut payload = Vec::with_capacity(length);
    for _ in 0..length {
        payload.push(link.read()?);
    }
    Some((kind, Some(payload)))
}

/// Sends an answer.
pub fn write_frame(link: &mut impl Link, answer: &Answer) {
    let (kind, parts): (u8, [&[u8]; 3]) = match answer {
        Answer::Granted { permission_id, session_digest, digest } => {
            (0x81, [permission_id.as_slice(), session_digest.as_slice(), digest.as_slice()])
        }
        Answer::Signed { hash, envelope } => (0x82, [hash.as_slice(), envelope, &[]]),
        Answer::ToSign { hash, prehash } => (0x83, [hash.as_slice(), prehash.as_slice(), &[]]),
        Answer::Refused(why) => (0xe0, [why.as_bytes(), &[], &[]]),
    };
    let length: usize = parts.iter().map(|part| part.len()).sum();
    link.write(&[kind]);
    link.write(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    for part in parts {
        link.write(part);
    }
}

impl GrantHeader {
    const LENGTH: usize = 62;

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::LENGTH);
        bytes.push(if self.generation == Generation::Legacy { 1 } else { 2 });
        bytes.push(if self.mode == EnableMode::Enable { 1 } else { 2 });
        bytes.extend_from_slice(&self.chain_id.to_be_bytes());
        bytes.extend_from_slice(self.account.as_slice());
        bytes.extend_from_slice(&self.nonce.to_be_bytes::<32>());
        bytes
    }

    fn read(bytes: &[u8; Self::LENGTH]) -> Result<Self, Malformed> {
        let [generation, mode, rest @ ..] = bytes;
        let (chain_id, rest) = rest.split_first_chunk().ok_or(Malformed("chain"))?;
        let (account, nonce) = rest.split_first_chunk::<20>().ok_or(Malformed("account"))?;
        Ok(Self {
            generation: match generation {
                1 => Generation::Legacy,
                2 => Generation::Current,
                _ => return Err(Malformed("generation")),
            },
            mode: match mode {
                1 => EnableMode::Enable,
                2 => EnableMode::UnsafeEnable,
                _ => return Err(Malformed("mode")),
            },
            chain_id: u64::from_be_bytes(*chain_id),
            account: account.into(),
            nonce: U256::from_be_slice(nonce),
        })
    }
}

impl OperationHeader {
    const LENGTH: usize = 41;

    /// The bytes.
    ///
    /// # Errors
    /// For entry point 0.6, whose operations are not packed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        let mut bytes = Vec::with_capacity(Self::LENGTH);
        bytes.push(match self.version {
            EntryPointVersion::V0_7 => 7,
            EntryPointVersion::V0_8 => 8,
            EntryPointVersion::V0_9 => 9,
            _ => return Err(Malformed("entry point")),
        });
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.extend_from_slice(self.permission_id.as_slice());
        Ok(bytes)
    }

    fn read(bytes: &[u8; Self::LENGTH]) -> Result<Self, Malformed> {
        let [version, rest @ ..] = bytes;
        let (time, permission_id) = rest.split_first_chunk().ok_or(Malformed("time"))?;
        Ok(Self {
            version: match version {
                7 => EntryPointVersion::V0_7,
                8 => EntryPointVersion::V0_8,
                9 => EntryPointVersion::V0_9,
                _ => return Err(Malformed("entry point")),
            },
            time: u64::from_be_bytes(*time),
            permission_id: PermissionId(B256::from_slice(permission_id)),
        })
    }
}

impl Request {
    /// Reads a payload.
    ///
    /// # Errors
    /// When the bytes are no request.
    #[inline(never)]
    pub fn read(kind: u8, payload: &[u8]) -> Result<Self, Malformed> {
        match kind {
            1 => {
                let (header, calldata) = payload.split_first_chunk().ok_or(Malformed("too short"))?;
                let sessions =
                    EnableSessions::decode(calldata).map_err(|_| Malformed("no call of enableSessions"))?.sessions;
                let [session] = <[Session; 1]>::try_from(sessions).map_err(|_| Malformed("not one session"))?;
                Ok(Self::Grant(GrantHeader::read(header)?, session))
            }
            2 => {
                let (header, calldata) = payload.split_first_chunk().ok_or(Malformed("too short"))?;
                let call = ValidateUserOp::decode(calldata).map_err(|_| Malformed("no call of validateUserOp"))?;
                Ok(Self::Operation(OperationHeader::read(header)?, call.user_op, call.user_op_hash))
            }
            _ => Err(Malformed("unknown kind")),
        }
    }
}
