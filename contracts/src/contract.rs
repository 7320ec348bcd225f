use std::sync::LazyLock;

use alloy_primitives::hex;

macro_rules! contracts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One of our contracts, compiled.
        ///
        /// None has constructor arguments or immutables, so the runtime code can be set at any address.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Contract {
            $($(#[$doc])* $name,)*
        }

        impl Contract {
            /// Every contract.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The contract's name in Solidity.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The code that stands at the contract's address once it is deployed.
            #[must_use]
            pub fn runtime_code(self) -> &'static [u8] {
                match self {
                    $(Self::$name => {
                        static CODE: LazyLock<Vec<u8>> =
                            LazyLock::new(|| decode(include_str!(concat!("../compiled/", stringify!($name), ".hex"))));
                        &CODE
                    })*
                }
            }
        }
    };
}

contracts! {
    /// Session module of the current generation.
    SmartSession,
    /// Session module of the first generation, which asks the registry.
    SmartSessionLegacy,
    /// Policy that passes everything; the same in both generations.
    Sudo,
    /// Policy of up to 16 rules; the same in both generations.
    UniversalAction,
    /// Policy of ERC-20 budgets, current generation.
    SpendingLimit,
    /// Policy of ERC-20 budgets, first generation.
    SpendingLimitLegacy,
    /// Policy of a validity window, current generation (12 bytes of init data).
    TimeFrame,
    /// Policy of a validity window, first generation (32 bytes of init data).
    TimeFrameLegacy,
    /// Policy of a number of uses.
    UsageLimit,
    /// Policy of a native value budget.
    ValueLimit,
    /// Policy of rules joined by a tree.
    ArgPolicy,
    /// Policy of allowed targets.
    ContractWhitelist,
    /// Policy of gas and cost budgets.
    SimpleGas,
    /// Owner-list validator of the current generation: sessions sign the raw hash.
    OwnableValidator,
    /// Owner-list validator of the first generation: sessions sign the personal message of the hash.
    OwnableValidatorLegacy,
    /// Session validator of one passkey; the same in both generations.
    WebAuthnValidator,
    /// Validator of one owner key, with safe senders and ERC-7739.
    K1Validator,
    /// Owner validator of supertransactions that are Merkle trees (suites 1.0.0 to 2.1.0).
    MeeValidator,
    /// Owner validator of supertransactions that are typed data (suites from 2.2.1 on).
    MeeValidatorTyped,
    /// ERC-7484 registry that attests everything.
    Registry,
    /// A number for each caller, with functions to increment, set, add to and pay into it.
    Counter,
    /// ERC-20 that mints to anyone.
    Token,
    /// Session validator without keys, for tests that are not about signatures.
    StandInValidator,
    /// Account without keys, for tests that are not about the owner's signature.
    StandInAccount,
    /// Shows what the session module reads out of compressed data.
    StandInDecompressor,
}

/// Empty for text that is not hex, which the test below rules out.
fn decode(text: &str) -> Vec<u8> {
    hex::decode(text.trim_end()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Contract;

    #[test]
    fn all_code_fits_a_public_chain() {
        const EIP_170_LIMIT: usize = 24_576;
        for contract in Contract::ALL {
            let size = contract.runtime_code().len();
            assert!(size > 0 && size <= EIP_170_LIMIT, "{}: {size} bytes", contract.name());
        }
    }
}
