//! What a JSON-RPC error means to the sender of an operation.

use std::fmt;

use alloy_primitives::{Address, U256};
use serde_json::Value;

use super::Retry;
use crate::wire::quantity;

/// The meaning of a bundler's or paymaster's JSON-RPC error (ERC-7769), from its code, and from its text where one code
/// stands for several things.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// -32700: the server could not parse the request.
    Parse,
    /// -32600: not a JSON-RPC request.
    InvalidRequest,
    /// -32601: the server lacks the method.
    MethodNotFound,
    /// -32602: fields or parameters are missing or malformed.
    InvalidFields,
    /// The bundler has exactly this operation already: a success of an earlier submission.
    AlreadyKnown,
    /// Another operation with this sender and nonce is pending, and both fees must grow by at least 10 % to replace it.
    ReplacementUnderpriced {
        /// `maxFeePerGas` of the pending operation in wei, where the bundler says it.
        current_max_fee: Option<U256>,
        /// `maxPriorityFeePerGas` of the pending operation in wei, where the bundler says it.
        current_max_priority_fee: Option<U256>,
    },
    /// Another operation with this sender and nonce is being bundled right now.
    NonceInFlight,
    /// The sender, or its nonce key, has as many operations pending as the bundler allows.
    TooManyPending,
    /// The fees are below what the bundler asks for.
    FeeTooLow,
    /// -32603: an internal fault of the server.
    Internal,
    /// -32500: the entry point's validation refuses the operation; the `AA` code says why.
    RejectedByEntryPoint,
    /// -32501: the paymaster's validation refuses the operation.
    RejectedByPaymaster {
        /// The paymaster, where the bundler says it.
        paymaster: Option<Address>,
    },
    /// -32502: validation uses an opcode or storage that ERC-7562 forbids.
    ForbiddenOpcode,
    /// -32503: outside its time window, or too near its end.
    OutOfTimeRange {
        /// End of the window, Unix seconds; zero for none.
        valid_until: Option<U256>,
        /// Start of the window, Unix seconds.
        valid_after: Option<U256>,
        /// The paymaster when the window is the paymaster's.
        paymaster: Option<Address>,
    },
    /// -32504: an entity of the operation is throttled or banned.
    Throttled {
        /// The entity, where the bundler says it.
        entity: Option<Address>,
    },
    /// -32505: an entity's stake or unstake delay is too low.
    StakeTooLow {
        /// The entity, where the bundler says it.
        entity: Option<Address>,
        /// The stake asked for, in wei.
        minimum_stake: Option<U256>,
        /// The unstake delay asked for, in seconds.
        minimum_unstake_delay: Option<U256>,
    },
    /// -32506: the account's signature aggregator is not served.
    UnsupportedAggregator {
        /// The aggregator, where the bundler says it.
        aggregator: Option<Address>,
    },
    /// -32507: the signature check of account or paymaster failed.
    SignatureCheckFailed,
    /// -32508: the paymaster's deposit does not cover its pending operations.
    PaymasterDepositTooLow,
    /// -32521: the account's execution reverts.
    ExecutionReverted,
    /// -32005, -32007, 429 and their kin: too many requests.
    RateLimited,
    /// -32094: the status method does not know the hash (yet).
    UnknownHash,
    /// 4001: a wallet's user said no.
    UserRejected,
    /// -32000 to -32099: the bundler's own checks.
    Precheck,
    /// Any other code.
    Other,
}

impl ErrorKind {
    pub(super) fn classify(code: i64, message: &str, data: Option<&Value>) -> Self {
        let says = |words: &str| message.to_ascii_lowercase().contains(words);
        let address = |name: &str| -> Option<Address> { data?.get(name)?.as_str()?.parse().ok() };
        let number = |name: &str| -> Option<U256> { quantity::from_value(data?.get(name)?) };
        let entity = || ["paymaster", "entity", "factory", "sender", "address"].into_iter().find_map(address);

        // Texts first where one code carries several meanings.
        if matches!(code, -32602 | -32500 | -32505 | -32000) {
            if says("already known") {
                return Self::AlreadyKnown;
            }
            if says("replacement underpriced") || says("bump the gas price") {
                return Self::ReplacementUnderpriced {
                    current_max_fee: number("currentMaxFee"),
                    current_max_priority_fee: number("currentMaxPriorityFee"),
                };
            }
            if says("is already being processed") || says("inflight eip-7702") {
                return Self::NonceInFlight;
            }
            if says("maximum number of") || says("max operations") {
                return Self::TooManyPending;
            }
            if says("maxfeepergas must be at least") || says("maxpriorityfeepergas must be at least") {
                return Self::FeeTooLow;
            }
        }
        match code {
            -32700 => Self::Parse,
            -32600 => Self::InvalidRequest,
            -32601 => Self::MethodNotFound,
            -32602 => Self::InvalidFields,
            -32603 => Self::Internal,
            -32500 => Self::RejectedByEntryPoint,
            -32501 => Self::RejectedByPaymaster { paymaster: address("paymaster") },
            -32502 => Self::ForbiddenOpcode,
            -32503 => Self::OutOfTimeRange {
                valid_until: number("validUntil"),
                valid_after: number("validAfter"),
                paymaster: address("paymaster"),
            },
            -32504 => Self::Throttled { entity: entity() },
            -32505 => Self::StakeTooLow {
                entity: entity(),
                minimum_stake: number("minimumStake"),
                minimum_unstake_delay: number("minimumUnstakeDelay"),
            },
            -32506 => Self::UnsupportedAggregator { aggregator: address("aggregator") },
            -32507 => Self::SignatureCheckFailed,
            -32508 => Self::PaymasterDepositTooLow,
            -32521 => Self::ExecutionReverted,
            -32005 | -32007 | -32016 | -32055 | 429 | 1008 => Self::RateLimited,
            -32094 => Self::UnknownHash,
            4001 => Self::UserRejected,
            -32099..=-32000 if says("rate limit") || says("too many requests") => Self::RateLimited,
            -32099..=-32000 => Self::Precheck,
            _ => Self::Other,
        }
    }

