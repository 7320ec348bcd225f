use serde::{Deserialize, Serialize};

use crate::Fees;

/// Fees in three speeds, as `pimlico_getUserOperationGasPrice` and `biconomy_getGasFeeValues` answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasPrices {
    /// For those who can wait.
    pub slow: Fees,
    /// The usual.
    pub standard: Fees,
    /// For the next block.
    pub fast: Fees,
}

/// One of three speeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Speed {
    /// For those who can wait.
    Slow,
    /// The usual.
    Standard,
    /// For the next block: what the reference library takes.
    #[default]
    Fast,
}

impl GasPrices {
    /// The fees of one speed.
    #[must_use]
    pub const fn at(&self, speed: Speed) -> Fees {
        match speed {
            Speed::Slow => self.slow,
            Speed::Standard => self.standard,
            Speed::Fast => self.fast,
        }
    }
}
