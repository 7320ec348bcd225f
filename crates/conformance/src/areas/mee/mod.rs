//! Exchanges with a MEE node, replayed: the same clock, salts and keys give the same requests, signatures and results.

mod arguments;
mod builders;
#[cfg(test)]
mod differences;
mod json;
mod plain;
mod replay;
mod steps;
mod tables;
#[cfg(test)]
mod tampering;
mod world;

use crate::Check;

pub(super) const CHECKS: &[Check] =
    &[Check { title: "exchange with a MEE node", schema: "mee-exchange/1", name: "", run: replay::run }];
