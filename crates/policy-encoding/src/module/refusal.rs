use alloc::{boxed::Box, vec::Vec};

use alloy_primitives::{Address, B256, FixedBytes, Selector};
use session_types::{
    Generation, PermissionId, PolicyKind,
    abi::{self, ContractError as _},
};

use crate::check::{Refusal, Revert, Window};

/// What was asked about when a policy refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The user operation as a whole.
    UserOp,
    /// One of its calls.
    Call {
        /// The call's place in the batch; 0 for a single call.
        index: usize,
        /// The contract that is called.
        target: Address,
        /// The selector under which the action is looked up.
        selector: Selector,
    },
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UserOp => f.write_str("the operation"),
            Self::Call { index, target, selector } => write!(f, "call {index} to {target} {selector}"),
        }
    }
}

/// A policy that refuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{place}: {} policy {policy}: {reason}", name(kind))]
pub struct PolicyRefusal {
    /// The permission.
    pub permission: PermissionId,
    /// The policy's contract.
    pub policy: Address,
    /// What kind of policy it is; `None` for one of the user's own.
    pub kind: Option<PolicyKind>,
    /// What was asked about.
    pub place: Place,
    /// Why it refuses: the rule, what it expects, what it saw.
    pub reason: Refusal,
}

fn name(kind: &Option<PolicyKind>) -> impl core::fmt::Display + use<> {
    struct Name(Option<PolicyKind>);
    impl core::fmt::Display for Name {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            match self.0 {
                Some(kind) => kind.fmt(f),
                None => f.write_str("custom"),
            }
        }
    }
    Name(*kind)
}

/// Why the session module refuses an operation, a session or a management call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SessionRefusal {
    /// `InvalidUserOpSender(address)`: the operation is another account's.
    #[error("the operation's sender is {sender}, expected the account {account}")]
    Sender {
        /// The operation's sender.
        sender: Address,
        /// The account that asks.
        account: Address,
    },
    /// `InvalidPermissionId(bytes32)`: the permission is not enabled.
    #[error("permission {0} is not enabled")]
    UnknownPermission(PermissionId),
    /// `NoPoliciesSet(bytes32)`: nothing in the session permits the call, or the paymaster needs a user operation
    /// policy.
    #[error("{place}: the session has no policy for it")]
    NotCovered {
        /// The permission.
        permission: PermissionId,
        /// What is not covered.
        place: Place,
    },
    /// `PolicyViolation(bytes32,address)` or `PolicyCheckReverted(bytes32)`.
    #[error(transparent)]
    Policy(Box<PolicyRefusal>),
    /// `PaymasterValidationNotEnabled(bytes32)`.
    #[error("the session does not permit a paymaster")]
    Paymaster(PermissionId),
    /// `UnsupportedExecutionType()`: try mode or `executeUserOp`; call types, too, in the first generation.
    #[error("only plain execution is supported")]
    ExecutionType,
    /// `UnsupportedCallType(bytes1)`: neither a single call nor a batch.
    #[error("call type {0} is not supported, expected a single call or a batch")]
    CallType(FixedBytes<1>),
    /// `InvalidSelfCall()`: `execute` on the account itself.
    #[error("call {index} makes the account execute calls of its own")]
    SelfCall {
        /// The call's place in the batch.
        index: usize,
    },
    /// `InvalidTarget()`: a call to the address that stands for the fallback actions.
    #[error("call {index} goes to the address that stands for the fallback actions")]
    FallbackTarget {
        /// The call's place in the batch.
        index: usize,
    },
    /// `NoExecutionsInBatch()`.
    #[error("the batch is empty")]
    EmptyBatch,
    /// `DecodingError()`: a batch that cannot be decoded.
    #[error("the batch is malformed")]
    MalformedBatch,
    /// A revert without data: call data or a signature that is too short or malformed.
    #[error("data that is too short or malformed")]
    NoData,
    /// `InvalidData()`: no session to enable.
    #[error("no session to enable")]
    NoSessions,
    /// `InvalidActionId()`: an action on the zero address or on the session module.
    #[error("an action on {0}")]
    ActionTarget(Address),
    /// `UnsupportedPolicy(address)`: the policy's contract does not work in this slot, or there is none.
    #[error("policy {0} does not work in this slot")]
    UnsupportedPolicy(Address),
    /// The policy's contract refuses its init data.
    #[error("policy {policy} refuses its init data: {revert}")]
    Initialisation {
        /// The policy's contract.
        policy: Address,
        /// How it reverts.
        revert: Box<Revert>,
    },
    /// `InvalidISessionValidator(address)`.
    #[error("{0} is not a session validator")]
    Validator(Address),
    /// `Panic(uint256)`.
    #[error("panic {0:#04x}")]
    Panic(u8),
    /// `ChainIdMismatch(uint64)`: the digest named by the index is for another chain.
    #[error("the enable data names chain {seen}, expected {expected}")]
    Chain {
        /// The chain of the operation.
        expected: u64,
        /// The chain in the enable data.
        seen: u64,
    },
    /// `HashMismatch(bytes32,bytes32)`: the digest in the enable data is not the session's.
    #[error("the enable data holds digest {provided}, the session's is {computed}")]
    Digest {
        /// The digest in the enable data.
        provided: B256,
        /// The session's digest.
        computed: B256,
    },
    /// `InvalidEnableSignature(address,bytes32)`: the account does not accept the owner's signature.
    #[error("account {account} does not accept the owner's signature of {hash}")]
    EnableSignature {
        /// The account.
        account: Address,
        /// The hash that had to be signed.
        hash: B256,
    },
    /// Not a revert of the module: an EntryPoint refuses the operation at this time.
    #[error("valid from {} to {}, asked for {now}", window.valid_after, window.valid_until)]
    OutsideWindow {
        /// When the operation is valid.
        window: Window,
        /// The moment asked about.
        now: u64,
    },
}

