use alloy_primitives::{Address, Selector};

use crate::{PolicyKind, SlotKind};

/// The mode byte is none of 0, 1, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown session mode {byte:#04x}, expected 0x00, 0x01 or 0x02")]
pub struct UnknownMode {
    /// The byte seen.
    pub byte: u8,
}

/// A list of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionList {
    /// `userOpPolicies`.
    UserOpPolicies,
    /// `actions`.
    Actions,
    /// The policies of the action at this place.
    ActionPolicies(usize),
    /// `erc7739Policies.erc1271Policies`.
    Erc1271Policies,
    /// `erc7739Policies.allowedERC7739Content`.
    Contexts,
    /// The contents of the context at this place.
    Contents(usize),
}

impl core::fmt::Display for SessionList {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UserOpPolicies => f.write_str("user operation policies"),
            Self::Actions => f.write_str("actions"),
            Self::ActionPolicies(index) => write!(f, "policies of action {index}"),
            Self::Erc1271Policies => f.write_str("ERC-1271 policies"),
            Self::Contexts => f.write_str("ERC-7739 contexts"),
            Self::Contents(index) => write!(f, "contents of context {index}"),
        }
    }
}

/// Why a session would be refused, or could never be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The module reverts with `InvalidISessionValidator`.
    #[error("session validator is the zero address")]
    ZeroValidator,
    /// Neither a call nor a signature would ever be permitted.
    #[error("session has no action and no ERC-7739 content, so it permits nothing")]
    PermitsNothing,
    /// The action is recorded but no call ever passes it.
    #[error("action {index} on {target} {selector} has no policy, expected at least one")]
    NoPolicies {
        /// The place of the action.
        index: usize,
        /// Its target.
        target: Address,
        /// Its selector.
        selector: Selector,
    },
    /// The module reverts with `InvalidActionId`.
    #[error("target of action {index} is the zero address")]
    ZeroTarget {
        /// The place of the action.
        index: usize,
    },
    /// The module reverts with `InvalidActionId`: calls of the module are for the admin fallback.
    #[error("target of action {index} is the session module {module}, expected the admin fallback for such calls")]
    ModuleTarget {
        /// The place of the action.
        index: usize,
        /// The module.
        module: Address,
    },
    /// The fallback target carries another selector than the two fallbacks': such a call is never permitted.
    #[error("action {index} has the fallback target with selector {selector}, expected 0x00000001 or 0x00000002")]
    UnreachableAction {
        /// The place of the action.
        index: usize,
        /// Its selector.
        selector: Selector,
    },
    /// Operations with a paymaster need a user operation policy: without one the module reverts with `NoPoliciesSet`.
    #[error("paymaster is permitted but there is no user operation policy, expected at least one")]
    PaymasterWithoutUserOpPolicy,
    /// ERC-1271 signatures need a policy: without one the module reverts with `NoPoliciesSet`.
    #[error("ERC-7739 contents are permitted but there is no ERC-1271 policy, expected at least one")]
    ContentWithoutErc1271Policy,
    /// The module reverts with `UnsupportedPolicy`.
    #[error("policy {index} of the {list} is the zero address")]
    ZeroPolicy {
        /// Where.
        list: SessionList,
        /// The place in it.
        index: usize,
    },
    /// The later configuration would silently replace the earlier one.
    #[error("policy {policy} stands twice in the {list}")]
    DuplicatePolicy {
        /// Where the second one stands.
        list: SessionList,
        /// The policy contract.
        policy: Address,
    },
    /// The module reverts with `UnsupportedPolicy`.
    #[error("{kind} policy {policy} does not work in the {slot} slot")]
    WrongSlot {
        /// Which policy it is in the deployment.
        kind: PolicyKind,
        /// The policy contract.
        policy: Address,
        /// The slot it was put in.
        slot: SlotKind,
    },
    /// The first deployment's sets are limited.
    #[error("{list}: {seen} entries, expected at most {limit}")]
    TooMany {
        /// Where.
        list: SessionList,
        /// The most that the module holds.
        limit: usize,
        /// How many there are.
        seen: usize,
    },
    /// A context without contents permits nothing.
    #[error("ERC-7739 context {index} has no content, expected at least one")]
    NoContents {
        /// The place of the context.
        index: usize,
    },
}
