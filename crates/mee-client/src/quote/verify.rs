//! What a quote must say before it is signed.

mod checks;
mod operation;
mod payment;

use std::fmt::Display;
use std::sync::Arc;

use alloy_primitives::U256;

pub use checks::{Check, Checks};

use crate::hash::SuperTxTree;
use crate::wire::{Quote, QuoteRequest};

/// A quote that is not for what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {seen}, expected {expected}")]
#[non_exhaustive]
pub struct Mismatch {
    /// Which check refused.
    pub check: Check,
    /// The field, as a path into the quote's JSON.
    pub field: String,
    /// What it had to be.
    pub expected: String,
    /// What it is.
    pub seen: String,
}

/// A quote that passed its checks, together with the request that it answers.
#[derive(Clone, Debug)]
pub struct VerifiedQuote {
    quote: Quote,
    request: Arc<QuoteRequest>,
}

impl VerifiedQuote {
    /// The quote.
    #[must_use]
    pub const fn quote(&self) -> &Quote {
        &self.quote
    }

    /// What was asked.
    #[must_use]
    pub fn request(&self) -> &QuoteRequest {
        &self.request
    }

    pub(crate) fn map_quote<E>(self, change: impl FnOnce(Quote) -> Result<Quote, E>) -> Result<Self, E> {
        Ok(Self { quote: change(self.quote)?, request: self.request })
    }

    pub(crate) fn into_quote(self) -> Quote {
        self.quote
    }
}

/// Compares a quote with the request that it answers, and recomputes its hashes. `max_fee` is the most that may be
/// charged, in the fee token's smallest unit.
///
/// # Errors
/// The first field that differs, unless its check is left out of `checks`.
pub fn verify(
    request: Arc<QuoteRequest>,
    quote: Quote,
    checks: Checks,
    max_fee: Option<U256>,
) -> Result<VerifiedQuote, Mismatch> {
    let compare = Compare { checks };
    compare.equal(Check::Kind, "quoteType", &request.quote_type, &quote.quote_type)?;
    compare.equal(Check::Operations, "userOps.length", &(request.user_ops.len() + 1), &quote.user_ops.len())?;
    if let Some(payment) = quote.user_ops.first() {
        payment::check(compare, &request, &quote, payment, max_fee)?;
    }
    for (index, (asked, offered)) in request.user_ops.iter().zip(quote.user_ops.iter().skip(1)).enumerate() {
        operation::check(compare, index + 1, asked, offered, request.simulation.is_some())?;
    }
    for (index, offered) in quote.user_ops.iter().enumerate() {
        operation::check_hashes(compare, index, offered)?;
    }
    let leaves: Vec<_> = quote.user_ops.iter().map(crate::wire::QuotedUserOp::leaf).collect();
    let root = SuperTxTree::new(&leaves).map(|tree| tree.root()).unwrap_or_default();
    compare.equal(Check::Root, "hash", &root, &quote.hash)?;
    Ok(VerifiedQuote { quote, request })
}

#[derive(Clone, Copy)]
struct Compare {
    checks: Checks,
}

impl Compare {
    fn refuse(
        self,
        check: Check,
        field: impl Into<String>,
        expected: impl Into<String>,
        seen: impl Into<String>,
    ) -> Result<(), Mismatch> {
        if !self.checks.includes(check) {
            tracing::warn!(?check, "a check of the quote is switched off and would have refused");
            return Ok(());
        }
        Err(Mismatch { check, field: field.into(), expected: expected.into(), seen: seen.into() })
    }

    fn equal<T: PartialEq + Display>(
        self,
        check: Check,
        field: impl Into<String>,
        expected: &T,
        seen: &T,
    ) -> Result<(), Mismatch> {
        if expected == seen {
            return Ok(());
        }
        self.refuse(check, field, expected.to_string(), seen.to_string())
    }

    /// A node may know that an operation needs more gas: the fee has a cap of its own.
    fn at_least(self, check: Check, field: impl Into<String>, expected: &U256, seen: &U256) -> Result<(), Mismatch> {
        if seen >= expected {
            return Ok(());
        }
        self.refuse(check, field, format!("at least {expected}"), seen.to_string())
    }

    fn equal_option<T: PartialEq + Display>(
        self,
        check: Check,
        field: impl Into<String>,
        expected: Option<&T>,
        seen: Option<&T>,
    ) -> Result<(), Mismatch> {
        if expected == seen {
            return Ok(());
        }
        let text = |value: Option<&T>| value.map_or_else(|| "absent".to_owned(), ToString::to_string);
        self.refuse(check, field, text(expected), text(seen))
    }
}
