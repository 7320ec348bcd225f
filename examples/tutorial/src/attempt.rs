//! One use of a session by another process: what it is asked to do, and what it answers.

use alloy_primitives::{Address, B256, Bytes, U256};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::arguments::Generation;

/// What the user's process is asked to do.
#[derive(Args, Clone, Debug)]
pub(crate) struct Attempt {
    /// The stored session
    #[arg(long, value_name = "FILE")]
    pub(crate) session: std::path::PathBuf,
    #[arg(long, value_name = "URL")]
    pub(crate) rpc_url: String,
    #[arg(long, value_name = "URL")]
    pub(crate) bundler_url: String,
    #[arg(long, value_enum)]
    pub(crate) generation: Generation,
    /// The contract to call
    #[arg(long)]
    pub(crate) target: Address,
    /// What to call it with
    #[arg(long)]
    pub(crate) data: Bytes,
    /// Who checks the call first
    #[arg(long, value_enum, default_value_t = Check::LocalAndChain)]
    pub(crate) check: Check,
}

/// Who decides whether a call is permitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Check {
    /// The library's evaluation, before anything is sent; then the chain
    LocalAndChain,
    /// The chain alone
    ChainOnly,
}

impl Check {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LocalAndChain => "local-and-chain",
            Self::ChainOnly => "chain-only",
        }
    }
}

/// What the user's process answers, as one line of JSON on its standard output.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum Answer {
    /// The call was made.
    Mined { operation: B256, gas_used: U256 },
    /// The library's evaluation said no: nothing was sent.
    NotPermitted { text: String },
    /// The chain said no.
    Refused { limit: Option<String>, text: String },
    /// Something else went wrong.
    Failed { text: String },
}

impl Answer {
    /// What happened, when it is not what was wanted.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Mined { operation, .. } => format!("the call was made by operation {operation}"),
            Self::NotPermitted { text } => format!("not permitted by our own check: {text}"),
            Self::Refused { limit: Some(limit), text } => format!("refused by the chain, stopped by {limit}: {text}"),
            Self::Refused { limit: None, text } => format!("refused by the chain: {text}"),
            Self::Failed { text } => text.clone(),
        }
    }
}
