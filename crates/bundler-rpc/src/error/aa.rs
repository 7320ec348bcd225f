//! The `AAnn` codes by which the entry point names the rule an operation broke.

use std::fmt;

use super::Retry;

macro_rules! aa_codes {
    ($($number:literal $variant:ident $text:literal, $reference:expr, $retry:ident, $remedy:literal;)*) => {
        /// A code of the entry point's `FailedOp` error, e.g. `AA25` for a wrong nonce.
        ///
        /// The first digit says whose fault it is: 1 deployment, 2 account, 3 paymaster, 4 and 5 gas and settlement,
        /// 9 the bundler or the packing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum AaCode {
            $(#[doc = concat!("`AA", $number, " ", $text, "`")] $variant,)*
            /// A code that this version does not know: its two digits.
            Other(u8),
        }

        impl AaCode {
            /// Every known code, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code with these two digits.
            #[must_use]
            pub const fn from_number(number: u8) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    other => Self::Other(other),
                }
            }

            /// The two digits, e.g. 25.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)*
                    Self::Other(number) => number,
                }
            }

            /// What the entry point writes behind the code; empty for an unknown one.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(_) => "",
                }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)*
                    Self::Other(_) => "look the code up in the entry point's source",
                }
            }

            /// The name of viem's error class, where viem has one for this code.
            #[must_use]
            pub const fn reference_name(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $reference,)*
                    Self::Other(_) => None,
                }
            }

            /// Whether trying again can help.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self {
                    $(Self::$variant => Retry::$retry,)*
                    Self::Other(_) => Retry::Never,
                }
            }
        }
    };
}

aa_codes! {
    10 SenderAlreadyConstructed "sender already constructed", Some("SenderAlreadyConstructedError"), Changed,
        "leave the factory out: the account exists";
    13 InitCodeFailed "initCode failed or OOG", Some("InitCodeFailedError"), Changed,
        "check the factory data, or allow more verification gas";
    14 InitCodeMustReturnSender "initCode must return sender", Some("InitCodeMustReturnSenderError"), Changed,
        "the factory computes another address for this owner and salt: correct the sender";
    15 InitCodeMustCreateSender "initCode must create sender", Some("InitCodeMustCreateSenderError"), Changed,
        "the factory deployed nothing: correct the factory or its data";
    20 AccountNotDeployed "account not deployed", Some("AccountNotDeployedError"), Changed,
        "add the factory and its data to the first operation";
    21 InsufficientPrefund "didn't pay prefund", Some("InsufficientPrefundError"), Changed,
        "fund the account or its deposit, or use a paymaster";
    22 ExpiredOrNotDue "expired or not due", Some("UserOperationExpiredError"), Later,
        "outside the time window of the session or the validator: wait for its start, or renew it";
    23 ValidationReverted "reverted", Some("SmartAccountFunctionRevertedError"), Changed,
        "the account's validation reverted: decode the revert data (session policies and modules report here)";
    24 SignatureError "signature error", Some("UserOperationSignatureError"), Changed,
        "sign again: wrong key, wrong signing form, or a field changed after signing";
    25 InvalidNonce "invalid account nonce", Some("InvalidAccountNonceError"), Changed,
        "read the nonce again; it may also say that this operation, or its replacement, was mined";
    26 OverVerificationGasLimit "over verificationGasLimit", None, Changed,
        "estimate again with a signature of the final length, or allow more verification gas";
    27 OutsideBlockRange "outside valid block range", None, Later,
        "outside the block window of the validator: wait for its first block, or renew it";
    30 PaymasterNotDeployed "paymaster not deployed", Some("PaymasterNotDeployedError"), Changed,
        "use a paymaster that exists on this chain";
    31 PaymasterDepositTooLow "paymaster deposit too low", Some("PaymasterDepositTooLowError"), Changed,
        "use another paymaster, or let its owner add to the deposit";
    32 PaymasterExpiredOrNotDue "paymaster expired or not due", Some("UserOperationPaymasterExpiredError"), Changed,
        "fetch the paymaster data again and sign again";
    33 PaymasterReverted "reverted", Some("PaymasterFunctionRevertedError"), Changed,
        "the paymaster's validation reverted: decode the revert data, fetch its data again";
    34 PaymasterSignatureError "signature error", Some("UserOperationPaymasterSignatureError"), Changed,
        "the paymaster signed other fields: fetch its data after the gas limits are final, then sign";
    36 OverPaymasterVerificationGasLimit "over paymasterVerificationGasLimit", None, Changed,
        "allow the paymaster more verification gas";
    37 PaymasterOutsideBlockRange "paymaster inval block range", None, Changed,
        "fetch the paymaster data again and sign again";
    40 VerificationGasLimitExceeded "over verificationGasLimit", Some("VerificationGasLimitExceededError"), Changed,
        "allow more verification gas";
    41 VerificationGasLimitTooLow "too little verificationGas", Some("VerificationGasLimitTooLowError"), Changed,
        "allow more verification gas";
    50 PostOpReverted "postOp reverted", Some("PaymasterPostOpFunctionRevertedError"), Changed,
        "the paymaster could not settle: check allowance and balance of its token";
    51 PrefundBelowActualGasCost "prefund below actualGasCost", None, Changed,
        "raise the gas limits or the fees";
    90 InvalidBeneficiary "invalid beneficiary", Some("InvalidBeneficiaryError"), Never,
        "a fault of the bundler: use another one";
    91 FailedSendToBeneficiary "failed send to beneficiary", Some("FailedToSendToBeneficiaryError"), Never,
        "a fault of the bundler: use another one";
    92 InternalCallOnly "internal call only", Some("InternalCallOnlyError"), Never,
        "a fault of the bundler: use another one";
    93 InvalidPaymasterAndData "invalid paymasterAndData", Some("InvalidPaymasterAndDataError"), Changed,
        "the packed paymaster field is too short: set all four paymaster fields";
    94 GasValuesOverflow "gas values overflow", Some("GasValuesOverflowError"), Changed,
        "every gas limit and fee must fit 120 bits";
    95 OutOfGas "out of gas", Some("HandleOpsOutOfGasError"), Later,
        "the bundle had too little gas, a fault of the bundler: lower the call gas limit or use another bundler";
    96 InvalidAggregator "invalid aggregator", Some("InvalidAggregatorError"), Changed,
        "the account names an aggregator that the bundler does not serve";
    97 CallerNotEntryPoint "should call from EntryPoint", None, Never,
        "the bundler calls a function that only the entry point may call: use another one";
    98 InvalidPaymaster "invalid paymaster", None, Changed,
        "the packed paymaster field names the zero address: leave the paymaster out or set it";
    99 InitCodeTooSmall "initCode too small", None, Changed,
        "the packed init code is shorter than an address: send the factory as 20 bytes";
}

