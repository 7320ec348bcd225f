//! The demo's command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use smart_sessions::session::Deployment;

use crate::attempt::Attempt;

/// The whole tutorial, live: an account installs the session module, grants sessions, a second process that holds only a
/// session key uses them, forbidden calls are refused by the chain, and a session is revoked.
///
/// Without options it starts a node and a bundler of its own. With --rpc-url and --bundler-url it runs on a chain that
/// exists and starts nothing.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask demo", max_term_width = 110, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
    /// An existing chain's JSON-RPC endpoint
    #[arg(long, value_name = "URL", requires = "bundler_url", requires = "owner_key_file")]
    pub(crate) rpc_url: Option<String>,
    /// A bundler for that chain
    #[arg(long, value_name = "URL", requires = "rpc_url")]
    pub(crate) bundler_url: Option<String>,
    /// Which of the two published generations of the session contracts to use
    #[arg(long, value_enum, default_value_t = Generation::Legacy)]
    pub(crate) generation: Generation,
    /// A file with the owner's private key as 0x text; its smart account pays for the operations
    #[arg(long, value_name = "F", requires = "rpc_url")]
    pub(crate) owner_key_file: Option<PathBuf>,
    /// Grant the limited sessions without one of their limits, to see its step fail
    #[arg(long, value_enum, value_name = "LIMIT")]
    pub(crate) without: Option<LimitName>,
    /// The other tutorial: sessions on two local chains by one signature, over a MEE node
    #[arg(long, conflicts_with_all = ["rpc_url", "without"])]
    pub(crate) mee: bool,
    /// One JSON document at the end instead of the live account
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Part {
    /// Make one call with a stored session; the session key is in the environment variable `SESSION_KEY`
    UseSession(Attempt),
}

/// The published generations of the session contracts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Generation {
    /// December 2024: what the first SDKs grant on
    Legacy,
    /// August 2025
    Current,
}

impl Generation {
    pub(crate) const fn deployment(self) -> Deployment {
        match self {
            Self::Legacy => Deployment::legacy(),
            Self::Current => Deployment::current(),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Current => "current",
        }
    }
}

/// The limits that the demo grants, and shows to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum LimitName {
    /// At most two uses
    Usage,
    /// Only within a window of time
    Time,
    /// Only numbers up to a bound
    Rule,
}
