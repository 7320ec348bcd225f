//! What the owner signs: the EIP-712 message `MultiChainSession`, one signature for one or many chains.
//!
//! Nothing is allocated and no type text is hashed: the type hashes are constants, arrays are streamed.

use alloy_primitives::{Address, B256, ChainId, Keccak256, U256, b256, keccak256};

use crate::abi::{self, ChainDigest};
use crate::{EnableMode, SignedFlags, SmartSessionMode};

/// EIP-712 type texts and their hashes.
pub(crate) mod types {
    use super::{B256, b256};

    macro_rules! types {
        ($($text:ident = $($part:literal)+; $hash:ident = $value:literal;)*) => {$(
            #[cfg(test)]
            pub(crate) const $text: &str = concat!($($part),+);
            pub(crate) const $hash: B256 = b256!($value);
        )*};
    }

    types! {
        POLICY_TEXT = "PolicyData(address policy,bytes initData)";
        POLICY = "dddac12cd8b10a071bea04226e97ac9490698394e19224abc47a5cfeeeb6ee97";
        ACTION_TEXT = "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
            "PolicyData(address policy,bytes initData)";
        ACTION = "35809859dccf8877c407a59527c2f00fb81ca9c198ebcb0c832c3deaa38d3502";
        CONTEXT_TEXT = "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)";
        CONTEXT = "006166b2b3a1edaf1da1ce02715d02d4979a4ab93755bff9ec054b0e6a96a1da";
        DATA_TEXT = "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
            "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
            "PolicyData(address policy,bytes initData)";
        DATA = "dfd9b5718eebaa2484740b4ea6939e96189024c15848f16ccce901118114e152";
        PERMISSIONS_TEXT = "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,"
            "bool ignoreSecurityAttestations,bool permitERC4337Paymaster,PolicyData[] userOpPolicies,"
            "ERC7739Data erc7739Policies,ActionData[] actions)"
            "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
            "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
            "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
            "PolicyData(address policy,bytes initData)";
        PERMISSIONS = "871289c05e426554eb0f843c9aa542f9c2bc4eba7742ada6a5c014d3568674d4";
        SESSION_TEXT = "SignedSession(address account,SignedPermissions permissions,address sessionValidator,"
            "bytes sessionValidatorInitData,bytes32 salt,address smartSession,uint256 nonce)"
            "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
            "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
            "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
            "PolicyData(address policy,bytes initData)"
            "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
            "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)";
        SESSION = "d44896e3cb83d70abc949a38dd6f9f75e675dc329dfe958617f066f79ff88f05";
        CHAIN_TEXT = "ChainSession(uint64 chainId,SignedSession session)"
            "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
            "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
            "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
            "PolicyData(address policy,bytes initData)"
            "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
            "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)"
            "SignedSession(address account,SignedPermissions permissions,address sessionValidator,"
            "bytes sessionValidatorInitData,bytes32 salt,address smartSession,uint256 nonce)";
        CHAIN = "1ea7e4bc398fa0ccd68d92b5d8931a3fd93eebe1cf0391b4ba28935801af7c80";
        MULTI_CHAIN_TEXT = "MultiChainSession(ChainSession[] sessionsAndChainIds)"
            "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
            "ChainSession(uint64 chainId,SignedSession session)"
            "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
            "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
            "PolicyData(address policy,bytes initData)"
            "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
            "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)"
            "SignedSession(address account,SignedPermissions permissions,address sessionValidator,"
            "bytes sessionValidatorInitData,bytes32 salt,address smartSession,uint256 nonce)";
        MULTI_CHAIN = "0c9d02fb89a1da34d66ea2088dc9ee6a58efee71cef6f1bb849ed74fc6003d98";
    }
}

/// The EIP-712 domain separator of every session: name `SmartSession`, version `1`. Chain and module are bound inside
/// the message instead.
pub const DOMAIN_SEPARATOR: B256 = b256!("057501e891776d1482927e5f094ae44049a4d893ba2d7b334dd7db8d38d3a0e1");

/// A session with everything that its digest depends on.
///
/// `S` is a [`Session`](crate::Session), an [`abi::Session`], or a reference to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChainSession<S> {
    /// The chain.
    pub chain_id: ChainId,
    /// The account there.
    pub account: Address,
    /// The session module there.
    #[doc(alias = "smartSession")]
    pub module: Address,
    /// What the module's `getNonce(permissionId, account)` answers there: every enabling by signature, and
    /// `revokeEnableSignature`, raises it.
    #[doc(alias = "sessionNonces")]
    pub nonce: U256,
    /// The session.
    pub session: S,
}