impl AaCode {
    /// Finds the code that an error message reports.
    ///
    /// A code counts only as a word of its own at the start of the message or right behind `reason:`, so that revert
    /// texts and calldata that happen to contain the letters are not mistaken for one.
    ///
    /// ```
    /// use bundler_rpc::AaCode;
    ///
    /// let said = "UserOperation reverted with reason: AA24 signature error";
    /// assert_eq!(AaCode::find(said), Some(AaCode::SignatureError));
    /// assert_eq!(AaCode::find("execution reverted: 0xaa25 is not a slot"), None);
    /// ```
    #[must_use]
    pub fn find(message: &str) -> Option<Self> {
        let start = message.trim_start();
        if let Some(code) = Self::leading(start) {
            return Some(code);
        }
        let lower = start.to_ascii_lowercase();
        lower
            .match_indices("reason:")
            .find_map(|(at, found)| Self::leading(start.get(at + found.len()..)?.trim_start()))
    }

    /// The code that the text begins with, as a whole word.
    fn leading(text: &str) -> Option<Self> {
        let &[first, second, tens, ones, ref rest @ ..] = text.as_bytes() else { return None };
        let is_word_end = rest.first().is_none_or(|next| !next.is_ascii_alphanumeric() && *next != b'_');
        let is_code = first.eq_ignore_ascii_case(&b'a')
            && second.eq_ignore_ascii_case(&b'a')
            && tens.is_ascii_digit()
            && ones.is_ascii_digit();
        (is_code && is_word_end).then(|| Self::from_number((tens - b'0') * 10 + (ones - b'0')))
    }
}

impl fmt::Display for AaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AA{:02}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        for code in AaCode::ALL {
            assert_eq!(AaCode::from_number(code.number()), *code);
            assert_eq!(AaCode::find(&format!("{code} {}", code.text())), Some(*code));
            assert!(!code.remedy().is_empty() && !code.text().is_empty());
        }
        assert_eq!(AaCode::from_number(77), AaCode::Other(77));
        assert_eq!(AaCode::Other(7).to_string(), "AA07");
    }

    #[test]
    fn only_whole_words_in_the_right_place_count() {
        for (message, expected) in [
            ("AA10 sender already constructed", Some(10)),
            ("aa10 sender already constructed", Some(10)),
            ("AA23", Some(23)),
            ("AA50 postOp reverted: x", Some(50)),
            ("UserOperation failed validation with reason: AA25 invalid account nonce", Some(25)),
            ("reverted during simulation with reason: AA23 reverted 0x1c792c05", Some(23)),
            ("FailedOp Reason:AA34 signature error", Some(34)),
            ("reason: none, reason: AA21 didn't pay prefund", Some(21)),
            ("AA255", None),
            ("AA25x", None),
            ("execution reverted: aa25", None),
            ("the slot 0xaa25 is taken", None),
            ("reason: 0xaa25", None),
            ("AA2", None),
            ("", None),
            ("ÄAA25", None),
        ] {
            assert_eq!(AaCode::find(message).map(AaCode::number), expected, "{message}");
        }
    }
}
