//! A grant as it was signed, kept for ever.
//!
//! The text of [`stored`](crate::stored) has no version and no check against damage. This format has both, and holds
//! every byte that went into the signature, so that the envelopes can be made again by any ABI encoder.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `SSGRANT` and a line feed |
//! | 2 | version, big-endian: 1 |
//! | 4 | length of the body, big-endian |
//! | n | the body |
//! | 32 | keccak-256 of all before |
//!
//! The body is the ABI encoding of `(uint8 mode, bytes32 hash, (uint64 chainId, address account, address module, uint256
//! nonce, bytes32 permissionId, bytes32 sessionDigest, Session session)[] entries, bytes ownerSignature, address
//! ownerValidator, string accountType, (uint8 generation, address module, address compatibilityFallback, address
//! ownableValidator, uint8 signingForm, address webauthnValidator, address registry, (uint8 kind, address policy, uint8
//! revision)[] policies) deployment)`. Without an owner's signature the three members about it are empty.

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use crate::abi::codec::{self, dynamic_struct, inline_struct};
use crate::abi::{DecodeError, Session};
use crate::validator::SigningForm;
use crate::{
    AccountType, ChainSession, Deployment, EnableMode, Generation, GrantError, MultiChainGrant, PermissionId,
    PolicyKind, PolicyRevision, PolicySet, SessionSignature, SmartSessionMode,
};

const MAGIC: [u8; 8] = *b"SSGRANT\n";
const VERSION: u16 = 1;
/// Magic, version and length.
const HEAD: usize = 14;
const CHECKSUM: usize = 32;

/// The owner's signature over a grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnerSignature {
    /// The account's validator that checks it.
    pub validator: Address,
    /// How it is wrapped for the account.
    pub account_type: AccountType,
    /// The bare signature.
    pub signature: Bytes,
}

/// A grant with the contracts that it is for and, once there is one, the owner's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenGrant {
    deployment: Deployment,
    grant: MultiChainGrant<Session>,
    owner: Option<OwnerSignature>,
}

