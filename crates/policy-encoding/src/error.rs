use alloy_primitives::{Address, U256};
use session_types::{
    PolicyKind,
    abi::{self, ContractError as _},
};

use crate::{
    check::{Context, Revert},
    word::Malformed,
};

/// Init data that a policy's contract refuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The data is too short, or a value in it lies outside its type.
    #[error("init data of {length} bytes is too short or malformed")]
    Malformed {
        /// How long the data is.
        length: usize,
    },
    /// A limit of zero, which the contract takes for "not initialised".
    #[error("a limit of zero")]
    ZeroLimit,
    /// The window begins after it ends.
    #[error("valid after {valid_after} is later than valid until {valid_until}")]
    TimesReversed {
        /// The end.
        valid_until: u64,
        /// The start.
        valid_after: u64,
    },
    /// A time that does not fit in 48 bits (first revision, whose layout has room for it).
    #[error("time {} does not fit in 48 bits", alloy_primitives::U256::from(*seconds))]
    TimeRange {
        /// The time in seconds since 1970.
        seconds: u128,
    },
    /// A list whose stated length no memory holds.
    #[error("a list of {length} entries")]
    ListTooLong {
        /// The stated length.
        length: U256,
    },
    /// The zero address in the list of tokens.
    #[error("the zero address as token {index}")]
    ZeroToken {
        /// Its place in the list.
        index: usize,
    },
    /// A token with a limit of zero.
    #[error("a limit of zero for token {token}")]
    ZeroTokenLimit {
        /// The token.
        token: Address,
    },
    /// The list of limits is not as long as the list of tokens.
    #[error("{tokens} tokens with {limits} limits")]
    Lengths {
        /// How many tokens there are.
        tokens: usize,
        /// How many limits there are.
        limits: usize,
    },
    /// A limit is missing for a token (first generation, which allows spare limits).
    #[error("no limit for token {index}")]
    MissingLimit {
        /// The token's place in the list.
        index: usize,
    },
    /// A universal action policy states more rules than its layout holds.
    #[error("{count} rules stated, at most 16 fit")]
    RuleCount {
        /// The stated number.
        count: U256,
    },
    /// The whitelist is empty, or not a multiple of 20 bytes long.
    #[error("a list of addresses in {length} bytes, expected a multiple of 20 above zero")]
    ListLength {
        /// How long the data is.
        length: usize,
    },
    /// The zero address in the whitelist.
    #[error("the zero address in the list")]
    ZeroTarget,
    /// A tree of conditions that the contract refuses.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A kind of policy that this crate does not know.
    #[error("the {0} policy is not known")]
    UnknownKind(PolicyKind),
    /// A policy of the user's own refuses the data.
    #[error("{0}")]
    Custom(&'static str),
}

/// A tree of conditions that the argument policy refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// No node.
    #[error("the tree has no node")]
    Empty,
    /// The root is not one of the nodes.
    #[error("root {root} of {nodes} nodes")]
    Root {
        /// The stated root.
        root: u8,
        /// How many nodes there are.
        nodes: usize,
    },
    /// More than 128 rules.
    #[error("{rules} rules, at most 128 are allowed")]
    TooManyRules {
        /// How many rules there are.
        rules: usize,
    },
    /// More than 256 nodes, or exactly 256, which the contract's counter cannot hold.
    #[error("{nodes} nodes, at most 255 are allowed")]
    TooManyNodes {
        /// How many nodes there are.
        nodes: usize,
    },
    /// A node refers to a node that is not there.
    #[error("node {node} refers to node {child} of {nodes}")]
    Child {
        /// The node.
        node: usize,
        /// What it refers to.
        child: u8,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A node refers to a rule that is not there.
    #[error("node {node} refers to rule {rule} of {rules}")]
    RuleIndex {
        /// The node.
        node: usize,
        /// What it refers to.
        rule: u8,
        /// How many rules there are.
        rules: usize,
    },
}

impl DecodeError {
    pub(crate) const fn malformed(data: &[u8]) -> impl Fn(Malformed) -> Self + Copy {
        let length = data.len();
        move |_| Self::Malformed { length }
    }

    /// How the contract reverts when it is initialised with such data.
    #[must_use]
    pub const fn revert(&self, context: Context) -> Revert {
        match self {
            Self::Malformed { .. } | Self::UnknownKind(_) | Self::Custom(_) => Revert::NoData,
            Self::ZeroLimit | Self::TimesReversed { .. } | Self::TimeRange { .. } => Revert::NotInitialized(context),
            Self::ZeroToken { .. } => Revert::InvalidTokenAddress(Address::ZERO),
            Self::ZeroTokenLimit { .. } => Revert::InvalidLimit(U256::ZERO),
            Self::ListTooLong { .. } => Revert::Panic(0x41),
            Self::Lengths { .. } => Revert::Plain(abi::InvalidInitDataLength::SELECTOR),
            Self::MissingLimit { .. } | Self::RuleCount { .. } => Revert::INDEX,
            Self::ListLength { .. } | Self::ZeroTarget => Revert::Plain(abi::InvalidInitData::SELECTOR),
            Self::Tree(TreeError::Empty) => Revert::Plain(abi::EmptyExpressionTree::SELECTOR),
            Self::Tree(TreeError::Root { .. }) => Revert::Plain(abi::RootNodeIndexOutOfBounds::SELECTOR),
            Self::Tree(TreeError::TooManyRules { .. }) => Revert::Plain(abi::TooManyRules::SELECTOR),
            Self::Tree(TreeError::TooManyNodes { nodes: 256 }) => Revert::OVERFLOW,
            Self::Tree(TreeError::TooManyNodes { .. }) => Revert::Plain(abi::TooManyNodes::SELECTOR),
            Self::Tree(TreeError::Child { .. }) => Revert::Plain(abi::NodeChildIndexOutOfBounds::SELECTOR),
            Self::Tree(TreeError::RuleIndex { .. }) => Revert::Plain(abi::RuleIndexOutOfBounds::SELECTOR),
        }
    }
}

/// A policy that cannot be built: the contract would refuse it, or it would never permit anything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A universal action policy has 1 to 16 rules.
    #[error("{count} rules, expected 1 to 16")]
    RuleCount {
        /// How many rules were given.
        count: usize,
    },
    /// A limit of zero: the contract takes it for "not initialised".
    #[error("a limit of zero")]
    ZeroLimit,
    /// A window without any bound: the contract takes it for "not initialised".
    #[error("a window needs an end or a start")]
    NoBound,
    /// A time that does not fit in 48 bits.
    #[error("time {} does not fit in 48 bits", alloy_primitives::U256::from(*seconds))]
    Time {
        /// The time in seconds since 1970.
        seconds: u64,
    },
    /// What the contract refuses.
    #[error(transparent)]
    Refused(#[from] DecodeError),
}