impl<S: AsRef<abi::Session>> ChainSession<S> {
    /// The session digest: the EIP-712 struct hash of `SignedSession`, without domain and chain.
    #[doc(alias = "getSessionDigest")]
    #[must_use]
    pub fn digest(&self, mode: EnableMode) -> B256 {
        self.digest_with(&Permissions::hash(self.session.as_ref(), mode))
    }

    /// The digest with its chain, as it stands in [`EnableSession`](abi::EnableSession).
    #[must_use]
    pub fn chain_digest(&self, mode: EnableMode) -> ChainDigest {
        ChainDigest { chain_id: self.chain_id, session_digest: self.digest(mode) }
    }

    fn digest_with(&self, permissions: &Permissions) -> B256 {
        let session = self.session.as_ref();
        let mut words = [0; 256];
        words[..32].copy_from_slice(types::SESSION.as_slice());
        words[44..64].copy_from_slice(self.account.as_slice());
        words[64..96].copy_from_slice(permissions.hash.as_slice());
        words[108..128].copy_from_slice(session.session_validator.as_slice());
        words[128..160].copy_from_slice(permissions.init_data_hash.as_slice());
        words[160..192].copy_from_slice(session.salt.as_slice());
        words[204..224].copy_from_slice(self.module.as_slice());
        words[224..].copy_from_slice(&self.nonce.to_be_bytes::<32>());
        keccak256(words)
    }
}

/// The digest of each chain, in the order of the entries. The permissions of equal neighbours are hashed once.
pub fn chain_digests<'a, S: AsRef<abi::Session> + 'a>(
    mode: EnableMode,
    entries: impl IntoIterator<Item = &'a ChainSession<S>>,
) -> impl Iterator<Item = ChainDigest> {
    let mut last: Option<(&abi::Session, Permissions)> = None;
    entries.into_iter().map(move |entry| {
        let session = entry.session.as_ref();
        let permissions = match last {
            Some((before, hashed)) if signs_alike(before, session) => hashed,
            _ => Permissions::hash(session, mode),
        };
        last = Some((session, permissions));
        ChainDigest { chain_id: entry.chain_id, session_digest: entry.digest_with(&permissions) }
    })
}

/// The hash that the owner signs for these chain digests, in this order: the EIP-712 hash of `MultiChainSession`.
///
/// ```
/// use session_types::abi::ChainDigest;
/// use session_types::{multi_chain_digest, personal_message_hash};
///
/// let digests = [ChainDigest { chain_id: 1, ..Default::default() }, ChainDigest { chain_id: 10, ..Default::default() }];
/// let hash = multi_chain_digest(digests);
/// assert_ne!(personal_message_hash(hash), hash);
/// ```
#[must_use]
pub fn multi_chain_digest(digests: impl IntoIterator<Item = ChainDigest>) -> B256 {
    let mut chains = Keccak256::new();
    for digest in digests {
        let mut words = [0; 96];
        words[..32].copy_from_slice(types::CHAIN.as_slice());
        words[56..64].copy_from_slice(&digest.chain_id.to_be_bytes());
        words[64..].copy_from_slice(digest.session_digest.as_slice());
        chains.update(keccak256(words));
    }
    let mut message = [0; 64];
    message[..32].copy_from_slice(types::MULTI_CHAIN.as_slice());
    message[32..].copy_from_slice(chains.finalize().as_slice());
    typed_data_hash(DOMAIN_SEPARATOR, keccak256(message))
}

/// `keccak256(0x1901 ++ domain separator ++ struct hash)` (EIP-712).
pub(crate) fn typed_data_hash(domain_separator: B256, struct_hash: B256) -> B256 {
    let mut message = [0; 66];
    message[..2].copy_from_slice(&[0x19, 0x01]);
    message[2..34].copy_from_slice(domain_separator.as_slice());
    message[34..].copy_from_slice(struct_hash.as_slice());
    keccak256(message)
}

/// The EIP-191 hash of a hash's 32 bytes: what a key signs for a personal message.
#[must_use]
pub fn personal_message_hash(hash: B256) -> B256 {
    let mut message = *b"\x19Ethereum Signed Message:\n32................................";
    message[28..].copy_from_slice(hash.as_slice());
    keccak256(message)
}