    /// Whether trying again can help; an `AA` code, where there is one, knows better.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Internal | Self::RateLimited | Self::UnknownHash => Retry::Same,
            Self::TooManyPending
            | Self::NonceInFlight
            | Self::OutOfTimeRange { .. }
            | Self::Throttled { .. }
            | Self::PaymasterDepositTooLow => Retry::Later,
            Self::InvalidFields
            | Self::ReplacementUnderpriced { .. }
            | Self::FeeTooLow
            | Self::RejectedByEntryPoint
            | Self::RejectedByPaymaster { .. }
            | Self::ForbiddenOpcode
            | Self::StakeTooLow { .. }
            | Self::UnsupportedAggregator { .. }
            | Self::SignatureCheckFailed
            | Self::ExecutionReverted
            | Self::Precheck => Retry::Changed,
            Self::Parse
            | Self::InvalidRequest
            | Self::MethodNotFound
            | Self::AlreadyKnown
            | Self::UserRejected
            | Self::Other => Retry::Never,
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Parse | Self::InvalidRequest => "the server does not understand JSON-RPC as sent: check its address",
            Self::MethodNotFound => "this endpoint does not serve the method: use another one",
            Self::InvalidFields => "correct the fields the message names",
            Self::AlreadyKnown => "nothing: wait for the receipt",
            Self::ReplacementUnderpriced { .. } => {
                "raise both fees by at least 10 %, refresh the paymaster data, sign again and watch both hashes"
            }
            Self::NonceInFlight => "wait for the pending operation, or use another nonce key",
            Self::TooManyPending => "wait until pending operations are mined",
            Self::FeeTooLow => "take the fees from the bundler's price method",
            Self::Internal => "try again in a moment",
            Self::RejectedByEntryPoint => "see the message: the operation does not pass validation",
            Self::RejectedByPaymaster { .. } => "fetch new paymaster data, or use another paymaster",
            Self::ForbiddenOpcode => "the account or a module breaks ERC-7562: change it or use another bundler",
            Self::OutOfTimeRange { .. } => "wait for the start of the window, or renew it",
            Self::Throttled { .. } => "wait, or use another paymaster or factory",
            Self::StakeTooLow { .. } => "use an entity with more stake, or send fewer operations at a time",
            Self::UnsupportedAggregator { .. } => "use a bundler that serves the aggregator",
            Self::SignatureCheckFailed => "sign again; with a session: wrong key, wrong mode, or a policy that says no",
            Self::PaymasterDepositTooLow => "wait until its pending operations are mined, or use another paymaster",
            Self::ExecutionReverted => "decode the revert data: the calls themselves fail",
            Self::RateLimited => "slow down",
            Self::UnknownHash => "keep waiting while the operation is fresh",
            Self::UserRejected => "ask the user",
            Self::Precheck => "correct what the message names",
            Self::Other => "see the message",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parse => "parse error",
            Self::InvalidRequest => "invalid request",
            Self::MethodNotFound => "no such method",
            Self::InvalidFields => "invalid fields",
            Self::AlreadyKnown => "operation already known",
            Self::ReplacementUnderpriced { .. } => "replacement underpriced",
            Self::NonceInFlight => "nonce in flight",
            Self::TooManyPending => "too many pending operations",
            Self::FeeTooLow => "fee too low",
            Self::Internal => "internal error of the server",
            Self::RejectedByEntryPoint => "rejected by the entry point",
            Self::RejectedByPaymaster { .. } => "rejected by the paymaster",
            Self::ForbiddenOpcode => "forbidden opcode or storage",
            Self::OutOfTimeRange { .. } => "out of time range",
            Self::Throttled { .. } => "entity throttled or banned",
            Self::StakeTooLow { .. } => "stake too low",
            Self::UnsupportedAggregator { .. } => "unsupported aggregator",
            Self::SignatureCheckFailed => "signature check failed",
            Self::PaymasterDepositTooLow => "paymaster deposit too low",
            Self::ExecutionReverted => "execution reverted",
            Self::RateLimited => "rate limited",
            Self::UnknownHash => "operation hash not known",
            Self::UserRejected => "rejected by the user",
            Self::Precheck => "refused by the bundler's checks",
            Self::Other => "error",
        })
    }
}

/// The name of viem's error class for a JSON-RPC error code, when no `AA` code is found.
pub(super) const fn reference_name(code: i64) -> &'static str {
    match code {
        -32500 => "UserOperationRejectedByEntryPointError",
        -32501 => "UserOperationRejectedByPaymasterError",
        -32502 => "UserOperationRejectedByOpCodeError",
        -32503 => "UserOperationOutOfTimeRangeError",
        -32504 => "PaymasterRateLimitError",
        -32505 => "PaymasterStakeTooLowError",
        -32506 => "UnsupportedSignatureAggregatorError",
        -32507 => "SignatureCheckFailedError",
        -32508 => "PaymasterDepositTooLowError",
        -32521 => "ExecutionRevertedError",
        -32602 => "InvalidFieldsError",
        _ => "UnknownBundlerError",
    }
}