impl SessionRefusal {
    /// A name for programs, which stays: `not-covered`. What a policy says is named by
    /// [`Refusal::code`](crate::check::Refusal::code).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Sender { .. } => "sender",
            Self::UnknownPermission(_) => "unknown-permission",
            Self::NotCovered { .. } => "not-covered",
            Self::Policy(_) => "policy",
            Self::Paymaster(_) => "paymaster",
            Self::ExecutionType => "execution-type",
            Self::CallType(_) => "call-type",
            Self::SelfCall { .. } => "self-call",
            Self::FallbackTarget { .. } => "fallback-target",
            Self::EmptyBatch => "empty-batch",
            Self::MalformedBatch => "malformed-batch",
            Self::NoData => "no-data",
            Self::NoSessions => "no-sessions",
            Self::ActionTarget(_) => "action-target",
            Self::UnsupportedPolicy(_) => "unsupported-policy",
            Self::Initialisation { .. } => "initialisation",
            Self::Validator(_) => "validator",
            Self::Panic(_) => "panic",
            Self::Chain { .. } => "chain",
            Self::Digest { .. } => "digest",
            Self::EnableSignature { .. } => "enable-signature",
            Self::OutsideWindow { .. } => "outside-window",
        }
    }
}

impl From<PolicyRefusal> for SessionRefusal {
    fn from(refusal: PolicyRefusal) -> Self {
        Self::Policy(Box::new(refusal))
    }
}

impl SessionRefusal {
    /// How a module of this generation reverts: the data, empty for a revert without data. `None` when the module
    /// does not revert.
    #[must_use]
    pub fn revert_data(&self, generation: Generation) -> Option<Vec<u8>> {
        let with = |selector: Selector, words: &[B256]| {
            let mut data = selector.to_vec();
            words.iter().for_each(|word| data.extend_from_slice(word.as_slice()));
            data
        };
        Some(match self {
            Self::Sender { sender, .. } => with(abi::InvalidUserOpSender::SELECTOR, &[sender.into_word()]),
            Self::UnknownPermission(id) => with(abi::InvalidPermissionId::SELECTOR, &[id.0]),
            Self::NotCovered { permission, .. } => with(abi::NoPoliciesSet::SELECTOR, &[permission.0]),
            Self::Policy(refusal) => match refusal.reason.revert() {
                Some(revert) => with(abi::PolicyCheckReverted::SELECTOR, &[revert.first_word()]),
                None => with(abi::PolicyViolation::SELECTOR, &[refusal.permission.0, refusal.policy.into_word()]),
            },
            Self::Paymaster(id) => with(abi::PaymasterValidationNotEnabled::SELECTOR, &[id.0]),
            Self::CallType(_) if generation == Generation::Legacy => with(abi::UnsupportedExecutionType::SELECTOR, &[]),
            Self::CallType(kind) => {
                with(abi::UnsupportedCallType::SELECTOR, &[B256::right_padding_from(kind.as_slice())])
            }
            Self::ExecutionType => with(abi::UnsupportedExecutionType::SELECTOR, &[]),
            Self::SelfCall { .. } => with(abi::InvalidSelfCall::SELECTOR, &[]),
            Self::FallbackTarget { .. } => with(abi::InvalidTarget::SELECTOR, &[]),
            Self::EmptyBatch => with(abi::NoExecutionsInBatch::SELECTOR, &[]),
            Self::MalformedBatch => with(abi::DecodingError::SELECTOR, &[]),
            Self::NoData => Vec::new(),
            Self::NoSessions => with(abi::InvalidData::SELECTOR, &[]),
            Self::ActionTarget(_) => with(abi::InvalidActionId::SELECTOR, &[]),
            Self::UnsupportedPolicy(policy) => with(abi::UnsupportedPolicy::SELECTOR, &[policy.into_word()]),
            Self::Initialisation { revert, .. } => revert.data(),
            Self::Validator(validator) => with(abi::InvalidISessionValidator::SELECTOR, &[validator.into_word()]),
            Self::Panic(code) => with(crate::check::PANIC, &[B256::with_last_byte(*code)]),
            Self::Chain { seen, .. } => with(abi::ChainIdMismatch::SELECTOR, &[word(*seen)]),
            Self::Digest { provided, computed } => with(abi::HashMismatch::SELECTOR, &[*provided, *computed]),
            Self::EnableSignature { account, hash } => {
                with(abi::InvalidEnableSignature::SELECTOR, &[account.into_word(), *hash])
            }
            Self::OutsideWindow { .. } => return None,
        })
    }

    /// The policy that refuses, when one does.
    #[must_use]
    pub fn policy(&self) -> Option<&PolicyRefusal> {
        match self {
            Self::Policy(refusal) => Some(refusal),
            _ => None,
        }
    }
}

fn word(number: u64) -> B256 {
    B256::left_padding_from(&number.to_be_bytes())
}
