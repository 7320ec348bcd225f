//! The checks, by the crate that they are about.

mod account;
mod bundler;
mod contract;
mod mee;
mod policy;
mod session;
mod userop;

use crate::Check;

/// Every check there is.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [session::CHECKS, policy::CHECKS, userop::CHECKS, account::CHECKS, bundler::CHECKS, mee::CHECKS, contract::CHECKS]
        .into_iter()
        .flatten()
}