/// Why bytes are no frozen grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrozenGrantError {
    /// They begin with something else.
    #[error("not a frozen grant")]
    NotAGrant,
    /// A later version of this library wrote them.
    #[error("frozen grant of version {version}, this library reads up to version 1")]
    Newer {
        /// The version.
        version: u16,
    },
    /// They are cut off, or something stands behind them.
    #[error("frozen grant of {length} bytes, expected {expected}")]
    Length {
        /// How many bytes there are.
        length: usize,
        /// How many there should be.
        expected: usize,
    },
    /// Some bytes were changed.
    #[error("frozen grant is damaged: its checksum is {expected}, not {seen}")]
    Damaged {
        /// The checksum that stands in it.
        expected: B256,
        /// The checksum of its bytes.
        seen: B256,
    },
    /// The body is malformed.
    #[error("frozen grant: {0}")]
    Abi(#[from] DecodeError),
    /// A member holds a number that means nothing.
    #[error("frozen grant: unknown {what}")]
    Unknown {
        /// Which member.
        what: &'static str,
    },
    /// The list of sessions cannot be one grant.
    #[error("frozen grant: {0}")]
    Grant(#[from] GrantError),
    /// What was signed is not what the sessions give.
    #[error("frozen grant: {what} {seen} does not belong to the sessions, expected {expected}")]
    Mismatch {
        /// Which hash.
        what: &'static str,
        /// What the sessions give.
        expected: B256,
        /// What stands in it.
        seen: B256,
    },
}

impl FrozenGrant {
    /// A grant for the contracts of `deployment`.
    #[must_use]
    pub const fn new(deployment: Deployment, grant: MultiChainGrant<Session>, owner: Option<OwnerSignature>) -> Self {
        Self { deployment, grant, owner }
    }

    /// The contracts.
    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The sessions.
    #[must_use]
    pub const fn grant(&self) -> &MultiChainGrant<Session> {
        &self.grant
    }

    /// The owner's signature, when there is one.
    #[must_use]
    pub const fn owner(&self) -> Option<&OwnerSignature> {
        self.owner.as_ref()
    }

    /// The envelope that enables the session at `index` and uses it with a session signature. `None` when there is no
    /// such session, or no owner's signature.
    #[must_use]
    pub fn envelope(&self, index: usize, signature: Bytes) -> Option<SessionSignature> {
        let owner = self.owner.as_ref()?;
        let wrapped = owner.account_type.wrap_owner_signature(owner.validator, &owner.signature);
        let enable_session = self.grant.enable_session(index, wrapped)?.into();
        Some(SessionSignature::Enable { mode: self.grant.mode(), enable_session, signature })
    }

    /// The bytes to keep.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let body = codec::encode(&[], &self.body());
        let mut out = Vec::with_capacity(HEAD + body.len() + CHECKSUM);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        // At most 256 sessions: a body of 4 GiB cannot be built in practice, and would not be read.
        out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&body);
        let checksum = keccak256(&out);
        out.extend_from_slice(checksum.as_slice());
        out.into()
    }

    /// Reads the bytes, and checks that every hash in them belongs to the sessions.
    ///
    /// # Errors
    /// When they are damaged, from a newer version, or contradict themselves.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrozenGrantError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(FrozenGrantError::NotAGrant)?;
        let cut_off = FrozenGrantError::Length { length: bytes.len(), expected: HEAD + CHECKSUM };
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(cut_off)?;
        let version = u16::from_be_bytes(*version);
        if version > VERSION {
            return Err(FrozenGrantError::Newer { version });
        }
        if version == 0 {
            return Err(FrozenGrantError::Unknown { what: "version" });
        }
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(cut_off)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let expected = length.saturating_add(HEAD + CHECKSUM);
        if bytes.len() != expected {
            return Err(FrozenGrantError::Length { length: bytes.len(), expected });
        }
        let (body, checksum) = rest.split_at(length);
        let (expected, seen) = (B256::from_slice(checksum), keccak256(&bytes[..HEAD + length]));
        if expected != seen {
            return Err(FrozenGrantError::Damaged { expected, seen });
        }
        Self::from_body(codec::decode(body)?)
    }

    fn body(&self) -> Body {
        let digests = self.grant.chain_digests();
        let entries = self.grant.entries().iter().zip(digests).map(|(entry, digest)| Entry {
            chain_id: entry.chain_id,
            account: entry.account,
            module: entry.module,
            nonce: entry.nonce,
            permission_id: entry.session.permission_id(),
            session_digest: digest.session_digest,
            session: entry.session.clone(),
        });
        let owner = self.owner.as_ref();
        Body {
            mode: SmartSessionMode::from(self.grant.mode()).to_byte(),
            hash: self.grant.digest(),
            entries: entries.collect(),
            owner_signature: owner.map(|owner| owner.signature.clone()).unwrap_or_default(),
            owner_validator: owner.map(|owner| owner.validator).unwrap_or_default(),
            account_type: owner.map_or_else(String::new, |owner| owner.account_type.as_str().into()),
            deployment: pin(&self.deployment),
        }
    }

    fn from_body(body: Body) -> Result<Self, FrozenGrantError> {
        let unknown = |what| FrozenGrantError::Unknown { what };
        let mode = SmartSessionMode::from_byte(body.mode).ok().and_then(SmartSessionMode::enable_mode);
        let mode: EnableMode = mode.ok_or(unknown("mode"))?;
        let owner = if body.account_type.is_empty() {
            None
        } else {
            Some(OwnerSignature {
                validator: body.owner_validator,
                account_type: AccountType::from_name(&body.account_type).ok_or(unknown("account type"))?,
                signature: body.owner_signature,
            })
        };
        let mut hashes = Vec::with_capacity(body.entries.len());
        let mut entries = Vec::with_capacity(body.entries.len());
        for entry in body.entries {
            hashes.push((entry.permission_id, entry.session_digest));
            let Entry { chain_id, account, module, nonce, session, .. } = entry;
            entries.push(ChainSession { chain_id, account, module, nonce, session });
        }
        let grant = MultiChainGrant::new(mode, entries)?;
        for (digest, (entry, (permission_id, session_digest))) in
            grant.chain_digests().zip(grant.entries().iter().zip(hashes))
        {
            same("permission id", entry.session.permission_id().0, permission_id.0)?;
            same("session digest", digest.session_digest, session_digest)?;
        }
        same("hash", grant.digest(), body.hash)?;
        Ok(Self { deployment: unpin(body.deployment)?, grant, owner })
    }
}

