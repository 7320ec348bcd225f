/// One thing that is checked before a quote is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The quote is of the kind that was asked for.
    Kind,
    /// After the payment come our operations, in our order: chain, sender, nonce, call data, init code, delegation,
    /// encoding.
    Operations,
    /// Each operation runs within our time window, the payment within the widest of them.
    Windows,
    /// Gas limits are not below those that we set. Not looked at when the node was asked to simulate, which finds new
    /// ones.
    GasLimits,
    /// Each operation's hash is that of entry point 0.7.
    UserOpHashes,
    /// Each leaf with bounds is that of the operation and its window.
    MeeUserOpHashes,
    /// The quote's hash is the root over all leaves.
    Root,
    /// The payment is made by the account, on the chain and with the token that was asked for.
    Payment,
    /// The fee is within the caller's cap.
    Fee,
    /// The payment's call moves the fee once, and nothing else.
    PaymentCall,
    /// Words for explorers are ours.
    Metadata,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 11] = [
        Self::Kind,
        Self::Operations,
        Self::Windows,
        Self::GasLimits,
        Self::UserOpHashes,
        Self::MeeUserOpHashes,
        Self::Root,
        Self::Payment,
        Self::Fee,
        Self::PaymentCall,
        Self::Metadata,
    ];

    const fn bit(self) -> u16 {
        match self {
            Self::Kind => 1 << 0,
            Self::Operations => 1 << 1,
            Self::Windows => 1 << 2,
            Self::GasLimits => 1 << 3,
            Self::UserOpHashes => 1 << 4,
            Self::MeeUserOpHashes => 1 << 5,
            Self::Root => 1 << 6,
            Self::Payment => 1 << 7,
            Self::Fee => 1 << 8,
            Self::PaymentCall => 1 << 9,
            Self::Metadata => 1 << 10,
        }
    }
}

/// Which checks are made: all of them, unless one is left out by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks(u16);

impl Default for Checks {
    fn default() -> Self {
        Self::all()
    }
}

impl Checks {
    /// Every check.
    #[must_use]
    pub const fn all() -> Self {
        Self(u16::MAX)
    }

    /// Leaves one check out.
    #[must_use]
    pub const fn without(self, check: Check) -> Self {
        Self(self.0 & !check.bit())
    }

    /// Whether a check is made.
    #[must_use]
    pub const fn includes(self, check: Check) -> bool {
        self.0 & check.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_is_left_out_alone() {
        for left_out in Check::ALL {
            let checks = Checks::all().without(left_out);
            for check in Check::ALL {
                assert_eq!(checks.includes(check), check != left_out);
            }
        }
    }
}