/// The parts of a session digest that are the same on all chains.
#[derive(Clone, Copy)]
struct Permissions {
    hash: B256,
    init_data_hash: B256,
}

impl Permissions {
    fn hash(session: &abi::Session, mode: EnableMode) -> Self {
        let SignedFlags {
            permit_generic_policy,
            permit_admin_access,
            ignore_security_attestations,
            permit_erc4337_paymaster,
        } = session.signed_flags(SmartSessionMode::from(mode));
        let mut words = [0; 256];
        words[..32].copy_from_slice(types::PERMISSIONS.as_slice());
        words[63] = u8::from(permit_generic_policy);
        words[95] = u8::from(permit_admin_access);
        words[127] = u8::from(ignore_security_attestations);
        words[159] = u8::from(permit_erc4337_paymaster);
        words[160..192].copy_from_slice(array(&session.user_op_policies, policy).as_slice());
        words[192..224].copy_from_slice(erc7739_data(&session.erc7739_policies).as_slice());
        words[224..].copy_from_slice(array(&session.actions, action).as_slice());
        Self { hash: keccak256(words), init_data_hash: content(&session.session_validator_init_data) }
    }
}

/// Whether two sessions differ at most in what [`Permissions`] leaves out.
fn signs_alike(a: &abi::Session, b: &abi::Session) -> bool {
    core::ptr::eq(a, b)
        || (a.permit_erc4337_paymaster == b.permit_erc4337_paymaster
            && a.session_validator_init_data == b.session_validator_init_data
            && a.user_op_policies == b.user_op_policies
            && a.erc7739_policies == b.erc7739_policies
            && a.actions == b.actions)
}

fn content(bytes: &[u8]) -> B256 {
    if bytes.is_empty() { alloy_primitives::KECCAK256_EMPTY } else { keccak256(bytes) }
}

fn array<T>(items: &[T], hash: impl Fn(&T) -> B256) -> B256 {
    if items.is_empty() {
        return alloy_primitives::KECCAK256_EMPTY;
    }
    let mut hasher = Keccak256::new();
    for item in items {
        hasher.update(hash(item));
    }
    hasher.finalize()
}

fn policy(policy: &abi::PolicyData) -> B256 {
    let mut words = [0; 96];
    words[..32].copy_from_slice(types::POLICY.as_slice());
    words[44..64].copy_from_slice(policy.policy.as_slice());
    words[64..].copy_from_slice(content(&policy.init_data).as_slice());
    keccak256(words)
}

fn action(action: &abi::ActionData) -> B256 {
    let mut words = [0; 128];
    words[..32].copy_from_slice(types::ACTION.as_slice());
    words[32..36].copy_from_slice(action.action_target_selector.as_slice());
    words[76..96].copy_from_slice(action.action_target.as_slice());
    words[96..].copy_from_slice(array(&action.action_policies, policy).as_slice());
    keccak256(words)
}

fn erc7739_data(data: &abi::Erc7739Data) -> B256 {
    let mut words = [0; 96];
    words[..32].copy_from_slice(types::DATA.as_slice());
    words[32..64].copy_from_slice(array(&data.allowed_erc7739_content, context).as_slice());
    words[64..].copy_from_slice(array(&data.erc1271_policies, policy).as_slice());
    keccak256(words)
}

fn context(context: &abi::Erc7739Context) -> B256 {
    let mut words = [0; 96];
    words[..32].copy_from_slice(types::CONTEXT.as_slice());
    words[32..64].copy_from_slice(context.app_domain_separator.as_slice());
    words[64..].copy_from_slice(array(&context.content_names, |name| content(name.as_bytes())).as_slice());
    keccak256(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_hashes_are_those_of_the_texts() {
        for (text, hash) in [
            (types::POLICY_TEXT, types::POLICY),
            (types::ACTION_TEXT, types::ACTION),
            (types::CONTEXT_TEXT, types::CONTEXT),
            (types::DATA_TEXT, types::DATA),
            (types::PERMISSIONS_TEXT, types::PERMISSIONS),
            (types::SESSION_TEXT, types::SESSION),
            (types::CHAIN_TEXT, types::CHAIN),
            (types::MULTI_CHAIN_TEXT, types::MULTI_CHAIN),
        ] {
            assert_eq!(keccak256(text), hash, "{text}");
        }
    }
}