fn same(what: &'static str, expected: B256, seen: B256) -> Result<(), FrozenGrantError> {
    if expected == seen { Ok(()) } else { Err(FrozenGrantError::Mismatch { what, expected, seen }) }
}

struct Body {
    mode: u8,
    hash: B256,
    entries: Vec<Entry>,
    owner_signature: Bytes,
    owner_validator: Address,
    account_type: String,
    deployment: Pinned,
}

struct Entry {
    chain_id: u64,
    account: Address,
    module: Address,
    nonce: U256,
    permission_id: PermissionId,
    session_digest: B256,
    session: Session,
}

struct Pinned {
    generation: u8,
    module: Address,
    compatibility_fallback: Address,
    ownable_validator: Address,
    signing_form: u8,
    webauthn_validator: Address,
    registry: Address,
    policies: Vec<PinnedPolicy>,
}

struct PinnedPolicy {
    kind: u8,
    policy: Address,
    revision: u8,
}

inline_struct!(Body {
    mode: u8,
    hash: B256,
    entries: Vec<Entry>,
    owner_signature: Bytes,
    owner_validator: Address,
    account_type: String,
    deployment: Pinned,
});
dynamic_struct!(Entry {
    chain_id: u64,
    account: Address,
    module: Address,
    nonce: U256,
    permission_id: PermissionId,
    session_digest: B256,
    session: Session,
});
dynamic_struct!(Pinned {
    generation: u8,
    module: Address,
    compatibility_fallback: Address,
    ownable_validator: Address,
    signing_form: u8,
    webauthn_validator: Address,
    registry: Address,
    policies: Vec<PinnedPolicy>,
});
inline_struct!(PinnedPolicy { kind: u8, policy: Address, revision: u8 });

// Numbers that are written never change their meaning.
const GENERATIONS: [(u8, Generation); 2] = [(1, Generation::Legacy), (2, Generation::Current)];
const SIGNING_FORMS: [(u8, SigningForm); 3] =
    [(1, SigningForm::Raw), (2, SigningForm::PersonalMessage), (3, SigningForm::RaisedPersonalMessage)];
const REVISIONS: [(u8, PolicyRevision); 2] = [(1, PolicyRevision::V1), (2, PolicyRevision::V2)];
const KINDS: [(u8, PolicyKind); 9] = [
    (1, PolicyKind::Sudo),
    (2, PolicyKind::UniversalAction),
    (3, PolicyKind::SpendingLimits),
    (4, PolicyKind::TimeFrame),
    (5, PolicyKind::UsageLimit),
    (6, PolicyKind::ValueLimit),
    (7, PolicyKind::ArgPolicy),
    (8, PolicyKind::ContractWhitelist),
    (9, PolicyKind::SimpleGas),
];

fn number<T: PartialEq>(table: &[(u8, T)], value: &T) -> u8 {
    table.iter().find(|(_, known)| known == value).map_or(0, |(number, _)| *number)
}

fn meaning<T: Copy>(table: &[(u8, T)], number: u8, what: &'static str) -> Result<T, FrozenGrantError> {
    let known = table.iter().find(|(known, _)| *known == number);
    known.map(|(_, value)| *value).ok_or(FrozenGrantError::Unknown { what })
}

