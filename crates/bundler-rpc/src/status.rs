//! Vendors' methods that tell early that an operation will not be mined.

use alloy_primitives::TxHash;
use serde_json::Value;

/// Where an operation is on its way, as far as a vendor's status method tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The bundler does not know the hash, or not yet.
    Unknown,
    /// Waiting in the bundler's mempool.
    Pending,
    /// In a bundle that was sent to the chain.
    Submitted {
        /// The bundle's transaction, where the bundler says it.
        transaction_hash: Option<TxHash>,
    },
    /// Mined, whatever its calls came to.
    Mined {
        /// The bundle's transaction, where the bundler says it.
        transaction_hash: Option<TxHash>,
    },
    /// The bundler has refused or dropped it.
    Dropped {
        /// The bundler's words.
        reason: String,
    },
}

/// A vendor's status method: its name, its parameters being `[hash]`, and how its answer reads.
///
/// The features `pimlico`, `rundler` and `biconomy` bring those vendors' methods as constants of this type.
#[derive(Clone, Copy, Debug)]
pub struct StatusMethod {
    pub(crate) method: &'static str,
    pub(crate) read: fn(&Value) -> Progress,
}

impl StatusMethod {
    /// A status method of another vendor.
    #[must_use]
    pub const fn new(method: &'static str, read: fn(&Value) -> Progress) -> Self {
        Self { method, read }
    }

    /// The method's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.method
    }

    /// Reads an answer of the method.
    #[must_use]
    pub fn read(&self, answer: &Value) -> Progress {
        (self.read)(answer)
    }
}

#[cfg(any(feature = "pimlico", feature = "rundler", feature = "biconomy"))]
pub(crate) fn hash_member(answer: &Value, name: &str) -> Option<TxHash> {
    answer.get(name)?.as_str()?.parse().ok()
}