fn pin(deployment: &Deployment) -> Pinned {
    Pinned {
        generation: number(&GENERATIONS, &deployment.generation),
        module: deployment.module,
        compatibility_fallback: deployment.compatibility_fallback,
        ownable_validator: deployment.ownable_validator.address,
        signing_form: number(&SIGNING_FORMS, &deployment.ownable_validator.signing_form),
        webauthn_validator: deployment.webauthn_validator,
        registry: deployment.registry.unwrap_or_default(),
        policies: deployment
            .policies
            .iter()
            .map(|(kind, deployed)| PinnedPolicy {
                kind: number(&KINDS, &kind),
                policy: deployed.address,
                revision: number(&REVISIONS, &deployed.revision),
            })
            .collect(),
    }
}

fn unpin(pinned: Pinned) -> Result<Deployment, FrozenGrantError> {
    let mut policies = PolicySet::empty();
    for PinnedPolicy { kind, policy, revision } in pinned.policies {
        let kind = meaning(&KINDS, kind, "policy kind")?;
        policies = policies.with(kind, policy, meaning(&REVISIONS, revision, "policy revision")?);
    }
    Ok(Deployment {
        generation: meaning(&GENERATIONS, pinned.generation, "generation")?,
        module: pinned.module,
        compatibility_fallback: pinned.compatibility_fallback,
        policies,
        ownable_validator: crate::deployment::DeployedOwnable {
            address: pinned.ownable_validator,
            signing_form: meaning(&SIGNING_FORMS, pinned.signing_form, "signing form")?,
        },
        webauthn_validator: pinned.webauthn_validator,
        registry: (pinned.registry != Address::ZERO).then_some(pinned.registry),
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::abi::PolicyData;

    fn grant() -> FrozenGrant {
        let session = Session {
            session_validator: Address::repeat_byte(1),
            session_validator_init_data: Bytes::from_static(&[1, 2, 3]),
            user_op_policies: vec![PolicyData { policy: Address::repeat_byte(2), init_data: Bytes::new() }],
            ..Default::default()
        };
        let entry = |chain_id| ChainSession {
            chain_id,
            account: Address::repeat_byte(3),
            module: Deployment::legacy().module,
            nonce: U256::from(chain_id),
            session: session.clone(),
        };
        let grant = MultiChainGrant::new(EnableMode::UnsafeEnable, vec![entry(1), entry(10)]).unwrap();
        let owner = OwnerSignature {
            validator: Address::repeat_byte(4),
            account_type: AccountType::Kernel,
            signature: Bytes::from_static(&[9; 65]),
        };
        FrozenGrant::new(Deployment::legacy(), grant, Some(owner))
    }

    #[test]
    fn is_read_back() {
        for frozen in [grant(), FrozenGrant { owner: None, deployment: Deployment::current(), ..grant() }] {
            let bytes = frozen.encode();
            assert_eq!(FrozenGrant::decode(&bytes), Ok(frozen.clone()));
            assert_eq!(frozen.envelope(1, Bytes::new()).is_some(), frozen.owner.is_some());
        }
    }

    #[test]
    fn every_damage_is_seen() {
        let bytes = grant().encode();
        for place in (0..bytes.len()).filter(|place| *place < 64 || place % 11 == 0) {
            let mut damaged = bytes.to_vec();
            damaged[place] ^= 1;
            assert!(FrozenGrant::decode(&damaged).is_err(), "byte {place}");
            assert!(FrozenGrant::decode(&bytes[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn newer_versions_and_contradictions_are_named() {
        let mut newer = grant().encode().to_vec();
        newer[9] = 2;
        assert_eq!(FrozenGrant::decode(&newer), Err(FrozenGrantError::Newer { version: 2 }));
        assert_eq!(FrozenGrant::decode(b"{}"), Err(FrozenGrantError::NotAGrant));

        let mut body = grant().body();
        body.entries[1].nonce += U256::from(1);
        let error = FrozenGrant::from_body(body).unwrap_err();
        assert!(matches!(error, FrozenGrantError::Mismatch { what: "session digest", .. }), "{error}");
    }
}
